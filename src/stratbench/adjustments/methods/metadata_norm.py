"""Metadata normalisation: hidden features are regressed on the PCs at every step of training.

Within training, X = [1, PCs, y] of a batch of B individuals gives the coefficients

    beta = N (X_T' X_T)^-1 X_b' h_b / B,        X_T of all N training individuals,

which estimate the regression of the features h on X without a large matrix for every batch. The PCs' part is
subtracted, h - PC beta_PC; the label's part stays, so that what ancestry and trait share is not removed for being
shared. Outside training the running mean of beta is used, which needs no label.

``recursive`` is the form that is estimated over the stream of batches by recursive least squares, so that small
batches do. With P the inverse of the weighted X'X of all batches so far,

    P <- P / forgetting,  P <- (P^-1 + X_b' X_b)^-1,  beta <- beta + P X_b' (h_b - X_b beta),  P <- P + drift I.

Known failure: the form of batches is noisy in small ones, the recursive one lags behind features that change fast;
both are linear, so that a nonlinear probe may still find ancestry.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from stratbench.adjustments.contract import Adjustment, Batch, Context, Params, State

OPTIONS = {
    "pcs": {"type": "integer", "minimum": 1, "maximum": 20, "default": 10},
    "recursive": {
        "type": "boolean",
        "default": False,
        "description": "whether the regression is estimated over the stream of batches",
    },
    "momentum": {
        "type": "number",
        "exclusiveMinimum": 0,
        "maximum": 1,
        "default": 0.1,
        "description": "weight of a new batch in the running mean, unless recursive",
    },
    "batch_size": {
        "type": "integer",
        "minimum": 1,
        "default": 128,
        "description": "the smallest batch, unless recursive",
    },
    "forgetting": {
        "type": "number",
        "exclusiveMinimum": 0,
        "maximum": 1,
        "default": 0.999,
        "description": "weight of all earlier batches at each new one, if recursive",
    },
    "drift": {
        "type": "number",
        "minimum": 0,
        "default": 0.0001,
        "description": "variance by which coefficients may wander at each step, if recursive",
    },
}
CITATION = (
    "Lu et al. 2021, CVPR, arXiv:2104.09052 (MDN); Shah et al. 2025, ICML, PMLR 267:54112 (recursive, R-MDN)"
)
IN_WORDS = "regressing PCs out of features while they are learned"
WIDE = 100.0  # variance of the coefficients before the first batch, as in the authors' code of R-MDN


def build(options: dict[str, Any]) -> Adjustment:
    """The first batches count alike: the running mean is the plain mean until its weight falls to ``momentum``."""

    def fit(context: Context) -> State:
        c_NK = context.covariates(options["pcs"])
        train = context.sets["train"]
        design_TC = np.column_stack([c_NK[train], context.y_N[train]]).astype(np.float64)
        columns, features = design_TC.shape[1], context.n_features()
        fitted = {"coefficients": np.zeros((columns, features), dtype=np.float32)}
        if options["recursive"]:
            fitted["spread"] = WIDE * np.eye(columns, dtype=np.float32)
        else:
            fitted["kernel"] = (len(train) * np.linalg.pinv(design_TC.T @ design_TC)).astype(np.float32)
        return State(fitted, {"covariates": c_NK})

    def features(state: State, params: Params, h_BF: Array, batch: Batch) -> tuple[Array, dict[str, Any]]:
        c_BK, fitted = state.rows["covariates"][batch.i_B], state.fitted
        used_CF = fitted["coefficients"]
        if batch.train:
            design_BC = jnp.concatenate([c_BK, batch.y_B[:, None]], axis=1)
            used_CF, fitted = (_recursive if options["recursive"] else _of_batch)(
                options, fitted, design_BC, h_BF, batch
            )
        return h_BF - c_BK[:, 1:] @ used_CF[1:-1], fitted

    return Adjustment(
        fit=fit, features=features, batch_size=1 if options["recursive"] else options["batch_size"]
    )


def _of_batch(
    options: dict[str, Any], fitted: dict[str, Any], design_BC: Array, h_BF: Array, batch: Batch
) -> tuple[Array, dict[str, Any]]:
    """The batch's own coefficients, through which the gradient flows, and the running mean."""
    own_CF = fitted["kernel"] @ (design_BC.T @ h_BF) / len(h_BF)
    weight = jnp.maximum(options["momentum"], 1 / (batch.step + 1))
    running_CF = (1 - weight) * fitted["coefficients"] + weight * jax.lax.stop_gradient(own_CF)
    return own_CF, fitted | {"coefficients": running_CF}


def _recursive(
    options: dict[str, Any], fitted: dict[str, Any], design_BC: Array, h_BF: Array, batch: Batch
) -> tuple[Array, dict[str, Any]]:
    """One step of recursive least squares; no gradient flows through the coefficients."""
    identity = jnp.eye(design_BC.shape[1])
    spread = fitted["spread"] / options["forgetting"]
    spread = jnp.linalg.solve(identity + spread @ (design_BC.T @ design_BC), spread)
    surprise_BF = jax.lax.stop_gradient(h_BF) - design_BC @ fitted["coefficients"]
    coefficients_CF = fitted["coefficients"] + spread @ (design_BC.T @ surprise_BF)
    spread = (spread + spread.T) / 2 + options["drift"] * identity
    return coefficients_CF, {"coefficients": coefficients_CF, "spread": spread}
