"""From sample indices to f, score and hidden features: the one forward pass of training and explanation."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from stratbench.adjustments.contract import Adjustment, Batch, Params, State
from stratbench.genotypes.packed import look_up, unpack
from stratbench.models.contract import Architecture


class Variables(NamedTuple):
    """All that a trained model consists of.

    params: ``{"encoder", "head", "adjustment"}``; statistics: batch statistics of encoder and head.
    """

    params: Params
    statistics: dict[str, Any]
    state: State


class Outputs(NamedTuple):
    """The network's own output, the score (f plus the adjustment's offset), hidden features, and new variables."""

    f_B: Array
    score_B: Array
    h_BF: Array
    variables: Variables


@dataclass(frozen=True, eq=False)
class Network:
    """An architecture under an adjustment, on given genotypes (arrays on the device).

    What every seed runs is compiled once for each network.
    """

    architecture: Architecture
    adjustment: Adjustment
    packed_NQ: Array
    table_M4: Array

    @cached_property
    def initial(self) -> Callable[[Array, State], Variables]:
        """``(key, state)`` -> untrained variables. They depend on the key and the shapes, not on the adjustment."""
        return jax.jit(self._initial)

    @cached_property
    def scores(self) -> Callable[[Variables, Array], tuple[Array, Array]]:
        """``(variables, i_B) -> (f_B, score_B)`` in evaluation mode."""
        return jax.jit(lambda variables, i_B: self.evaluate(variables, i_B)[:2])

    @cached_property
    def features(self) -> Callable[[Variables, Array], Array]:
        """``(variables, i_B) -> h_BF`` in evaluation mode, as the head sees them."""
        return jax.jit(lambda variables, i_B: self.evaluate(variables, i_B).h_BF)

    @cached_property
    def encoded(self) -> Callable[[Variables, Array], Array]:
        """``(variables, i_B) -> h_BF`` in evaluation mode, before the adjustment of features."""
        return jax.jit(self._encoded)

    def _initial(self, key: Array, state: State) -> Variables:
        key_encoder, key_head = jax.random.split(key)
        batch = Batch(jnp.arange(2), jnp.zeros(2), jnp.zeros((), jnp.int32), False)
        own = self.adjustment.init(state)
        x_BM = self.adjustment.inputs(state, own, self.inputs(batch.i_B), batch)
        encoder = self.architecture.encoder.init(key_encoder, x_BM, False)
        h_BF = self.architecture.encoder.apply(encoder, x_BM, False)
        head = self.architecture.head.init(key_head, h_BF, False)
        params = {"encoder": encoder.get("params", {}), "head": head.get("params", {}), "adjustment": own}
        statistics = {
            "encoder": encoder.get("batch_stats", {}),
            "head": head.get("batch_stats", {}),
        }
        return Variables(params, statistics, state)

    def inputs(self, i_B: Array) -> Array:
        """Unadjusted inputs, float32 (B, M)."""
        return look_up(self.table_M4, unpack(self.packed_NQ[i_B], self.table_M4.shape[0]))

    def encode(self, variables: Variables, x_BM: Array, batch: Batch, key: Array) -> tuple[Array, Any]:
        """Hidden features before the adjustment of features.

        Args:
            variables: parameters and states.
            x_BM: unadjusted inputs, float32.
            batch: whose inputs these are.
            key: of dropout.

        Returns:
            Features, float32 (B, F), and the encoder's new statistics.
        """
        x_BM = self.adjustment.inputs(variables.state, variables.params["adjustment"], x_BM, batch)
        return self._apply("encoder", variables, x_BM, batch.train, key)

    def predict(self, variables: Variables, h_BF: Array, batch: Batch, key: Array) -> Outputs:
        """Outputs from the encoder's features.

        Args:
            variables: parameters and states.
            h_BF: hidden features before the adjustment of features, float32.
            batch: whose features these are.
            key: of dropout.

        Returns:
            f, the score, the hidden features that the head sees, and the new variables.
        """
        own = variables.params["adjustment"]
        h_BF, fitted = self.adjustment.features(variables.state, own, h_BF, batch)
        f_B, head = self._apply("head", variables, h_BF, batch.train, key)
        score_B = f_B + self.adjustment.offset(variables.state, own, batch)
        updated = variables._replace(
            statistics={**variables.statistics, "head": head},
            state=variables.state._replace(fitted=fitted) if batch.train else variables.state,
        )
        return Outputs(f_B, score_B, h_BF, updated)

    def forward(self, variables: Variables, x_BM: Array, batch: Batch, key: Array) -> Outputs:
        """All outputs from unadjusted inputs.

        Args:
            variables: parameters and states.
            x_BM: unadjusted inputs, float32.
            batch: whose inputs these are.
            key: of dropout.

        Returns:
            As ``predict`` gives them.
        """
        h_BF, encoder = self.encode(variables, x_BM, batch, key)
        variables = variables._replace(statistics={**variables.statistics, "encoder": encoder})
        return self.predict(variables, h_BF, batch, key)

    def evaluate(self, variables: Variables, i_B: Array) -> Outputs:
        """Outputs in evaluation mode for individuals ``i_B``."""
        batch = evaluation(i_B)
        return self.forward(variables, self.inputs(i_B), batch, jax.random.key(0))

    def _encoded(self, variables: Variables, i_B: Array) -> Array:
        return self.encode(variables, self.inputs(i_B), evaluation(i_B), jax.random.key(0))[0]

    def _apply(self, half: str, variables: Variables, z: Array, train: bool, key: Array) -> tuple[Array, Any]:
        module = getattr(self.architecture, half)
        collections = {"params": variables.params[half], "batch_stats": variables.statistics[half]}
        key = jax.random.fold_in(key, 0 if half == "encoder" else 1)
        output, changed = module.apply(
            collections, z, train, rngs={"dropout": key}, mutable=["batch_stats"] if train else []
        )
        return output, changed.get("batch_stats", variables.statistics[half])


def evaluation(i_B: Array) -> Batch:
    """A batch in evaluation mode: no labels, step 0."""
    return Batch(i_B, jnp.zeros(i_B.shape, jnp.float32), jnp.zeros((), jnp.int32), False)
