"""The SNPs that say most of ancestry are withheld from the network: their inputs are 0 for everyone.

They are chosen on training individuals: by Hudson's FST of all pairs of populations (``fst``), or, without population
labels, by the squared multiple correlation of the SNP with the PCs (``pcs``).

Known failure: ancestry is polygenic, so that the SNPs that stay still tell it; causal SNPs whose frequencies differ
between populations are lost.
"""

from typing import Any

import numpy as np
from jax import Array

from stratbench.adjustments.contract import Adjustment, Batch, Context, Params, State
from stratbench.adjustments.populations import training_populations
from stratbench.core.job import say
from stratbench.genotypes import plink
from stratbench.popgen import fst

OPTIONS = {
    "share": {
        "type": "number",
        "exclusiveMinimum": 0,
        "exclusiveMaximum": 1,
        "default": 0.1,
        "description": "of the SNPs, which are withheld",
    },
    "by": {"enum": ["fst", "pcs"], "default": "fst"},
    "pcs": {"type": "integer", "minimum": 1, "maximum": 20, "default": 10, "description": "of by: pcs"},
}
CITATION = "Bhatia et al. 2013, Genome Res 23:1514 (FST); Paschou et al. 2007, PLoS Genet 3:e160 (PCs)"
IN_WORDS = "dropping ancestry-informative SNPs"
AT_ONCE = 4096  # SNPs


def by_fst(context: Context) -> np.ndarray:
    """Hudson's FST of each SNP over all pairs of populations, float64 (M,); -1 where nothing varies.

    People who are unassigned have no part in it. Raises ScientificFailure where there is one population.
    """
    names, code_N = training_populations(context, "drop-aims, by fst,", "take by: pcs")
    train = context.sets["train"]
    member_TL = (code_N[train][:, None] == np.arange(len(names))).astype(np.float64)
    code_TM = context.genotypes.codes(train)
    found = np.full(context.genotypes.n_snps, -1.0)
    for first in range(0, len(found), AT_ONCE):
        part = slice(first, first + AT_ONCE)
        count_MT = plink.A1_COUNT[code_TM[:, part].T]
        counts = fst.count(np.where(count_MT < 0, np.nan, count_MT), member_TL)
        found[part] = fst.hudson_of_snps(counts)
    return np.nan_to_num(found, nan=-1.0)


def by_pcs(context: Context, pcs: int) -> np.ndarray:
    """The squared multiple correlation of each SNP's inputs with the PCs, float64 (M,); -1 where nothing varies."""
    train = context.sets["train"]
    c_TK = context.covariates(pcs)[train].astype(np.float64)
    found = np.full(context.genotypes.n_snps, -1.0)
    x_TM = context.inputs(train)
    for first in range(0, len(found), AT_ONCE):
        part = slice(first, first + AT_ONCE)
        x_TR = x_TM[:, part].astype(np.float64)
        total_R = np.square(x_TR - x_TR.mean(axis=0)).sum(axis=0)
        left_R = np.square(x_TR - c_TK @ np.linalg.lstsq(c_TK, x_TR, rcond=None)[0]).sum(axis=0)
        np.divide(total_R - left_R, total_R, out=found[part], where=total_R > 0)
    return found


def build(options: dict[str, Any]) -> Adjustment:
    def fit(context: Context) -> State:
        told_M = by_fst(context) if options["by"] == "fst" else by_pcs(context, options["pcs"])
        dropped = np.argsort(-told_M, kind="stable")[: round(options["share"] * len(told_M))]
        keep_M = np.ones(len(told_M), dtype=np.float32)
        keep_M[dropped] = 0
        say(f"drop-aims: {len(dropped)} of {len(told_M)} SNPs are withheld")
        return State({"keep": keep_M}, {})

    def inputs(state: State, params: Params, x_BM: Array, batch: Batch) -> Array:
        return x_BM * state.fitted["keep"]

    return Adjustment(fit=fit, inputs=inputs)
