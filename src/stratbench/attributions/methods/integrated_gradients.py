"""Integrated gradients along the straight line from a baseline, completeness error measured."""

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
from jax import Array

from stratbench.attributions import completeness
from stratbench.attributions.contract import Explained, baseline

OPTIONS = {
    "baseline": {
        "enum": ["mean", "population-mean", "zero"],
        "default": "mean",
        "description": "the genotype at which the path starts",
    },
    "steps": {"type": "integer", "minimum": 1, "default": 32, "description": "of the path at first"},
    "max_steps": {"type": "integer", "minimum": 1, "default": 256, "description": "steps at most"},
    "tolerance": {
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 0.01,
        "description": "relative completeness error above which steps are doubled and, at last, the result is flagged",
    },
}
CITATION = "Sundararajan, Taly & Yan 2017, ICML (completeness: axiom in section 3)"
NEEDS_GRADIENT = True


def attribute(
    explain: Explained, x_BM: Array, i_B: Array, options: Mapping[str, Any]
) -> tuple[Array, dict[str, Array]]:
    """a_j = (x_j - x'_j) times the mean of df/dx_j along the line from the baseline x' to x, by the midpoint rule.

    PCs stay those of the individual. Figures: ``change`` f(x) - f(x') and ``error`` |sum_j a_j - change|.
    """
    base_BM = baseline(explain, i_B, options["baseline"])
    delta_BM = x_BM - base_BM
    total_BM = jnp.zeros_like(x_BM)
    for step in range(options["steps"]):
        alpha = (step + 0.5) / options["steps"]
        total_BM += explain.gradient(base_BM + alpha * delta_BM, i_B)
    a_BM = delta_BM * total_BM / options["steps"]
    return a_BM, completeness.figures(a_BM, explain.f(x_BM, i_B) - explain.f(x_BM - delta_BM, i_B))


def refine(options: Mapping[str, Any], figures: completeness.Figures) -> dict[str, Any] | None:
    """Twice the steps, up to max_steps, while the largest relative error exceeds the tolerance."""
    return completeness.finer(options, figures, "steps", "max_steps")


def summary(options: Mapping[str, Any], figures: completeness.Figures) -> dict[str, Any]:
    """The distribution of the relative completeness error; ``flagged`` where it exceeds the tolerance."""
    return {"steps": options["steps"], **completeness.report(figures, options["tolerance"])}
