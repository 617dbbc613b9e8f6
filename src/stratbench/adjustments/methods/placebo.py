"""Another adjustment, given other people's PCs: it shows what adjusting does when its PCs say nothing.

Known failure: with few people, shuffled PCs still go with ancestry a little, by chance.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from stratbench.adjustments.contract import Adjustment, Context, State
from stratbench.adjustments.methods import input_residual, pc_covariates

OPTIONS = {
    "of": {"enum": ["pc-covariates", "input-residual"], "default": "input-residual"},
    "pcs": {"type": "integer", "minimum": 1, "maximum": 20, "default": 10},
}
CITATION = "StratBench's negative control"
IN_WORDS = "adding or regressing out other people's PCs"
REAL = {"pc-covariates": pc_covariates, "input-residual": input_residual}


def build(options: dict[str, Any]) -> Adjustment:
    """Rows of the PCs are permuted within each set, so that training sees no genotypes of other sets.

    Every seed and every resample has a permutation of its own.

    Declared covariates are not permuted: the real adjustment and its placebo have the same ones.
    """
    real = REAL[options["of"]].build({"pcs": options["pcs"]})

    def fit(context: Context) -> State:
        pcs_NK = context.pcs_NK.copy()
        for name in sorted(context.sets):
            rows = context.sets[name]
            draw = np.random.default_rng([context.seed, sorted(context.sets).index(name)])
            pcs_NK[rows] = context.pcs_NK[draw.permutation(rows)]
        return real.fit(replace(context, pcs_NK=pcs_NK))

    return replace(real, fit=fit, per_seed=True)
