"""What a model file returns: two flax modules, and the recipe that trains them or the function that solves them.

A model whose output has no gradient with respect to the input says ``DIFFERENTIABLE = False`` at the top of its file.
One that was trained elsewhere returns its ``Predictions`` instead and says ``NETWORK = False``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
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


def solved_by(criterion: str) -> Recipe:
    """The recipe of a model that is solved: nothing of it counts but the criterion."""
    return Recipe(lambda rate: optax.set_to_zero(), 1.0, 1, 1, None, criterion=criterion)


class Individuals(NamedTuple):
    """Training or validation people, as a model that is solved sees them.

    Attributes:
        x_BM: inputs after the adjustment's changes, float32.
        y_B: labels as the loss sees them, float64: 0/1, or standardised values.
        offset_B: what the adjustment adds to f, float64.
        weight_B: weights in the loss, float64, their mean 1; all 1 for validation people.
    """

    x_BM: np.ndarray
    y_B: np.ndarray
    offset_B: np.ndarray
    weight_B: np.ndarray


@dataclass(frozen=True)
class Problem:
    """What ``Architecture.solve`` is given. Test people are not in it.

    Attributes:
        train, validation: the people.
        kind: ``binary`` or ``quantitative``.
        judge: from f of validation people, (V,), without the offset, to the recipe's criterion, the lower the better.
        seed: for what is drawn at random.
    """

    train: Individuals
    validation: Individuals
    kind: str
    judge: Callable[[np.ndarray], float]
    seed: int


class Predicted(NamedTuple):
    """What a model that was trained elsewhere says of one individual.

    Attributes:
        score: a logit or anything else that ranks; of a quantitative trait a value in its units.
        f: the same without what covariates such as PCs add.
        probability: of being a case; NaN where none is given.
        set: ``train``, ``validation`` or ``test``, as whoever predicted took it; blank where it is not said.
    """

    score: float
    f: float
    probability: float
    set: str


@dataclass(frozen=True)
class Predictions:
    """A model that was trained elsewhere: the file of its predictions, and each seed's, by iid."""

    path: str
    seeds: Mapping[int, Mapping[str, Predicted]]


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
        solve: ``(problem) -> {"encoder": ..., "head": ...}``, the trained parameters, of the shapes that the two
            halves make. It is called in place of gradient steps, of which such a model takes none. None: the
            model is trained by its recipe.
        edge: SNPs at each end of the input that fewer units of the network see than see the others. They have smaller
            attributions for that alone, and the agreement of rankings leaves them out.
    """

    encoder: nn.Module
    head: nn.Module
    encoding: str
    recipe: Recipe
    penalty: Callable[[Any], Any] = _no_penalty
    solve: Callable[[Problem], dict[str, Any]] | None = None
    edge: int = 0
