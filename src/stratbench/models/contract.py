"""What a model file returns: two flax modules and the recipe that trains them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import optax
from flax import linen as nn

CRITERIA = ("loss", "loss-within", "auroc-within")  # what may choose the epoch that is kept


@dataclass(frozen=True)
class Recipe:
    """How a model is trained.

    Attributes:
        optimizer: from a learning rate to an optax transformation.
        batch_size: individuals a step; an adjustment may demand more.
        epochs: at most so many passes over the training individuals.
        patience: stop after so many epochs without a better criterion; None runs all epochs.
            Whatever is run, the parameters of the best epoch are kept.
        plateau: (factor, patience, floor): multiply the learning rate by factor after so many epochs
            without a better criterion, not below floor. None keeps it constant.
        criterion: what chooses the epoch that is kept, one of ``CRITERIA`` (``training.criterion``).
    """

    optimizer: Callable[[Any], optax.GradientTransformation]
    learning_rate: float
    batch_size: int
    epochs: int
    patience: int | None
    plateau: tuple[float, int, float] | None = None
    criterion: str = "loss"


def _no_penalty(params: Any) -> float:
    return 0.0


@dataclass(frozen=True)
class Architecture:
    """A network in two halves, so that adjustments can act on what lies between.

    Attributes:
        encoder: ``encoder.apply(variables, x_BM, train)`` -> hidden features h, float32 (B, F).
        head: ``head.apply(variables, h_BF, train)`` -> f, float32 (B,): a logit, or a standardised value.
        encoding: the input values it wants, ``standardised`` or ``dosage`` (``Packed.table``).
        recipe: how it is trained.
        penalty: a term added to the loss, from the parameters ``{"encoder": ..., "head": ...}``.
    """

    encoder: nn.Module
    head: nn.Module
    encoding: str
    recipe: Recipe
    penalty: Callable[[Any], Any] = _no_penalty
