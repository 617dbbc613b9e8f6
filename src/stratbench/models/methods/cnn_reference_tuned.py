"""The reference study's 1D-CNN with another recipe: the same layers, dropout, AdamW and early stopping."""

from typing import Any

import optax

from stratbench.models.contract import Architecture, Recipe
from stratbench.models.convolution import Convolutions, Dense, check_length, edge

OPTIONS = {
    "learning_rate": {"type": "number", "exclusiveMinimum": 0, "default": 0.0003},
    "weight_decay": {"type": "number", "minimum": 0, "default": 0.01},
    "dropout": {"type": "number", "minimum": 0, "exclusiveMaximum": 1, "default": 0.5},
    "batch_size": {"type": "integer", "minimum": 2, "default": 64},
    "epochs": {"type": "integer", "minimum": 1, "default": 80},
    "patience": {"type": ["integer", "null"], "minimum": 1, "default": 10},
    "criterion": {
        "enum": ["loss", "loss-within", "auroc-within"],
        "default": "loss",
        "description": "what chooses the epoch that is kept, among validation people: docs/models.md",
    },
}
CITATION = "Dagasso et al. 2025 (layers); AdamW: Loshchilov & Hutter 2019, ICLR"


def build(n_snps: int, options: dict[str, Any]) -> Architecture:
    """The layers of ``cnn-reference``: two blocks of convolution, relu, batch normalisation and max pooling, then f.

    The recipe differs: standardised genotypes, batches large enough for batch normalisation (momentum .9), AdamW,
    dropout before every dense layer, and early stopping on the validation loss. No recipe that was tried brought
    these layers near a linear model (docs/recipes.md): max pooling hides the few SNPs that matter behind the noise
    of their neighbours.
    """
    check_length(n_snps)
    recipe = Recipe(
        optimizer=lambda rate: optax.adamw(rate, weight_decay=options["weight_decay"]),
        learning_rate=options["learning_rate"],
        batch_size=options["batch_size"],
        epochs=options["epochs"],
        patience=options["patience"],
        criterion=options["criterion"],
    )
    encoder = Convolutions(momentum=0.9, epsilon=1e-5)
    head = Dense((512, 256, 128), dropout=options["dropout"], dropout_everywhere=True)
    return Architecture(encoder, head, "standardised", recipe, edge=edge())
