"""A multilayer perceptron with dropout and weight decay."""

from collections.abc import Sequence
from typing import Any

import optax
from flax import linen as nn
from jax import Array

from stratbench.train.architecture import Architecture, Recipe

OPTIONS = {
    "widths": {
        "type": "array",
        "items": {"type": "integer", "minimum": 1},
        "minItems": 1,
        "default": [256, 64],
    },
    "dropout": {"type": "number", "minimum": 0, "exclusiveMaximum": 1, "default": 0.5},
    "weight_decay": {"type": "number", "minimum": 0, "default": 0.01},
    "learning_rate": {"type": "number", "exclusiveMinimum": 0, "default": 0.0003},
    "batch_size": {"type": "integer", "minimum": 1, "default": 64},
    "epochs": {"type": "integer", "minimum": 1, "default": 100},
    "patience": {"type": ["integer", "null"], "minimum": 1, "default": 10},
}
CITATION = "Rumelhart, Hinton & Williams 1986, Nature 323:533; dropout: Srivastava et al. 2014, JMLR 15:1929"


class Layers(nn.Module):
    widths: Sequence[int]
    dropout: float

    @nn.compact
    def __call__(self, z: Array, train: bool) -> Array:
        for width in self.widths:
            z = nn.relu(nn.Dense(width)(z))
            z = nn.Dropout(self.dropout, deterministic=not train)(z)
        return z


class Output(nn.Module):
    @nn.compact
    def __call__(self, h_BF: Array, train: bool) -> Array:
        return nn.Dense(1)(h_BF)[:, 0]


def build(n_snps: int, options: dict[str, Any]) -> Architecture:
    """Dense relu layers on standardised genotypes; hidden features are the last layer."""
    recipe = Recipe(
        optimizer=lambda rate: optax.adamw(rate, weight_decay=options["weight_decay"]),
        learning_rate=options["learning_rate"],
        batch_size=options["batch_size"],
        epochs=options["epochs"],
        patience=options["patience"],
    )
    return Architecture(
        Layers(tuple(options["widths"]), options["dropout"]), Output(), "standardised", recipe
    )
