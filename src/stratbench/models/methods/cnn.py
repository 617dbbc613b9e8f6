"""A convolutional network that learns: a vector for each SNP, strided convolutions, a narrow head."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from flax import linen as nn
from jax import Array

from stratbench.models.contract import Architecture
from stratbench.models.sparse import (
    Head,
    Lengths,
    after_silu,
    lengths_of,
    n_windows,
    normal,
    recipe,
    snp_weights,
    windows,
)

OPTIONS = {
    "size": {
        "type": "integer",
        "minimum": 1,
        "default": 5,
        "description": "SNPs in a window: kernel and stride of the first convolution",
    },
    "channels": {
        "type": "integer",
        "minimum": 1,
        "default": 8,
        "description": "numbers that stand for a SNP, in place of a gate",
    },
    "filters": {
        "type": "integer",
        "minimum": 1,
        "default": 16,
        "description": "of each convolution",
    },
    "merge": {
        "type": "array",
        "items": {"type": "integer", "minimum": 2},
        "default": [],
        "description": "kernel and stride of each further convolution",
    },
    "head": {"type": "integer", "minimum": 0, "default": 16, "description": "units of the head's layer"},
    "lasso": {
        "type": "number",
        "minimum": 0,
        "default": 0.06,
        "description": "how long a SNP's gradient must be for the SNP to enter",
    },
    "start": {
        "type": "number",
        "minimum": 0,
        "default": 0,
        "description": "deviation of what the first layer gives out at first; above 0 finds pure interactions",
    },
    "snp_rate": {
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 2.0,
        "description": "learning rate of the first layer, times the number of SNPs",
    },
    "learning_rate": {"type": "number", "exclusiveMinimum": 0, "default": 0.0001},
    "weight_decay": {"type": "number", "minimum": 0, "default": 0.01},
    "input_dropout": {"type": "number", "minimum": 0, "exclusiveMaximum": 1, "default": 0},
    "dropout": {"type": "number", "minimum": 0, "exclusiveMaximum": 1, "default": 0},
    "batch_size": {"type": "integer", "minimum": 1, "default": 64},
    "epochs": {"type": "integer", "minimum": 1, "default": 200},
    "patience": {"type": ["integer", "null"], "minimum": 1, "default": 40},
    "criterion": {
        "enum": ["loss", "loss-within", "auroc-within"],
        "default": "loss",
        "description": "what chooses the epoch that is kept, among validation people: docs/models.md",
    },
}
CITATION = (
    "LeCun et al. 1989, Neural Computation 1:541 (shared weights); "
    "Springenberg et al. 2015, ICLR workshop (strides for pools)"
)


class StridedConvolutions(nn.Module):
    """SNP vectors, then convolutions whose stride is their kernel; flattened, float32 (B, windows x filters)."""

    lengths: Lengths
    size: int
    channels: int
    filters: int
    merge: Sequence[int]
    start: float
    input_dropout: float

    @nn.compact
    def __call__(self, x_BM: Array, train: bool) -> Array:
        x_BM = nn.Dropout(self.input_dropout, deterministic=not train)(x_BM)
        x_BPI = windows(x_BM, self.lengths, self.size)
        shape = (x_BPI.shape[1], self.size, self.channels)
        vector_PIF = self.param("snps", snp_weights(self.start, self.size), shape)
        kernel_IFF = self.param("kernel", normal(1, self.channels), (self.size, self.channels, self.filters))
        # The vectors meet the shared kernel first, so that no array has people x SNPs x channels numbers.
        weight_PIF = jnp.einsum("pic,icf->pif", vector_PIF, kernel_IFF)
        z = jnp.einsum("bpi,pif->bpf", x_BPI, weight_PIF)
        z = nn.silu(z + self.param("bias", nn.initializers.zeros, (self.filters,)))
        lengths = n_windows(self.lengths, self.size)
        for size in self.merge:
            z = windows(z, lengths, size)
            lengths = n_windows(lengths, size)
            flat = z.reshape(*z.shape[:2], -1)
            z = nn.silu(nn.Dense(self.filters, kernel_init=after_silu(self.filters))(flat))
        return z.reshape(len(z), -1)


def build(n_snps: int, options: dict[str, Any], lengths: Sequence[int] | None = None) -> Architecture:
    """z_pf = silu(sum_jc x_pj e_pjc K_jcf + b_f) for each window p, then a dense SiLU layer, then f.

    SNP j of window p enters as x_pj e_pj, where the vector e_pj (``channels`` numbers) is its own, and K is a kernel
    that all windows share. ``merge`` adds convolutions over neighbouring windows. Windows do not overlap: their
    stride stands in for max pooling, which hides the few SNPs that matter behind the noise of their neighbours.
    The vectors start at 0 and are under a group lasso. They are gates of several numbers, because the fate of a
    gate of one number hangs on how strongly its place in the window happens to be wired at first.

    Good at: few strong SNPs. The vectors undo the sharing of weights where SNPs differ, so that what is shared is
    only how a window's SNPs combine. ``lengths``: SNPs of each chromosome; no window spans two.
    """
    encoder = StridedConvolutions(
        lengths_of(n_snps, lengths),
        options["size"],
        options["channels"],
        options["filters"],
        tuple(options["merge"]),
        options["start"],
        options["input_dropout"],
    )
    head = Head(options["head"], options["dropout"], options["filters"], silu=True)
    return Architecture(encoder, head, "standardised", recipe(n_snps, options))
