"""How well held-out individuals are predicted: overall, in each population, and within populations."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from stratbench.metrics.auroc import auroc, auroc_stratified
from stratbench.metrics.correlation import pearson, pearson_stratified, r2
from stratbench.metrics.data import SplitTables
from stratbench.metrics.estimate import Estimate, failed, not_applicable, problem
from stratbench.metrics.floors import CEILINGS, Prediction, ceilings, floors
from stratbench.metrics.metric import Metric
from stratbench.metrics.precision_recall import auc_pr
from stratbench.metrics.rows import Row, SplitPlace, rows
from stratbench.metrics.split_results import FitResult, SplitResults

MINIMUM = 20  # a population with fewer cases or controls (or individuals) does not enter a stratified metric
BINS = 15
METRICS: tuple[Metric, ...] = (
    Metric(
        "accuracy",
        "share of test individuals on the right side of probability 1/2",
        *(0, 1, "higher"),
        source="its definition; binomial standard error",
        label="accuracy",
        term="accuracy",
        chance="the share of the more frequent class",
        paired=True,
        by_population=True,
    ),
    Metric(
        "auroc",
        "the chance that a random case scores above a random control: .5 is guessing, 1 is perfect",
        *(0, 1, "higher"),
        source="DeLong et al. 1988; Sun & Xu 2014",
        label="AUROC",
        term="AUROC",
        chance=0.5,
        paired=True,
        by_population=True,
    ),
    Metric(
        "auroc_stratified",
        "AUROC over pairs of one population; populations weigh as their numbers of pairs",
        *(0, 1, "higher"),
        source="DeLong et al. 1988, by population",
        label="AUROC within populations",
        term="AUROC",
        chance=0.5,
        paired=True,
    ),
    Metric(
        "auroc_f",
        "AUROC of `f` alone, the network's own output",
        *(0, 1, "higher"),
        source="DeLong et al. 1988",
        label="AUROC of f alone",
        term="AUROC",
        chance=0.5,
        paired=True,
    ),
    Metric(
        "auroc_stratified_f",
        "AUROC of `f` alone over pairs of one population",
        *(0, 1, "higher"),
        source="DeLong et al. 1988, by population",
        label="AUROC of f alone, within populations",
        term="AUROC",
        chance=0.5,
        paired=True,
        nothing_below=0.55,
    ),
    Metric(
        "auprc",
        "area under the precision-recall curve of the cases: their share is guessing, 1 is perfect",
        *(0, 1, "higher"),
        source="Davis & Goadrich 2006; Keilwagen, Grosse & Grau 2014",
        label="AUPRC",
        term="AUPRC",
        chance="the share of cases",
        by_population=True,
    ),
    Metric(
        "brier",
        "mean squared difference of the predicted probability and the label: 0 is perfect",
        *(0, 1, "lower"),
        source="Brier 1950",
        label="Brier score",
        term="Brier score",
        chance="p (1 - p) for a share p of cases",
        by_population=True,
    ),
    Metric(
        "ece",
        "mean difference of predicted and observed shares of cases, over bins of equal size (ECE)",
        *(0, 1, "lower"),
        source="its definition, over 15 bins",
        label="calibration error",
        term="calibration error",
        by_population=True,
    ),
    Metric(
        "pearson",
        "Pearson's correlation of the score and a quantitative trait: 0 is guessing, 1 is perfect",
        *(-1, 1, "higher"),
        source="Fisher's z for the standard error",
        label="correlation with the trait",
        term="correlation",
        chance=0.0,
        paired=True,
        by_population=True,
    ),
    Metric(
        "pearson_stratified",
        "correlation within populations: Fisher's z averaged with weights n - 3",
        *(-1, 1, "higher"),
        source="Fisher's z, by population",
        label="correlation within populations",
        term="correlation",
        chance=0.0,
        paired=True,
    ),
    Metric(
        "pearson_f",
        "correlation of `f` alone, the network's own output, with the trait",
        *(-1, 1, "higher"),
        source="Fisher's z for the standard error",
        label="correlation of f alone",
        term="correlation",
        chance=0.0,
        paired=True,
    ),
    Metric(
        "pearson_stratified_f",
        "correlation of `f` alone with the trait within populations",
        *(-1, 1, "higher"),
        source="Fisher's z, by population",
        label="correlation of f alone, within populations",
        term="correlation",
        chance=0.0,
        paired=True,
        nothing_below=0.1,
    ),
    Metric(
        "r2",
        "share of a quantitative trait's variance that the score explains: below 0 the mean predicts better",
        *(-np.inf, 1, "higher"),
        source="1 - SSE / SST on test individuals",
        label="R\N{SUPERSCRIPT TWO}",
        term="R2",
        chance=0.0,
        paired=True,
        by_population=True,
    ),
)


def accuracy(y_N: np.ndarray, probability_N: np.ndarray) -> Estimate:
    """Share of individuals on the right side of probability 1/2, with its binomial standard error."""
    reason = problem(probability=probability_N)
    if reason:
        return not_applicable(reason, len(y_N))
    p = float(((probability_N > 0.5) == (y_N == 1)).mean())
    return Estimate(p, len(y_N), float(np.sqrt(p * (1 - p) / len(y_N))))


def brier(y_N: np.ndarray, probability_N: np.ndarray) -> Estimate:
    """Mean squared error of the probability."""
    reason = problem(probability=probability_N)
    if reason:
        return not_applicable(reason, len(y_N))
    error = (probability_N - y_N) ** 2
    n = len(y_N)
    return Estimate(float(error.mean()), n, float(error.std(ddof=1) / np.sqrt(n)) if n > 1 else np.nan)


def ece(y_N: np.ndarray, probability_N: np.ndarray, bins: int = BINS) -> Estimate:
    """Expected calibration error: |observed - predicted frequency| averaged over bins of equal mass.

    Equal probabilities share a bin, so the value does not depend on the order of rows.
    """
    reason = problem(probability=probability_N)
    if reason:
        return not_applicable(reason, len(y_N))
    which = ((rankdata(probability_N) - 0.5) / len(y_N) * bins).astype(int)
    gap = np.bincount(which, weights=y_N - probability_N, minlength=bins)
    return Estimate(float(np.abs(gap).sum() / len(y_N)), len(y_N))


def auprc(y_N: np.ndarray, score_N: np.ndarray) -> Estimate:
    """Area under the precision-recall curve of the cases (``auc_pr``)."""
    reason = problem(score=score_N)
    if not reason and not 0 < (y_N == 1).sum() < len(y_N):
        reason = "one class only"
    if reason:
        return not_applicable(reason, len(y_N))
    return Estimate(auc_pr(y_N == 1, score_N), len(y_N))


Measure = Callable[[np.ndarray, np.ndarray, np.ndarray], Estimate]
MEASURES: dict[str, dict[str, Measure]] = {  # kind of trait -> metric -> function of y, score, probability
    "binary": {
        "accuracy": lambda y, score, probability: accuracy(y, probability),
        "auroc": lambda y, score, probability: auroc(y, score),
        "auprc": lambda y, score, probability: auprc(y, score),
        "brier": lambda y, score, probability: brier(y, probability),
        "ece": lambda y, score, probability: ece(y, probability),
    },
    "quantitative": {
        "pearson": lambda y, score, probability: pearson(y, score),
        "r2": lambda y, score, probability: r2(y, score),
    },
}
RANKING = {
    "binary": ("auroc", auroc, auroc_stratified),
    "quantitative": ("pearson", pearson, pearson_stratified),
}


def names(kind: str, with_f: bool = True) -> list[str]:
    """The metrics of a trait's kind (``binary`` or ``quantitative``) that a fit should have a value of."""
    name = RANKING[kind][0]
    alone = [f"{name}_f", f"{name}_stratified_f"] if with_f else []
    return [*MEASURES[kind], f"{name}_stratified", *alone]


