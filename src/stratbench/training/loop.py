"""The training loop. It knows the five places of an adjustment, and no adjustment by name."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array

from stratbench.adjustments.contract import Batch
from stratbench.core.errors import ScientificFailure
from stratbench.training.criterion import within
from stratbench.training.loss import per_individual
from stratbench.training.network import Network, Outputs, Variables

EVALUATED_AT_ONCE = 512
Forward = Callable[[Variables, Batch, Array], Outputs]


class Labels(NamedTuple):
    """Everyone's y, float32 (N,), as the loss sees it, and population; indices of training and validation people."""

    y_N: np.ndarray
    population_N: np.ndarray
    train_T: np.ndarray
    validation_V: np.ndarray


@dataclass
class Progress:
    """The course of a training: what early stopping, the learning-rate plateau and the log read; rows of history.tsv.

    Attributes:
        best_loss: the validation loss at the best epoch.
        epochs: at most.
        steps: of an epoch.
        losses: of the running epoch's steps (arrays on the device), whether the device has computed them yet or not.
        began: when the first step was compiled, in seconds of the monotonic clock.
        compiles: whether it is the first training, which compiles the steps for all others.
        best: the criterion at the best epoch, the lower the better.
    """

    best_loss: float = np.inf
    best_epoch: int = 0
    since_drop: int = 0
    rows: list[dict[str, float]] = field(default_factory=list)
    epochs: int = 0
    steps: int = 0
    losses: list[Any] = field(default_factory=list)
    began: float | None = None
    compiles: bool = True
    best: float = np.inf


@dataclass(frozen=True, eq=False)
class Stage:
    """One stage of training: a forward pass whose compiled steps every seed shares."""

    network: Network
    kind: str
    forward: Forward
    frozen: bool = False  # the encoder is not trained in this stage

    @cached_property
    def step(self) -> Callable[..., tuple[Variables, Any, Array]]:
        return jax.jit(self._step)

    @cached_property
    def losses(self) -> Callable[..., Array]:
        return jax.jit(self._losses)

    def optimizer(self) -> optax.GradientTransformation:
        """The model's optimiser, its learning rate open to change, with the adjustment's own beside it."""
        recipe = self.network.architecture.recipe

        def build(learning_rate: Any) -> optax.GradientTransformation:
            model = recipe.optimizer(learning_rate)
            return optax.multi_transform(
                {
                    "model": model,
                    "adjustment": self.network.adjustment.optimizer(model),
                    "frozen": optax.set_to_zero(),
                },
                {
                    "encoder": "frozen" if self.frozen else "model",
                    "head": "model",
                    "adjustment": "adjustment",
                },
            )

        return optax.inject_hyperparams(build)(learning_rate=recipe.learning_rate)

    def _loss(self, params: Any, variables: Variables, batch: Batch, key: Array) -> tuple[Array, Variables]:
        network = self.network
        outputs = self.forward(variables._replace(params=params), batch, key)
        w_B = network.adjustment.weights(variables.state, batch)
        data = jnp.sum(w_B * per_individual(self.kind, outputs.score_B, batch.y_B)) / jnp.sum(w_B)
        own = network.adjustment.penalty(
            variables.state, params["adjustment"], outputs.h_BF, outputs.f_B, batch
        )
        return data + network.architecture.penalty(params) + own, outputs.variables

    def _step(
        self, variables: Variables, moments: Any, i_B: Array, y_B: Array, step: Array, key: Array
    ) -> tuple[Variables, Any, Array]:
        batch = Batch(i_B, y_B, step, True)
        (loss, changed), gradient = jax.value_and_grad(self._loss, has_aux=True)(
            variables.params, variables, batch, jax.random.fold_in(key, step)
        )
        updates, moments = self.optimizer().update(gradient, moments, variables.params)
        return changed._replace(params=optax.apply_updates(variables.params, updates)), moments, loss

    def _losses(self, variables: Variables, i_B: Array, y_B: Array) -> Array:
        batch = Batch(i_B, y_B, jnp.zeros((), jnp.int32), False)
        return per_individual(self.kind, self.forward(variables, batch, jax.random.key(0)).score_B, y_B)

    def validation_loss(self, variables: Variables, labels: Labels) -> float:
        total = 0.0
        for i_B, keep in blocks(labels.validation_V):
            losses_B = self.losses(variables, jnp.asarray(i_B), jnp.asarray(labels.y_N[i_B]))
            total += float(np.asarray(losses_B)[:keep].sum())
        return total / len(labels.validation_V)

    def criterion(self, name: str, variables: Variables, labels: Labels) -> float:
        """What validation people say under a criterion other than the loss, the lower the better."""
        who_V = labels.validation_V
        parts = [
            np.stack(self.network.scores(variables, jnp.asarray(i_B)))[:, :keep]
            for i_B, keep in blocks(who_V)
        ]
        f_V, score_V = np.concatenate(parts, axis=1)
        return within(name, self.kind, f_V, score_V, labels.y_N[who_V], labels.population_N[who_V])


