"""A linear (logistic) model. Its hidden feature is its logit."""

from typing import Any

import jax.numpy as jnp
import optax
from flax import linen as nn
from jax import Array

from stratbench.train.architecture import Architecture, Recipe

OPTIONS = {
    "ridge": {"type": "number", "minimum": 0, "default": 0.03},
    "learning_rate": {"type": "number", "exclusiveMinimum": 0, "default": 0.001},
    "batch_size": {"type": "integer", "minimum": 1, "default": 64},
    "epochs": {"type": "integer", "minimum": 1, "default": 200},
    "patience": {"type": ["integer", "null"], "minimum": 1, "default": 10},
}
CITATION = "Hoerl & Kennard 1970, Technometrics 12:55 (ridge regression)"


class Weights(nn.Module):
    @nn.compact
    def __call__(self, x_BM: Array, train: bool) -> Array:
        w_M1 = self.param("kernel", nn.initializers.zeros, (x_BM.shape[1], 1))
        return x_BM @ w_M1


class Bias(nn.Module):
    @nn.compact
    def __call__(self, h_B1: Array, train: bool) -> Array:
        return h_B1[:, 0] + self.param("bias", nn.initializers.zeros, ())


def build(n_snps: int, options: dict[str, Any]) -> Architecture:
    """f = w'x + b on standardised genotypes, with penalty ridge / 2 * |w|^2 and early stopping."""

    def penalty(params: Any) -> Array:
        return 0.5 * options["ridge"] * jnp.sum(jnp.square(params["encoder"]["kernel"]))

    recipe = Recipe(
        optimizer=optax.adam,
        learning_rate=options["learning_rate"],
        batch_size=options["batch_size"],
        epochs=options["epochs"],
        patience=options["patience"],
    )
    return Architecture(Weights(), Bias(), "standardised", recipe, penalty)
