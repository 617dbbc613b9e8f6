"""Saliency: the gradient of f, per standard deviation of each SNP's dosage."""

from collections.abc import Mapping
from typing import Any

from jax import Array

from stratbench.attributions.contract import Explained

OPTIONS: dict[str, Any] = {}
CITATION = "Simonyan, Vedaldi & Zisserman 2014, ICLR workshop, arXiv:1312.6034"
NEEDS_GRADIENT = True


def attribute(
    explain: Explained, x_BM: Array, i_B: Array, options: Mapping[str, Any]
) -> tuple[Array, dict[str, Array]]:
    """a_j = df / d dosage_j x sd_j. Where the other allele is counted it changes its sign, and |a_j| stays."""
    back = explain.background
    return explain.gradient(x_BM, i_B) * (back.per_dosage_M * back.sd_M), {}
