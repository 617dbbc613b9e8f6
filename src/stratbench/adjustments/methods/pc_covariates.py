"""Principal components and declared covariates, fused late: logit = f(x) + w'[PC, covariates].

Known failure: f may still carry ancestry, for nothing keeps it from what is not linear in the PCs, or from what w has
not yet explained.
"""

from typing import Any

import jax.numpy as jnp
import numpy as np
import optax
from jax import Array
from sklearn.linear_model import LinearRegression, LogisticRegression

from stratbench.adjustments.contract import Adjustment, Batch, Context, Params, State

OPTIONS = {"pcs": {"type": "integer", "minimum": 1, "maximum": 20, "default": 10}}
RATE = 1e-3
CITATION = "Price et al. 2006, Nat Genet 38:904 (PCs as covariates); late fusion with a network"
IN_WORDS = "adding PCs"


def start(c_TK: np.ndarray, y_T: np.ndarray, kind: str) -> np.ndarray:
    """Coefficients of y on these columns alone, float32 (K,). w starts there, lest f learn ancestry first."""
    if kind == "binary":
        return LogisticRegression(C=1.0, max_iter=1000).fit(c_TK, y_T).coef_[0].astype(np.float32)
    return LinearRegression().fit(c_TK, y_T).coef_.astype(np.float32)


def build(options: dict[str, Any]) -> Adjustment:
    """w starts at the regression without genotypes and is trained with the network, whose intercept it shares.

    Its optimiser is its own: w has the scale of the logit whatever the model, while a model's steps fit the
    model's own scale (those of the linear model make w oscillate).
    """

    def fit(context: Context) -> State:
        c_NK = context.pcs_and_covariates(options["pcs"])
        train = context.sets["train"]
        return State({"start": start(c_NK[train], context.y_N[train], context.kind)}, {"pcs": c_NK})

    def init(state: State) -> Params:
        return {"w": jnp.asarray(state.fitted["start"])}

    def offset(state: State, params: Params, batch: Batch) -> Array:
        return state.rows["pcs"][batch.i_B] @ params["w"]

    return Adjustment(fit=fit, init=init, offset=offset, optimizer=lambda model: optax.adam(RATE))
