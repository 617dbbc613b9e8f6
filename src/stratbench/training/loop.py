"""The training loop. It calls an adjustment at the five places of its contract and knows no adjustment by name.

Whole epochs run on the device: steps, validation, lowering the learning rate and early stopping are one compiled
loop, so that nothing goes back to the host within an epoch. The host asks for a few epochs at a time, so that the log
can tell of progress. How many it asks for does not change the results. Several seeds are trained at once by mapping
the loop over them.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial, wraps
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array

from stratbench.adjustments.contract import Batch, Scored, State
from stratbench.core.errors import ScientificFailure
from stratbench.models.contract import Recipe
from stratbench.training.criterion import Judged, criterion, judged
from stratbench.training.loss import per_individual, residual
from stratbench.training.network import Network, Outputs, Variables

EVALUATED_AT_ONCE = 512  # individuals of one block outside training
TOLD_EVERY = 5.0  # seconds between two looks at the course of a training
HISTORY = ("learning_rate", "train_loss", "validation_loss")  # columns of Training.history
Forward = Callable[[Variables, Batch, Array], Outputs]


class Labels(NamedTuple):
    """Everyone's labels and populations, and who is trained and validated on.

    Attributes:
        y_N: labels as the loss sees them, float32 (N,).
        population_N: populations, text (N,).
        train_T: the indices of the training individuals, integers (T,).
        validation_V: the indices of the validation individuals, integers (V,).
    """

    y_N: np.ndarray
    population_N: np.ndarray
    train_T: np.ndarray
    validation_V: np.ndarray


class Learned(NamedTuple):
    """The part of a network's variables that training changes.

    Attributes:
        params: the trainable parameters of encoder, head and adjustment.
        statistics: the batch statistics of encoder and head.
        fitted: what the adjustment has estimated.
    """

    params: Any
    statistics: Any
    fitted: Any


class Training(NamedTuple):
    """A training between two epochs. Every leaf has a leading axis of seeds outside the compiled loop.

    Attributes:
        now, moments: the network and its optimiser's state after the last epoch.
        best: the network of the best epoch.
        epoch: the number of epochs that have run, int32 ().
        best_epoch: the number of the best epoch, which counts from 1; 0 before there is one; int32 ().
        since_drop: the number of epochs since the criterion last improved or the learning rate was last lowered,
            int32 ().
        best_value: the criterion at the best epoch, float32 (); a lower value is better.
        stopped: whether training has ended before the last epoch that the recipe allows, because the criterion has
            not improved for the recipe's patience or a loss is not finite; bool ().
        history: a row for each epoch that the recipe allows, with the columns ``HISTORY``; float32 (epochs, 3).
    """

    now: Learned
    moments: Any
    best: Learned
    epoch: Array
    best_epoch: Array
    since_drop: Array
    best_value: Array
    stopped: Array
    history: Array


class Fixed(NamedTuple):
    """What a training reads and never changes.

    Attributes:
        key: the random key of the order of batches and of what is random in a step.
        rows: what the adjustment reads for each individual.
        y_N: everyone's labels as the loss sees them, float32 (N,).
        train_T: the indices of the training individuals, integers (T,).
        blocks: the indices of the validation individuals in blocks of equal size, integers (blocks, B); the last
            block is filled up with individuals who do not count.
        judged: the validation individuals with their populations, for the criterion.
    """

    key: Array
    rows: Any
    y_N: Array
    train_T: Array
    blocks: Array
    judged: Judged


@dataclass
class Progress:
    """How far a training of one or several seeds has come, for the log.

    Attributes:
        epochs: the largest number of epochs that may run.
        rows: the rows of history.tsv of the seed that has run longest, one for each epoch so far.
        best_epoch: the best epoch of that seed; 0 before there is one.
        pace: the seconds that an epoch took when the host last looked. It is 0 until the second look, because the
            time before the first look includes compilation.
        looked: when the host last looked, in seconds of the monotonic clock.
    """

    epochs: int = 0
    rows: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = 0
    pace: float = 0.0
    looked: float = field(default_factory=time.monotonic)

    def look(self, course: Training) -> None:
        """Wait until the device has run the epochs that it was asked for, and record their losses and their pace."""
        longest = int(np.argmax(course.epoch))
        rows, compiled = rows_of(course, longest), bool(self.rows)
        now = time.monotonic()
        if compiled and len(rows) > len(self.rows):
            self.pace = (now - self.looked) / (len(rows) - len(self.rows))
        self.rows, self.best_epoch, self.looked = rows, int(course.best_epoch[longest]), now

    def next_look(self) -> int:
        """The number of the epoch after which the host should look again."""
        return len(self.rows) + (max(1, int(TOLD_EVERY / self.pace)) if self.pace else 1)


@dataclass(frozen=True)
class Trained:
    """One seed after training: the variables of its best epoch, and its rows of history.tsv."""

    variables: Variables
    rows: list[dict[str, float]]
    best_epoch: int


@dataclass(frozen=True, eq=False)
class Stage:
    """One stage of training, with a compiled loop that all seeds share.

    Attributes:
        network: the network that is trained.
        kind: ``binary`` or ``quantitative``.
        forward: the forward pass ``(variables, batch, key) -> outputs`` of this stage.
        frozen: whether the encoder stays as it is in this stage.
    """

    network: Network
    kind: str
    forward: Forward
    frozen: bool = False

    @cached_property
    def begin(self) -> Callable[[Learned], Training]:
        return jax.jit(over_seeds(self._begin, (0,)))

    @cached_property
    def advance(self) -> Callable[[Training, Fixed, Array], Training]:
        """``(course, fixed, until) -> course``: run epochs until ``until`` epochs have run or training has stopped."""
        of_each = Fixed(key=0, rows=0, y_N=None, train_T=None, blocks=None, judged=None)  # type: ignore[arg-type]
        return jax.jit(over_seeds(self._advance, (0, of_each, None)))

    @property
    def recipe(self) -> Recipe:
        return self.network.architecture.recipe

    def optimizer(self) -> optax.GradientTransformation:
        """The optimisers of the model and of the adjustment's own parameters, with a learning rate that can change."""

        def build(learning_rate: Any) -> optax.GradientTransformation:
            model = self.recipe.optimizer(learning_rate)
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

        return optax.inject_hyperparams(build)(learning_rate=self.recipe.learning_rate)

    def step(
        self, variables: Variables, moments: Any, batch: Batch, key: Array
    ) -> tuple[Variables, Any, Array]:
        """Take one step of the optimiser on a batch.

        Args:
            variables: the network's variables before the step.
            moments: the optimiser's state before the step.
            batch: the indices and labels of B individuals, and the number of the step.
            key: the random key of the training; the step's own key is drawn from it and the number of the step.

        Returns:
            The variables and the optimiser's state after the step, and the loss of the batch before it, float32 ().
        """
        (loss, changed), gradient = jax.value_and_grad(self._loss, has_aux=True)(
            variables.params, variables, batch, jax.random.fold_in(key, batch.step)
        )
        updates, moments = self.optimizer().update(gradient, moments, variables.params)
        return changed._replace(params=optax.apply_updates(variables.params, updates)), moments, loss

    def _loss(self, params: Any, variables: Variables, batch: Batch, key: Array) -> tuple[Array, Variables]:
        adjustment, own = self.network.adjustment, params["adjustment"]
        outputs = self.forward(variables._replace(params=params), batch, key)
        loss_B, residual_B = (of(self.kind, outputs.score_B, batch.y_B) for of in (per_individual, residual))
        w_B = adjustment.weights(variables.state, batch)
        scored = Scored(outputs.f_B, outputs.score_B, loss_B, residual_B, w_B)
        data, fitted = adjustment.loss(outputs.variables.state, own, scored, batch)
        further = adjustment.penalty(variables.state, own, outputs.h_BF, outputs.f_B, batch)
        state = outputs.variables.state._replace(fitted=fitted)
        total = data + self.network.architecture.penalty(params) + further
        return total, outputs.variables._replace(state=state)

    def _begin(self, learned: Learned) -> Training:
        zero = jnp.zeros((), jnp.int32)
        return Training(
            now=learned,
            moments=self.optimizer().init(learned.params),
            best=learned,
            epoch=zero,
            best_epoch=zero,
            since_drop=zero,
            best_value=jnp.float32(jnp.inf),
            stopped=jnp.zeros((), bool),
            history=jnp.zeros((self.recipe.epochs, len(HISTORY)), jnp.float32),
        )

    def _advance(self, course: Training, fixed: Fixed, until: Array) -> Training:
        def wanted(course: Training) -> Array:
            return (course.epoch < until) & ~course.stopped

        return jax.lax.while_loop(wanted, partial(self._epoch, fixed), course)

    def _epoch(self, fixed: Fixed, course: Training) -> Training:
        """Run all steps of an epoch, validate, and decide on the best epoch, the learning rate and stopping."""
        epoch = course.epoch + 1
        now, moments, train_loss = self._steps(fixed, course)
        score_V, f_V = self._validated(fixed, now)
        y_V = fixed.y_N[fixed.judged.i_V]
        validation_loss = jnp.mean(per_individual(self.kind, score_V, y_V))
        value = validation_loss
        if self.recipe.criterion != "loss":
            value = criterion(self.recipe.criterion, self.kind, f_V, score_V, y_V, fixed.judged)
        rate = moments.hyperparams["learning_rate"]
        row = jnp.stack([jnp.asarray(rate, jnp.float32), train_loss, validation_loss])
        better = value < course.best_value
        best_epoch = jnp.where(better, epoch, course.best_epoch)
        patience = self.recipe.patience
        stopped = ~(jnp.isfinite(train_loss) & jnp.isfinite(validation_loss))
        if patience is not None:
            stopped |= epoch - best_epoch >= patience
        rate, since_drop = lowered(rate, jnp.where(better, 0, course.since_drop + 1), self.recipe.plateau)
        return Training(
            now=now,
            moments=moments._replace(hyperparams={**moments.hyperparams, "learning_rate": rate}),
            best=jax.tree.map(lambda new, old: jnp.where(better, new, old), now, course.best),
            epoch=epoch,
            best_epoch=best_epoch,
            since_drop=since_drop,
            best_value=jnp.where(better, value, course.best_value),
            stopped=stopped,
            history=course.history.at[course.epoch].set(row),
        )

    def _steps(self, fixed: Fixed, course: Training) -> tuple[Learned, Any, Array]:
        """Take the steps of one epoch; the last of the results is the mean loss of its steps, float32 ()."""
        size = batch_size(self.network, len(fixed.train_T))
        batches = batch_indices(fixed.key, fixed.train_T, size, course.epoch)

        def one(carry: tuple[Learned, Any], at: tuple[Array, Array]) -> tuple[tuple[Learned, Any], Array]:
            (learned, moments), (i_B, number) = carry, at
            step = course.epoch * len(batches) + number
            batch = Batch(i_B, fixed.y_N[i_B], step, True)
            variables, moments, loss = self.step(_with(learned, fixed.rows), moments, batch, fixed.key)
            return (_learned(variables), moments), loss

        numbers = jnp.arange(len(batches), dtype=jnp.int32)
        (learned, moments), losses = jax.lax.scan(one, (course.now, course.moments), (batches, numbers))
        return learned, moments, jnp.mean(losses)

    def _validated(self, fixed: Fixed, learned: Learned) -> tuple[Array, Array]:
        """Compute the score and f of the validation individuals, float32 (V,) each."""
        variables = _with(learned, fixed.rows)

        def of_block(i_B: Array) -> tuple[Array, Array]:
            batch = Batch(i_B, fixed.y_N[i_B], jnp.zeros((), jnp.int32), False)
            outputs = self.forward(variables, batch, jax.random.key(0))
            return outputs.score_B, outputs.f_B

        scores, fs = jax.lax.map(of_block, fixed.blocks)
        n = len(fixed.judged.i_V)
        return scores.reshape(-1)[:n], fs.reshape(-1)[:n]


