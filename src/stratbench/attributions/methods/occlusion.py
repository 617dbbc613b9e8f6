"""Occlusion: what f loses when one SNP is set to its mean among training individuals."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from stratbench.attributions.contract import Explained

OPTIONS: dict[str, Any] = {}
CITATION = "Zeiler & Fergus 2014, ECCV (occlusion); baseline: mean dosage of training individuals"
NEEDS_GRADIENT = False
NUMBERS = 2**21  # of the changed inputs that are evaluated together


def attribute(
    explain: Explained, x_BM: Array, i_B: Array, options: Mapping[str, Any]
) -> tuple[Array, dict[str, Array]]:
    """a_j = f(x) - f(x with x_j at the mean dosage 2 p_j): one evaluation of f for each SNP and individual.

    PCs and covariates stay the individual's, and so do all other SNPs: an interaction of two SNPs is counted for
    both. So many SNPs are changed at a time that the inputs keep within a constant size (``NUMBERS``). The time is
    that of M evaluations of f for each individual.
    """
    b, m = x_BM.shape
    at_once = max(1, min(m, NUMBERS // (b * m)))
    i_RB, f_B, parts = jnp.tile(i_B, at_once), explain.f(x_BM, i_B), []
    for first in range(0, m, at_once):
        changed_RBM = _without(x_BM, explain.background.baseline_M, jnp.int32(first), at_once)
        f_RB = explain.f(changed_RBM.reshape(-1, m), i_RB).reshape(at_once, b)
        parts.append((f_B - f_RB)[: m - first])
    return jnp.concatenate(parts).T, {}


@partial(jax.jit, static_argnames="at_once")
def _without(x_BM: Array, baseline_M: Array, first: Array, at_once: int) -> Array:
    """Copies of the inputs, copy c with SNP ``first + c`` at its baseline (unchanged beyond the last SNP)."""
    snp_R = first + jnp.arange(at_once)
    gone_RM = snp_R[:, None] == jnp.arange(x_BM.shape[1])
    return jnp.where(gone_RM[:, None, :], baseline_M, x_BM)
