"""Block permutation within ancestry: what f loses when a block of SNPs comes from somebody else of one's population."""

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from stratbench.attributions.blocks import named_blocks
from stratbench.attributions.contract import Explained
from stratbench.attributions.replacing import losses

OPTIONS = {
    "draws": {"type": "integer", "minimum": 1, "default": 5, "description": "donors of each individual"},
    "r2": {
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "default": 0.2,
        "description": "a block ends where two neighbours' squared correlation within populations is below this",
    },
    "size": {"type": "integer", "minimum": 1, "default": 50, "description": "SNPs of a block at most"},
    "blocks": {
        "type": ["string", "null"],
        "format": "snp-groups",
        "default": None,
        "description": "a TSV with the columns snp and group, which names blocks",
    },
}
CITATION = "Breiman 2001, Mach Learn 45:5 (permutation); Strobl et al. 2008, BMC Bioinformatics 9:307 (within groups)"
NEEDS_GRADIENT = False


def attribute(
    explain: Explained, x_BM: Array, i_B: Array, options: Mapping[str, Any]
) -> tuple[Array, dict[str, Array]]:
    """a_j = mean over donors of f(x) - f(x with j's block from the donor), over the number of the block's SNPs.

    Donors are training individuals of the own population, and blocks move whole: haplotypes and ancestry stay possible,
    which SNPs permuted one by one over everyone do not. The sum over a block is what f loses with the block; a method
    that moves blocks cannot tell their SNPs apart, and so shares it out equally.
    """
    block_M = named_blocks(explain.panel, options["blocks"], options["r2"], options["size"])
    total = jnp.zeros((len(x_BM), int(block_M.max()) + 1), x_BM.dtype)
    for donor_B in explain.panel.donors(np.asarray(i_B), options["draws"], within=True).T:
        total += losses(explain, x_BM, i_B, explain.inputs(jnp.asarray(donor_B)), block_M)
    share_P = 1 / (options["draws"] * np.bincount(block_M))
    return (total * jnp.asarray(share_P, x_BM.dtype))[:, block_M], {}
