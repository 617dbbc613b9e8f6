"""Checks of what a user's model returns: its recipe, and the shapes of the outputs of its two halves."""

import math
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from numbers import Real
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from stratbench.genotypes.packed import ENCODINGS
from stratbench.methods.guard import Guard
from stratbench.models.contract import CRITERIA, Architecture, Problem, Recipe

B = 3  # individuals of a trial call
WHOLE = "a whole number from 1"
RECIPE: dict[str, tuple[Callable[[Any], bool], str]] = {
    "optimizer": (callable, "a function from a learning rate to an optax transformation"),
    "learning_rate": (lambda v: _real(v) and v > 0, "a number above 0"),
    "batch_size": (lambda v: _whole(v), WHOLE),
    "epochs": (lambda v: _whole(v), WHOLE),
    "patience": (lambda v: v is None or _whole(v), f"{WHOLE}, or None"),
    "criterion": (lambda v: isinstance(v, str) and v in CRITERIA, " or ".join(CRITERIA)),
    "plateau": (lambda v: v is None or _plateau(v), "None, or (factor, patience, floor)"),
}


def _whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and int(value) >= 1


def _real(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def _plateau(value: Any) -> bool:
    return (
        isinstance(value, tuple)
        and len(value) == 3
        and _real(value[0])
        and _whole(value[1])
        and _real(value[2])
    )


def build(guard: Guard, found: Any, n_snps: int, options: Mapping[str, Any]) -> Architecture:
    """An Architecture whose encoder gives (B, F) and whose head gives (B,), found by calls that compute nothing."""
    guard.require(isinstance(found, Architecture), "build", found, "an Architecture (models/contract.py)")
    for half in ("encoder", "head"):
        module = getattr(found, half)
        there = all(callable(getattr(module, name, None)) for name in ("init", "apply"))
        guard.require(there, f"build: {half}", module, "a flax module")
    guard.require(found.encoding in ENCODINGS, "build: encoding", found.encoding, " or ".join(ENCODINGS))
    guard.require(isinstance(found.recipe, Recipe), "build: recipe", found.recipe, "a Recipe")
    for field in fields(Recipe):
        good, wanted = RECIPE[field.name]
        value = getattr(found.recipe, field.name)
        guard.require(good(value), f"build: recipe.{field.name}", value, wanted)
    guard.require(callable(found.penalty), "build: penalty", found.penalty, "a function of the parameters")
    whole = isinstance(found.edge, int) and found.edge >= 0
    guard.require(whole, "build: edge", found.edge, "a number of SNPs, 0 or more")
    params = _tried(guard, found, n_snps)
    with guard.calling("penalty(params)"):
        penalty = jax.eval_shape(lambda params: jnp.asarray(found.penalty(params)), params)
    guard.require(penalty.shape == (), "penalty", penalty, "one number")
    recipe = replace(found.recipe, optimizer=_optimizer(guard, found.recipe))
    if found.solve is None:
        return replace(found, recipe=recipe)
    guard.require(callable(found.solve), "build: solve", found.solve, "None, or a function of the problem")
    return replace(found, recipe=recipe, solve=_solve(guard, found.solve, params))


def _tried(guard: Guard, found: Architecture, n_snps: int) -> dict[str, Any]:
    """The parameters of both halves, in shape alone, after each half was tried as training and explanation call it."""
    z: Any = jax.ShapeDtypeStruct((B, n_snps), jnp.float32)
    params = {}
    for half in ("encoder", "head"):
        module = getattr(found, half)
        wanted = f"float32 ({B}, features)" if half == "encoder" else f"float32 ({B},)"
        with guard.calling(f"{half}.init(key, z, train=False)"):
            given = jax.eval_shape(lambda z, module=module: module.init(jax.random.key(0), z, False), z)
        collections = {name: given.get(name, {}) for name in ("params", "batch_stats")}
        params[half] = collections["params"]
        for train in (True, False):
            call = f"{half}.apply(variables, z, train={train})"
            with guard.calling(call):
                output = _output(module, collections, z, train)
            good = getattr(output, "shape", None) is not None and output.dtype == jnp.float32
            good = good and len(output.shape) == (2 if half == "encoder" else 1) and output.shape[0] == B
            guard.require(good, f"{call}, for {B} individuals,", output, wanted)
        z = output
    return params


def _output(module: Any, collections: Any, z: Any, train: bool) -> Any:
    """The shape of a half's output when it is called as ``training.network`` calls it."""

    def call(collections: Any, z: Any) -> Any:
        key = jax.random.key(0)
        mutable = ["batch_stats"] if train else []
        return module.apply(collections, z, train, rngs={"dropout": key}, mutable=mutable)[0]

    return jax.eval_shape(call, collections, z)


def _solve(
    guard: Guard, own: Callable[[Problem], dict[str, Any]], params: dict[str, Any]
) -> Callable[[Problem], dict[str, Any]]:
    """The same function, whose parameters must have the structure and shapes of the halves' own."""

    def forms(tree: Any) -> Any:
        leaves, structure = jax.tree.flatten(tree)
        return structure, [np.shape(leaf) for leaf in leaves]

    def solve(problem: Problem) -> dict[str, Any]:
        with guard.calling("solve(problem)"):
            made = own(problem)
        wanted = "the parameters of encoder and head, with the names and shapes that init makes"
        guard.require(isinstance(made, dict) and forms(made) == forms(params), "solve", made, wanted)
        return made

    return solve


def _optimizer(guard: Guard, recipe: Recipe) -> Callable[[Any], optax.GradientTransformation]:
    def optimizer(rate: Any) -> optax.GradientTransformation:
        with guard.calling("recipe.optimizer(learning_rate)"):
            made = recipe.optimizer(rate)
        return transformation(guard, "recipe.optimizer", made)

    return optimizer


def transformation(guard: Guard, function: str, made: Any) -> optax.GradientTransformation:
    """The value that was returned, if it is an optax transformation."""
    wanted = "an optax transformation, such as optax.adam(rate)"
    guard.require(isinstance(made, optax.GradientTransformation), function, made, wanted)
    return made
