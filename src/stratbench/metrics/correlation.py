"""Pearson's r and R2 of a quantitative prediction, overall and within groups, with errors that allow for relatives."""

import numpy as np

from stratbench.core.words import counted
from stratbench.metrics.estimate import Estimate, clustered_error, not_applicable, problem

LEAST = 4  # Fisher's z has a standard error of 1 / sqrt(n - 3)
LEAST_WITHIN = 20  # individuals of groups of two or more


def _constant(*arrays: np.ndarray) -> bool:
    """Whether the values of an array differ by no more than rounding errors (1e-9 of their size)."""
    return any(np.ptp(x) <= 1e-9 * max(1e-30, float(np.abs(x).max())) for x in arrays)


def pearson(y_N: np.ndarray, score_N: np.ndarray, family_N: np.ndarray | None = None) -> Estimate:
    """Pearson's r.

    Args:
        y_N: labels, float64.
        score_N: scores, float64.
        family_N: families, whose members are not independent; None where nobody is related.

    Returns:
        The estimate with its standard error, which is (1 - r^2) / sqrt(n - 3), Fisher's z by the delta method, where
        nobody is related, and otherwise that of the influence function, summed within families. Not applicable with
        missing values, a constant y or score, or fewer than 4 individuals.
    """
    reason = problem(y=y_N, score=score_N)
    if not reason and len(y_N) < LEAST:
        reason = f"{counted(len(y_N), 'individual')}; r needs {LEAST}"
    if not reason and _constant(y_N, score_N):
        reason = "y or score is constant"
    if reason:
        return not_applicable(reason, len(y_N))
    return _correlation(y_N - y_N.mean(), score_N - score_N.mean(), len(y_N) - 3, family_N)


def pearson_stratified(
    y_N: np.ndarray,
    score_N: np.ndarray,
    group_N: np.ndarray,
    family_N: np.ndarray | None = None,
    *,
    least: int = LEAST_WITHIN,
    group: str = "population",
) -> Estimate:
    """Correlation within groups, however small: that of y and score less their means of the group.

    It is the partial correlation given the group: of L groups the standard error counts L - 1 individuals less.

    Args:
        y_N: labels, float64.
        score_N: scores, float64.
        group_N: groups, such as populations or families, text.
        family_N: as for ``pearson``.
        least: the individuals that groups of two or more must have together.
        group: what a group is called.

    Returns:
        The estimate; not applicable where too few individuals share a group, where y or the score does not vary
        within groups, or where a value is missing.
    """
    reason = problem(y=y_N, score=score_N)
    if reason:
        return not_applicable(reason, len(y_N))
    _, code_N, size_L = np.unique(group_N, return_inverse=True, return_counts=True)
    used_N = (size_L > 1)[code_N]
    n, degrees = int(used_N.sum()), int(used_N.sum() - (size_L > 1).sum() - 2)
    if n < least or degrees < 1:
        reason = (
            f"test people: {counted(n, 'individual')} share a {group} with another one; {least} are needed"
        )
        return not_applicable(reason, len(y_N))
    y_within_N, score_within_N = (
        x_N - (np.bincount(code_N, weights=x_N) / size_L)[code_N] for x_N in (y_N, score_N)
    )
    for within_N, x_N in ((y_within_N, y_N), (score_within_N, score_N)):
        if np.abs(within_N[used_N]).max() <= 1e-9 * max(1e-30, float(np.abs(x_N).max())):
            return not_applicable(f"y or score is constant within each {group}", len(y_N))
    relatives_N = None if family_N is None else family_N[used_N]
    part = _correlation(y_within_N[used_N], score_within_N[used_N], degrees, relatives_N)
    influence_N = np.zeros(len(y_N))
    influence_N[used_N] = part.influence_N
    return Estimate(part.value, part.n, part.se, influence_N=influence_N)


def partial(
    y_N: np.ndarray, score_N: np.ndarray, given_NC: np.ndarray, family_N: np.ndarray | None = None
) -> Estimate:
    """Correlation of what the columns and a constant, regressed out by least squares, leave of y and of the score.

    Args:
        y_N: labels, float64.
        score_N: scores, float64.
        given_NC: what is given, such as principal components and indicators of populations.
        family_N: as for ``pearson``.

    Returns:
        The estimate; not applicable where too few individuals are left, where y or the score is explained wholly, or
        where a value is missing.
    """
    reason = problem(y=y_N, score=score_N)
    if reason:
        return not_applicable(reason, len(y_N))
    basis_NC = _basis(given_NC)
    degrees, least = len(y_N) - basis_NC.shape[1] - 2, LEAST_WITHIN + basis_NC.shape[1] + 2
    if len(y_N) < least:
        return not_applicable(f"test people: {counted(len(y_N), 'individual')}; {least} are needed", len(y_N))
    left = [x_N - basis_NC @ (basis_NC.T @ x_N) for x_N in (y_N, score_N)]
    for left_N, x_N in zip(left, (y_N, score_N), strict=True):
        if np.abs(left_N).max() <= 1e-9 * max(1e-30, float(np.abs(x_N).max())):
            return not_applicable("y or score is explained wholly by what is given", len(y_N))
    return _correlation(left[0], left[1], degrees, family_N)


