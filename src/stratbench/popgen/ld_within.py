"""LD within populations: the correlation of genotypes around the means of their populations.

Over all populations together SNPs whose frequencies differ are correlated even if they lie on different chromosomes;
around populations' means they are not.
"""

import numpy as np

from stratbench.genotypes.dosages import Dosages, with_nan

WINDOW = 1_000_000  # bases to each side that a LD score counts
BLOCK = 256  # SNPs whose windows are read at once


def deviations(genotypes: Dosages, population_N: np.ndarray) -> np.ndarray:
    """A1 counts less the mean of one's population, scaled so that products of SNPs are correlations.

    Args:
        genotypes: of N individuals at M SNPs; a missing one stands at the mean.
        population_N: the population of each individual, text.

    Returns:
        Rows of length 1, float32 (M, N); zeros for a SNP that does not vary within populations.
    """
    z_MN = np.zeros((genotypes.m, genotypes.n), dtype=np.float32)
    members = [population_N == population for population in np.unique(population_N)]
    for part, dosage_BN in genotypes.chunks():
        count_BN = with_nan(dosage_BN)
        for own_N in members:
            part_BP = count_BN[:, own_N]
            known_BP = np.isfinite(part_BP)
            total_B = np.where(known_BP, part_BP, 0).sum(axis=1)
            mean_B = total_B / np.maximum(known_BP.sum(axis=1), 1)
            count_BN[:, own_N] = np.where(known_BP, part_BP - mean_B[:, None], 0)
        length_B = np.sqrt((count_BN**2).sum(axis=1))
        z_MN[part] = count_BN / np.where(length_B > 1e-6, length_B, np.inf)[:, None]
    return z_MN


def largest_r2(z_MN: np.ndarray, other_KN: np.ndarray) -> np.ndarray:
    """The largest squared correlation of each SNP with one of the others, float64 (M,); 0 if there is none of them.

    Args:
        z_MN, other_KN: ``deviations`` of the SNPs and of the others.
    """
    return np.asarray(((z_MN @ other_KN.T).astype(np.float64) ** 2).max(axis=1, initial=0.0))


def scores(z_MN: np.ndarray, position_M: np.ndarray, degrees: int) -> np.ndarray:
    """The LD score of each SNP of a chromosome: r2 summed over SNPs within 1 Mb, less what chance adds to each.

    r2 less (1 - r2) / degrees (Bulik-Sullivan et al. 2015, Nature Genetics 47:291). SNPs without neighbours in LD
    have 1, their own; what lies below for chance is set to 1.

    Args:
        z_MN: ``deviations``, of SNPs in any order.
        position_M: positions in bases.
        degrees: individuals less populations less 1.

    Returns:
        The scores, float64 (M,), in the order of the SNPs.
    """
    order_M = np.argsort(position_M, kind="stable")
    z_MN, sorted_M = z_MN[order_M], position_M[order_M]
    score_M = np.empty(len(sorted_M))
    for start in range(0, len(sorted_M), BLOCK):
        part = slice(start, start + BLOCK)
        own_B = sorted_M[part]
        first, last = np.searchsorted(sorted_M, (own_B[0] - WINDOW, own_B[-1] + WINDOW + 1))
        r2_BW = (z_MN[part] @ z_MN[first:last].T).astype(np.float64) ** 2
        near_BW = np.abs(own_B[:, None] - sorted_M[first:last]) <= WINDOW
        unbiased_BW = r2_BW - (1 - r2_BW) / max(degrees, 1)
        score_M[order_M[part]] = np.where(near_BW, unbiased_BW, 0).sum(axis=1)
    return np.maximum(score_M, 1.0)
