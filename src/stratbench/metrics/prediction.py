"""How well held-out individuals are predicted: overall, in each population, and within populations."""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from stratbench.metrics.auroc import auroc, auroc_stratified
from stratbench.metrics.correlation import partial, pearson, pearson_stratified, r2
from stratbench.metrics.data import SplitTables
from stratbench.metrics.estimate import Estimate, clustered_error, failed, not_applicable, problem
from stratbench.metrics.floors import CEILINGS, PCS, Prediction, ceilings, floors, one_hot
from stratbench.metrics.metric import Metric
from stratbench.metrics.paired import Influences, paired_errors
from stratbench.metrics.precision_recall import auc_pr
from stratbench.metrics.rows import Row, SplitPlace, rows
from stratbench.metrics.split_results import FitResult, SplitResults

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
        source="DeLong et al. 1988; with families Obuchowski 1997",
        label="AUROC",
        term="AUROC",
        chance=0.5,
        paired=True,
        by_population=True,
    ),
    Metric(
        "auroc_stratified",
        "AUROC over all pairs of test people of one population, however small; populations weigh as their pairs",
        *(0, 1, "higher"),
        source="as `auroc`, by population; `metrics/auroc.py` on small ones",
        label="AUROC within populations",
        term="AUROC",
        chance=0.5,
        paired=True,
        claimed=True,
    ),
    Metric(
        "auroc_f",
        "AUROC of `f` alone, the network's own output",
        *(0, 1, "higher"),
        source="as `auroc`",
        label="AUROC of f alone",
        term="AUROC",
        chance=0.5,
        paired=True,
        claimed=True,
    ),
    Metric(
        "auroc_stratified_f",
        "AUROC of `f` alone over all pairs of test people of one population",
        *(0, 1, "higher"),
        source="as `auroc_stratified`",
        label="AUROC of f alone, within populations",
        term="AUROC",
        chance=0.5,
        paired=True,
        claimed=True,
        nothing_below=0.55,
    ),
    Metric(
        "auroc_family",
        "AUROC over all pairs of test people of one family, or group of relatives; where the cohort has any",
        *(0, 1, "higher"),
        source="as `auroc_stratified`; families are independent",
        label="AUROC within families",
        term="AUROC",
        chance=0.5,
        paired=True,
    ),
    Metric(
        "auroc_family_f",
        "AUROC of `f` alone over all pairs of test people of one family",
        *(0, 1, "higher"),
        source="as `auroc_family`",
        label="AUROC of f alone, within families",
        term="AUROC",
        chance=0.5,
        paired=True,
        claimed=True,
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
        source="Fisher's z; with families the influence function, clustered",
        label="correlation with the trait",
        term="correlation",
        chance=0.0,
        paired=True,
        by_population=True,
    ),
    Metric(
        "pearson_stratified",
        "correlation within populations: of trait and score less their means of the population (partial correlation)",
        *(-1, 1, "higher"),
        source="Fisher's z on n - L - 2 degrees of freedom for L populations",
        label="correlation within populations",
        term="correlation",
        chance=0.0,
        paired=True,
        claimed=True,
    ),
    Metric(
        "pearson_f",
        "correlation of `f` alone, the network's own output, with the trait",
        *(-1, 1, "higher"),
        source="Fisher's z; with families the influence function, clustered",
        label="correlation of f alone",
        term="correlation",
        chance=0.0,
        paired=True,
        claimed=True,
    ),
    Metric(
        "pearson_stratified_f",
        "correlation of `f` alone with the trait within populations",
        *(-1, 1, "higher"),
        source="as `pearson_stratified`",
        label="correlation of f alone, within populations",
        term="correlation",
        chance=0.0,
        paired=True,
        claimed=True,
        nothing_below=0.1,
    ),
    Metric(
        "pearson_family",
        "correlation within families or groups of relatives, where there are any: of trait and score less their means",
        *(-1, 1, "higher"),
        source="as `pearson_stratified`; families are independent",
        label="correlation within families",
        term="correlation",
        chance=0.0,
        paired=True,
    ),
    Metric(
        "pearson_family_f",
        "correlation of `f` alone with the trait within families",
        *(-1, 1, "higher"),
        source="as `pearson_family`",
        label="correlation of f alone, within families",
        term="correlation",
        chance=0.0,
        paired=True,
        claimed=True,
    ),
    Metric(
        "partial_f",
        "correlation of `f` with the label, both less what ten PCs and the populations explain by least squares",
        *(-1, 1, "higher"),
        source="partial correlation; Fisher's z, or the influence function by family",
        label="correlation of f given PCs",
        term="correlation given PCs",
        meaning="correlation of f with the trait once ten principal components and the populations are regressed out",
        chance=0.0,
        paired=True,
    ),
    Metric(
        "over_pcs",
        "accuracy of `f` within populations less that of the floor `floor-pcs` on the same test people",
        *(-2, 2, "higher"),
        source="paired difference, as `diff_<metric>`",
        label="accuracy within populations over that of PCs",
        term="accuracy over PCs",
        meaning="how much better a model ranks people of one population than ten principal components do",
        chance=0.0,
    ),
    Metric(
        "r2",
        "share of a quantitative trait's variance that the score explains: below 0 the mean predicts better",
        *(-np.inf, 1, "higher"),
        source="1 - SSE / SST on test individuals; influence function for the error",
        label="R\N{SUPERSCRIPT TWO}",
        term="R2",
        chance=0.0,
        paired=True,
        by_population=True,
    ),
)


