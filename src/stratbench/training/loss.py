"""Losses and residuals of individuals, by kind of trait."""

import jax
import jax.numpy as jnp
import optax
from jax import Array


def per_individual(kind: str, score_B: Array, y_B: Array) -> Array:
    """Binary: cross-entropy of the logit; quantitative: half the squared error. Float32 (B,)."""
    if kind == "binary":
        return optax.sigmoid_binary_cross_entropy(score_B, y_B)
    return 0.5 * jnp.square(score_B - y_B)


def residual(kind: str, score_B: Array, y_B: Array) -> Array:
    """The label less what the score predicts, which is the loss's negative slope in the score. Float32 (B,)."""
    return y_B - (jax.nn.sigmoid(score_B) if kind == "binary" else score_B)
