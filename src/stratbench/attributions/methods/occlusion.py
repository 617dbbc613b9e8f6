"""Occlusion: what f loses when one SNP is set to a baseline."""

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from stratbench.attributions.contract import Explained, baseline
from stratbench.attributions.replacing import losses

OPTIONS = {
    "baseline": {
        "enum": ["mean", "population-mean", "zero"],
        "default": "mean",
        "description": "the genotype that takes the place of one's own",
    },
}
CITATION = "Zeiler & Fergus 2014, ECCV (occlusion)"
NEEDS_GRADIENT = False


def attribute(
    explain: Explained, x_BM: Array, i_B: Array, options: Mapping[str, Any]
) -> tuple[Array, dict[str, Array]]:
    """a_j = f(x) - f(x with x_j at the baseline): one evaluation of f for each SNP and individual.

    PCs and covariates stay the individual's, and so do all other SNPs: an interaction of two SNPs is counted for
    both. The time is that of M evaluations of f for each individual.
    """
    base_BM = jnp.broadcast_to(baseline(explain, i_B, options["baseline"]), x_BM.shape)
    return losses(explain, x_BM, i_B, base_BM, np.arange(x_BM.shape[1])), {}
