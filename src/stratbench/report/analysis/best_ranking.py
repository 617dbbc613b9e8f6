"""Which ranking of SNPs finds the causal ones best, chosen on half of the replicates and compared on the other half.

The best of many looks better than it is where it was chosen, so that only the other half says whether it beats the
yardstick: the linear mixed model, or where a study has none, least squares with PCs.
"""

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from stratbench.metrics.catalogue import metric
from stratbench.report.analysis.findings import PLACEBO
from stratbench.report.analysis.results import Group, Results, select
from stratbench.report.analysis.verdicts import LEARNED, verdict

LEAST = 4  # replicates: two to choose on, and two for an interval
LINEAR = ("linear", "ridge")  # methods of models that are no networks and have one weight for each SNP
KNOWING = (
    PLACEBO,
    "oracle-causal",
    "oracle-environment",
)  # adjustments that nobody would choose, or can have
YARDSTICKS = ("lmm", "lmm-loco", "ols-pcs")  # methods of associations, the first that a study has
BEATS, LOSES, OPEN = "beats", "loses", "open"
METRIC = "causal_auc_pr"
Entry = tuple[str, str, str]  # model, adjustment, attribution


@dataclass(frozen=True)
class Best:
    """The ranking that did best on one half of the replicates, and the yardstick, on the other half.

    Attributes:
        entry: model, adjustment and attribution.
        tried: from how many rankings it was chosen.
        chosen_at: its mean AUC_PR where it was chosen.
        chosen_on: how many replicates that were.
        value, yardstick, difference: on the other half: mean, ci_low, ci_high and n_replicates, by Student's t.
        against: the yardstick's label.
    """

    entry: Entry
    tried: int
    chosen_at: float
    chosen_on: int
    value: dict[str, Any]
    yardstick: dict[str, Any]
    difference: dict[str, Any]
    against: str

    @property
    def outcome(self) -> str:
        """What the interval of the difference says of the ranking."""
        low, high = self.difference["ci_low"], self.difference["ci_high"]
        return BEATS if low > 0 else LOSES if high < 0 else OPEN


def yardstick(results: Results, group: Group) -> str:
    """The label of the association that rankings are compared with; blank if the group has none with a number."""
    for method in YARDSTICKS:
        for label in group.associations:
            spec = results.study.spec("associations", label)
            if spec["method"] == method and results.value(group, METRIC, association=label) is not None:
                return label
    return ""


def mixed(results: Results, label: str) -> bool:
    """Whether an association is a linear mixed model."""
    return str(results.study.spec("associations", label)["method"]).startswith("lmm")


def is_linear(results: Results, model: str) -> bool:
    """Whether a model has one weight for each SNP."""
    return results.study.spec("models", model).get("method", model) in LINEAR


def entries(results: Results, group: Group, failed: tuple[str, ...], linear: bool) -> list[Entry]:
    """The rankings to choose from: of models that learned, under adjustments that somebody could use.

    Args:
        results: the results of the study.
        group: the group.
        failed: models that failed their positive control, of which nothing is concluded.
        linear: whether linear models are meant, or all others.

    Returns:
        Model, adjustment and attribution of each.

    Raises:
        UserError: if comparisons.tsv is absent or damaged.
    """
    methods = results.study.config["adjustments"]
    return [
        (model, adjustment, attribution)
        for model in group.explained
        if model not in failed and is_linear(results, model) == linear
        for adjustment in group.adjustments
        if not {methods.get(part, {}).get("method", part) for part in adjustment.split("+")} & set(KNOWING)
        and verdict(results, group, model, adjustment) == LEARNED
        for attribution in group.attributions
    ]


def best(results: Results, group: Group, found: list[Entry], against: str) -> Best | None:
    """Choose on the second, fourth, ... replicate, and compare on the first, third, ....

    Args:
        results: the results of the study.
        group: the group.
        found: the rankings to choose from.
        against: the label of the association that the chosen one is compared with.

    Returns:
        The best ranking; None where none has a number in every replicate of the association, or where these are fewer
        than ``LEAST``.

    Raises:
        UserError: if metrics.tsv is absent or damaged.
    """
    rows = select(results.metrics, **group.keys, metric=METRIC, population="", against="")
    rows = rows[rows["value"].notna()].assign(replicate=rows["replicate"].astype(int))
    means = rows.groupby(["replicate", "model", "adjustment", "attribution", "association"])["value"].mean()
    table = means.unstack(["model", "adjustment", "attribution", "association"]).sort_index()
    mark_R = table.get(("", "", "", against), pd.Series(dtype=float)).dropna()
    whole = {entry: table.get((*entry, ""), pd.Series(dtype=float)).reindex(mark_R.index) for entry in found}
    whole = {entry: value_R for entry, value_R in whole.items() if value_R.notna().all()}
    if len(mark_R) < LEAST or not whole:
        return None
    chosen_at = {entry: float(value_R.iloc[1::2].mean()) for entry, value_R in whole.items()}
    entry = max(chosen_at, key=lambda one: chosen_at[one])
    value_R, other_R = whole[entry].iloc[::2], mark_R.iloc[::2]
    value, mark = (mean_interval(one, METRIC) for one in (value_R, other_R))
    apart = mean_interval(value_R - other_R, METRIC, difference=True)
    return Best(entry, len(whole), chosen_at[entry], len(mark_R) // 2, value, mark, apart, against)


def mean_interval(
    value_R: pd.Series, name: str, difference: bool = False, overlap: float = 0.0
) -> dict[str, Any]:
    """A mean over replicates with Student's t interval within the metric's range, as a row of comparisons.tsv has them.

    Args:
        value_R: a number of each replicate, float64.
        name: the metric that the numbers are of.
        difference: whether they are differences of two of its numbers.
        overlap: as for ``intervals.mean_error``.

    Returns:
        ``mean``, ``ci_low``, ``ci_high`` (NaN for one replicate) and ``n_replicates``.
    """
    from stratbench.metrics.intervals import (
        t_interval,
    )  # it imports SciPy, which names of figures do not need

    declared = metric(name)
    ends = (declared.low, declared.high)
    ends = (ends[0] - ends[1], ends[1] - ends[0]) if difference else ends
    n, mean, sd = len(value_R), float(value_R.mean()), float(value_R.std()) if len(value_R) > 1 else math.nan
    low, high = t_interval(mean, sd, n, low=ends[0], high=ends[1], overlap=overlap)
    return {"mean": mean, "ci_low": float(low), "ci_high": float(high), "n_replicates": n}
