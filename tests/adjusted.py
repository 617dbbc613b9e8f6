"""Adjustments under test: prepared on a small dataset, and called as training calls them."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from stratbench.adjustments.contract import Batch
from stratbench.task.model_data import load
from stratbench.training.setup import Setup, set_up
from trained import spec


def batch(i_B: np.ndarray) -> Batch:
    """These individuals outside training."""
    return Batch(jnp.asarray(i_B), jnp.zeros(len(i_B)), jnp.zeros((), jnp.int32), False)


def training(setup: Setup, i_B: np.ndarray, step: int = 0) -> Batch:
    """These individuals in a step of training, with their labels as the loss sees them."""
    y_B = jnp.asarray(setup.data.scaled_y_N[i_B])
    return Batch(jnp.asarray(i_B), y_B, jnp.asarray(step, jnp.int32), True)


def prepared(paths: dict[str, Any], *adjustments: dict[str, Any], model: str = "linear") -> Setup:
    return set_up(load(paths), spec("model", model), adjustments, seed=3)


def everyone(setup: Setup) -> np.ndarray:
    return np.arange(len(setup.data.iid_N))


def adjusted_inputs(setup: Setup) -> np.ndarray:
    """The inputs of everyone after the adjustment, float32 (N, M)."""
    state = setup.adjustment.fit(setup.context)
    i_N = everyone(setup)
    x_NM = jnp.asarray(setup.context.inputs(i_N))
    return np.asarray(setup.adjustment.inputs(state, setup.adjustment.init(state), x_NM, batch(i_N)))
