"""FST of pairs of populations and of SNPs: Hudson's, and Weir and Cockerham's.

Hudson's: Bhatia et al. 2013, Genome Res 23:1514, equation 10; sample sizes are numbers of alleles, so it takes
individuals as outbred. Weir & Cockerham 1984, Evolution 38:1358, equations 2-4, sees heterozygotes and so allows
for inbreeding; it depends on the ratio of sample sizes. Over SNPs an estimate is the ratio of the averages, never
the average of the ratios.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from stratbench.genotypes.dosages import Dosages, with_nan
from stratbench.genotypes.tables import FST

PAIR_COLUMNS = list(FST.columns)


@dataclass(frozen=True)
class PopulationFrequencies:
    """What FST needs to know of each SNP in each of L populations.

    Attributes:
        n_ML: called individuals, float64.
        p_ML: A1 frequency, float64; 0 where nobody is called.
        het_ML: share of heterozygotes, float64; 0 where nobody is called.
    """

    n_ML: np.ndarray
    p_ML: np.ndarray
    het_ML: np.ndarray

    def of(self, *populations: int) -> "PopulationFrequencies":
        """The same for some of the populations only."""
        some = list(populations)
        return PopulationFrequencies(self.n_ML[:, some], self.p_ML[:, some], self.het_ML[:, some])


def count(count_MN: np.ndarray, member_NL: np.ndarray) -> PopulationFrequencies:
    """Frequencies from A1 counts, float64 (M, N), NaN for missing, and indicators of population, float64 (N, L)."""
    called_MN = np.isfinite(count_MN)
    n_ML = called_MN.astype(np.float64) @ member_NL
    total_ML = np.where(called_MN, count_MN, 0.0) @ member_NL
    het_ML = (count_MN == 1).astype(np.float64) @ member_NL
    most_ML = np.maximum(n_ML, 1)
    return PopulationFrequencies(n_ML, total_ML / (2 * most_ML), het_ML / most_ML)


def hudson(p1: np.ndarray, n1: np.ndarray, p2: np.ndarray, n2: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numerator and denominator of Hudson's FST at each SNP.

    Args:
        p1, p2: A1 frequencies of the two populations, float64 (M,).
        n1, n2: their numbers of called alleles.

    Returns:
        The two, float64 (M,) each; NaN where a population has fewer than two alleles.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        numerator = (p1 - p2) ** 2 - p1 * (1 - p1) / (n1 - 1) - p2 * (1 - p2) / (n2 - 1)
    denominator = p1 * (1 - p2) + p2 * (1 - p1)
    known = (n1 > 1) & (n2 > 1)
    return np.where(known, numerator, np.nan), np.where(known, denominator, np.nan)


def _hudson_of_pair(counts: PopulationFrequencies, a: int, b: int) -> tuple[np.ndarray, np.ndarray]:
    pair = counts.of(a, b)
    return hudson(pair.p_ML[:, 0], 2 * pair.n_ML[:, 0], pair.p_ML[:, 1], 2 * pair.n_ML[:, 1])


def hudson_of_snps(counts: PopulationFrequencies) -> np.ndarray:
    """Hudson's FST of each SNP, float64 (M,): the sum of the pairs' numerators over that of their denominators.

    NaN where nothing varies, and everywhere if there is one population.
    """
    n_snps, populations = counts.n_ML.shape
    total_2M = np.zeros((2, n_snps))
    for a, b in combinations(range(populations), 2):
        total_2M += np.nan_to_num(_hudson_of_pair(counts, a, b))
    return _ratio(*total_2M)


def weir_cockerham(counts: PopulationFrequencies) -> tuple[np.ndarray, np.ndarray]:
    """Numerator a and denominator a + b + c per SNP over the populations given, float64 (M,).

    A population in which nobody is called at a SNP has no part in that SNP. NaN where fewer than two are left, or
    where those left have one individual each.
    """
    n_ML, p_ML = counts.n_ML, counts.p_ML
    r_M = (n_ML > 0).sum(axis=1)
    total_M = n_ML.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_M = total_M / r_M
        nc_M = (total_M - (n_ML**2).sum(axis=1) / total_M) / (r_M - 1)
        p_M = (n_ML * p_ML).sum(axis=1) / total_M
        s2_M = (n_ML * (p_ML - p_M[:, None]) ** 2).sum(axis=1) / ((r_M - 1) * mean_M)
        h_M = (n_ML * counts.het_ML).sum(axis=1) / total_M
        within_M = p_M * (1 - p_M) - (r_M - 1) / r_M * s2_M
        a_M = mean_M / nc_M * (s2_M - (within_M - h_M / 4) / (mean_M - 1))
        b_M = mean_M / (mean_M - 1) * (within_M - (2 * mean_M - 1) / (4 * mean_M) * h_M)
        abc_M = a_M + b_M + h_M / 2
    known_M = (r_M > 1) & (mean_M > 1)
    return np.where(known_M, a_M, np.nan), np.where(known_M, abc_M, np.nan)


def fst(genotypes: Dosages, population_N: np.ndarray) -> tuple[pd.DataFrame, pd.DataFrame]:
    """FST of every pair of populations among these individuals, and of every SNP.

    The pairs' table has ``PAIR_COLUMNS`` (``fst`` is Hudson's, ``fst_wc`` Weir and Cockerham's), sorted by
    name; ``n_snps`` are those that vary in the pair. The SNPs' table has ``fst`` and ``fst_wc``, a row for
    each SNP: Hudson's is the sum of the pairs' numerators over that of their denominators, Weir and
    Cockerham's that of all populations with anyone called there; NaN where nothing varies. With one population
    there are no pairs.
    """
    names = sorted(set(population_N))
    member_NL = np.stack([population_N == name for name in names], axis=1).astype(np.float64)
    pairs = list(combinations(range(len(names)), 2))
    sum_R5 = np.zeros((len(pairs), 5))  # numerators and denominators, Hudson's first; SNPs that vary
    snp_M2 = np.full((len(genotypes.row_M), 2), np.nan)
    for part, dosage_MN in genotypes.chunks():
        counts = count(with_nan(dosage_MN), member_NL)
        for r, (a, b) in enumerate(pairs):
            two_2M = _hudson_of_pair(counts, a, b)
            sums = [np.nansum(part_M) for part_M in (*two_2M, *weir_cockerham(counts.of(a, b)))]
            sum_R5[r] += *sums, np.sum(two_2M[1] > 0)
        snp_M2[part, 0] = hudson_of_snps(counts)
        if pairs:
            snp_M2[part, 1] = _ratio(*weir_cockerham(counts))
    return _pair_table(names, pairs, sum_R5), pd.DataFrame(snp_M2, columns=["fst", "fst_wc"])


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """The ratio, NaN where the denominator is not positive."""
    result = np.full(np.shape(denominator), np.nan)
    np.divide(numerator, denominator, out=result, where=np.nan_to_num(denominator) > 0)
    return result


def _pair_table(names: Sequence[str], pairs: Sequence[tuple[int, int]], sum_R5: np.ndarray) -> pd.DataFrame:
    both = np.stack([_ratio(sum_R5[:, k], sum_R5[:, k + 1]) for k in (0, 2)], axis=1)
    rows = [(names[a], names[b], *both[r].tolist(), int(sum_R5[r, 4])) for r, (a, b) in enumerate(pairs)]
    return pd.DataFrame(rows, columns=PAIR_COLUMNS)
