"""Gradient x (input - baseline): the first-order change of f from a baseline to one's own genotype."""

from collections.abc import Mapping
from typing import Any

from jax import Array

from stratbench.attributions.contract import Explained, baseline

OPTIONS = {
    "baseline": {
        "enum": ["mean", "population-mean", "zero"],
        "default": "mean",
        "description": "the genotype from which the change is taken",
    },
}
CITATION = "Shrikumar et al. 2016, arXiv:1605.01713"
NEEDS_GRADIENT = True


def attribute(
    explain: Explained, x_BM: Array, i_B: Array, options: Mapping[str, Any]
) -> tuple[Array, dict[str, Array]]:
    """a_j = (x_j - x'_j) df/dx_j at x, where x' is the baseline. Only of a linear f does it add up to f(x) - f(x')."""
    return explain.gradient(x_BM, i_B) * (x_BM - baseline(explain, i_B, options["baseline"])), {}
