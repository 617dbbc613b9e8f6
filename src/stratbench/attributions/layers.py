"""A network's layers, found by walking through what jax traced of it. DeepLIFT and LRP go backwards through them.

Both methods replace the derivative of each layer by a rule of their own, so they must know the layers. A network here
is any function that jax can trace, written with flax or not, and nobody should have to write it in a special way to
have it explained. So the trace is read, equation by equation: what does not depend on the input (weights, positions,
PCs) is computed, and every equation that does becomes a ``Step`` of one of eight kinds, which is all that a rule needs
to know. Functions within the trace are entered, unless all that they do is change every number of one array on its
own: ``silu``, which jax traces as x times logistic(x), is one step and no product of two.

A trace that holds anything else is refused with the name of the operation: see ``layers``.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jax.extend import core

from stratbench.core.errors import ScientificFailure

Kind = Literal["move", "scale", "sum", "weights", "curve", "product", "maximum", "constant"]
LINEAR: tuple[Kind, ...] = ("move", "scale", "sum", "weights")

# jax's names of operations. Every number of the result of a move is a number of the input, or 0.
MOVES = {
    *(
        "reshape",
        "transpose",
        "broadcast_in_dim",
        "concatenate",
        "slice",
        "squeeze",
        "expand_dims",
        "rev",
        "copy",
    ),
    *("convert_element_type", "pad", "gather", "dynamic_slice", "select_n", "copy_p", "optimization_barrier"),
}
SUMS = {"reduce_sum", "cumsum", "reduce_window_sum", "scatter-add", "add_any"}
PRODUCTS = {"mul", "dot_general", "conv_general_dilated"}
MAXIMA = {"reduce_max", "reduce_window_max"}
CURVES = {
    *("max", "min", "exp", "exp2", "log", "log1p", "expm1", "tanh", "logistic", "sin", "cos", "erf", "erfc"),
    *(
        "sqrt",
        "rsqrt",
        "cbrt",
        "integer_pow",
        "square",
        "abs",
        "pow",
        "clamp",
        "atan",
        "sinh",
        "cosh",
        "asinh",
    ),
}
# What a function that changes each number on its own may hold besides.
WITHIN_A_CURVE = {
    *("add", "sub", "mul", "div", "neg", "select_n", "convert_element_type", "sign", "stop_gradient", "copy"),
    *("lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not", "is_finite"),
}


class Step(NamedTuple):
    """One layer, as a rule sees it. Values of the walk are numbered; 0 is the input.

    Attributes:
        kind: ``move``: each number of the result is one of the input, or a constant; ``scale``: each is a number of the
            input times a constant, plus a constant; ``sum``: plain sums; ``weights``: sums with constant weights;
            ``curve``: a function of one variable, of each number; ``product``: linear in each of two arrays that both
            depend on the input; ``maximum``: the largest of several numbers; ``constant``: what no gradient
            passes.
        name: jax's name of the operation.
        reads: the numbers of the values that it takes.
        writes: the number of its result.
        apply: from the values that it takes to its result.
        weighted: of ``weights``: from the value and the weights to the result.
        weights: of ``weights``: the weights.
    """

    kind: Kind
    name: str
    reads: tuple[int, ...]
    writes: int
    apply: Callable[..., Array]
    weighted: Callable[[Array, Array], Array] | None = None
    weights: Array | None = None


Rule = Callable[[Step, list[Any], Any, Array], Sequence[Array]]


class _Active(NamedTuple):
    """A value that depends on the input: its number and shape."""

    number: int
    shape: tuple[int, ...]


class Trace(NamedTuple):
    """The steps of a function in the order of evaluation, and the number of its result; None if it is a constant."""

    steps: list[Step]
    result: int | None


def layers(function: Callable[[Array], Array], x_BM: Array, who: str) -> Trace:
    """The layers of a function at inputs of this shape.

    Args:
        function: from inputs (B, M) to f, (B,), as jax can trace it.
        x_BM: inputs, of which the shape counts.
        who: the method that asks, as a refusal names it.

    Raises:
        ScientificFailure: for an operation of no known kind, such as a loop that is not linear.
    """
    closed = jax.make_jaxpr(function)(x_BM)
    walk = _Walk(who)
    (result,) = walk.enter(closed.jaxpr, closed.consts, [walk.new(x_BM.shape)])
    return Trace(walk.found, result.number if isinstance(result, _Active) else None)


class _Walk:
    """Collects steps while it goes through equations."""

    def __init__(self, who: str) -> None:
        self.who, self.found, self._count = who, list[Step](), 0

    def new(self, shape: tuple[int, ...]) -> _Active:
        self._count += 1
        return _Active(self._count - 1, shape)

    def enter(self, jaxpr: Any, consts: Sequence[Any], arguments: Sequence[Any]) -> list[Any]:
        """Go through the equations of a function; its results, each a number or an active value."""
        known: dict[Any, Any] = dict(zip(jaxpr.constvars, consts, strict=True))
        known |= dict(zip(jaxpr.invars, arguments, strict=True))

        def value(one: Any) -> Any:
            return one.val if isinstance(one, core.Literal) else known[one]

        for equation in jaxpr.eqns:
            taken = [value(one) for one in equation.invars]
            known |= dict(zip(equation.outvars, self.one(equation, taken), strict=True))
        return [value(one) for one in jaxpr.outvars]

    def one(self, equation: Any, taken: list[Any]) -> Sequence[Any]:
        """The results of one equation, whose step is added if it depends on the input."""
        if not any(isinstance(one, _Active) for one in taken):
            found = _run(equation, *taken)
            return found if equation.primitive.multiple_results else [found]
        inner = _function_of(equation)
        if inner is not None and not _is_curve(inner.jaxpr, [isinstance(one, _Active) for one in taken]):
            return self.enter(inner.jaxpr, inner.consts, taken)
        if len(equation.outvars) != 1:
            raise self._refusal(equation.primitive.name)
        return [self._step(equation, taken, inner)]

    def _step(self, equation: Any, taken: list[Any], inner: Any) -> _Active:
        name, at = equation.primitive.name, [k for k, one in enumerate(taken) if isinstance(one, _Active)]
        if name == "div" and at != [0]:  # by what depends on the input: the product with 1 / that
            below = self._add("curve", "div", [taken[1]], lambda z: 1 / z, taken[1].shape)
            if at == [1]:
                return self._add("scale", "mul", [below], lambda z: taken[0] * z, below.shape)
            return self._add("product", "mul", [taken[0], below], jnp.multiply, below.shape)

        def apply(*values: Array) -> Array:
            given = list(taken)
            for k, value in zip(at, values, strict=True):
                given[k] = value
            found = _run(equation, *given)
            return found[0] if equation.primitive.multiple_results else found

        kind = "curve" if inner is not None else self._kind(equation, taken, at)
        shape = equation.outvars[0].aval.shape
        if kind != "weights":
            return self._add(kind, name, [taken[k] for k in at], apply, shape)
        (weights,) = _weights(taken)

        def weighted(z: Array, weight: Array) -> Array:
            given = [z if k == at[0] else weight if k == weights else one for k, one in enumerate(taken)]
            found = _run(equation, *given)
            return found[0] if equation.primitive.multiple_results else found

        return self._add(kind, name, [taken[at[0]]], apply, shape, weighted, jnp.asarray(taken[weights]))

    def _kind(self, equation: Any, taken: list[Any], at: list[int]) -> Kind:
        """The kind of an equation, by its name and by which of its arguments depend on the input."""
        name, alone = equation.primitive.name, len(at) == 1
        first_alone = at == [0] or (name == "select_n" and 0 not in at) or name in ("concatenate", "pad")
        if name == "stop_gradient":
            return "constant"
        if name in MOVES and first_alone:
            return "move"
        if (name in SUMS and name != "scatter-add") or (name == "scatter-add" and 1 not in at):
            return "sum"
        if name in ("add", "sub"):
            return "scale" if alone else "sum"
        if name == "neg" or (name == "div" and at == [0]):
            return "scale"
        if name in PRODUCTS:
            return "product" if not alone else "scale" if name == "mul" else "weights"
        if name in MAXIMA:
            return "maximum"
        if name in CURVES and alone:
            return "curve"
        if name == "scan" and alone and len(_weights(taken)) == 1 and _linear_loop(equation, at[0]):
            return "weights"
        raise self._refusal(name)

    def _add(
        self,
        kind: Kind,
        name: str,
        taken: Sequence[_Active],
        apply: Callable[..., Array],
        shape: tuple[int, ...],
        *weighted: Any,
    ) -> _Active:
        made = self.new(shape)
        reads = tuple(one.number for one in taken)
        self.found.append(Step(kind, name, reads, made.number, apply, *weighted))
        return made

    def _refusal(self, name: str) -> ScientificFailure:
        return ScientificFailure(
            f"{self.who} has no rule for the operation '{name}' in this model; take integrated-gradients or occlusion"
        )


def _run(equation: Any, *values: Any) -> Any:
    """What an operation gives for these arguments: an array, or several if it has ``multiple_results``."""
    found = equation.primitive.get_bind_params(equation.params)
    functions, parameters = found if isinstance(found, tuple) else ((), found)  # jax before 0.10 gives both
    return equation.primitive.bind(*functions, *values, **parameters)


def _function_of(equation: Any) -> Any:
    """The function that an equation calls as it stands; None if it calls none, or calls it in a loop."""
    if equation.primitive.name in ("scan", "while", "cond"):
        return None
    for name in ("jaxpr", "call_jaxpr", "fun_jaxpr"):
        inner = equation.params.get(name)
        if inner is not None:
            return inner if isinstance(inner, core.ClosedJaxpr) else core.ClosedJaxpr(inner, ())
    return None


def _is_curve(jaxpr: Any, active: Sequence[bool]) -> bool:
    """Whether a function changes every number of one array on its own."""
    if sum(active) != 1 or len(jaxpr.outvars) != 1:
        return False
    (one,) = (var for var, is_active in zip(jaxpr.invars, active, strict=True) if is_active)
    if jaxpr.outvars[0].aval.shape != one.aval.shape:
        return False
    for equation, at in _depending(jaxpr, active):
        inner = _function_of(equation)
        if inner is not None:
            if not _is_curve(inner.jaxpr, [k in at for k in range(len(equation.invars))]):
                return False
        elif equation.primitive.name not in CURVES | WITHIN_A_CURVE:
            return False
    return True


def _depending(jaxpr: Any, active: Sequence[bool]) -> Iterator[tuple[Any, list[int]]]:
    """The equations of a function that depend on its active arguments, and which of their arguments do."""
    depends = {var for var, is_active in zip(jaxpr.invars, active, strict=True) if is_active}
    for equation in jaxpr.eqns:
        at = [
            k for k, one in enumerate(equation.invars) if not isinstance(one, core.Literal) and one in depends
        ]
        if at:
            depends.update(equation.outvars)
            yield equation, at


def _weights(taken: Sequence[Any]) -> list[int]:
    """Which arguments are arrays of real numbers that do not depend on the input."""
    return [
        k
        for k, one in enumerate(taken)
        if not isinstance(one, _Active) and jnp.issubdtype(jnp.result_type(one), jnp.floating)
    ]


def _linear_loop(equation: Any, at: int) -> bool:
    """Whether a loop only moves its one active argument and sums it with weights, with nothing carried along."""
    if equation.params["num_carry"]:
        return False
    jaxpr = equation.params["jaxpr"].jaxpr
    return all(
        _linear(one, args) for one, args in _depending(jaxpr, [k == at for k in range(len(jaxpr.invars))])
    )


def _linear(equation: Any, at: list[int]) -> bool:
    inner = _function_of(equation)
    if inner is not None:
        active = [k in at for k in range(len(equation.invars))]
        return all(_linear(one, args) for one, args in _depending(inner.jaxpr, active))
    name = equation.primitive.name
    return len(at) == 1 and (name in PRODUCTS or name == "reduce_sum" or (name in MOVES and at == [0]))


def back(found: Trace, values: dict[int, Any], got_B: Array, rule: Rule, nothing_BM: Array) -> Array:
    """Carry numbers from the result back to the input.

    Args:
        found: the layers.
        values: what each value is, as the rule wants it, by its number.
        got_B: what the result gets.
        rule: from a step, the values that it reads, its result, and what its result got, to what each value that it
            reads gets. What a value gets from several steps is added up.
        nothing_BM: what the input gets where nothing reaches it.

    Returns:
        What the input gets, (B, M).
    """
    if found.result is None:
        return nothing_BM
    got: dict[int, Array] = {found.result: got_B}
    for step in reversed(found.steps):
        if step.writes not in got:
            continue
        parts = rule(step, [values[one] for one in step.reads], values[step.writes], got.pop(step.writes))
        for number, part in zip(step.reads, parts, strict=True):
            got[number] = got[number] + part if number in got else part
    return got.get(0, nothing_BM)
