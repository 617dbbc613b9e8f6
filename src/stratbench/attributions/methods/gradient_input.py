"""Gradient x (input - baseline): the first-order change of f from the mean genotype to one's own."""

from collections.abc import Mapping
from typing import Any

from jax import Array

from stratbench.attributions.contract import Explained

OPTIONS: dict[str, Any] = {}
CITATION = "Shrikumar et al. 2016, arXiv:1605.01713; baseline: mean dosage of training individuals"
NEEDS_GRADIENT = True


def attribute(
    explain: Explained, x_BM: Array, i_B: Array, options: Mapping[str, Any]
) -> tuple[Array, dict[str, Array]]:
    return explain.gradient(x_BM, i_B) * (x_BM - explain.background.baseline_M), {}
