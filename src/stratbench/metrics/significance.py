"""p values of differences, and Holm's adjustment for how many there are."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

FEW = 6  # with fewer replicates there is no p value


def p_values(mean: ArrayLike, se: ArrayLike, degrees: ArrayLike) -> np.ndarray:
    """Two-sided p of no difference, elementwise.

    Args:
        mean: differences.
        se: their standard errors.
        degrees: degrees of freedom of Student's t; infinite for a normal distribution.

    Returns:
        p, float64; NaN where the standard error is 0 or missing, for then nothing is known of it.
    """
    mean, se, degrees = np.broadcast_arrays(*(np.asarray(x, dtype=float) for x in (mean, se, degrees)))
    t = np.divide(mean, se, out=np.full(mean.shape, np.nan), where=se > 0)
    return np.asarray(2 * stats.t.sf(np.abs(t), degrees))


def holm(p_R: np.ndarray) -> np.ndarray:
    """p values (R,) adjusted by Holm 1979: below .05 they are wrong in one family out of twenty at most.

    A missing p stays missing and does not count.
    """
    known = np.flatnonzero(np.isfinite(p_R))
    order = known[np.argsort(p_R[known], kind="stable")]
    adjusted_R = np.full(len(p_R), np.nan)
    left = np.arange(len(order), 0, -1)
    adjusted_R[order] = np.minimum(np.maximum.accumulate(p_R[order] * left), 1)
    return adjusted_R
