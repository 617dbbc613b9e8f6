"""A multilayer perceptron whose first layer is sparse: dense layers that a few SNPs reach."""

from collections.abc import Sequence
from typing import Any

from flax import linen as nn
from jax import Array

from stratbench.models.contract import Architecture
from stratbench.models.sparse import Head, after_silu, recipe, snp_weights

OPTIONS = {
    "widths": {
        "type": "array",
        "items": {"type": "integer", "minimum": 1},
        "minItems": 1,
        "default": [32, 32],
        "description": "units of each hidden layer; the last belongs to the head",
    },
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
CITATION = "Feng & Simon 2017, arXiv:1711.07592 (sparse-input neural networks)"


class Layers(nn.Module):
    """Hidden layers but for the last: silu(x W + b), then dense SiLU layers, float32 (B, widths[-1])."""

    widths: Sequence[int]
    start: float
    input_dropout: float
    dropout: float

    @nn.compact
    def __call__(self, x_BM: Array, train: bool) -> Array:
        m, width = x_BM.shape[1], self.widths[0]
        x_BM = nn.Dropout(self.input_dropout, deterministic=not train)(x_BM)
        weight_MF = self.param("snps", snp_weights(self.start, m), (m, width))
        z = nn.silu(x_BM @ weight_MF + self.param("bias", nn.initializers.zeros, (width,)))
        for width in self.widths[1:]:
            z = nn.Dropout(self.dropout, deterministic=not train)(z)
            z = nn.silu(nn.Dense(width, kernel_init=after_silu(z.shape[1]))(z))
        return z


def build(n_snps: int, options: dict[str, Any], lengths: Sequence[int] | None = None) -> Architecture:
    """f = dense(... silu(W2 silu(x W1 + b1) + b2) ...); the rows of W1 are under a group lasso.

    Good at: few strong SNPs anywhere in the genome, in any combination, since every unit sees every SNP; it knows
    nothing of order, so ``lengths`` (SNPs of each chromosome) changes nothing. At 500,000 SNPs and 32 units its
    first layer has 16 million weights.
    """
    *first, last = options["widths"]
    first = first or [last]
    encoder = Layers(tuple(first), options["start"], options["input_dropout"], options["dropout"])
    width = last if len(options["widths"]) > 1 else 0
    head = Head(width, options["dropout"], first[-1], silu=True)
    return Architecture(encoder, head, "standardised", recipe(n_snps, options))
