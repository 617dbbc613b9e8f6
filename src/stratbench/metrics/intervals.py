"""Confidence intervals: Student-t over replicates, normal from a standard error, within the range of the metric.

Repeated splits of one cohort share people, and their mean varies more than that of independent replicates (Nadeau &
Bengio 2003, Machine Learning 52:239).

An interval is symmetric on a scale that has no ends: of a number between two ends the logit of its place between them
(Fisher's z, from -1 to 1), of a number with one end the logarithm of its distance to it. So no interval holds an
impossible number, and that of an AUROC near 1 is longer towards .5.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from scipy.special import expit, logit


def t_interval(
    mean: ArrayLike,
    sd: ArrayLike,
    n: ArrayLike,
    level: float = 0.95,
    low: ArrayLike = -np.inf,
    high: ArrayLike = np.inf,
    overlap: ArrayLike = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper end of the interval of a mean on n - 1 degrees of freedom, elementwise.

    Args:
        mean: means of replicates.
        sd: their standard deviations, with n - 1 in the denominator.
        n: how many independent replicates there are.
        level: the confidence, between 0 and 1.
        low, high: the range of possible means; without ends the interval is mean -+ t(n - 1) sd / sqrt(n).
        overlap: as for ``mean_error``.

    Returns:
        The two ends, float64, of the shape that the arguments broadcast to; NaN where n is below 2.
    """
    degrees = np.maximum(np.asarray(n, dtype=float), 2) - 1
    return _interval(mean, mean_error(sd, n, overlap), stats.t.ppf((1 + level) / 2, degrees), low, high)


def mean_error(sd: ArrayLike, n: ArrayLike, overlap: ArrayLike = 0.0) -> np.ndarray:
    """Standard error of a mean, elementwise.

    Args:
        sd: standard deviations of what the mean is of, with n - 1 in the denominator.
        n: how many there are.
        overlap: 0 for independent replicates; for repeated splits of one cohort the number of test people over that of
            training people.

    Returns:
        sd sqrt(1 / n + overlap), float64; NaN where n is below 2.
    """
    sd, n, overlap = np.broadcast_arrays(*(np.asarray(x, dtype=float) for x in (sd, n, overlap)))
    return np.where(n >= 2, sd * np.sqrt(1 / np.maximum(n, 2) + overlap), np.nan)


def normal_interval(
    mean: ArrayLike, se: ArrayLike, level: float = 0.95, low: ArrayLike = -np.inf, high: ArrayLike = np.inf
) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper end of the interval of an estimate whose error is normal, elementwise.

    Args:
        mean: estimates.
        se: their standard errors.
        level: the confidence, between 0 and 1.
        low, high: the range of possible estimates; without ends the interval is mean -+ z se.

    Returns:
        The two ends, float64, of the shape that the arguments broadcast to; NaN where se is NaN.
    """
    return _interval(mean, se, stats.norm.ppf((1 + level) / 2), low, high)


def _interval(
    mean: ArrayLike, se: ArrayLike, quantile: ArrayLike, low: ArrayLike, high: ArrayLike
) -> tuple[np.ndarray, np.ndarray]:
    """The interval on the scale of the range; at an end, which has no place on it, that of the mean, cut there."""
    mean, se, quantile, low, high = np.broadcast_arrays(
        *(np.asarray(x, dtype=float) for x in (mean, se, quantile, low, high))
    )
    inside, finite = (mean > low) & (mean < high), (np.isfinite(low), np.isfinite(high))
    kinds = [inside & finite[0] & finite[1], inside & finite[0], inside & finite[1]]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        up, down, size = mean - low, high - mean, high - low
        place = np.select(kinds, [logit(up / size), np.log(up), -np.log(down)], mean)
        slope = np.select(kinds, [size / (up * down), 1 / up, 1 / down], 1.0)
        ends = []
        for sign in (-1, 1):
            moved = place + sign * quantile * se * slope
            back = [low + size * expit(moved), low + np.exp(moved), high - np.exp(-moved)]
            ends.append(np.select(kinds, back, np.clip(moved, low, high)))
    return ends[0], ends[1]


def narrower(low: float, high: float, n: int, level: float = 0.90) -> tuple[float, float]:
    """Compute the interval of another confidence about the same middle as a 95% interval of comparisons.tsv.

    Differences of less than a tenth of their range are as good as symmetric in their intervals; for these it is meant.

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
    middle, half = float(low + high) / 2, share * float(high - low) / 2
    return middle - half, middle + half
