"""Each SNP's linear regression on the PCs is subtracted from the input: x - C B.

Known failure: only what is linear goes. An integer less a function of the PCs shows the PCs by its fraction, which some
networks read (docs/models.md, "Ancestry that input-residual leaves"). Causal SNPs whose frequencies differ between
populations lose that part, too.
"""

from typing import Any

import numpy as np
from jax import Array

from stratbench.adjustments.contract import Adjustment, Batch, Context, Params, State

OPTIONS = {"pcs": {"type": "integer", "minimum": 1, "maximum": 20, "default": 10}}
CITATION = "Price et al. 2006, Nat Genet 38:904"
IN_WORDS = "regressing out PCs"


def build(options: dict[str, Any]) -> Adjustment:
    """B = (C'C)^-1 C'x on training individuals, C = [1, PCs]; the residual is taken for everyone."""

    def fit(context: Context) -> State:
        c_NK = context.covariates(options["pcs"])
        train = context.sets["train"]
        coefficients_KM = np.linalg.lstsq(c_NK[train], context.inputs(train), rcond=None)[0]
        return State({"coefficients": coefficients_KM.astype(np.float32)}, {"covariates": c_NK})

    def inputs(state: State, params: Params, x_BM: Array, batch: Batch) -> Array:
        return x_BM - state.rows["covariates"][batch.i_B] @ state.fitted["coefficients"]

    return Adjustment(fit=fit, inputs=inputs)
