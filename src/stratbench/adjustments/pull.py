"""A bound on how hard a penalty pulls the features of an individual.

Measures of dependence, such as a correlation, do not change with the scale of the features. Their gradient therefore
has no bound where features are small, as those of a network that starts at 0 are: it would keep them there for ever,
or throw them far. The label's loss, a mean over B individuals, pulls the logit of each with at most 1 / B.
"""

from functools import partial

import jax
import jax.numpy as jnp
from jax import Array


@partial(jax.custom_vjp, nondiff_argnums=(1,))
def bounded(h_BF: Array, pull: float | None) -> Array:
    """The same features, float32 (B, F). What is computed from them has a gradient of at most pull / B in each row.

    Longer gradients are shortened and keep their direction; with None nothing is.
    """
    return h_BF


def _forward(h_BF: Array, pull: float | None) -> tuple[Array, None]:
    return h_BF, None


def _backward(pull: float | None, _: None, gradient_BF: Array) -> tuple[Array]:
    if pull is None:
        return (gradient_BF,)
    norm_B1 = jnp.linalg.norm(gradient_BF, axis=1, keepdims=True)
    smallest = jnp.finfo(gradient_BF.dtype).tiny
    return (gradient_BF * jnp.minimum(1, pull / len(gradient_BF) / jnp.maximum(norm_B1, smallest)),)


bounded.defvjp(_forward, _backward)