def evaluate(kind: str, people: pd.DataFrame, minimum: int = MINIMUM) -> list[tuple[str, str, Estimate]]:
    """All (metric, population or "", estimate) of one seed's test individuals.

    ``people`` has columns y, score, probability, population and, for models, f: the network's own output,
    without what its adjustment adds. Populations have rows where there are several.
    ``minimum`` is that of the stratified metrics.
    """
    y, score, probability = (people[c].to_numpy(dtype=float) for c in ("y", "score", "probability"))
    population = people["population"].to_numpy(dtype=str)
    found = [(name, "", metric(y, score, probability)) for name, metric in MEASURES[kind].items()]
    name, plain, stratified = RANKING[kind]
    found.append((f"{name}_stratified", "", stratified(y, score, population, minimum)))
    if "f" in people:
        f = people["f"].to_numpy(dtype=float)
        found.append((f"{name}_f", "", plain(y, f)))
        found.append((f"{name}_stratified_f", "", stratified(y, f, population, minimum)))
    labels = np.unique(population)
    for label in labels if len(labels) > 1 else []:
        inside = population == label
        for name, metric in MEASURES[kind].items():
            found.append((name, str(label), metric(y[inside], score[inside], probability[inside])))
    return found


def of_split(results: SplitResults) -> list[Row]:
    """The rows of every fit and seed, of the floors, and of the ceilings where the liability is known."""
    found: list[Row] = []
    for fit in results.fits:
        found += fit_rows(results.place.keys(**fit.label), results.data, fit, results.minimum)
    return found + baseline_rows(results.place, results.data, results.minimum)


