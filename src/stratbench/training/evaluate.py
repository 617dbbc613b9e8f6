"""What a trained network says about individuals, in evaluation mode and in blocks of one compiled shape."""

from collections.abc import Callable
from typing import TypeVar

import jax.numpy as jnp
import numpy as np
from jax import Array

from stratbench.core.progress import telling
from stratbench.training.loop import EVALUATED_AT_ONCE, blocks
from stratbench.training.network import Variables
from stratbench.training.setup import Setup

Part = TypeVar("Part")


def in_blocks(of: Callable[[Array, int], Part], individual_N: np.ndarray, what: str) -> list[Part]:
    """Call ``of`` for each block of individuals and return its results, in the order of the blocks.

    Args:
        of: a function of a block's indices, (B,), and of how many of them count; the last block is filled up with
            individuals that do not count.
        individual_N: the indices of the individuals, integers (N,).
        what: what is computed, in words for the log.
    """
    parts: list[Part] = []
    n = len(individual_N)
    with telling(lambda: f"{what} of {min(len(parts) * EVALUATED_AT_ONCE, n)} of {n} individuals"):
        for i_B, keep in blocks(individual_N):
            parts.append(of(jnp.asarray(i_B), keep))
    return parts


def hidden(setup: Setup, variables: Variables, individual_N: np.ndarray, adjusted: bool = True) -> np.ndarray:
    """Compute hidden features in evaluation mode.

    Args:
        setup: the network and the data that it was trained on.
        variables: the network's variables.
        individual_N: the indices of the individuals, integers (N,).
        adjusted: whether the features are those that the head sees, after the adjustment, or those before it.

    Returns:
        The features of these individuals in their order, float32 (N, F).
    """
    features = setup.network.features if adjusted else setup.network.encoded

    def block(i_B: Array, keep: int) -> np.ndarray:
        return np.asarray(features(variables, i_B))[:keep]

    return np.concatenate(in_blocks(block, individual_N, "hidden features"))


def predict(setup: Setup, variables: Variables, individual_N: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Compute f and the score in evaluation mode, on the scale of the loss: float64 (N,) each."""

    def block(i_B: Array, keep: int) -> np.ndarray:
        return np.stack(setup.network.scores(variables, i_B))[:, :keep]

    parts = in_blocks(block, individual_N, "predictions")
    f_N, score_N = np.concatenate(parts, axis=1).astype(np.float64)
    return f_N, score_N
