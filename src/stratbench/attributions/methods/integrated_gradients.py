"""Integrated gradients along the straight line from the mean genotype, completeness error measured."""

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from stratbench.attributions.contract import Explained

OPTIONS = {
    "steps": {"type": "integer", "minimum": 1, "default": 32},
    "max_steps": {"type": "integer", "minimum": 1, "default": 256},
    "tolerance": {"type": "number", "exclusiveMinimum": 0, "default": 0.01},
}
CITATION = "Sundararajan, Taly & Yan 2017, ICML (completeness: axiom in section 3)"
NEEDS_GRADIENT = True


def attribute(
    explain: Explained, x_BM: Array, i_B: Array, options: Mapping[str, Any]
) -> tuple[Array, dict[str, Array]]:
    """Midpoint rule. Figures: ``change`` f(x) - f(x') and ``error`` |sum_j a_j - change|."""
    delta_BM = x_BM - explain.background.baseline_M
    total_BM = jnp.zeros_like(x_BM)
    for step in range(options["steps"]):
        alpha = (step + 0.5) / options["steps"]
        total_BM += explain.gradient(explain.background.baseline_M + alpha * delta_BM, i_B)
    a_BM = delta_BM * total_BM / options["steps"]
    change_B = explain.f(x_BM, i_B) - explain.f(x_BM - delta_BM, i_B)
    return a_BM, {"change": change_B, "error": jnp.abs(a_BM.sum(axis=1) - change_B)}


def _relative(figures: Mapping[str, np.ndarray]) -> np.ndarray:
    """Errors as shares of the mean |f(x) - f(x')|; zero where f does not change at all."""
    return figures["error"] / max(float(np.abs(figures["change"]).mean()), 1e-12)


def refine(options: Mapping[str, Any], figures: Mapping[str, np.ndarray]) -> dict[str, Any] | None:
    """Twice the steps, up to max_steps, while the largest relative error exceeds the tolerance."""
    if _relative(figures).max() <= options["tolerance"] or options["steps"] >= options["max_steps"]:
        return None
    return {**options, "steps": min(2 * options["steps"], options["max_steps"])}


def summary(options: Mapping[str, Any], figures: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """The distribution of the relative completeness error; ``flagged`` where it exceeds the tolerance."""
    errors = _relative(figures)
    return {
        "steps": options["steps"],
        "completeness_error": {
            "median": float(np.median(errors)),
            "p95": float(np.quantile(errors, 0.95)),
            "max": float(errors.max()),
        },
        "flagged": bool(errors.max() > options["tolerance"]),
    }
