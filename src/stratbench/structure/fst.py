"""Hudson's FST of pairs of populations (Bhatia et al. 2013, Genome Res 23:1514, equation 10).

Sample sizes are numbers of alleles. Over SNPs the estimate is the ratio of the averages, never the average of
the ratios.
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from stratbench.genotypes import Genotypes

PAIR_COLUMNS = ["population_1", "population_2", "fst", "n_snps"]


def hudson(p1: np.ndarray, n1: np.ndarray, p2: np.ndarray, n2: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numerator and denominator per SNP, from frequencies and numbers of alleles; NaN below two."""
    with np.errstate(divide="ignore", invalid="ignore"):
        numerator = (p1 - p2) ** 2 - p1 * (1 - p1) / (n1 - 1) - p2 * (1 - p2) / (n2 - 1)
    denominator = p1 * (1 - p2) + p2 * (1 - p1)
    known = (n1 > 1) & (n2 > 1)
    return np.where(known, numerator, np.nan), np.where(known, denominator, np.nan)


def fst(genotypes: Genotypes, population_N: np.ndarray) -> tuple[pd.DataFrame, np.ndarray]:
    """FST of every pair of populations among these individuals, and FST of every SNP, float64 (M,).

    The table has ``PAIR_COLUMNS``, pairs sorted by name; ``n_snps`` are those that vary in the pair. A SNP's
    FST is the sum of the pairs' numerators over that of their denominators, NaN where no pair varies. With
    one population there are no pairs.
    """
    names = sorted(set(population_N))
    member_NP = np.stack([population_N == name for name in names], axis=1).astype(np.float64)
    pairs = list(combinations(range(len(names)), 2))
    sum_R3 = np.zeros((len(pairs), 3))  # numerator, denominator, SNPs that vary
    snp_M = np.full(len(genotypes.row_M), np.nan)
    for part, count_MN in genotypes.chunks():
        total_2M = np.zeros((2, len(count_MN)))
        p_MP, n_MP = allele_frequencies(count_MN, member_NP)
        for r, (a, b) in enumerate(pairs):
            numerator_M, denominator_M = hudson(p_MP[:, a], n_MP[:, a], p_MP[:, b], n_MP[:, b])
            sum_R3[r] += np.nansum(numerator_M), np.nansum(denominator_M), np.sum(denominator_M > 0)
            total_2M += np.nan_to_num([numerator_M, denominator_M])
        np.divide(total_2M[0], total_2M[1], out=snp_M[part], where=total_2M[1] > 0)
    return _pair_table(names, pairs, sum_R3), snp_M


def allele_frequencies(count_MN: np.ndarray, member_NP: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A1 frequency (0 where nobody is called) and number of alleles, float64 (M, P), in each population."""
    called_MN = np.isfinite(count_MN)
    n_MP = 2 * (called_MN.astype(np.float64) @ member_NP)
    total_MP = np.where(called_MN, count_MN, 0.0) @ member_NP
    return total_MP / np.maximum(n_MP, 1), n_MP


def _pair_table(names: Sequence[str], pairs: Sequence[tuple[int, int]], sum_R3: np.ndarray) -> pd.DataFrame:
    rows = [
        (names[a], names[b], total[0] / total[1] if total[1] > 0 else np.nan, int(total[2]))
        for (a, b), total in zip(pairs, sum_R3, strict=True)
    ]
    return pd.DataFrame(rows, columns=PAIR_COLUMNS)