def blocks(individual_N: np.ndarray) -> list[tuple[np.ndarray, int]]:
    """Blocks of equal size (one compiled shape): indices, the last padded, and how many of them count."""
    size = min(EVALUATED_AT_ONCE, len(individual_N))
    result = []
    for start in range(0, len(individual_N), size):
        block = individual_N[start : start + size]
        result.append((np.resize(block, size), len(block)))
    return result


def batch_indices(train_T: np.ndarray, size: int, epoch: int, seed: int) -> np.ndarray:
    """This epoch's batches, (steps, size); individuals that do not fill a batch are left out of this epoch."""
    order = np.random.default_rng([seed, epoch]).permutation(train_T)
    steps = len(order) // size
    return order[: steps * size].reshape(steps, size)


def train(stage: Stage, variables: Variables, labels: Labels, seed: int, progress: Progress) -> Variables:
    """Train one network and return the variables of the best epoch by the recipe's criterion.

    Args:
        stage: the forward pass, its steps compiled when they are first called.
        variables: of the untrained network.
        labels: of training and validation individuals.
        seed: of the order of batches, and of what is random in a step.
        progress: a fresh one, kept up to date for early stopping, history.tsv and the log.

    Raises ScientificFailure when a loss is not finite.
    """
    recipe = stage.network.architecture.recipe
    size = min(max(recipe.batch_size, stage.network.adjustment.batch_size), len(labels.train_T))
    progress.epochs, progress.steps = recipe.epochs, len(labels.train_T) // size
    moments = stage.optimizer().init(variables.params)
    best, key, step = variables, jax.random.key(seed), 0
    for epoch in range(1, recipe.epochs + 1):
        for i_B in batch_indices(labels.train_T, size, epoch, seed):
            variables, moments, loss = stage.step(
                variables, moments, jnp.asarray(i_B), jnp.asarray(labels.y_N[i_B]), jnp.int32(step), key
            )
            progress.losses.append(loss)
            progress.began = progress.began or time.monotonic()
            step += 1
        rate = float(moments.hyperparams["learning_rate"])
        row = {
            "epoch": epoch,
            "learning_rate": rate,
            "train_loss": float(np.mean(jax.device_get(progress.losses))),
            "validation_loss": stage.validation_loss(variables, labels),
        }
        progress.losses = []
        progress.rows.append(row)
        _stop_if_not_finite(row, rate)
        value = row["validation_loss"]
        if recipe.criterion != "loss":
            value = stage.criterion(recipe.criterion, variables, labels)
        if value < progress.best:
            progress.best, progress.best_loss = value, row["validation_loss"]
            progress.best_epoch, progress.since_drop = epoch, 0
            best = variables
        elif recipe.patience is not None and epoch - progress.best_epoch >= recipe.patience:
            break
        else:
            moments = _lower_rate(moments, recipe.plateau, progress)
    return best


def _stop_if_not_finite(row: dict[str, float], rate: float) -> None:
    for name in ("train_loss", "validation_loss"):
        if not np.isfinite(row[name]):
            raise ScientificFailure(
                f"{name.replace('_', ' ')} is {row[name]} in epoch {row['epoch']:.0f}, learning rate "
                f"{rate:.3g}: lower the model's learning_rate or the adjustment's strength"
            )


def _lower_rate(moments: Any, plateau: tuple[float, int, float] | None, progress: Progress) -> Any:
    """As Keras' ReduceLROnPlateau: lower the rate after ``patience`` epochs without improvement, then count anew."""
    if plateau is None:
        return moments
    factor, patience, floor = plateau
    progress.since_drop += 1
    if progress.since_drop < patience:
        return moments
    progress.since_drop = 0
    rate = moments.hyperparams["learning_rate"]
    hyperparams = {**moments.hyperparams, "learning_rate": jnp.maximum(rate * factor, floor)}
    return moments._replace(hyperparams=hyperparams)
