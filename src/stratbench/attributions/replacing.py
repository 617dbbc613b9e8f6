"""What f loses when SNPs are replaced: the common part of occlusion and of block permutation."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from stratbench.attributions.contract import Explained

NUMBERS = 2**21  # of the changed inputs that are evaluated together


def losses(explain: Explained, x_BM: Array, i_B: Array, other_BM: Array, block_M: np.ndarray) -> Array:
    """f(x) - f(x with the SNPs of a block replaced), for each block; all other SNPs and the PCs stay.

    Args:
        explain: the trained network.
        x_BM: inputs.
        i_B: whose they are.
        other_BM: inputs that take their place.
        block_M: the block of each SNP, numbered from 0.

    Returns:
        float32 (B, blocks). It takes one evaluation of f for each block and individual, of so many blocks together that
        the inputs keep within a constant size (``NUMBERS``).
    """
    b, m = x_BM.shape
    blocks = int(block_M.max()) + 1
    at_once = max(1, min(blocks, NUMBERS // (b * m)))
    i_RB, f_B, parts = jnp.tile(i_B, at_once), explain.f(x_BM, i_B), []
    for first in range(0, blocks, at_once):
        changed_RBM = _replaced(x_BM, other_BM, jnp.asarray(block_M), jnp.int32(first), at_once)
        f_RB = explain.f(changed_RBM.reshape(-1, m), i_RB).reshape(at_once, b)
        parts.append((f_B - f_RB)[: blocks - first])
    return jnp.concatenate(parts).T


@partial(jax.jit, static_argnames="at_once")
def _replaced(x_BM: Array, other_BM: Array, block_M: Array, first: Array, at_once: int) -> Array:
    """Copies of the inputs, copy c with block ``first + c`` replaced (unchanged beyond the last block)."""
    gone_RM = (first + jnp.arange(at_once))[:, None] == block_M
    return jnp.where(gone_RM[:, None, :], other_BM, x_BM)
