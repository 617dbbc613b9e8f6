"""What validation people say of a network: what chooses between recipes, and never judges a network.

Whether the choice may know populations matters as much as the method (SubpopBench: Yang et al. 2023, ICML), so both
are there: the pooled loss does not know them, accuracy within populations does.
"""

import numpy as np
import pandas as pd
from scipy.special import expit, xlogy

from stratbench.metrics.auroc import auroc_stratified
from stratbench.metrics.correlation import pearson_stratified
from stratbench.metrics.data import SplitTables
from stratbench.metrics.estimate import Estimate, not_applicable, problem
from stratbench.metrics.metric import Metric
from stratbench.metrics.rows import Row, rows
from stratbench.metrics.split_results import SplitResults

LEAST = 1  # cases and controls of a population: every pair of validation people of one population counts
LEAST_CORRELATED = 4  # individuals, for Fisher's z
METRICS: tuple[Metric, ...] = (
    Metric(
        "selection_loss",
        "the loss of validation individuals, pooled: cross-entropy, or half the squared error in standard deviations",
        *(0, np.inf, "lower"),
        source="its definition",
        label="loss of validation individuals",
        term="validation loss",
        meaning="what chooses between recipes where populations are not known; it judges nothing",
    ),
    Metric(
        "selection_within",
        "AUROC (or correlation) of `f` alone within populations, over validation individuals",
        *(-1, 1, "higher"),
        source="DeLong et al. 1988, by population; Fisher's z",
        label="accuracy within populations of validation individuals",
        term="accuracy of validation individuals",
        meaning="what chooses between recipes where populations are known; it judges nothing",
    ),
)


def of_split(results: SplitResults) -> list[Row]:
    """Both metrics of every seed that was trained."""
    found: list[Row] = []
    for fit in results.fits:
        held = fit.predictions[fit.predictions["set"] == "validation"]
        keys = results.place.keys(**fit.label)
        for seed in sorted(set(held["seed"])):
            table = held[held["seed"] == seed]
            found += rows(keys, "selection_loss", loss(results.data, table), seed=int(seed))
            found += rows(keys, "selection_within", within(results.data, table), seed=int(seed))
    return found


def loss(data: SplitTables, held: pd.DataFrame) -> Estimate:
    """The mean loss as training has it; quantitative traits are in standard deviations of training individuals."""
    y_V, score_V = held["y"].to_numpy(dtype=float), held["score"].to_numpy(dtype=float)
    reason = problem(score=score_V)
    if reason:
        return not_applicable(reason, len(held))
    if data.kind == "binary":
        p_V = np.clip(expit(score_V), 1e-12, 1 - 1e-12)
        loss_V = -xlogy(y_V, p_V) - xlogy(1 - y_V, 1 - p_V)
    else:
        sd = float(data.of_set("train")["y"].std(ddof=0)) or 1.0
        loss_V = 0.5 * ((score_V - y_V) / sd) ** 2
    return Estimate(float(loss_V.mean()), len(held), float(loss_V.std(ddof=1) / np.sqrt(len(held))))


def within(data: SplitTables, held: pd.DataFrame) -> Estimate:
    """Of the network's own output, over pairs (binary) or individuals (quantitative) of one population."""
    population_V = data.people["population"].loc[held["iid"]].to_numpy(dtype=str)
    y_V, f_V = held["y"].to_numpy(dtype=float), held["f"].to_numpy(dtype=float)
    if data.kind == "binary":
        return auroc_stratified(y_V, f_V, population_V, least=LEAST)
    return pearson_stratified(y_V, f_V, population_V, least=LEAST_CORRELATED)
