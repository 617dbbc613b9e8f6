"""A number with its standard error and its n, or with the reason why it is missing."""

import math
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Estimate:
    """A metric's value; ``se`` is its sampling standard error over test individuals, NaN if there is none.

    ``n`` counts what the value was computed from: individuals, SNPs, or pairs of seeds. ``influence_N`` is what each
    test individual adds to the error of the value: the errors of two values of the same people are compared by it.
    """

    value: float = math.nan
    n: int = 0
    se: float = math.nan
    status: str = "ok"
    reason: str = ""
    influence_N: np.ndarray | None = field(default=None, compare=False, repr=False)


def not_applicable(reason: str, n: int = 0) -> Estimate:
    """The data do not define this metric (one class only, no truth, a single seed)."""
    return Estimate(n=n, status="not-applicable", reason=reason)


def failed(reason: str) -> Estimate:
    """The fit that this metric needs has failed."""
    return Estimate(status="failed", reason=reason)


def problem(**arrays: np.ndarray) -> str:
    """Why these arrays (N,) cannot be evaluated, or an empty string."""
    for name, array in arrays.items():
        if len(array) == 0:
            return "no individuals"
        bad = int((~np.isfinite(np.asarray(array, dtype=float))).sum())
        if bad:
            return f"{name} is missing or infinite for {bad} of {len(array)}"
    return ""


def clustered_error(influence_N: np.ndarray, family_N: np.ndarray | None = None) -> float:
    """Standard error of a value: families are independent, what their members add is summed before it is squared.

    Args:
        influence_N: what each individual adds to the value's error, float64.
        family_N: families, text or numbers; None where nobody is related.

    Returns:
        The standard error, which is that of independent individuals where each is a family of its own.
    """
    if family_N is None:
        return float(np.sqrt((influence_N**2).sum()))
    code_N = np.unique(family_N, return_inverse=True)[1]
    return float(np.sqrt((np.bincount(code_N, weights=influence_N) ** 2).sum()))
