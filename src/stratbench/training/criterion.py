"""The criterion by which a training keeps its best epoch.

``loss`` is the mean loss of all validation individuals. ``loss-within`` and ``auroc-within`` compare validation
individuals only with those of their own population, so they need to know the populations. SubpopBench (Yang et al.
2023, ICML) found that this knowledge, at the choice of an epoch or a model, matters as much as the method does.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jax import Array

from stratbench.core.errors import ScientificFailure
from stratbench.training.loss import per_individual

NEWTON = 8  # steps of Newton's method, which starts from constants of 0
LONGEST = 2.0  # the most by which one step changes a constant, because a step from extreme scores may be huge
FARTHEST = 20.0  # the largest constant: the best one is infinite where a population has labels of one class
LEAST = 1e-3  # is added to every curvature, because it is 0 where every score is extreme
AT_ONCE = 512  # individuals that are compared with all others in one step, to bound the memory


class Judged(NamedTuple):
    """The validation individuals, as a criterion sees them.

    Attributes:
        i_V: their indices among everyone, integers (V,).
        code_V: the number of each individual's population, integers (V,).
        one_VL: 1 where the individual of the row is of the population of the column, otherwise 0; float32 (V, L).
    """

    i_V: Array
    code_V: Array
    one_VL: Array


def judged(name: str, i_V: np.ndarray, y_N: np.ndarray, population_N: np.ndarray) -> Judged:
    """Put the validation individuals into the form that a criterion reads.

    Args:
        name: the criterion: ``loss``, ``loss-within`` or ``auroc-within``.
        i_V: the indices of the validation individuals, integers (V,).
        y_N: everyone's labels as the loss sees them, float32 (N,).
        population_N: everyone's population, text (N,).

    Returns:
        The indices and populations of the validation individuals, as arrays on the device.

    Raises:
        ScientificFailure: for ``auroc-within``, if no two validation individuals of one population have different
            labels.
    """
    code_V = np.unique(population_N[i_V], return_inverse=True)[1]
    spread = pd.Series(y_N[i_V]).groupby(code_V).nunique()
    if name == "auroc-within" and spread.max() < 2:
        raise ScientificFailure(
            "criterion auroc-within: no two validation people of one population have different labels; "
            "take criterion: loss, or a split with more validation people"
        )
    return Judged(jnp.asarray(i_V), jnp.asarray(code_V), jax.nn.one_hot(code_V, int(code_V.max()) + 1))


def criterion(name: str, kind: str, f_V: Array, score_V: Array, y_V: Array, people: Judged) -> Array:
    """Compute a criterion within populations; a lower value is better. JAX traces this function.

    Args:
        name: ``loss-within``, which is computed from the score, or ``auroc-within``, which is computed from f.
        kind: ``binary`` or ``quantitative``.
        f_V: the network's own output for each validation individual, float32 (V,).
        score_V: f plus the adjustment's offset, which is what the loss sees, float32 (V,).
        y_V: the labels as the loss sees them, float32 (V,).
        people: the validation individuals with their populations.

    Returns:
        The mean loss for ``loss-within``, 1 minus the AUROC for ``auroc-within``; float32 ().
    """
    if name == "loss-within":
        return loss_within(kind, score_V, y_V, people.one_VL)
    return 1 - auroc_within(f_V, y_V, people.code_V)


@partial(jax.jit, static_argnames="kind")
def loss_within(kind: str, score_V: Array, y_V: Array, one_VL: Array) -> Array:
    """Compute the mean loss after the best constant has been added to the scores of each population.

    Newton's method finds the constants. For squared errors its first step all but reaches them, unless the step would
    be longer than ``LONGEST``.

    Args:
        kind: ``binary`` or ``quantitative``.
        score_V: the score of each validation individual, float32 (V,).
        y_V: the labels as the loss sees them, float32 (V,).
        one_VL: 1 where the individual of the row is of the population of the column, otherwise 0; float32 (V, L).

    Returns:
        The mean over all validation individuals, float32 ().
    """

    def step(_: int, offset_L: Array) -> Array:
        def loss(offset_L: Array) -> Array:
            return jnp.sum(per_individual(kind, score_V + one_VL @ offset_L, y_V))

        slope_L = jax.grad(loss)(offset_L)
        # A constant changes the loss of its own population alone. The matrix of second derivatives is therefore
        # diagonal, and its product with a vector of ones is the diagonal.
        curvature_L = jax.jvp(jax.grad(loss), (offset_L,), (jnp.ones_like(offset_L),))[1]
        moved_L = jnp.clip(slope_L / (curvature_L + LEAST), -LONGEST, LONGEST)
        return jnp.clip(offset_L - moved_L, -FARTHEST, FARTHEST)

    offset_L = jax.lax.fori_loop(0, NEWTON, step, jnp.zeros(one_VL.shape[1]))
    return jnp.mean(per_individual(kind, score_V + one_VL @ offset_L, y_V))


@jax.jit
def auroc_within(f_V: Array, y_V: Array, population_V: Array) -> Array:
    """Compute the share of pairs of individuals that f puts in the order of their labels.

    A pair consists of two individuals of one population whose labels differ; a quantitative trait's values are
    compared like labels. A pair with equal f counts one half. The result is NaN where there is no pair.
    """

    def of_one(person: tuple[Array, Array, Array]) -> tuple[Array, Array]:
        f, y, population = person
        pair_V = (population_V == population) & (y_V < y)
        right_V = (f_V < f) + 0.5 * (f_V == f)
        return jnp.sum(pair_V * right_V), jnp.sum(pair_V)

    right_V, pairs_V = jax.lax.map(of_one, (f_V, y_V, population_V), batch_size=AT_ONCE)
    return jnp.sum(right_V) / jnp.sum(pairs_V)