def over_seeds(of_one: Callable[..., Any], axes: tuple[Any, ...]) -> Callable[..., Any]:
    """Map a function of one seed's trees over the leading axis of seeds; ``axes`` are those of ``jax.vmap``.

    A single seed is computed without ``jax.vmap``, because products of batches of matrices are slower on a CPU.
    """

    @wraps(of_one)
    def of_all(*trees: Any) -> Any:
        if len(jax.tree.leaves(trees[0])[0]) > 1:
            return jax.vmap(of_one, in_axes=axes)(*trees)
        alone = [_first(tree, axis) for tree, axis in zip(trees, axes, strict=True)]
        return jax.tree.map(lambda leaf: leaf[None], of_one(*alone))

    return of_all


def _first(tree: Any, axis: Any) -> Any:
    """Take the first seed's leaves from those parts of a tree that have an axis of seeds; leave the other parts."""
    if axis is None:
        return tree
    if axis == 0:
        return jax.tree.map(lambda leaf: leaf[0], tree)
    return type(tree)(*(_first(part, own) for part, own in zip(tree, axis, strict=True)))


def _with(learned: Learned, rows: Any) -> Variables:
    return Variables(learned.params, learned.statistics, State(learned.fitted, rows))


def _learned(variables: Variables) -> Learned:
    return Learned(variables.params, variables.statistics, variables.state.fitted)


