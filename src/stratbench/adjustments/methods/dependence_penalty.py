"""The loss gains a measure of the dependence of the hidden features on the PCs, taken within classes of the label.

    lambda mean over classes of  tr(K_h H K_PC H) / (n - 1)^2           (``hsic``)
    lambda mean over classes of  dCov^2(h, PC) / sqrt(dVar^2(h) dVar^2(PC))     (``distance-correlation``)

for the n individuals of a class in a batch. K are Gaussian kernels exp(-d^2 / (2 m^2)) of the distances d, m the
median distance of the batch's individuals, H centres. dCov^2 is the mean product of two matrices of distances, each
less its row and column means plus its mean; distance correlation is squared here. Both measures see nonlinear
dependence, and need no critic. A quantitative trait has one class, everyone, and its PCs are residuals of their
regression on the label. How hard the measure pulls the features of an individual is bounded (``pull``):
``adjustments/pull.py``.

Known failure: both are biased upwards in small batches. The penalty makes the features of the batch look independent,
while a probe with more people may still decode ancestry from them.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from stratbench.adjustments.contract import Adjustment, Batch, Context, Params, State
from stratbench.adjustments.pull import bounded
from stratbench.adjustments.within import within_labels

OPTIONS = {
    "measure": {"enum": ["hsic", "distance-correlation"], "default": "hsic"},
    "pcs": {"type": "integer", "minimum": 1, "maximum": 20, "default": 10},
    "strength": {"type": "number", "minimum": 0, "default": 10.0, "description": "lambda"},
    "pull": {
        "type": ["number", "null"],
        "exclusiveMinimum": 0,
        "default": 1.0,
        "description": "bound of the gradient in an individual's features, times B; null for none",
    },
    "batch_size": {"type": "integer", "minimum": 4, "default": 256, "description": "the smallest batch"},
}
CITATION = (
    "Gretton et al. 2005, ALT, LNCS 3734:63 (HSIC); Szekely, Rizzo & Bakirov 2007, Ann Stat 35:2769 "
    "(distance correlation)"
)
IN_WORDS = "penalising dependence of features on PCs"
EPSILON = 1e-12


def _squared_distances(z_BF: Array) -> Array:
    """Between all pairs of rows, float32 (B, B); exactly 0 on the diagonal."""
    centred_BF = z_BF - jnp.mean(z_BF, axis=0)
    norm_B = jnp.sum(jnp.square(centred_BF), axis=1)
    d_BB = norm_B[:, None] + norm_B - 2 * centred_BF @ centred_BF.T
    return jnp.where(jnp.eye(len(z_BF), dtype=bool), 0, jnp.maximum(d_BB, 0))


def _kernel(z_BF: Array) -> Array:
    """The Gaussian kernel with the median distance as its width, through which no gradient flows."""
    d_BB = _squared_distances(z_BF)
    pairs = jnp.triu_indices(len(z_BF), 1)
    width = jax.lax.stop_gradient(jnp.median(jnp.sqrt(d_BB[pairs])))
    return jnp.exp(-d_BB / (2 * jnp.square(width) + EPSILON))


def _distances(z_BF: Array) -> Array:
    """Between all pairs of rows, float32 (B, B); their gradient is 0 where they are 0."""
    d_BB = _squared_distances(z_BF)
    return jnp.where(d_BB > 0, jnp.sqrt(jnp.where(d_BB > 0, d_BB, 1)), 0)


def _centred(k_BB: Array, member_B: Array) -> Array:
    """H K H over the members; 0 in the rows and columns of all others."""
    weight_B = member_B / jnp.maximum(jnp.sum(member_B), 1)
    mean_B = k_BB @ weight_B
    return (k_BB - mean_B[:, None] - mean_B + weight_B @ mean_B) * member_B[:, None] * member_B


def hsic(h_BF: Array, pcs_BK: Array, member_B: Array) -> Array:
    """The Hilbert-Schmidt independence criterion of the members' features and PCs, float32 ()."""
    n = jnp.sum(member_B)
    trace = jnp.sum(_centred(_kernel(h_BF), member_B) * _centred(_kernel(pcs_BK), member_B))
    return trace / jnp.square(jnp.maximum(n - 1, 1))


def distance_correlation(h_BF: Array, pcs_BK: Array, member_B: Array) -> Array:
    """The squared distance correlation of the members' features and PCs, float32 ()."""
    a_BB, b_BB = (_centred(_distances(z_BF), member_B) for z_BF in (h_BF, pcs_BK))
    both, own = jnp.sum(a_BB * b_BB), jnp.sum(jnp.square(a_BB)) * jnp.sum(jnp.square(b_BB))
    return both * jax.lax.rsqrt(own + EPSILON)


MEASURES = {"hsic": hsic, "distance-correlation": distance_correlation}


def build(options: dict[str, Any]) -> Adjustment:
    measure = MEASURES[options["measure"]]

    def fit(context: Context) -> State:
        pcs_NK, member_NL = within_labels(context, options["pcs"])
        return State({}, {"pcs": pcs_NK, "member": member_NL})

    def penalty(state: State, params: Params, h_BF: Array, f_B: Array, batch: Batch) -> Array:
        pcs_BK, member_BL = (state.rows[name][batch.i_B] for name in ("pcs", "member"))
        h_BF = bounded(h_BF, options["pull"])
        found = [measure(h_BF, pcs_BK, member_B) for member_B in member_BL.T]
        return options["strength"] * jnp.mean(jnp.stack(found))

    return Adjustment(fit=fit, penalty=penalty, batch_size=options["batch_size"])
