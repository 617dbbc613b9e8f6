"""SmoothGrad: the mean of saliency over inputs with random noise."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from stratbench.attributions.contract import Explained

OPTIONS = {
    "draws": {"type": "integer", "minimum": 1, "default": 25, "description": "of noise, for each individual"},
    "noise": {
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 0.1,
        "description": "its standard deviation, in standard deviations of each SNP's dosage",
    },
}
CITATION = "Smilkov et al. 2017, arXiv:1706.03825"
NEEDS_GRADIENT = True


def attribute(
    explain: Explained, x_BM: Array, i_B: Array, options: Mapping[str, Any]
) -> tuple[Array, dict[str, Array]]:
    """Saliency is averaged with its sign. An individual's noise depends on nothing but the individual and the seed."""
    back, total_BM = explain.background, jnp.zeros_like(x_BM)
    sd_M = back.per_dosage_M * back.sd_M  # of the inputs
    for draw in range(options["draws"]):
        noise_BM = noise(explain.panel.seed, draw, i_B, x_BM.shape[1])
        total_BM += explain.gradient(x_BM + options["noise"] * sd_M * noise_BM, i_B)
    return total_BM / options["draws"] * sd_M, {}


@partial(jax.jit, static_argnums=3)
def noise(seed: int, draw: int, i_B: Array, n_snps: int) -> Array:
    """Standard normal numbers, float32 (B, M)."""
    key = jax.random.fold_in(jax.random.key(seed), draw)
    return jax.vmap(lambda i: jax.random.normal(jax.random.fold_in(key, i), (n_snps,)))(i_B)