def lowered(rate: Array, since_drop: Array, plateau: tuple[float, int, float] | None) -> tuple[Array, Array]:
    """Lower the learning rate where the criterion no longer improves, as Keras' ReduceLROnPlateau does.

    After ``patience`` epochs without improvement the rate is multiplied by ``factor``, but not lowered below
    ``floor``, and the count of epochs begins again.

    Args:
        rate: the learning rate, float32 ().
        since_drop: the number of epochs since the criterion last improved or the rate was last lowered, int32 ().
        plateau: ``(factor, patience, floor)``; None if the rate stays constant.

    Returns:
        The learning rate and the count for the next epoch.
    """
    if plateau is None:
        return rate, since_drop
    factor, patience, floor = plateau
    drops = since_drop >= patience
    return jnp.where(drops, jnp.maximum(rate * factor, floor), rate), jnp.where(drops, 0, since_drop)


def batch_size(network: Network, n_train: int) -> int:
    """The number of individuals in a step: what recipe and adjustment ask for, at most all ``n_train``."""
    return min(max(network.architecture.recipe.batch_size, network.adjustment.batch_size), n_train)


def batch_indices(key: Array, train_T: Array, size: int, epoch: Array) -> Array:
    """Draw the batches of an epoch. Individuals that do not fill a batch are left out of this epoch.

    Args:
        key: the random key of the training.
        train_T: the indices of the training individuals, integers (T,).
        size: the number of individuals in a batch, at most T.
        epoch: the number of the epoch, which counts from 0; int32 (). The order depends on it and on the key.

    Returns:
        The indices of the individuals of each batch, integers (steps, size).
    """
    order_T = jax.random.permutation(jax.random.fold_in(key, epoch), train_T)
    steps = len(order_T) // size
    return order_T[: steps * size].reshape(steps, size)


