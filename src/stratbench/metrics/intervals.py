"""Confidence intervals: Student-t over replicates, normal from a standard error."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats


def t_interval(
    mean: ArrayLike, sd: ArrayLike, n: ArrayLike, level: float = 0.95
) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper end of mean -+ t(n - 1) sd / sqrt(n), elementwise.

    Args:
        mean: means of replicates.
        sd: their standard deviations, with n - 1 in the denominator.
        n: how many independent replicates there are.
        level: the confidence, between 0 and 1.

    Returns:
        The two ends, float64, of the shape that the arguments broadcast to; NaN where n is below 2.
    """
    mean, sd, n = (np.asarray(x, dtype=float) for x in (mean, sd, n))
    enough = n >= 2
    safe_n = np.where(enough, n, 2)
    half = stats.t.ppf((1 + level) / 2, safe_n - 1) * sd / np.sqrt(safe_n)
    half = np.where(enough, half, np.nan)
    return mean - half, mean + half


def normal_interval(mean: ArrayLike, se: ArrayLike, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper end of mean -+ z se, elementwise; NaN where se is NaN."""
    mean, se = np.asarray(mean, dtype=float), np.asarray(se, dtype=float)
    half = stats.norm.ppf((1 + level) / 2) * se
    return mean - half, mean + half


def narrower(low: float, high: float, n: int, level: float = 0.90) -> tuple[float, float]:
    """Compute the interval of another confidence about the same middle as a 95% interval of comparisons.tsv.

    Args:
        low, high: the ends of the 95% interval.
        n: the number of replicates behind it. An interval of several replicates is one of ``t_interval``; an interval
            of one replicate is one of ``normal_interval``.
        level: the confidence of the result, between 0 and 1.

    Returns:
        The lower and the upper end; NaN where the ends that are given are NaN.
    """
    spread = stats.t(n - 1) if n > 1 else stats.norm
    share = float(spread.ppf((1 + level) / 2) / spread.ppf((1 + 0.95) / 2))
    middle, half = (low + high) / 2, share * (high - low) / 2
    return middle - half, middle + half
