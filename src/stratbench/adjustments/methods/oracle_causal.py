"""An oracle: the network sees the causal SNPs of a simulated trait alone; all others are 0.

    x~_ij = x_ij where SNP j is causal and visible, else 0.

Known failure: its ranking of SNPs recovers the causal ones by construction, which is no result; read its accuracy, that
of a network which has nothing to find. Causal SNPs that differ between populations still carry ancestry.
"""

from typing import Any

import numpy as np
from jax import Array

from stratbench.adjustments.contract import Adjustment, Batch, Context, Params, State
from stratbench.core.errors import ScientificFailure

OPTIONS: dict[str, Any] = {}
READS = ("truth",)
CITATION = "StratBench's oracle"
IN_WORDS = "showing the causal SNPs alone"


def build(options: dict[str, Any]) -> Adjustment:
    """The truth is read from the dataset; a measured trait has none, and the fit fails with that reason."""

    def fit(context: Context) -> State:
        causal_M = context.truth().causal_M
        if not causal_M.any():
            raise ScientificFailure("oracle-causal: none of the SNPs that a model may see is causal")
        return State({"causal": causal_M.astype(np.float32)}, {})

    def inputs(state: State, params: Params, x_BM: Array, batch: Batch) -> Array:
        return x_BM * state.fitted["causal"]

    return Adjustment(fit=fit, inputs=inputs)
