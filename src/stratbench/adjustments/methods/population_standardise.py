"""Genotypes are centred and scaled by the allele frequencies of one's own population.

    (x - 2 p_k) / sqrt(2 p_k (1 - p_k)),    p_k from the training individuals of population k.

People of a population that nobody in training is of get the frequencies of all training individuals. It reads
everyone's population label, that of test individuals too.

Known failure: as input-residual it leaves nonlinear traces, because an integer less p_k shows p_k; labels that are
coarser than the structure leave the rest. A SNP that does not vary in a population is 0 for its people (the log says
how many SNPs that are). A missing genotype enters as the model fills it in, which may be the mean of all populations.
"""

from typing import Any

import numpy as np
from jax import Array

from stratbench.adjustments.contract import Adjustment, Batch, Context, Params, State
from stratbench.adjustments.populations import training_populations
from stratbench.core.job import say
from stratbench.genotypes import plink

OPTIONS: dict[str, Any] = {}
CITATION = "Price et al. 2006, Nat Genet 38:904 (standardised genotypes), within populations"
IN_WORDS = "standardising within populations"
READS_LABELS_AT_TEST = True


def frequencies(code_BM: np.ndarray) -> np.ndarray:
    """A1 frequency of each SNP among these people, float64 (M,); 0 where nobody is genotyped."""
    called_M = (code_BM != plink.MISSING).sum(axis=0)
    return np.maximum(plink.A1_COUNT[code_BM], 0).sum(axis=0) / np.maximum(2 * called_M, 1)


def build(options: dict[str, Any]) -> Adjustment:
    def fit(context: Context) -> State:
        remedy = "take input-residual, which reads PCs"
        names, code_N = training_populations(context, "population-standardise", remedy)
        train = context.sets["train"]
        groups = [train[code_N[train] == number] for number in range(len(names))]
        p_LM = np.stack([frequencies(context.genotypes.codes(people)) for people in (*groups, train)])
        zero_M, one_M = context.table_M4[:, 3], (context.table_M4[:, 0] - context.table_M4[:, 3]) / 2
        sd_LM = np.sqrt(2 * p_LM * (1 - p_LM)) * one_M
        scale_LM = np.divide(1, sd_LM, out=np.zeros_like(sd_LM), where=sd_LM > 0)
        still = int((scale_LM[:-1] == 0).any(axis=0).sum())
        say(f"population-standardise: {still} SNPs do not vary in some population and are 0 there")
        fitted = {"mean": zero_M + 2 * p_LM * one_M, "scale": scale_LM}
        return State(
            {name: value.astype(np.float32) for name, value in fitted.items()}, {"population": code_N}
        )

    def inputs(state: State, params: Params, x_BM: Array, batch: Batch) -> Array:
        own_B = state.rows["population"][batch.i_B]
        return (x_BM - state.fitted["mean"][own_B]) * state.fitted["scale"][own_B]

    return Adjustment(fit=fit, inputs=inputs)
