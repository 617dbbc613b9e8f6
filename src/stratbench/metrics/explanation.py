"""Do attributions add up to what they should explain, and how much of what they explain is ancestry?"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from stratbench.metrics.estimate import Estimate, not_applicable
from stratbench.metrics.floors import PARTS
from stratbench.metrics.metric import Metric
from stratbench.metrics.rows import Row, rows
from stratbench.metrics.split_results import SplitResults

SOURCE = "Sundararajan, Taly & Yan 2017 (completeness)"
STEPS = {"median": "median", "p95": "95th percentile", "max": "largest"}
METRICS: tuple[Metric, ...] = (
    *(
        Metric(
            f"completeness_error_{name}",
            f"by how much an individual's attributions miss the change of f that they explain over its mean: {word}",
            *(0, np.inf, "lower"),
            source=SOURCE,
            label=f"completeness error, {word}",
            term="completeness error",
            meaning="by how much attributions miss the change of f that they should add up to, over the mean change",
            chance=0.0,
        )
        for name, word in STEPS.items()
    ),
    Metric(
        "ancestry_share",
        "what an attribution finds to lie between populations of the variance of `f`, by their training means",
        *(0, np.inf, "neither"),
        source="variance of the populations' training means, over that of f; test individuals",
        label="ancestry share of attributions",
        term="ancestry share",
        meaning="the share of the variance of a network's output that attributions find to lie between populations",
    ),
)


def of_split(results: SplitResults) -> list[Row]:
    """What attributions report about themselves, and the ancestry share of the truth where one reports its own."""
    n = int((results.data.people["set"] == "test").sum())
    found: list[Row] = []
    for attribution in results.attributions:
        keys = results.place.keys(**attribution.label)
        errors = attribution.about.get("completeness_error", {})
        for name in STEPS:
            if name in errors:
                found += rows(keys, f"completeness_error_{name}", Estimate(float(errors[name]), n))
        if "ancestry_share" in attribution.about:
            found += rows(keys, "ancestry_share", _share(attribution.about, n))
    if found and not results.data.liability.empty and any(row["metric"] == "ancestry_share" for row in found):
        for model, parts in PARTS.items():
            estimate = ancestry_share(results.data.people, results.data.liability[parts].sum(axis=1))
            found += rows(results.place.keys(model=model), "ancestry_share", estimate)
    return found


def _share(about: Mapping[str, Any], n: int) -> Estimate:
    share = about["ancestry_share"]
    return not_applicable("f does not vary", n) if share is None else Estimate(float(share), n)


def ancestry_share(people: pd.DataFrame, value_N: pd.Series) -> Estimate:
    """The same share of a value that everyone has, as attributions report it of f.

    Args:
        people: with population and set, by iid.
        value_N: a number of each of them.

    Returns:
        Var(mean of one's population in training - mean of training) over Var(value - mean of training), over test
        individuals of populations that have training individuals.
    """
    train, test = (people["set"] == name for name in ("train", "test"))
    mean = value_N[train].groupby(people["population"][train]).mean()
    between_V = people["population"][test].map(mean)
    known_V = between_V.notna()
    centred_V = value_N[test][known_V]
    n, variance = len(centred_V), float(np.var(centred_V)) if len(centred_V) else 0.0
    if variance <= 0:
        return not_applicable("it does not vary among test individuals", n)
    return Estimate(float(np.var(between_V[known_V])) / variance, n)
