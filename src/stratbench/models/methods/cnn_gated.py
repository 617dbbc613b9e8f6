"""A contrast: dense, weight-sharing convolutions behind one gate for each SNP, which learn less and leak more."""

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn
from jax import Array

from stratbench.core.errors import UserError
from stratbench.models.contract import Architecture, Recipe
from stratbench.models.sparse import Lengths, lengths_of, normal, shorten

OPTIONS = {
    "strides": {
        "type": "array",
        "items": {"type": "integer", "minimum": 1},
        "minItems": 1,
        "default": [6, 3],
        "description": "kernel and stride of each convolution",
    },
    "filters": {
        "type": "array",
        "items": {"type": "integer", "minimum": 1},
        "minItems": 1,
        "default": [8, 16],
        "description": "of each convolution; as many as strides",
    },
    "head": {"type": "integer", "minimum": 1, "default": 16, "description": "units of the head's layer"},
    "lasso": {
        "type": "number",
        "minimum": 0,
        "default": 0.02,
        "description": "each step moves every gate towards 0 by learning_rate x lasso",
    },
    "learning_rate": {"type": "number", "exclusiveMinimum": 0, "default": 0.001},
    "weight_decay": {"type": "number", "minimum": 0, "default": 0.01},
    "input_dropout": {"type": "number", "minimum": 0, "exclusiveMaximum": 1, "default": 0.3},
    "batch_size": {"type": "integer", "minimum": 1, "default": 64},
    "epochs": {"type": "integer", "minimum": 1, "default": 150},
    "patience": {"type": ["integer", "null"], "minimum": 1, "default": 30},
    "criterion": {
        "enum": ["loss", "loss-within", "auroc-within"],
        "default": "loss",
        "description": "what chooses the epoch that is kept, among validation people: docs/models.md",
    },
}
CITATION = (
    "LeCun et al. 1989, Neural Computation 1:541 (shared weights); Springenberg et al. 2015, ICLR workshop "
    "(strides for pools); Parikh & Boyd 2014, Foundations and Trends in Optimization 1:127 (soft threshold)"
)


def snp_of_slots(lengths: Lengths, size: int) -> np.ndarray:
    """Lay SNPs out in windows of ``size`` that stop at chromosome ends.

    Args:
        lengths: how many SNPs each chromosome has, M in all.
        size: how many slots a window has.

    Returns:
        The index of the SNP in each slot, and M in empty slots, integers (windows x size,). There are as many
        windows as M SNPs on so many chromosomes can need, so that replicates of a cohort share compiled code.
    """
    m = sum(lengths)
    most = (m + (size - 1) * len(lengths)) // size
    chromosomes = np.split(np.arange(m), np.cumsum(lengths)[:-1])
    filled = [np.pad(snps, (0, -len(snps) % size), constant_values=m) for snps in chromosomes]
    slots = np.concatenate(filled)
    return np.pad(slots, (0, most * size - len(slots)), constant_values=m)


class GatedConvolutions(nn.Module):
    """Gated inputs and relu convolutions whose stride is their kernel; flattened, float32 (B, windows x filters)."""

    lengths: Lengths
    strides: Sequence[int]
    filters: Sequence[int]
    input_dropout: float

    @nn.compact
    def __call__(self, x_BM: Array, train: bool) -> Array:
        x_BM = nn.Dropout(self.input_dropout, deterministic=not train)(x_BM)
        gate_M1 = self.param("gate", nn.initializers.ones, (x_BM.shape[1], 1))
        slots = jnp.asarray(snp_of_slots(self.lengths, math.prod(self.strides)))
        # Inputs and gates are laid out apart, because a step of training needs the gradient of the gates alone.
        z = jnp.pad(x_BM, ((0, 0), (0, 1)))[:, slots] * jnp.pad(gate_M1[:, 0], (0, 1))[slots]
        first = {"kernel_init": normal(1, self.strides[0]), "bias_init": nn.initializers.normal(1.0)}
        further = {"kernel_init": nn.initializers.he_normal()}
        z, channels = z[:, :, None], 1
        for number, (size, width) in enumerate(zip(self.strides, self.filters, strict=True)):
            z = z.reshape(len(z), -1, size * channels)
            z, channels = nn.relu(nn.Dense(width, **(further if number else first))(z)), width
        return z.reshape(len(z), -1)


class ZeroHead(nn.Module):
    """A dense relu layer of ``width`` units, then f, which is 0 for everyone at first; float32 (B,)."""

    width: int

    @nn.compact
    def __call__(self, h_BF: Array, train: bool) -> Array:
        h_BF = nn.relu(nn.Dense(self.width, kernel_init=nn.initializers.he_normal())(h_BF))
        return nn.Dense(1, kernel_init=nn.initializers.zeros)(h_BF)[:, 0]


def gated(options: dict[str, Any]) -> Recipe:
    """AdamW; the gates follow Adam, and each step is followed by a soft threshold."""

    def label(path: Any, _: Any) -> str:
        return "gate" if path[-1].key == "gate" else "others"

    def optimizer(rate: Any) -> optax.GradientTransformation:
        return optax.multi_transform(
            {
                "gate": optax.chain(optax.adam(rate), shorten(rate, options["lasso"], momentum=0)),
                "others": optax.adamw(rate, weight_decay=options["weight_decay"]),
            },
            lambda params: jax.tree_util.tree_map_with_path(label, params),
        )

    return Recipe(
        optimizer=optimizer,
        learning_rate=options["learning_rate"],
        batch_size=options["batch_size"],
        epochs=options["epochs"],
        patience=options["patience"],
        criterion=options["criterion"],
    )


def build(n_snps: int, options: dict[str, Any], lengths: Sequence[int] | None = None) -> Architecture:
    """z_pf = relu(sum_j x_pj g_pj K_jf + b_f), further such convolutions, a dense relu layer, f.

    Every SNP has one gate g_j, which starts at 1; kernels start at random; f starts at 0.
    It is kept as a contrast and not as a network to use. It learns less than ``cnn``, and it is the network whose
    logit keeps ancestry after ``input-residual``: that is a property of dense, weight-sharing convolutions, not of
    deep networks in general (docs/models.md has the figures). ``lengths``: SNPs of each chromosome; no window
    spans two.

    Raises UserError if ``strides`` and ``filters`` differ in number.
    """
    if len(options["strides"]) != len(options["filters"]):
        raise UserError(
            f"model 'cnn-gated': there are {len(options['strides'])} strides and {len(options['filters'])} filters; "
            "give one of each for every convolution"
        )
    encoder = GatedConvolutions(
        lengths_of(n_snps, lengths),
        tuple(options["strides"]),
        tuple(options["filters"]),
        options["input_dropout"],
    )
    return Architecture(encoder, ZeroHead(options["head"]), "standardised", gated(options))
