"""Area under the ROC curve, overall and within groups, with errors that allow for relatives (DeLong, Obuchowski)."""

import numpy as np
from scipy.stats import rankdata

from stratbench.core.words import counted
from stratbench.metrics.estimate import Estimate, clustered_error, not_applicable, problem

LEAST = 10  # unrelated cases, and unrelated controls, over all groups that have both


def auroc(y_N: np.ndarray, score_N: np.ndarray, family_N: np.ndarray | None = None) -> Estimate:
    """P(case scores above control), ties counted half: a constant score has .5.

    Args:
        y_N: labels 0 and 1.
        score_N: scores, float64; larger for cases.
        family_N: families, whose members are not independent; None where nobody is related.

    Returns:
        The estimate, with the standard error of DeLong et al. 1988 or, with families, of Obuchowski 1997. It is NaN
        where one family has all cases or all controls. Not applicable with missing values or one class.
    """
    n1, n0 = int((y_N == 1).sum()), int((y_N != 1).sum())
    reason = problem(score=score_N)
    if not reason and min(n1, n0) == 0:
        reason = f"one class only: {n1} cases, {n0} controls"
    if reason:
        return not_applicable(reason, len(y_N))
    return _pooled(y_N, score_N, np.zeros(len(y_N), dtype=np.int64), _codes(family_N, len(y_N)))


def auroc_stratified(
    y_N: np.ndarray,
    score_N: np.ndarray,
    group_N: np.ndarray,
    family_N: np.ndarray | None = None,
    *,
    least: int = LEAST,
    group: str = "population",
) -> Estimate:
    """AUROC within groups: concordant pairs over all pairs of a case and a control of one group, however small.

    A group weighs as its number of pairs. A group with cases and controls of two families or more (or two unrelated
    ones of each) adds to the error as DeLong and Obuchowski have it, about its own value. A smaller one adds its
    squared deviation from the pooled value, over 1 - its share of the pairs.

    Args:
        y_N: labels 0 and 1.
        score_N: scores, float64; larger for cases.
        group_N: groups, such as populations or families, text.
        family_N: families, whose members are not independent; None where nobody is related.
        least: the unrelated cases, and the unrelated controls, that groups with both must have together.
        group: what a group is called.

    Returns:
        The estimate; not applicable where groups have too few pairs, or where a score is missing.
    """
    reason = problem(score=score_N)
    if reason:
        return not_applicable(reason, len(y_N))
    code_N, family_N = _codes(group_N, len(y_N)), _codes(family_N, len(y_N))
    one_L, zero_L = (np.bincount(code_N, weights=(y_N == 1) == case) for case in (True, False))
    used_N = ((one_L > 0) & (zero_L > 0))[code_N]
    for label, of_class_N in (("cases", y_N == 1), ("controls", y_N != 1)):
        found_N = used_N & of_class_N
        families = len(np.unique(family_N[found_N]))
        if families < max(least, 1):
            of = f" of {counted(families, 'family', 'families')}" if families < found_N.sum() else ""
            reason = (
                f"test people: {found_N.sum()} {label}{of} are of a {group} with cases and controls, and {least} "
                "unrelated ones are needed"
            )
            return not_applicable(reason, len(y_N))
    part = _pooled(y_N[used_N], score_N[used_N], _codes(code_N[used_N], int(used_N.sum())), family_N[used_N])
    influence_N = np.zeros(len(y_N))
    influence_N[used_N] = part.influence_N
    return Estimate(part.value, part.n, part.se, influence_N=influence_N)


def _codes(label_N: np.ndarray | None, n: int) -> np.ndarray:
    """Labels as numbers from 0, int64 (N,); each individual its own where there are no labels."""
    return np.arange(n) if label_N is None else np.unique(label_N, return_inverse=True)[1]


def _pooled(y_N: np.ndarray, score_N: np.ndarray, group_N: np.ndarray, family_N: np.ndarray) -> Estimate:
    """AUROC within groups that all have cases and controls; groups and families are numbers from 0."""
    case_N = y_N == 1
    n1_L, n0_L = np.bincount(group_N, weights=case_N), np.bincount(group_N, weights=~case_N)
    won_N = _won(case_N, score_N, group_N)
    opponents_N = np.where(case_N, n0_L[group_N], n1_L[group_N])
    pairs_L = n1_L * n0_L
    won_L = np.bincount(group_N, weights=won_N * case_N)
    value = float(won_L.sum() / pairs_L.sum())
    families_L = [_families(group_N[of_N], family_N[of_N], len(pairs_L)) for of_N in (case_N, ~case_N)]
    large_L = np.minimum(*families_L) > 1
    scale_L = [np.sqrt(count_L / np.maximum(count_L - 1, 1)) for count_L in families_L]
    scale_N = np.where(case_N, scale_L[0][group_N], scale_L[1][group_N]) * large_L[group_N]
    influence_N = scale_N * (won_N - (won_L / pairs_L)[group_N] * opponents_N)
    first_L = np.unique(group_N, return_index=True)[1]
    others_L = 1 - pairs_L / pairs_L.sum()
    lone_L = (won_L - value * pairs_L) / np.sqrt(np.where(others_L > 0, others_L, np.nan))
    influence_N[first_L[~large_L]] = lone_L[~large_L]
    influence_N /= pairs_L.sum()
    se = clustered_error(influence_N, family_N)
    if value in (0, 1) and np.isfinite(se):
        se = _error_at_bound(min(len(np.unique(family_N[of_N])) for of_N in (case_N, ~case_N)))
    return Estimate(value, len(y_N), se, influence_N=influence_N)


def _won(case_N: np.ndarray, score_N: np.ndarray, group_N: np.ndarray) -> np.ndarray:
    """Pairs in which an individual stands on the right side of one of the other class and the same group, ties half.

    By midranks (Sun & Xu 2014): the rank among all of a group less that among those of one class.
    """
    distinct, level_N = np.unique(score_N, return_inverse=True)
    among_N = []
    for block_N in (group_N, 2 * group_N + case_N):
        size = np.bincount(block_N)
        before = np.cumsum(size) - size
        among_N.append(rankdata(block_N * np.int64(len(distinct)) + level_N) - before[block_N])
    below_N = among_N[0] - among_N[1]
    return np.where(case_N, below_N, np.bincount(group_N, weights=case_N)[group_N] - below_N)


def _families(group_R: np.ndarray, family_R: np.ndarray, n_groups: int) -> np.ndarray:
    """How many families each group has, float64 (L,)."""
    pair = np.unique(np.stack([group_R, family_R]), axis=1)
    return np.bincount(pair[0], minlength=n_groups).astype(float)


def _error_at_bound(n: int) -> float:
    """The error at an AUROC of 0 or 1, where DeLong's is 0: a 95% limit as Clopper and Pearson's of n of n."""
    return (1 - 0.025 ** (1 / n)) / 1.959964
