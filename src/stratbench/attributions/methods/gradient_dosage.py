"""The reference study's score (called Grad-CAM there): gradient of the sigmoid x uncentred dosage."""

from collections.abc import Mapping
from typing import Any

import jax
from jax import Array

from stratbench.attributions.contract import Explained

OPTIONS: dict[str, Any] = {}
CITATION = "Dagasso et al. 2025, J Biomed Inform, doi 10.1016/j.jbi.2025.104873"
NEEDS_GRADIENT = True
GROUPS = "label"  # averaged per class over test individuals, then the absolute value


def attribute(
    explain: Explained, x_BM: Array, i_B: Array, options: Mapping[str, Any]
) -> tuple[Array, dict[str, Array]]:
    """It depends on which allele is counted (2 - x gives another answer). It is here because the study used it."""
    probability_B = jax.nn.sigmoid(explain.f(x_BM, i_B))
    gradient_BM = (probability_B * (1 - probability_B))[:, None] * explain.gradient(x_BM, i_B)
    return gradient_BM * explain.background.per_dosage_M * explain.dosage(i_B), {}