def blocks(individual_N: np.ndarray) -> list[tuple[np.ndarray, int]]:
    """Divide individuals into blocks of equal size, so that a function is compiled for one shape.

    Each block comes with the number of its indices that count. The last block is filled up with some of its own
    individuals, and these do not count.
    """
    size = min(EVALUATED_AT_ONCE, len(individual_N))
    result = []
    for start in range(0, len(individual_N), size):
        block = individual_N[start : start + size]
        result.append((np.resize(block, size), len(block)))
    return result


def train(
    stage: Stage, variables: Sequence[Variables], labels: Labels, draws: Sequence[int], progress: Progress
) -> list[Trained]:
    """Train a network for each draw, all at once, and return the variables of each one's best epoch.

    Args:
        stage: the stage of training; its loop is compiled when it is first called.
        variables: the variables of the untrained networks, one for each draw.
        labels: everyone's labels and populations, and who is trained and validated on.
        draws: for each network, the seed of the order of batches and of what is random in a step.
        progress: a new one, which is kept up to date for the log.

    Returns:
        The networks in the order of the draws. A network whose loss is not finite has that loss in its last row.

    Raises:
        ScientificFailure: if the recipe's criterion cannot be computed for these validation individuals.
    """
    recipe = stage.recipe
    progress.epochs = recipe.epochs
    held = np.stack([block for block, _ in blocks(labels.validation_V)])
    fixed = Fixed(
        key=jnp.stack([jax.random.key(draw) for draw in draws]),
        rows=_stacked([each.state.rows for each in variables]),
        y_N=jnp.asarray(labels.y_N),
        train_T=jnp.asarray(labels.train_T),
        blocks=jnp.asarray(held),
        judged=judged(recipe.criterion, labels.validation_V, labels.y_N, labels.population_N),
    )
    course = stage.begin(_stacked([_learned(each) for each in variables]))
    while bool(jnp.any(~course.stopped & (course.epoch < recipe.epochs))):
        course = stage.advance(course, fixed, jnp.int32(min(progress.next_look(), recipe.epochs)))
        progress.look(course)
    return [_trained(course, each, s) for s, each in enumerate(variables)]


def _stacked(trees: Sequence[Any]) -> Any:
    """One tree whose leaves have a leading axis of seeds."""
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *trees)


def rows_of(course: Training, seed: int) -> list[dict[str, float]]:
    """The rows of history.tsv of one seed: ``epoch``, which counts from 1, and the columns ``HISTORY``."""
    rows = np.asarray(course.history[seed])[: int(course.epoch[seed])]
    return [
        {"epoch": epoch, **dict(zip(HISTORY, map(float, row), strict=True))}
        for epoch, row in enumerate(rows, start=1)
    ]


def _trained(course: Training, untrained: Variables, seed: int) -> Trained:
    best = jax.tree.map(lambda leaf: leaf[seed], course.best)
    variables = _with(best, untrained.state.rows)
    return Trained(variables, rows_of(course, seed), int(course.best_epoch[seed]))


def require_finite(rows: Sequence[dict[str, float]]) -> None:
    """Raise ScientificFailure if the last epoch's loss is not finite."""
    row = rows[-1]
    for name in ("train_loss", "validation_loss"):
        if not np.isfinite(row[name]):
            raise ScientificFailure(
                f"{name.replace('_', ' ')} is {row[name]} in epoch {row['epoch']:.0f}, learning rate "
                f"{row['learning_rate']:.3g}: lower the model's learning_rate or the adjustment's strength"
            )
