"""How much of what a model says of test people differs between populations: of its own output, and of the truth.

It is not ``ancestry_share``: that takes populations' means from training people, whose labels a network may have
memorised, and is of attributions; this is of test people alone, and of every fit.
"""

from collections.abc import Iterator

import numpy as np

from stratbench.metrics.data import SplitTables
from stratbench.metrics.estimate import Estimate, clustered_error, failed, not_applicable, problem
from stratbench.metrics.floors import PARTS
from stratbench.metrics.metric import Metric
from stratbench.metrics.rows import Row, rows
from stratbench.metrics.split_results import FitResult, SplitResults

LIABILITY = "ceiling-liability"  # the whole liability: genes, environment and noise
METRICS: tuple[Metric, ...] = (
    Metric(
        "between_share",
        "share of the variance of `f` that lies between populations; of a ceiling, that of the true liability",
        *(-np.inf, 1, "neither"),
        source="epsilon squared (Kelley 1935), the adjusted R2 of the populations, over test people",
        label="share of variance between populations",
        term="between-population share",
        meaning="the share of the variance of a network's output, or of the truth, that lies between test populations",
        chance=0.0,
    ),
)


def of_split(results: SplitResults) -> list[Row]:
    """The share of every fit and seed and, where it is known, of the true liability and its parts."""
    place, data = results.place, results.data
    found: list[Row] = []
    for fit in results.fits:
        for seed, estimate in _of_fit(data, fit):
            found += rows(place.keys(**fit.label), "between_share", estimate, seed=seed)
    if data.liability.empty:
        return found
    test = data.of_set("test")
    for model, parts in (PARTS | {LIABILITY: ["liability"]}).items():
        value_V = data.liability.loc[test.index, parts].sum(axis=1).to_numpy(dtype=float)
        population_V, family_V = (test[name].to_numpy(dtype=str) for name in ("population", "family"))
        found += rows(place.keys(model=model), "between_share", between(value_V, population_V, family_V))
    return found


def _of_fit(data: SplitTables, fit: FitResult) -> Iterator[tuple[int | None, Estimate]]:
    """The share of each seed of a fit, those of failed seeds included."""
    for seed, reason, of_seed in fit.tested():
        if reason or not len(of_seed):
            yield seed, failed(reason or "no predictions of test individuals")
            continue
        people = data.people.loc[of_seed["iid"]]
        population_V, family_V = (people[name].to_numpy(dtype=str) for name in ("population", "family"))
        yield seed, between(of_seed["f"].to_numpy(dtype=float), population_V, family_V)


def between(value_V: np.ndarray, population_V: np.ndarray, family_V: np.ndarray) -> Estimate:
    """Epsilon squared: 1 - (n - 1) / (n - L) x the share of the variance within L populations.

    It is 0 on average where populations do not differ, so that it may be a little below.

    Args:
        value_V: a number of each test individual, float64.
        population_V: their populations, text.
        family_V: their families, text, which are independent; their members are not.

    Returns:
        The estimate, whose error is that of its influence function; not applicable where a value is missing, where
        there is one population, where nobody shares one, or where the value does not vary.
    """
    reason = problem(value=value_V)
    names, code_V = np.unique(population_V, return_inverse=True)
    n, several = len(value_V), len(names)
    if not reason and not 1 < several < n:
        reason = "test individuals are of one population" if several == 1 else "nobody shares a population"
    if not reason and np.ptp(value_V) == 0:
        reason = "it does not vary among test individuals"
    if reason:
        return not_applicable(reason, n)
    mean_L = np.bincount(code_V, weights=value_V) / np.bincount(code_V)
    centred_V, apart_V = value_V - value_V.mean(), mean_L[code_V] - value_V.mean()
    whole, part = float((centred_V**2).mean()), float((apart_V**2).mean())
    adjust = (n - 1) / (n - several)
    # Of a mean of squares about a mean; that of populations also moves with each of its members.
    of_part_V = 2 * apart_V * centred_V - apart_V**2 - part
    influence_V = adjust * (of_part_V - part / whole * (centred_V**2 - whole)) / whole / n
    return Estimate(1 - adjust * (1 - part / whole), n, clustered_error(influence_V, family_V))
