"""A small transformer over patches of SNPs, which attend to one another and know where they are."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from flax import linen as nn
from jax import Array

from stratbench.core.errors import UserError
from stratbench.models.contract import Architecture
from stratbench.models.sparse import Head, Lengths, lengths_of, recipe, snp_weights, windows

OPTIONS = {
    "size": {
        "type": "integer",
        "minimum": 1,
        "default": 20,
        "description": "SNPs in a patch; more where there would be too many patches",
    },
    "patches": {
        "type": "integer",
        "minimum": 1,
        "default": 256,
        "description": "patches at most; chromosome ends may add a few",
    },
    "features": {
        "type": "integer",
        "minimum": 1,
        "default": 16,
        "description": "numbers that stand for a patch; a multiple of heads",
    },
    "heads": {
        "type": "integer",
        "minimum": 1,
        "default": 2,
        "description": "heads of attention",
    },
    "blocks": {
        "type": "integer",
        "minimum": 1,
        "default": 1,
        "description": "blocks, each of attention and a dense layer",
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
CITATION = "Vaswani et al. 2017, NeurIPS (attention); Dosovitskiy et al. 2021, ICLR (patches)"


class Transformer(nn.Module):
    """Patches, pre-norm blocks and the sum over patches: float32 (B, features)."""

    lengths: Lengths
    size: int
    features: int
    heads: int
    blocks: int
    start: float
    input_dropout: float
    dropout: float

    @nn.compact
    def __call__(self, x_BM: Array, train: bool) -> Array:
        x_BM = nn.Dropout(self.input_dropout, deterministic=not train)(x_BM)
        x_BPI = windows(x_BM, self.lengths, self.size)
        p, zeros = x_BPI.shape[1], nn.initializers.zeros
        weight_PIF = self.param("snps", snp_weights(self.start, self.size), (p, self.size, self.features))
        z_BPF = jnp.einsum("bpk,pkf->bpf", x_BPI, weight_PIF)
        # Blocks see the positions, the sum does not: it is 0 where every SNP is average.
        position_PF = self.param("position", nn.initializers.normal(0.5), (p, self.features))
        for _ in range(self.blocks):
            y_BPF = nn.LayerNorm()(z_BPF + position_PF)
            y_BPF = nn.MultiHeadDotProductAttention(self.heads, out_kernel_init=zeros)(y_BPF, y_BPF)
            z_BPF = z_BPF + nn.Dropout(self.dropout, deterministic=not train)(y_BPF)
            y_BPF = nn.silu(nn.Dense(2 * self.features)(nn.LayerNorm()(z_BPF + position_PF)))
            y_BPF = nn.Dense(self.features, kernel_init=zeros)(y_BPF)
            z_BPF = z_BPF + nn.Dropout(self.dropout, deterministic=not train)(y_BPF)
        return z_BPF.sum(axis=1)


def build(n_snps: int, options: dict[str, Any], lengths: Sequence[int] | None = None) -> Architecture:
    """z_p = x_p W_p for each patch; z += attention(norm(z + position)); z += dense(norm(z + position)); f of their sum.

    Every patch has weights and a learned position of its own. Blocks give nothing out at first. Attention costs the
    square of the number of patches, so patches grow where ``size`` SNPs would make more than ``patches`` of them.
    Good at: interactions between distant SNPs, given enough people. ``lengths``: SNPs of each chromosome; no
    patch spans two.
    """
    if options["features"] % options["heads"]:
        raise UserError(
            f"model 'transformer': features is {options['features']}, heads is {options['heads']}; "
            "features must be a multiple of heads"
        )
    encoder = Transformer(
        lengths_of(n_snps, lengths),
        max(options["size"], -(-n_snps // options["patches"])),
        options["features"],
        options["heads"],
        options["blocks"],
        options["start"],
        options["input_dropout"],
        options["dropout"],
    )
    head = Head(options["head"], options["dropout"], options["features"], silu=False)
    return Architecture(encoder, head, "standardised", recipe(n_snps, options))