def accuracy(y_N: np.ndarray, probability_N: np.ndarray, family_N: np.ndarray | None = None) -> Estimate:
    """Share of individuals on the right side of probability 1/2; binomial standard error, or that of families."""
    return _mean(
        "probability", probability_N, lambda p_N: ((p_N > 0.5) == (y_N == 1)).astype(float), family_N
    )


def brier(y_N: np.ndarray, probability_N: np.ndarray, family_N: np.ndarray | None = None) -> Estimate:
    """Mean squared error of the probability."""
    return _mean("probability", probability_N, lambda p_N: (p_N - y_N) ** 2, family_N)


def _mean(
    name: str, value_N: np.ndarray, of: Callable[[np.ndarray], np.ndarray], family_N: np.ndarray | None
) -> Estimate:
    """The mean of a function of each individual's value, which ``name`` names where it is missing."""
    reason = problem(**{name: value_N})
    if reason:
        return not_applicable(reason, len(value_N))
    each_N = of(value_N)
    influence_N = (each_N - each_N.mean()) / len(each_N)
    se = clustered_error(influence_N, family_N)
    return Estimate(float(each_N.mean()), len(each_N), se, influence_N=influence_N)


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


Families = np.ndarray | None
Measure = Callable[[np.ndarray, np.ndarray, np.ndarray, Families], Estimate]
MEASURES: dict[str, dict[str, Measure]] = {  # kind -> metric -> function of y, score, probability and family
    "binary": {
        "accuracy": lambda y, score, probability, family: accuracy(y, probability, family),
        "auroc": lambda y, score, probability, family: auroc(y, score, family),
        "auprc": lambda y, score, probability, family: auprc(y, score),
        "brier": lambda y, score, probability, family: brier(y, probability, family),
        "ece": lambda y, score, probability, family: ece(y, probability),
    },
    "quantitative": {
        "pearson": lambda y, score, probability, family: pearson(y, score, family),
        "r2": lambda y, score, probability, family: r2(y, score, family),
    },
}
RANKING = {
    "binary": ("auroc", auroc, auroc_stratified),
    "quantitative": ("pearson", pearson, pearson_stratified),
}
Found = list[tuple[str, str, Estimate]]  # metric, population or "", estimate


def names(kind: str, with_f: bool = True) -> list[str]:
    """The metrics of a trait's kind (``binary`` or ``quantitative``) that a fit should have a value of."""
    name = RANKING[kind][0]
    alone = [f"{name}_f", f"{name}_stratified_f", "partial_f"] if with_f else []
    return [*MEASURES[kind], f"{name}_stratified", *alone]


def evaluate(kind: str, people: pd.DataFrame) -> Found:
    """All (metric, population or "", estimate) of one seed's test individuals.

    ``people`` has columns y, score, probability, population, family and, for models, pc1 ... and f: the network's own
    output, without what its adjustment adds. Populations have rows where there are several, and there are numbers
    within families where two people are of one family; families are independent, and their members are not.
    """
    y, score, probability = (people[c].to_numpy(dtype=float) for c in ("y", "score", "probability"))
    population, family = (people[c].to_numpy(dtype=str) for c in ("population", "family"))
    relatives = family if len(np.unique(family)) < len(family) else None
    found: Found = [
        (name, "", metric(y, score, probability, relatives)) for name, metric in MEASURES[kind].items()
    ]
    name, plain, stratified = RANKING[kind]
    ranked = [("", score)]
    if "f" in people:
        ranked.append(("_f", people["f"].to_numpy(dtype=float)))
        found.append((f"{name}_f", "", plain(y, ranked[-1][1], relatives)))
        given = [
            one_hot(population, np.unique(population)),
            people.filter(regex=r"^pc\d+$").to_numpy(float)[:, :PCS],
        ]
        found.append(("partial_f", "", partial(y, ranked[-1][1], np.hstack(given), relatives)))
    for ending, x in ranked:
        found.append((f"{name}_stratified{ending}", "", stratified(y, x, population, relatives)))
        if relatives is not None:
            within = stratified(y, x, relatives, relatives, group="family")
            found.append((f"{name}_family{ending}", "", within))
    return found + list(_by_population(kind, population, (y, score, probability), relatives))


