"""The genetic part of a simulated trait: which SNPs are causal, their effects, and the populations they act in."""

from collections.abc import Sequence

import numpy as np

from stratbench.core.errors import UserError
from stratbench.core.words import counted
from stratbench.genotypes.dosages import Dosages, with_nan


def common(candidate_R: np.ndarray, a1_freq_M: np.ndarray, least: float) -> np.ndarray:
    """The candidates with a minor allele frequency of at least ``least``; ``a1_freq_M`` is of all SNPs."""
    p_R = a1_freq_M[candidate_R]
    kept: np.ndarray = candidate_R[np.minimum(p_R, 1 - p_R) >= least]
    return kept


def draw_causal(
    candidate_R: np.ndarray, causal: int, rng: np.random.Generator, least: float = 0
) -> np.ndarray:
    """Draw causal SNPs without replacement.

    Args:
        candidate_R: rows of the .bim that they are drawn from, int64.
        causal: how many to draw.
        rng: draws them.
        least: the minor allele frequency that the candidates have at least, for the message.

    Returns:
        Rows of the .bim, sorted, int64.

    Raises:
        UserError: if there are fewer candidates than that.
    """
    if causal > len(candidate_R):
        rare = f" with MAF >= {least:g}" if least > 0 else ""
        remedy = "`causal` or `causal_maf`" if least > 0 else "`causal`"
        raise UserError(
            f"traits: {counted(causal, 'causal SNP')} asked for, but only {counted(len(candidate_R), 'SNP')}{rare} to "
            f"draw them from; lower {remedy}, raise `snps`, or simulate longer chromosomes"
        )
    return np.sort(rng.choice(candidate_R, size=causal, replace=False))


def draw_effects(
    p_M: np.ndarray, alpha: float, rng: np.random.Generator, distribution: str = "normal"
) -> np.ndarray:
    """Effects per A1 allele, u [2p(1-p)]^(alpha/2).

    Source: Speed et al. 2012, Am J Hum Genet 91:1011. simtrait's random coefficients are ``normal`` with alpha 0, its
        fixed
    effect sizes ``equal`` with alpha -1 (Yao & Ochoa 2023, eLife 12:e79238).

    Args:
        p_M: A1 frequencies p, float64.
        alpha: how effects depend on frequency; -1 gives every SNP the same expected variance.
        rng: draws u.
        distribution: of u: ``normal`` for N(0, 1), ``equal`` for its sign.

    Returns:
        float64 (M,).
    """
    u_M = rng.standard_normal(len(p_M))
    if distribution == "equal":
        u_M = np.where(u_M < 0, -1.0, 1.0)
    return u_M * (2 * p_M * (1 - p_M)) ** (alpha / 2)


def draw_homes(n: int, shared: float, populations: Sequence[str], rng: np.random.Generator) -> np.ndarray:
    """The population in which each causal SNP acts.

    round(shared n) SNPs act everywhere. The others, in random order, are dealt out to the populations in turn, so
    that no population has two more than another. If the share is lowered, SNPs that already had a home keep it.

    Args:
        n: how many causal SNPs there are.
        shared: the share of them that act everywhere.
        populations: where the others act.
        rng: draws their order.

    Returns:
        Names of populations, text (n,); blank for everywhere.
    """
    home_R = np.full(n, "", dtype=object)
    order_R = rng.permutation(n)
    for k in range(n - round(shared * n)):
        home_R[order_R[k]] = populations[k % len(populations)]
    return home_R


def genetic_values(genotypes: Dosages, effect_M: np.ndarray) -> np.ndarray:
    """Sum of effect x A1 count, each SNP centred, float64 (N,). Missing counts as the SNP's mean."""
    g_N = np.zeros(len(genotypes.person_N))
    for part, dosage_MN in genotypes.chunks():
        count_MN = with_nan(dosage_MN)
        centred_MN = count_MN - np.nanmean(count_MN, axis=1, keepdims=True)
        g_N += effect_M[part] @ np.where(np.isnan(centred_MN), 0.0, centred_MN)
    return g_N


def values_by_home(
    genotypes: Dosages, effect_M: np.ndarray, home_M: np.ndarray, population_N: np.ndarray
) -> np.ndarray:
    """Genetic values where a SNP with a home acts there alone.

    A SNP is centred among those in whom it acts: acting in one population does not by itself shift its mean.

    Args:
        genotypes: the M causal SNPs, of N individuals.
        effect_M: effects per A1 allele, float64.
        home_M: the population in which each SNP acts, text; blank for everywhere.
        population_N: the population of each individual, text.

    Returns:
        float64 (N,).
    """
    g_N = np.zeros(len(population_N))
    for home in sorted(set(home_M)):
        inside_N = population_N == home if home else np.ones(len(population_N), dtype=bool)
        of_M = home_M == home
        g_N[inside_N] += genetic_values(genotypes.snps(of_M).people(inside_N), effect_M[of_M])
    return g_N
