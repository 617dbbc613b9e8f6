"""Genotypes are centred and scaled by the allele frequencies of one's own population, or of one's own ancestry.

    (x - 2 p) / sqrt(2 p (1 - p))

``by: population``: p of the training individuals of one's population. People of a population that nobody in training is
of, and people who are unassigned, get the frequencies of all training individuals. It reads everyone's population
label, that of test individuals too. Where earlier parts of a combination have changed an input, it is centred by its
mean in the population and divided by its standard deviation there.

``by: pcs``, for admixed people and cohorts without labels: p is an individual's own, what [1, PCs] predict of x / 2 by
the regression of training individuals. Of people who are mixtures Q of populations it is the sum of Q_k p_k, where the
PCs span the mixtures. A genotype whose p is below .01 or above .99 is 0 (the log says how many are).

Known failure: as input-residual it leaves nonlinear traces, because an integer less p shows p; labels that are coarser
than the structure, or PCs that miss a part of it, leave the rest. A SNP that does not vary in a population is 0 for its
people (the log says how many SNPs that are). A missing genotype enters as the model fills it in, which may be the mean
of all populations.
"""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from stratbench.adjustments.contract import Adjustment, Batch, Context, Params, State
from stratbench.adjustments.populations import training_populations
from stratbench.core.job import say
from stratbench.genotypes import plink

OPTIONS = {
    "by": {
        "enum": ["population", "pcs"],
        "default": "population",
        "description": "whose frequencies: of people of one's label, or what the PCs predict of one",
    },
    "pcs": {"type": "integer", "minimum": 1, "maximum": 20, "default": 10, "description": "of by: pcs"},
}
LEAST = 0.01  # the smallest frequency of either allele by which a genotype is scaled, of by: pcs
SMALLEST = 1e-5  # standard deviation of a changed input that is no rounding, in A1 alleles
CITATION = (
    "Price et al. 2006, Nat Genet 38:904 (standardised genotypes), within populations; Conomos et al. 2016, "
    "Am J Hum Genet 98:127 (frequencies by PCs)"
)
IN_WORDS = "standardising within populations"
READS_LABELS_AT_TEST = {"by": ["population"]}


def frequencies(code_BM: np.ndarray) -> np.ndarray:
    """A1 frequency of each SNP among these people, float64 (M,); 0 where nobody is genotyped."""
    called_M = (code_BM != plink.MISSING).sum(axis=0)
    return np.maximum(plink.A1_COUNT[code_BM], 0).sum(axis=0) / np.maximum(2 * called_M, 1)


def standardisation(context: Context, people: np.ndarray, raw_M: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and 1 / sd of these people's inputs of called genotypes, float64 (M,) each; 1 / sd is 0 without variation.

    Args:
        context: whose inputs earlier parts of a combination may have changed.
        people: indices of training individuals.
        raw_M: inputs that no earlier part has changed; their sd is that of Hardy-Weinberg proportions.
    """
    code_BM, x_BM = context.genotypes.codes(people), context.inputs(people)
    called_BM, p_M = code_BM != plink.MISSING, frequencies(code_BM)
    called_M = np.maximum(called_BM.sum(axis=0), 1)
    mean_M = np.sum(x_BM, axis=0, where=called_BM, dtype=np.float64) / called_M
    one_M = (context.table_M4[:, 0] - context.table_M4[:, 3]).astype(np.float64) / 2
    sd_M = np.sqrt(2 * p_M * (1 - p_M)) * one_M
    if not raw_M.all():
        square_M = np.sum(np.square(x_BM - mean_M), axis=0, where=called_BM, dtype=np.float64)
        own_M = np.sqrt(square_M / called_M)
        own_M[own_M <= SMALLEST * np.abs(one_M)] = 0
        sd_M = np.where(raw_M | (sd_M == 0), sd_M, own_M)
    return mean_M, np.divide(1, sd_M, out=np.zeros_like(sd_M), where=sd_M > 0)


def build(options: dict[str, Any]) -> Adjustment:
    return by_pcs(options["pcs"]) if options["by"] == "pcs" else by_population()


def by_population() -> Adjustment:
    """With frequencies of the people of one's label."""

    def fit(context: Context) -> State:
        remedy = "take by: pcs"
        names, code_N = training_populations(context, "population-standardise", remedy)
        train = context.sets["train"]
        groups = [train[code_N[train] == number] for number in range(len(names))]
        raw_TM = context.table_M4[np.arange(context.genotypes.n_snps), context.genotypes.codes(train)]
        raw_M = (context.inputs(train) == raw_TM).all(axis=0)
        del raw_TM
        found = [standardisation(context, people, raw_M) for people in (*groups, train)]
        mean_LM, scale_LM = (np.stack(part) for part in zip(*found, strict=True))
        still = int((scale_LM[:-1] == 0).any(axis=0).sum())
        say(f"population-standardise: {still} SNPs do not vary in some population and are 0 there")
        fitted = {"mean": mean_LM, "scale": scale_LM}
        return State(
            {name: value.astype(np.float32) for name, value in fitted.items()}, {"population": code_N}
        )

    def inputs(state: State, params: Params, x_BM: Array, batch: Batch) -> Array:
        own_B = state.rows["population"][batch.i_B]
        return (x_BM - state.fitted["mean"][own_B]) * state.fitted["scale"][own_B]

    return Adjustment(fit=fit, inputs=inputs)


def by_pcs(pcs: int) -> Adjustment:
    """With what so many PCs predict of an individual's frequencies."""

    def fit(context: Context) -> State:
        c_NK, train = context.covariates(pcs), context.sets["train"]
        coefficients_KM = np.linalg.lstsq(c_NK[train], context.inputs(train), rcond=None)[0]
        none_M, one_M = context.table_M4[:, 3], (context.table_M4[:, 0] - context.table_M4[:, 3]) / 2
        fitted = {"coefficients": coefficients_KM, "none": none_M, "one": one_M}
        state = State(
            {name: value.astype(np.float32) for name, value in fitted.items()}, {"covariates": c_NK}
        )
        _, inside_TM = expected(state, jnp.asarray(train))
        say(
            f"population-standardise: {1 - float(inside_TM.mean()):.4f} of training genotypes are 0, by their p"
        )
        return state

    def inputs(state: State, params: Params, x_BM: Array, batch: Batch) -> Array:
        p_BM, inside_BM = expected(state, batch.i_B)
        one_M, none_M = state.fitted["one"], state.fitted["none"]
        sd_BM = jnp.sqrt(2 * p_BM * (1 - p_BM)) * jnp.where(one_M != 0, one_M, 1)
        return jnp.where(inside_BM, (x_BM - none_M - 2 * p_BM * one_M) / sd_BM, 0)

    return Adjustment(fit=fit, inputs=inputs, raw_inputs=True)


def expected(state: State, i_B: Array) -> tuple[Array, Array]:
    """The A1 frequency of each individual and SNP by PCs, float32 (B, M), and which may scale a genotype, bool (B, M).

    The frequency is 1/2 where it may not, or where the SNP does not vary in training.
    """
    x_BM = jnp.asarray(state.rows["covariates"])[i_B] @ jnp.asarray(state.fitted["coefficients"])
    one_M = jnp.asarray(state.fitted["one"])
    p_BM = (x_BM - jnp.asarray(state.fitted["none"])) / (2 * jnp.where(one_M != 0, one_M, 1))
    inside_BM = (p_BM >= LEAST) & (p_BM <= 1 - LEAST) & (one_M != 0)
    return jnp.where(inside_BM, p_BM, 0.5), inside_BM
