"""The reference study's feature correction: residuals of hidden features on the PCs go into a new head.

Known failure: only what is linear in the features goes, and the encoder was trained with the shortcut before.
"""

from typing import Any

import numpy as np
from jax import Array

from stratbench.adjustments.contract import Adjustment, Batch, Context, Params, State

OPTIONS = {"pcs": {"type": "integer", "minimum": 1, "maximum": 20, "default": 10}}
CITATION = "Dagasso et al. 2025, J Biomed Inform, doi 10.1016/j.jbi.2025.104873"
IN_WORDS = "regressing PCs out of features"


def build(options: dict[str, Any]) -> Adjustment:
    """First stage: the unadjusted network. Second stage: its frozen encoder's features h become h - C B, with
    B = (C'C)^-1 C'h on training individuals, and a fresh head is trained on them."""

    def fit(context: Context) -> State:
        return State({}, {"covariates": context.covariates(options["pcs"])})

    def second_stage(context: Context, state: State, h_TF: np.ndarray) -> State:
        c_TK = np.asarray(state.rows["covariates"])[context.sets["train"]]
        coefficients_KF = np.linalg.lstsq(c_TK, h_TF, rcond=None)[0]
        return State({"coefficients": coefficients_KF.astype(np.float32)}, state.rows)

    def features(state: State, params: Params, h_BF: Array, batch: Batch) -> tuple[Array, dict[str, Any]]:
        if "coefficients" in state.fitted:  # the second stage
            h_BF = h_BF - state.rows["covariates"][batch.i_B] @ state.fitted["coefficients"]
        return h_BF, state.fitted

    return Adjustment(fit=fit, features=features, second_stage=second_stage)
