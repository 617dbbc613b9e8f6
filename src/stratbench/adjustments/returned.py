"""Checks of what a user's adjustment returns, at each of the places where it may act."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array

from stratbench.adjustments.contract import Adjustment, Batch, Context, Params, Scored, State
from stratbench.methods.guard import Guard, Words, takes
from stratbench.models.returned import transformation

ARGUMENTS = {
    "fit": "context",
    "init": "state",
    "inputs": "state, params, x_BM, batch",
    "weights": "state, batch",
    "offset": "state, params, batch",
    "features": "state, params, h_BF, batch",
    "penalty": "state, params, h_BF, f_B, batch",
    "optimizer": "model",
    "second_stage": "context, state, h_TF",
    "loss": "state, params, scored, batch",
    "finish": "context, state, residual_T",
}


def build(guard: Guard, found: Any, options: Any) -> Adjustment:
    """An Adjustment whose functions are checked at each call. Calls are traced, so that training pays nothing."""
    guard.require(isinstance(found, Adjustment), "build", found, "an Adjustment (adjustments/contract.py)")
    for name, arguments in ARGUMENTS.items():
        function = getattr(found, name)
        if function is None and getattr(Adjustment, name) is None:
            continue
        good = callable(function) and takes(function, len(arguments.split(", ")))
        guard.require(good, f"build: {name}", function, f"a function of ({arguments})")
    size = found.batch_size
    whole = isinstance(size, int) and not isinstance(size, bool) and size >= 1
    guard.require(whole, "build: batch_size", size, "a whole number from 1")
    guard.require(isinstance(found.per_seed, bool), "build: per_seed", found.per_seed, "True or False")
    for name in ("raw_inputs", "reads_weights"):
        value = getattr(found, name)
        guard.require(isinstance(value, bool), f"build: {name}", value, "True or False")
    checked = _Checked(guard, found)
    return Adjustment(
        fit=checked.fit,
        init=checked.init,
        optimizer=checked.optimizer,
        batch_size=size,
        per_seed=found.per_seed,
        raw_inputs=found.raw_inputs,
        reads_weights=found.reads_weights,
        **{place: getattr(checked, place) for place in found.places},
    )


class _Checked:
    """The functions of an adjustment, each with what it must return."""

    def __init__(self, guard: Guard, own: Adjustment) -> None:
        self.guard, self.own = guard, own

    def fit(self, context: Context) -> State:
        with self.guard.calling("fit(context)"):
            found = self.own.fit(_read_only(context))
        return self._state("fit", found, len(context.y_N))

    def second_stage(self, context: Context, state: State, h_TF: np.ndarray) -> State:
        assert self.own.second_stage is not None
        with self.guard.calling("second_stage(context, state, h_TF)"):
            found = self.own.second_stage(_read_only(context), state, h_TF)
        return self._state("second_stage", found, len(context.y_N))

    def finish(self, context: Context, state: State, residual_T: np.ndarray) -> State:
        assert self.own.finish is not None
        with self.guard.calling("finish(context, state, residual_T)"):
            found = self.own.finish(_read_only(context), state, residual_T)
        return self._state("finish", found, len(context.y_N))

    def _state(self, function: str, found: Any, n: int) -> State:
        wanted = "a State(fitted, rows) of two dicts from text to arrays of numbers"
        self.guard.require(isinstance(found, State), function, found, wanted)
        for part in found:
            self._require_arrays(function, part, wanted, "fiub")
        for leaf in jax.tree.leaves(found.rows):
            rows = np.shape(leaf)[:1]
            self.guard.require(rows == (n,), f"{function}: rows", leaf, f"a row for each of {n} individuals")
        return found

    def _require_arrays(self, function: str, found: Any, wanted: str, kinds: str) -> None:
        """A dict of arrays, or of such dicts, as the file of the trained model holds it."""
        self.guard.require(isinstance(found, dict), function, found, wanted)
        for name, value in found.items():
            self.guard.require(isinstance(name, str), function, Words(f"the key {name!r}"), wanted)
            if isinstance(value, dict):
                self._require_arrays(function, value, wanted, kinds)
                continue
            try:
                good = jnp.result_type(value).kind in kinds and not isinstance(value, list | tuple)
            except TypeError:
                good = False
            self.guard.require(good, f"{function}: '{name}'", value, wanted)

    def init(self, state: State) -> Params:
        with self.guard.calling("init(state)"):
            found = self.own.init(state)
        self._require_arrays("init", found, "a dict from text to arrays of floats, which are trained", "f")
        return found

    def inputs(self, state: State, params: Params, x_BM: Array, batch: Batch) -> Array:
        with self.guard.calling("inputs(state, params, x_BM, batch)"):
            found = self.own.inputs(state, params, x_BM, batch)
        return self._like("inputs", found, x_BM.shape, x_BM.dtype)

    def weights(self, state: State, batch: Batch) -> Array:
        with self.guard.calling("weights(state, batch)"):
            found = self.own.weights(state, batch)
        return self._like("weights", found, batch.i_B.shape)

    def offset(self, state: State, params: Params, batch: Batch) -> Array:
        with self.guard.calling("offset(state, params, batch)"):
            found = self.own.offset(state, params, batch)
        return self._like("offset", found, batch.i_B.shape)

    def features(
        self, state: State, params: Params, h_BF: Array, batch: Batch
    ) -> tuple[Array, dict[str, Any]]:
        with self.guard.calling("features(state, params, h_BF, batch)"):
            found = self.own.features(state, params, h_BF, batch)
        self._require_updated("features", found, "hidden features", state)
        self._like("features", found[0], h_BF.shape, h_BF.dtype)
        return found

    def loss(
        self, state: State, params: Params, scored: Scored, batch: Batch
    ) -> tuple[Array, dict[str, Any]]:
        with self.guard.calling("loss(state, params, scored, batch)"):
            found = self.own.loss(state, params, scored, batch)
        self._require_updated("loss", found, "the loss", state)
        self._like("loss", found[0], ())
        return found

    def _require_updated(self, function: str, found: Any, what: str, state: State) -> None:
        """A pair of something and the fitted state, as it may be updated in training."""
        pair = isinstance(found, tuple) and len(found) == 2
        self.guard.require(pair, function, found, f"a pair: {what}, and the fitted state")
        same = _forms(found[1]) == _forms(state.fitted)
        wanted = "the fitted state, its keys, shapes and types unchanged"
        self.guard.require(same, function, found[1], wanted)

    def penalty(self, state: State, params: Params, h_BF: Array, f_B: Array, batch: Batch) -> Array:
        with self.guard.calling("penalty(state, params, h_BF, f_B, batch)"):
            found = self.own.penalty(state, params, h_BF, f_B, batch)
        return self._like("penalty", found, ())

    def optimizer(self, model: optax.GradientTransformation) -> optax.GradientTransformation:
        with self.guard.calling("optimizer(model)"):
            made = self.own.optimizer(model)
        return transformation(self.guard, "optimizer", made)

    def _like(self, function: str, found: Any, shape: tuple[int, ...], dtype: Any = None) -> Array:
        """An array of numbers of this shape and, if one is given, of this type."""
        wanted = f"{dtype or 'numbers'}, " + (f"shape {tuple(shape)}" if shape else "one number")
        try:
            own, kind = jnp.shape(found), jnp.result_type(found)
        except (TypeError, ValueError):
            own, kind = None, np.dtype(object)
        good = own == tuple(shape) and kind.kind in "fiub" and dtype in (None, kind)
        self.guard.require(good, function, found, wanted)
        return found


def _forms(tree: Any) -> Any:
    """The structure of a state, with the shape and type of each of its arrays."""
    leaves, structure = jax.tree.flatten(tree)
    return structure, [(np.shape(leaf), jnp.result_type(leaf)) for leaf in leaves]


def _read_only(context: Context) -> Context:
    """The same context with read-only arrays, so that no part can change them for the parts that follow."""
    return replace(
        context,
        table_M4=_frozen(context.table_M4),
        pcs_NK=_frozen(context.pcs_NK),
        population_N=_frozen(context.population_N),
        y_N=_frozen(context.y_N),
        covariates_NC=_frozen(context.covariates_NC),
        sets={name: _frozen(index_N) for name, index_N in context.sets.items()},
    )


def _frozen(array: np.ndarray) -> np.ndarray:
    view = array.view()
    view.flags.writeable = False
    return view
