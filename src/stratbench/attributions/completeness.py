"""How far attributions are from adding up to the change of f that they should explain."""

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

Figures = Mapping[str, np.ndarray]


def figures(a_BM: Array, change_B: Array) -> dict[str, Array]:
    """``change``, what attributions should add up to, and ``error``, by how much they miss it; both (B,)."""
    return {"change": change_B, "error": jnp.abs(a_BM.sum(axis=1) - change_B)}


def relative(figures: Figures) -> np.ndarray:
    """Errors as shares of the mean |change|; zero where f does not change at all."""
    return figures["error"] / max(float(np.abs(figures["change"]).mean()), 1e-12)


def report(figures: Figures, tolerance: float) -> dict[str, Any]:
    """The distribution of the relative error over individuals; ``flagged`` where the largest exceeds the tolerance."""
    errors = relative(figures)
    return {
        "completeness_error": {
            "median": float(np.median(errors)),
            "p95": float(np.quantile(errors, 0.95)),
            "max": float(errors.max()),
        },
        "flagged": bool(errors.max() > tolerance),
    }


def finer(options: Mapping[str, Any], figures: Figures, count: str, most: str) -> dict[str, Any] | None:
    """Twice as many of what ``count`` counts, up to ``most``, while the largest relative error exceeds the tolerance.

    Args:
        options: of the method; ``count`` and ``most`` name two of them, ``tolerance`` is a third.
        figures: of all individuals.
        count, most: names of options.

    Returns:
        Options to run again with, or None where the error is small enough or there cannot be more.
    """
    if relative(figures).max() <= options["tolerance"] or options[count] >= options[most]:
        return None
    return {**options, count: min(2 * options[count], options[most])}