def _basis(column_NC: np.ndarray) -> np.ndarray:
    """Orthonormal columns that span a constant and these columns, float64 (N, rank)."""
    basis_NC, size_C, _ = np.linalg.svd(
        np.column_stack([np.ones(len(column_NC)), column_NC]), full_matrices=False
    )
    return np.asarray(basis_NC[:, size_C > 1e-10 * size_C[0]])


def partial_r2(
    value_N: np.ndarray, given_NC: np.ndarray, further_NC: np.ndarray, family_N: np.ndarray | None = None
) -> Estimate:
    """Share of what is given leaves of a value that further columns explain, adjusted for how many these are.

    It is 1 - (SSE1 / d1) / (SSE0 / d0), by least squares with and without the further columns, on d1 and d0 degrees of
    freedom (Ezekiel's adjustment): columns that have nothing to do with the value give 0 on average, and so below 0
    as often as not.

    Args:
        value_N: the value, such as a network's logit, float64.
        given_NC: what is given, beside a constant.
        further_NC: the columns whose share is meant, such as principal components.
        family_N: families, whose members are not independent; None where nobody is related.

    Returns:
        The estimate, with the standard error of the influence function, summed within families. It is 0 where what is
        given explains the value wholly, for then nothing is left; not applicable where the value is constant, where a
        value is missing, or where fewer than 20 individuals are left beyond the columns.
    """
    n = len(value_N)
    reason = problem(value=value_N)
    if not reason and _constant(value_N):
        reason = "the value is constant"
    if reason:
        return not_applicable(reason, n)
    bases = [_basis(part_NC) for part_NC in (given_NC, np.hstack([given_NC, further_NC]))]
    before, after = (n - basis_NC.shape[1] for basis_NC in bases)
    if after < LEAST_WITHIN:
        least = n - after + LEAST_WITHIN
        return not_applicable(f"test people: {counted(n, 'individual')}; {least} are needed", n)
    around_N, left_N = (value_N - basis_NC @ (basis_NC.T @ value_N) for basis_NC in bases)
    if np.abs(around_N).max() <= 1e-9 * float(np.abs(value_N).max()):
        return Estimate(0.0, n)
    total, unexplained = (
        (around_N**2).sum() / before,
        (left_N**2).sum() / after / ((around_N**2).sum() / before),
    )
    influence_N = (unexplained * around_N**2 / before - left_N**2 / after) / total
    return Estimate(
        1 - float(unexplained), n, clustered_error(influence_N, family_N), influence_N=influence_N
    )


def _correlation(y_N: np.ndarray, score_N: np.ndarray, degrees: int, family_N: np.ndarray | None) -> Estimate:
    """r of centred values, with its error on so many degrees of freedom."""
    n = len(y_N)
    y_N, score_N = (x_N / np.sqrt((x_N**2).mean()) for x_N in (y_N, score_N))
    r = float(np.clip((y_N * score_N).mean(), -1, 1))
    influence_N = (y_N * score_N - r * (y_N**2 + score_N**2) / 2) / np.sqrt(n * degrees)
    if family_N is None or len(np.unique(family_N)) == n:
        se = (1 - r**2) / float(np.sqrt(degrees))
    else:
        se = clustered_error(influence_N, family_N)
    return Estimate(r, n, se, influence_N=influence_N)


def r2(y_N: np.ndarray, score_N: np.ndarray, family_N: np.ndarray | None = None) -> Estimate:
    """1 - SSE / SST about the mean of these individuals: negative where the mean predicts better.

    The standard error is that of the influence function, summed within families.
    """
    reason = problem(y=y_N, score=score_N)
    if not reason and _constant(y_N):
        reason = "y is constant"
    if reason:
        return not_applicable(reason, len(y_N))
    error_N, around_N = (y_N - score_N) ** 2, (y_N - y_N.mean()) ** 2
    unexplained = float(error_N.sum() / around_N.sum())
    influence_N = (unexplained * around_N - error_N) / around_N.sum()
    return Estimate(
        1 - unexplained, len(y_N), clustered_error(influence_N, family_N), influence_N=influence_N
    )