def fit_rows(keys: Mapping[str, Any], data: SplitTables, fit: FitResult, minimum: int) -> list[Row]:
    """The rows of every seed of a fit, those of failed seeds included.

    Args:
        keys: columns that stand in every row.
        data: the split's people, of whom those who test are evaluated.
        fit: its record and predictions.
        minimum: see ``evaluate``.

    Returns: rows of metrics.tsv.
    """
    reasons = fit.reasons
    seeds: list[int | None] = [run.seed for run in fit.record.seeds]
    found: list[Row] = []
    for seed in seeds or [None]:
        of_seed = (
            fit.predictions[fit.predictions["seed"] == seed] if len(fit.predictions) else fit.predictions
        )
        test = of_seed[of_seed["set"] == "test"]
        reason = reasons.get(seed, reasons.get(None, ""))
        if reason or not len(test):
            missing = failed(reason or "no predictions of test individuals")
            estimates = [(name, "", missing) for name in names(data.kind)]
        else:
            people = test.assign(population=data.people["population"].reindex(test["iid"]).to_numpy())
            estimates = evaluate(data.kind, people, minimum)
        for metric, population, estimate in estimates:
            found += rows(keys, metric, estimate, population=population, seed=seed)
    return found


def baseline_rows(place: SplitPlace, data: SplitTables, minimum: int) -> list[Row]:
    """Floors, and ceilings where the liability is known, on the split's test individuals."""
    train, test = data.of_set("train"), data.of_set("test")
    name = RANKING[data.kind][0]
    if not len(train) or not len(test):
        return []
    y = train["y"].to_numpy(dtype=float)
    found: list[Row] = []
    predictions = floors(
        data.kind,
        y,
        train["population"].to_numpy(dtype=str),
        train[data.pcs].to_numpy(dtype=float),
        test["population"].to_numpy(dtype=str),
        test[data.pcs].to_numpy(dtype=float),
        train[data.covariates].to_numpy(dtype=float),
        test[data.covariates].to_numpy(dtype=float),
    )
    if data.causal_M is not None:
        predictions |= ceilings(data.kind, y, data.liability.loc[train.index], data.liability.loc[test.index])
    for model, prediction in predictions.items():
        for metric, population, estimate in evaluate(data.kind, _people(test, prediction), minimum):
            found += rows(place.keys(model=model), metric, estimate, population=population)
    if data.causal_M is None:
        unknown = not_applicable("measured trait: the true liability is not known")
        for model in CEILINGS:
            for metric in (name, f"{name}_stratified"):
                found += rows(place.keys(model=model), metric, unknown)
    return found


def _people(test: pd.DataFrame, prediction: Prediction) -> pd.DataFrame:
    return test[["y", "population"]].assign(score=prediction.score, probability=prediction.probability)
