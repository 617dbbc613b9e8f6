"""DeepLIFT with the rescale rule: each layer's change is passed on by secants in place of tangents."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from stratbench.attributions import completeness
from stratbench.attributions.contract import Explained, baseline
from stratbench.attributions.layers import LINEAR, Step, back, layers

OPTIONS = {
    "baseline": {
        "enum": ["mean", "population-mean", "zero"],
        "default": "mean",
        "description": "the genotype that f is compared with",
    },
    "tolerance": {
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 0.01,
        "description": "relative completeness error above which the result is flagged",
    },
}
CITATION = (
    "Shrikumar, Greenside & Kundaje 2017, ICML, arXiv:1704.02685 (rescale rule); products of activations: "
    "the mean of both orders, Lundberg & Lee 2017, NeurIPS, arXiv:1705.07874 (Shapley value)"
)
NEEDS_GRADIENT = True
SMALL = 1e-6  # a change below this is none: the tangent takes the secant's place


def attribute(
    explain: Explained, x_BM: Array, i_B: Array, options: Mapping[str, Any]
) -> tuple[Array, dict[str, Array]]:
    """a_j = (x_j - x'_j) m_j, where the multiplier m is carried back from f through the layers.

    Through what is linear, m passes as a gradient does. Through a function of one variable z it is multiplied by its
    secant, (g(z) - g(z')) / (z - z'). Through a maximum, a rise is credited to the largest value at x, and a fall to
    the largest at x'. A product that depends on the input by both factors takes each at the mean of its two values,
    which is the Shapley value of two players. All of these are complete, so sum_j a_j is f(x) - f(x') but for rounding.

    Raises ScientificFailure for a network that ``layers`` refuses.
    """
    base_BM = jnp.broadcast_to(baseline(explain, i_B, options["baseline"]), x_BM.shape)
    a_BM = (x_BM - base_BM) * _multiplier(explain.f, x_BM, base_BM, i_B)
    return a_BM, completeness.figures(a_BM, explain.f(x_BM, i_B) - explain.f(base_BM, i_B))


@jax.jit
def _multiplier(f: Any, x_BM: Array, base_BM: Array, i_B: Array) -> Array:
    """m, float32 (B, M)."""
    found = layers(lambda x_BM: f(x_BM, i_B), x_BM, "deeplift")
    values = {0: (x_BM, base_BM)}
    for step in found.steps:
        here, there = zip(*(values[one] for one in step.reads), strict=True)
        one = step.apply(*here)
        values[step.writes] = (one, one if step.kind == "constant" else step.apply(*there))
    return back(found, values, jnp.ones(len(x_BM), x_BM.dtype), _passed, jnp.zeros_like(x_BM))


def _passed(step: Step, read: list[Any], wrote: Any, got: Array) -> Sequence[Array]:
    """The multipliers of what a step reads, from that of its result."""
    if step.kind == "constant":
        return [jnp.zeros_like(here) for here, _ in read]
    if step.kind in LINEAR or step.kind == "product":
        _, pull = jax.vjp(step.apply, *((here + there) / 2 for here, there in read))
        return list(pull(got))
    ((here, there),) = read
    change = here - there
    small = jnp.abs(change) < SMALL
    _, pull = jax.vjp(step.apply, here)
    if step.kind == "curve":
        secant = (wrote[0] - wrote[1]) / jnp.where(small, 1, change)
        return [jnp.where(small, pull(got)[0], got * secant)]
    _, pull_there = jax.vjp(step.apply, there)
    rise = wrote[0] - wrote[1]
    credit = pull(got * jnp.maximum(rise, 0))[0] + pull_there(got * jnp.minimum(rise, 0))[0]
    return [jnp.where(small, pull(got)[0], credit / jnp.where(small, 1, change))]


def summary(options: Mapping[str, Any], figures: completeness.Figures) -> dict[str, Any]:
    """The distribution of the relative completeness error."""
    return completeness.report(figures, options["tolerance"])
