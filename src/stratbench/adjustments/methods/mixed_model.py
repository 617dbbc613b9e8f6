"""A mixed model around the network: y = f(x) + u + e with a random effect u of relatedness.

u ~ N(0, s2 h K) and e ~ N(0, s2 (1 - h) I), where K is the GRM of training individuals. Their shares are estimated by
REML without the network, with the offset of earlier parts of a combination as a fixed effect, and then kept (as EMMAX
and LMMNN's two-step form do). Weights W of individuals, which earlier parts give them, are those of e, whose covariance
is then s2 (1 - h) W^-1 in REML, in the loss and in the prediction of u; who has weight 0 is not there. The loss is that
of generalised least squares on the individuals of a batch,

    (y - score)' V^-1 (y - score) / 2,    V = h K + (1 - h) I,

where V of a batch is the covariance of its labels. Where f can be the true function, the expectation of the loss over
labels is least there for every batch as it is for all individuals at once; on given data the minima differ. After
training the random effect is predicted through kinship for everyone, u = h K V^-1 (y - score) over training
individuals, and added to f as an offset. Attributions explain f alone.

A binary trait is fitted by the linear approximation: y - P(y = 1) takes the place of y - score, the loss is divided by
p (1 - p) with the training share p of cases, and u enters the logit as u / (p (1 - p)). There is no penalised
quasi-likelihood.

Known failure: proximal contamination. K is made of SNPs that f also sees, so u takes up a part of what they say, the
more the stronger the linkage; K without a SNP's own chromosome is undefined for one f of all chromosomes, and there is
no option of one f per chromosome. A network that overfits leaves training residuals that are too small, and u is shrunk
with them. Time is cubic in the training individuals (the decomposition of K), memory some 50 bytes a pair.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.scipy.linalg import cho_factor, cho_solve

from stratbench.adjustments.contract import Adjustment, Batch, Context, Params, Scored, State
from stratbench.associations.mixed import MixedModel, axes
from stratbench.associations.projection import orthonormal
from stratbench.core.job import say

OPTIONS = {
    "batch_size": {
        "type": "integer",
        "minimum": 2,
        "default": 256,
        "description": "the smallest batch: relatives and ancestry are seen within batches alone",
    }
}
READS = ("grm",)
MOST = 0.999  # the largest h, so that V can be inverted in single precision
CITATION = (
    "Simchoni & Rosset 2023, J Mach Learn Res 24:156 (LMMNN); Kang et al. 2010, Nat Genet 42:348 (EMMAX)"
)
IN_WORDS = "mixed models"


def variance_share(k_TT: np.ndarray, y_T: np.ndarray, fixed_TC: np.ndarray) -> tuple[float, float]:
    """h by REML, given fixed effects, and the share of variance that K explains.

    h is from 0 to ``MOST``. The two differ where the mean of K's diagonal is not 1 or the fixed effects take up
    relatedness; the share is of an average individual after the fixed effects.
    """
    found = axes(k_TT, orthonormal(fixed_TC))
    fitted = MixedModel(found.vector_NJ.T @ y_T, found.value_J).fit()
    return min(fitted.ratio / (1 + fitted.ratio), MOST), fitted.share


def weighted_share(
    k_TT: np.ndarray, y_T: np.ndarray, fixed_TC: np.ndarray, weight_T: np.ndarray
) -> tuple[float, float]:
    """As ``variance_share``, with the covariance h K + (1 - h) W^-1 of individuals who have weight.

    Args:
        k_TT: the GRM.
        y_T: the labels.
        fixed_TC: the fixed effects.
        weight_T: the weights, float32; where all are 1 nothing is weighted.

    Returns:
        h, and the share of variance that K explains in the weighted labels.
    """
    if (weight_T == 1).all():
        return variance_share(k_TT, y_T, fixed_TC)
    own_T = weight_T > 0
    root = np.sqrt(weight_T[own_T])
    k = k_TT if own_T.all() else k_TT[np.ix_(own_T, own_T)]
    return variance_share(root[:, None] * k * root, root * y_T[own_T], root[:, None] * fixed_TC[own_T])


def gls(share: Array, k_BB: Array, residual_B: Array) -> Array:
    """r'V^-1 r with V = share K + (1 - share) I, float32 ()."""
    v_BB = share * k_BB + (1 - share) * jnp.eye(len(k_BB))
    return residual_B @ cho_solve(cho_factor(v_BB, lower=True), residual_B)


def build(options: dict[str, Any]) -> Adjustment:
    """The rows of K that training reads are dropped when the random effect is known."""

    def fit(context: Context) -> State:
        train, y_T = context.sets["train"], context.y_N[context.sets["train"]].astype(np.float64)
        kinship_NT = context.grm()[:, train]
        weight_T = context.weights(train)
        fixed_TC = np.column_stack([np.ones(len(train)), context.offset(train)])
        share, explained = weighted_share(kinship_NT[train], y_T, fixed_TC, weight_T)
        say(f"mixed-model: relatedness has {explained:.3f} of the variance that is left (h is {share:.3f})")
        column_N = np.zeros(len(context.y_N), dtype=np.int32)
        column_N[train] = np.arange(len(train))
        weight_N = np.zeros(len(context.y_N), dtype=np.float32)
        weight_N[train] = weight_T
        p = np.average(y_T, weights=weight_T)
        scale = p * (1 - p) if context.kind == "binary" else 1.0
        fitted = {"share": np.float32(share), "scale": np.float32(scale)}
        return State(fitted, {"kinship": kinship_NT, "column": column_N, "weight": weight_N})

    def loss(state: State, params: Params, scored: Scored, batch: Batch) -> tuple[Array, dict[str, Any]]:
        """Over the weights, and over the variance of the labels.

        Where h is 0 it is the loss of ``none`` for a quantitative trait; for a binary one, whose loss of ``none`` is
        the cross-entropy, it is (y - P(y = 1))^2 / (2 p (1 - p)).
        """
        columns_B = state.rows["column"][batch.i_B]
        k_BB = jax.lax.stop_gradient(state.rows["kinship"][batch.i_B][:, columns_B])
        root_B = jnp.sqrt(scored.weight_B)  # 1 / weight is the variance of e; who has weight 0 is not there
        k_BB = root_B[:, None] * k_BB * root_B
        total = jnp.sum(scored.weight_B)
        size = jnp.where(total > 0, total, 1) * state.fitted["scale"]
        return gls(state.fitted["share"], k_BB, root_B * scored.residual_B) / (2 * size), state.fitted

    def offset(state: State, params: Params, batch: Batch) -> Array:
        if "effect" not in state.rows:  # before the end of training
            return jnp.zeros(batch.i_B.shape, dtype=jnp.float32)
        return state.rows["effect"][batch.i_B]

    def finish(context: Context, state: State, residual_T: np.ndarray) -> State:
        share, scale = float(state.fitted["share"]), float(state.fitted["scale"])
        kinship_NT = np.asarray(state.rows["kinship"], dtype=np.float64)
        root_T = np.sqrt(np.asarray(state.rows["weight"], dtype=np.float64))[context.sets["train"]]
        v_TT = share * root_T[:, None] * kinship_NT[context.sets["train"]] * root_T
        v_TT += (1 - share) * np.eye(len(residual_T))
        effect_N = share * (kinship_NT @ (root_T * np.linalg.solve(v_TT, root_T * residual_T))) / scale
        return State(dict(state.fitted), {"effect": effect_N.astype(np.float32)})

    return Adjustment(
        fit=fit, offset=offset, loss=loss, finish=finish, batch_size=options["batch_size"], reads_weights=True
    )
