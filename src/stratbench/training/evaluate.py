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
    """What ``of`` gives for each block of individuals and how many of them count; the log tells of ``what``."""
    parts: list[Part] = []
    n = len(individual_N)
    with telling(lambda: f"{what} of {min(len(parts) * EVALUATED_AT_ONCE, n)} of {n} individuals"):
        for i_B, keep in blocks(individual_N):
            parts.append(of(jnp.asarray(i_B), keep))
    return parts


def hidden(setup: Setup, variables: Variables, individual_N: np.ndarray, adjusted: bool = True) -> np.ndarray:
    """Hidden features in evaluation mode, float32 (N, F): as the head sees them, or before adjustment."""
    features = setup.network.features if adjusted else setup.network.encoded

    def block(i_B: Array, keep: int) -> np.ndarray:
        return np.asarray(features(variables, i_B))[:keep]

    return np.concatenate(in_blocks(block, individual_N, "hidden features"))


def predict(setup: Setup, variables: Variables, individual_N: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """f and score in evaluation mode, float64 (N,) each, on the scale of the loss."""

    def block(i_B: Array, keep: int) -> np.ndarray:
        return np.stack(setup.network.scores(variables, i_B))[:, :keep]

    parts = in_blocks(block, individual_N, "predictions")
    f_N, score_N = np.concatenate(parts, axis=1).astype(np.float64)
    return f_N, score_N
