"""A number with its standard error and its n, or with the reason why it is missing."""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Estimate:
    """A metric's value; ``se`` is its sampling standard error over test individuals, NaN if there is none.

    ``n`` counts what the value was computed from: individuals, SNPs, or pairs of seeds.
    """

    value: float = math.nan
    n: int = 0
    se: float = math.nan
    status: str = "ok"
    reason: str = ""


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
