"""Pearson's r and R2 of a quantitative prediction, overall and pooled within population."""

import numpy as np

from stratbench.core.words import counted
from stratbench.metrics.estimate import Estimate, not_applicable, problem


def _constant(*arrays: np.ndarray) -> bool:
    """Whether the values of an array differ by no more than rounding errors (1e-9 of their size)."""
    return any(np.ptp(x) <= 1e-9 * max(1e-30, float(np.abs(x).max())) for x in arrays)


def pearson(y_N: np.ndarray, score_N: np.ndarray) -> Estimate:
    """Pearson's r; standard error (1 - r^2) / sqrt(n - 3), Fisher's z by the delta method.

    Not applicable with missing values, a constant y or score, or fewer than 4 individuals.
    """
    reason = problem(y=y_N, score=score_N)
    if not reason and len(y_N) < 4:
        reason = f"{counted(len(y_N), 'individual')}; r needs 4"
    if not reason and _constant(y_N, score_N):
        reason = "y or score is constant"
    if reason:
        return not_applicable(reason, len(y_N))
    r = float(np.clip(np.corrcoef(y_N, score_N)[0, 1], -1, 1))
    return Estimate(r, len(y_N), (1 - r**2) / float(np.sqrt(len(y_N) - 3)))


def pearson_stratified(
    y_N: np.ndarray, score_N: np.ndarray, population_N: np.ndarray, minimum: int = 20
) -> Estimate:
    """Correlation within populations: Fisher's z averaged with weights n - 3, and turned back into r.

    The standard error is (1 - r^2) / sqrt(sum (n - 3)).

    Args:
        y_N: labels, float64.
        score_N: scores, float64.
        population_N: populations, text.
        minimum: a population with fewer individuals is left out, and so is one in which y or the score is constant.

    Returns:
        The estimate; not applicable where no population is left, or where a value is missing.
    """
    reason = problem(y=y_N, score=score_N)
    if reason:
        return not_applicable(reason, len(y_N))
    parts = []
    for population in np.unique(population_N):
        inside = population_N == population
        if inside.sum() >= max(minimum, 4):
            parts.append(pearson(y_N[inside], score_N[inside]))
    parts = [part for part in parts if part.status == "ok"]
    if not parts:
        reason = f"no population has {minimum} individuals and varying y and score"
        return not_applicable(reason, len(y_N))
    weight = np.array([part.n - 3.0 for part in parts])
    z = np.arctanh(np.clip([part.value for part in parts], -1 + 1e-12, 1 - 1e-12))
    r = float(np.tanh(weight @ z / weight.sum()))
    return Estimate(r, sum(part.n for part in parts), (1 - r**2) / float(np.sqrt(weight.sum())))


def r2(y_N: np.ndarray, score_N: np.ndarray) -> Estimate:
    """1 - SSE / SST about the mean of these individuals: negative where the mean predicts better."""
    reason = problem(y=y_N, score=score_N)
    if not reason and _constant(y_N):
        reason = "y is constant"
    if reason:
        return not_applicable(reason, len(y_N))
    sse = float(((y_N - score_N) ** 2).sum())
    return Estimate(1 - sse / float(((y_N - y_N.mean()) ** 2).sum()), len(y_N))
