"""Layer-wise relevance propagation with the alpha-beta rule, as DeepCOMBI scores SNPs."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from stratbench.attributions import completeness
from stratbench.attributions.contract import Explained
from stratbench.attributions.layers import Step, back, layers
from stratbench.core.errors import ScientificFailure

OPTIONS = {
    "alpha": {
        "type": "number",
        "minimum": 1,
        "default": 2,
        "description": "weight of what speaks for f; what speaks against it has the weight alpha - 1",
    },
    "tolerance": {
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 0.01,
        "description": "relative completeness error above which the result is flagged",
    },
}
CITATION = (
    "Bach et al. 2015, PLoS ONE 10:e0130140 (alpha-beta rule); "
    "Mieth et al. 2021, NAR Genom Bioinform 3:lqab065 (DeepCOMBI)"
)
NEEDS_GRADIENT = True


def attribute(
    explain: Explained, x_BM: Array, i_B: Array, options: Mapping[str, Any]
) -> tuple[Array, dict[str, Array]]:
    """The relevance of f is f itself; every layer shares the relevance of its results out among what it reads.

    Of the relevance of a sum z_k = sum_j u_jk + b_k, u_jk = z_j w_jk, j gets the share alpha u_jk+ / sum_i u_ik+ - beta
    u_jk- / sum_i u_ik-, with beta = alpha - 1; a constant gets none. A function of one variable, a scale and a shift,
    such as batch normalisation, hand all of it on, and a maximum gives it to the largest value. A sum of positive terms
    alone hands on alpha times its relevance, one of negative terms alone -beta times: relevance is not kept in every
    network. What is gained or lost is reported as the completeness error, |sum_j a_j - f| over the mean |f|.

    Raises ScientificFailure for a product of two activations, of which there is no such rule, and for a network that
    ``layers`` refuses.
    """
    a_BM = _relevance(explain.f, x_BM, i_B, options["alpha"])
    return a_BM, completeness.figures(a_BM, explain.f(x_BM, i_B))


@jax.jit
def _relevance(f: Any, x_BM: Array, i_B: Array, alpha: Any) -> Array:
    """The relevance of each input, float32 (B, M)."""
    found = layers(lambda x_BM: f(x_BM, i_B), x_BM, "lrp")
    values = {0: x_BM}
    for step in found.steps:
        values[step.writes] = step.apply(*(values[one] for one in step.reads))

    def passed(step: Step, read: list[Any], wrote: Any, got: Array) -> Sequence[Array]:
        return _passed(step, read, got, alpha)

    return back(found, values, f(x_BM, i_B), passed, jnp.zeros_like(x_BM))


def _passed(step: Step, read: list[Any], got: Array, alpha: Any) -> Sequence[Array]:
    """The relevance of what a step reads, from that of its result."""
    if step.kind == "product":
        raise ScientificFailure(
            f"lrp has no rule for a product ('{step.name}') of two activations; take deeplift or integrated-gradients"
        )
    if step.kind == "constant":
        return [jnp.zeros_like(one) for one in read]
    if step.kind in ("curve", "scale"):
        return [got]
    if step.kind in ("move", "maximum"):
        return list(jax.vjp(step.apply, *read)[1](got))
    if step.kind == "weights":
        assert step.weighted is not None
        assert step.weights is not None
        positive, negative = (_part(step.weights, sign) for sign in (1, -1))
        return [_shared_by_weights(step.weighted, read[0], positive, negative, got, alpha)]
    if step.name == "sub":
        first, second = _shared(jnp.add, [read[0], -read[1]], got, alpha)
        return [first, second]
    return _shared(step.apply, read, got, alpha)


def _part(z: Array, sign: int) -> Array:
    return jnp.maximum(z, 0) if sign > 0 else jnp.minimum(z, 0)


def _over(got: Array, total: Array) -> Array:
    """Relevance per unit of a total; none where there is nothing to give it to."""
    return jnp.where(total == 0, 0, got / jnp.where(total == 0, 1, total))


def _shared(apply: Any, read: list[Array], got: Array, alpha: Any) -> list[Array]:
    """Relevance among the terms of plain sums."""
    shares = [jnp.zeros_like(one) for one in read]
    for sign, weight in ((1, alpha), (-1, 1 - alpha)):
        parts = [_part(one, sign) for one in read]
        total, pull = jax.vjp(apply, *parts)
        per_unit = pull(weight * _over(got, total))
        shares = [share + part * unit for share, part, unit in zip(shares, parts, per_unit, strict=True)]
    return shares


def _shared_by_weights(
    weighted: Any, z: Array, positive: Array, negative: Array, got: Array, alpha: Any
) -> Array:
    """Relevance among the terms of sums with weights, given the weights' positive and negative parts."""
    share = jnp.zeros_like(z)
    for sign, weight in ((1, alpha), (-1, 1 - alpha)):
        pairs = [
            (_part(z, 1), positive if sign > 0 else negative),
            (_part(z, -1), negative if sign > 0 else positive),
        ]
        found = [jax.vjp(lambda z, w=w: weighted(z, w), part) for part, w in pairs]
        per_unit = weight * _over(got, found[0][0] + found[1][0])
        for (part, _), (_, pull) in zip(pairs, found, strict=True):
            share += part * pull(per_unit)[0]
    return share


def summary(options: Mapping[str, Any], figures: completeness.Figures) -> dict[str, Any]:
    """The distribution of the relative completeness error, for which f itself is the change."""
    return completeness.report(figures, options["tolerance"])
