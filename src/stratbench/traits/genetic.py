"""The genetic part of a simulated trait: which SNPs are causal, and what they do."""

import numpy as np

from stratbench.errors import UserError
from stratbench.genotypes import Genotypes


def draw_causal(candidate_C: np.ndarray, causal: int, rng: np.random.Generator) -> np.ndarray:
    """Rows of ``causal`` SNPs, drawn without replacement, sorted: int64 (causal,).

    Raises UserError if there are fewer candidates.
    """
    if causal > len(candidate_C):
        raise UserError(
            f"traits: {causal} causal SNPs asked for, but only {len(candidate_C)} SNPs to draw them from; "
            "lower `causal`, raise `snps`, or simulate longer chromosomes"
        )
    return np.sort(rng.choice(candidate_C, size=causal, replace=False))


def draw_effects(p_M: np.ndarray, alpha: float, rng: np.random.Generator) -> np.ndarray:
    """Effects per A1 allele ~ N(0, [2p(1-p)]^alpha), float64 (M,); alpha -1 is equal variance per SNP.

    Source: Speed et al. 2012, Am J Hum Genet 91:1011.
    """
    return rng.standard_normal(len(p_M)) * (2 * p_M * (1 - p_M)) ** (alpha / 2)


def genetic_values(genotypes: Genotypes, effect_M: np.ndarray) -> np.ndarray:
    """Sum of effect x A1 count, each SNP centred, float64 (N,). Missing counts as the SNP's mean."""
    g_N = np.zeros(len(genotypes.person_N))
    for part, count_MN in genotypes.chunks():
        centred_MN = count_MN - np.nanmean(count_MN, axis=1, keepdims=True)
        g_N += effect_M[part] @ np.where(np.isnan(centred_MN), 0.0, centred_MN)
    return g_N
