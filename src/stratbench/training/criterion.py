"""What chooses the epoch that is kept: the pooled validation loss, or what is seen within populations.

Whether populations are known where an epoch or a model is chosen matters as much as the method (SubpopBench: Yang et
al. 2023, ICML). ``loss`` does not know them; ``loss-within`` and ``auroc-within`` know those of validation people.
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

NEWTON = 8  # steps; from 0, each at most LONGEST, to at most FARTHEST
LONGEST, FARTHEST = 2.0, 20.0
LEAST = 1e-3  # added to a curvature, which is 0 where every score is extreme
AT_ONCE = 512  # people compared with all others


class Judged(NamedTuple):
    """Validation people as a criterion sees them.

    i_V: their indices; code_V: the number of each one's population; one_VL: 1 where person v is of population k.
    """

    i_V: Array
    code_V: Array
    one_VL: Array


def judged(name: str, i_V: np.ndarray, y_N: np.ndarray, population_N: np.ndarray) -> Judged:
    """Take up validation people for a criterion.

    Args:
        name: of the criterion.
        i_V: indices of validation people.
        y_N: everyone's labels as the loss sees them, float32.
        population_N: everyone's population, text.

    Raises:
        ScientificFailure: for ``auroc-within``, if no two people of one population have different labels.
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
    """A criterion within populations, of validation people; the lower the better. Traced by jax.

    Args:
        name: ``loss-within``, of the score, which is what the loss sees, or ``auroc-within``, of the network's own f.
        kind: ``binary`` or ``quantitative``.
        f_V: the network's own output, float32 (V,).
        score_V: with the adjustment's offset, float32 (V,).
        y_V: labels as the loss sees them, float32 (V,).
        people: their populations.

    Returns:
        The mean loss, or 1 minus the AUROC: float32 ().
    """
    if name == "loss-within":
        return loss_within(kind, score_V, y_V, people.one_VL)
    return 1 - auroc_within(f_V, y_V, people.code_V)


@partial(jax.jit, static_argnames="kind")
def loss_within(kind: str, score_V: Array, y_V: Array, one_VL: Array) -> Array:
    """The mean loss after the best constant was added to the score of each population.

    ``one_VL`` is 1 where person v is of population k. The constants are found by Newton's method, which takes one
    step for squared errors.
    """

    def step(_: int, offset_L: Array) -> Array:
        def loss(offset_L: Array) -> Array:
            return jnp.sum(per_individual(kind, score_V + one_VL @ offset_L, y_V))

        slope_L = jax.grad(loss)(offset_L)
        # Each constant moves its own population alone, so that the curvature is a number for each.
        curvature_L = jax.jvp(jax.grad(loss), (offset_L,), (jnp.ones_like(offset_L),))[1]
        moved_L = jnp.clip(slope_L / (curvature_L + LEAST), -LONGEST, LONGEST)
        return jnp.clip(offset_L - moved_L, -FARTHEST, FARTHEST)

    offset_L = jax.lax.fori_loop(0, NEWTON, step, jnp.zeros(one_VL.shape[1]))
    return jnp.mean(per_individual(kind, score_V + one_VL @ offset_L, y_V))


@jax.jit
def auroc_within(f_V: Array, y_V: Array, population_V: Array) -> Array:
    """The share of pairs of one population and unequal labels that f puts in order, ties half; NaN without a pair.

    For a quantitative trait every pair of unequal values counts.
    """

    def of_one(person: tuple[Array, Array, Array]) -> tuple[Array, Array]:
        f, y, population = person
        pair_V = (population_V == population) & (y_V < y)
        right_V = (f_V < f) + 0.5 * (f_V == f)
        return jnp.sum(pair_V * right_V), jnp.sum(pair_V)

    right_V, pairs_V = jax.lax.map(of_one, (f_V, y_V, population_V), batch_size=AT_ONCE)
    return jnp.sum(right_V) / jnp.sum(pairs_V)