def _by_population(
    kind: str, population_N: np.ndarray, columns: tuple[np.ndarray, ...], family_N: Families
) -> Iterator[tuple[str, str, Estimate]]:
    """The measures in each population, where there are several; ``columns`` are y, score and probability."""
    labels = np.unique(population_N)
    for label in labels if len(labels) > 1 else []:
        inside_N = population_N == label
        family = None if family_N is None else family_N[inside_N]
        for name, metric in MEASURES[kind].items():
            y, score, probability = (column[inside_N] for column in columns)
            yield name, str(label), metric(y, score, probability, family)


def of_split(results: SplitResults) -> list[Row]:
    """The rows of every fit and seed, of the floors, and of the ceilings where the liability is known.

    Fits also have the errors of paired differences, from their reference and from the floor of PCs.
    """
    place, data = results.place, results.data
    found, floors_found = baseline_rows(place, data)
    within = f"{RANKING[data.kind][0]}_stratified"
    influences: dict[tuple[str, str], Influences] = {}
    for fit in results.fits:
        mine = influences.setdefault((fit.label["model"], fit.label["adjustment"]), {})
        for seed, metric, population, estimate in fit_estimates(data, fit):
            keys = place.keys(**fit.label)
            found += rows(keys, metric, estimate, population=population, seed=seed)
            if estimate.influence_N is not None and not population:
                mine.setdefault(metric, {})[seed] = estimate.influence_N
            if metric == f"{within}_f" and "floor-pcs" in floors_found:
                over = _difference(estimate, floors_found["floor-pcs"][within], _relatives(data))
                found += rows(keys, "over_pcs", over, seed=seed)
    return found + paired_errors(place, influences, _relatives(data))


def _relatives(data: SplitTables) -> np.ndarray:
    """The families of test individuals."""
    return data.of_set("test")["family"].to_numpy(dtype=str)


def _difference(one: Estimate, other: Estimate, family_N: np.ndarray) -> Estimate:
    """The first less the second estimate, of the same people."""
    for part in (one, other):
        if part.status != "ok":
            return part
    assert one.influence_N is not None
    assert other.influence_N is not None
    influence_N = one.influence_N - other.influence_N
    return Estimate(
        one.value - other.value, one.n, clustered_error(influence_N, family_N), influence_N=influence_N
    )


def fit_estimates(data: SplitTables, fit: FitResult) -> Iterator[tuple[int | None, str, str, Estimate]]:
    """(seed, metric, population or "", estimate) of every seed of a fit, those of failed seeds included.

    Args:
        data: the split's people, of whom those who test are evaluated.
        fit: its record and predictions.
    """
    for seed, reason, test in fit.tested():
        if reason or not len(test):
            missing = failed(reason or "no predictions of test individuals")
            estimates: Found = [(name, "", missing) for name in names(data.kind)]
        else:
            known = (
                data.people[["population", "family", *data.pcs]].reindex(test["iid"]).set_index(test.index)
            )
            estimates = evaluate(data.kind, test.join(known))
        for metric, population, estimate in estimates:
            yield seed, metric, population, estimate


def baseline_rows(place: SplitPlace, data: SplitTables) -> tuple[list[Row], dict[str, dict[str, Estimate]]]:
    """Floors, and ceilings where the liability is known, on the split's test individuals.

    Returns: rows of metrics.tsv, and the estimates of all test individuals by baseline and metric.
    """
    train, test = data.of_set("train"), data.of_set("test")
    name = RANKING[data.kind][0]
    if not len(train) or not len(test):
        return [], {}
    y = train["y"].to_numpy(dtype=float)
    found: list[Row] = []
    estimates: dict[str, dict[str, Estimate]] = {}
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
        for metric, population, estimate in evaluate(data.kind, _people(test, prediction)):
            found += rows(place.keys(model=model), metric, estimate, population=population)
            if not population:
                estimates.setdefault(model, {})[metric] = estimate
    if data.causal_M is None:
        unknown = not_applicable("measured trait: the true liability is not known")
        for model in CEILINGS:
            for metric in (name, f"{name}_stratified"):
                found += rows(place.keys(model=model), metric, unknown)
    return found, estimates


def _people(test: pd.DataFrame, prediction: Prediction) -> pd.DataFrame:
    known = test[["y", "population", "family"]]
    return known.assign(score=prediction.score, probability=prediction.probability)
