"""The reference study's 1D-CNN with the reference study's recipe, for better or worse."""

from typing import Any

import jax.numpy as jnp
import optax
from jax import Array

from stratbench.models.contract import Architecture, Recipe
from stratbench.models.convolution import Convolutions, Dense, check_length, edge

OPTIONS = {
    "learning_rate": {"type": "number", "exclusiveMinimum": 0, "default": 0.001},
    "batch_size": {"type": "integer", "minimum": 1, "default": 12},
    "epochs": {"type": "integer", "minimum": 1, "default": 80},
    "patience": {"type": ["integer", "null"], "minimum": 1, "default": None},
}
CITATION = "Dagasso, Souza, Wilms & Forkert 2025, J Biomed Inform, doi 10.1016/j.jbi.2025.104873"


def build(n_snps: int, options: dict[str, Any]) -> Architecture:
    """Raw dosages, Keras' defaults (batch normalisation .99, glorot), L2 .01 on the second convolution.

    Adam, learning rate x 0.2 after 5 epochs without a lower validation loss (floor 1e-5), all epochs run and
    the lowest validation loss kept; ``patience`` stops earlier, which the study did not do.
    """
    check_length(n_snps)

    def penalty(params: Any) -> Array:
        return 0.01 * jnp.sum(jnp.square(params["encoder"]["Conv_1"]["kernel"]))

    recipe = Recipe(
        optimizer=lambda rate: optax.adam(rate, eps=1e-7),
        learning_rate=options["learning_rate"],
        batch_size=options["batch_size"],
        epochs=options["epochs"],
        patience=options["patience"],
        plateau=(0.2, 5, 1e-5),
    )
    encoder = Convolutions(momentum=0.99, epsilon=1e-3)
    head = Dense((512, 256, 128), dropout=0.2, dropout_everywhere=False)
    return Architecture(encoder, head, "dosage", recipe, penalty, edge=edge())
