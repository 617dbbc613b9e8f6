"""The reference study's input correction: subtract the genotype that the PCs predict.

Each SNP's genotype 0/1/2 is regressed on the PCs by multinomial logistic regression. ``hard`` subtracts the
predicted class, as the study does; ``soft`` subtracts the expected dosage under the predicted probabilities.

Known failure: ``hard`` changes nothing but where the most probable class changes, so that a SNP which has one most
probable class in all populations keeps its ancestry whole; ``soft`` leaves nonlinear traces as input-residual does. It
predicts classes of genotypes, so that no part of a combination that changes the inputs may stand before it.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from stratbench.adjustments.contract import Adjustment, Batch, Context, Params, State
from stratbench.genotypes import plink

OPTIONS = {
    "pcs": {"type": "integer", "minimum": 1, "maximum": 20, "default": 10},
    "form": {"enum": ["hard", "soft"], "default": "hard"},
}
CITATION = "Dagasso et al. 2025, J Biomed Inform, doi 10.1016/j.jbi.2025.104873"
IN_WORDS = "subtracting genotypes that PCs predict"
GENOTYPES = np.array([0, 2, 3])  # 2-bit codes of the three classes: two, one and no A1 allele
ITERATIONS = 30
AT_ONCE = 512  # SNPs regressed together
ABSENT = -1e9  # logit of a genotype that no training individual has


def _newton(c_TK: Array, class_T3: Array, present_3: Array) -> Array:
    """Multinomial logistic regression of one SNP with scikit-learn's default ridge (C = 1): float (K, 3).

    Minimises the cross-entropy plus half the squared coefficients (intercept unpenalised) by damped Newton
    steps. Missing genotypes are rows of zeros in ``class_T3``.
    """
    k = c_TK.shape[1]
    ridge_K3 = jnp.ones((k, 3)).at[0].set(1e-4)
    called_T1 = class_T3.sum(axis=1, keepdims=True)

    def objective(w_K3: Array) -> Array:
        logits_T3 = jnp.where(present_3, c_TK @ w_K3, ABSENT)
        loss = -jnp.sum(class_T3 * jax.nn.log_softmax(logits_T3))
        return loss + 0.5 * jnp.sum(ridge_K3 * jnp.square(w_K3))

    def step(w_K3: Array, _: None) -> tuple[Array, None]:
        p_T3 = jax.nn.softmax(jnp.where(present_3, c_TK @ w_K3, ABSENT)) * called_T1
        gradient_K3 = c_TK.T @ (p_T3 - class_T3) + ridge_K3 * w_K3
        blocks = [
            [c_TK.T @ (c_TK * (p_T3[:, a] * ((a == b) - p_T3[:, b]))[:, None]) for b in range(3)]
            for a in range(3)
        ]
        hessian = jnp.block(blocks) + jnp.diag(ridge_K3.T.reshape(-1))
        direction_K3 = jnp.linalg.solve(hessian, gradient_K3.T.reshape(-1)).reshape(3, k).T
        sizes = 0.5 ** jnp.arange(6.0)
        candidates = w_K3 - sizes[:, None, None] * direction_K3
        return candidates[jnp.argmin(jax.vmap(objective)(candidates))], None

    return jax.lax.scan(step, jnp.zeros((k, 3)), None, length=ITERATIONS)[0]


def build(options: dict[str, Any]) -> Adjustment:
    """The subtrahend goes through the model's input table, so it has the input's units."""

    def fit(context: Context) -> State:
        c_NK = context.covariates(options["pcs"])
        train = context.sets["train"]
        code_TM = context.genotypes.codes(train)
        newton = jax.jit(jax.vmap(_newton, in_axes=(None, 0, 0)))
        parts, n_snps = [], context.genotypes.n_snps
        for first in range(0, n_snps, AT_ONCE):
            code_TR = code_TM[:, np.arange(first, first + AT_ONCE) % n_snps]  # one shape for every block
            class_RT3 = (code_TR.T[:, :, None] == GENOTYPES).astype(np.float32)
            parts.append(np.asarray(newton(c_NK[train], class_RT3, class_RT3.any(axis=1))))
        present_M3 = (code_TM.T[:, :, None] == GENOTYPES).any(axis=1)
        values_M3 = np.where(present_M3, context.table_M4[:, GENOTYPES], 0)
        fitted = {
            "weights": np.concatenate(parts)[:n_snps],
            "present": present_M3,
            "values": values_M3.astype(np.float32),
        }
        return State(fitted, {"covariates": c_NK})

    def inputs(state: State, params: Params, x_BM: Array, batch: Batch) -> Array:
        c_BK = state.rows["covariates"][batch.i_B]
        logits_BM3 = jnp.einsum("bk,mkc->bmc", c_BK, state.fitted["weights"])
        logits_BM3 = jnp.where(state.fitted["present"], logits_BM3, ABSENT)
        values_M3 = state.fitted["values"]
        if options["form"] == "soft":
            return x_BM - jnp.sum(jax.nn.softmax(logits_BM3) * values_M3, axis=2)
        predicted_BM3 = jax.nn.one_hot(jnp.argmax(logits_BM3, axis=2), 3)
        return x_BM - jnp.sum(predicted_BM3 * values_M3, axis=2)

    assert plink.MISSING not in GENOTYPES
    return Adjustment(fit=fit, inputs=inputs, raw_inputs=True)
