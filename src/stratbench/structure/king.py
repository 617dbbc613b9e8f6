"""KING-robust kinship of all pairs of individuals, which needs no allele frequencies.

Manichaikul et al. 2010, Bioinformatics 26:2867, equation 11 (between families), as plink2's --make-king-table has
it: over the SNPs at which both are called, phi = 1/2 - sum (g_i - g_j)^2 / (4 min(het_i, het_j)). Duplicates have
1/2, parents and full siblings 1/4, second and third degree 1/8 and 1/16, unrelated people of one population 0, of
different ones below 0. Limits between the degrees are halfway on a log scale: 2^-1.5, 2^-2.5, 2^-3.5, 2^-4.5.
Autosomal SNPs, not pruned. It means nothing among the inbred, who have hardly a heterozygote to divide by.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

DUPLICATES, FIRST_DEGREE, SECOND_DEGREE, THIRD_DEGREE = (2.0 ** -(k + 0.5) for k in (1, 2, 3, 4))
ROWS = 1000  # individuals compared with all later ones at a time: some 60 bytes a pair in memory
SNPS = 4096  # SNPs multiplied at a time

Chunks = Callable[[], Iterable[np.ndarray]]


@dataclass(frozen=True)
class Block:
    """Individuals ``start``, start + 1, ... (R) against all from ``start`` on (C), over SNPs called in both.

    ``snps_RC`` and ``ibs0_RC`` are int32: how many SNPs, and at how many the two are opposite homozygotes;
    ``kinship_RC`` is float64, NaN where one of the two has no heterozygote.
    """

    start: int
    snps_RC: np.ndarray
    ibs0_RC: np.ndarray
    kinship_RC: np.ndarray


def blocks(chunks: Chunks, n: int, rows: int = ROWS) -> Iterator[Block]:
    """All pairs of ``n`` individuals, ``rows`` at a time.

    ``chunks()`` starts anew each time and gives A1 counts, int8 (SNPs, n), -1 for missing. It is read once for
    each block.
    """
    for start in range(0, n, rows):
        here = min(rows, n - start)
        sums = np.zeros((5, here, n - start), dtype=np.int32)
        for chunk_MN in chunks():
            for first in range(0, len(chunk_MN), SNPS):
                _add(chunk_MN[first : first + SNPS, start:], here, sums)
        both_het, het_hom, hom_het, both_hom, concordance = sums
        ibs0 = (both_hom - concordance) // 2
        least_het = both_het + np.minimum(het_hom, hom_het)
        squares = het_hom + hom_het + 4 * ibs0
        kinship = np.full(least_het.shape, np.nan)
        np.divide(squares, 4.0 * least_het, out=kinship, where=least_het > 0)
        yield Block(start, both_het + het_hom + hom_het + both_hom, ibs0, 0.5 - kinship)


def _add(count_MC: np.ndarray, rows: int, sums_5RC: np.ndarray) -> None:
    """Add SNPs to the sums over pairs: both het, het and hom, hom and het, both hom, same less opposite homs.

    Products of float32 that hold whole numbers below 2^24 are exact.
    """
    het_MC = (count_MC == 1).astype(np.float32)
    sign_MC = (count_MC - 1).astype(np.float32) * (count_MC >= 0)
    het_MR, sign_MR = het_MC[:, :rows], sign_MC[:, :rows]
    both_het = (het_MR.T @ het_MC).astype(np.int32)
    sums_5RC[0] += both_het
    sums_5RC[4] += (sign_MR.T @ sign_MC).astype(np.int32)
    if (count_MC >= 0).all():  # what is not one is the other
        het_C = het_MC.sum(axis=0).astype(np.int32)
        sums_5RC[1] += het_C[:rows, None] - both_het
        sums_5RC[2] += het_C - both_het
        sums_5RC[3] += len(count_MC) - het_C[:rows, None] - het_C + both_het
        return
    hom_MC = np.abs(sign_MC)
    hom_MR = hom_MC[:, :rows]
    for row, left, right in ((1, het_MR, hom_MC), (2, hom_MR, het_MC), (3, hom_MR, hom_MC)):
        sums_5RC[row] += (left.T @ right).astype(np.int32)


def kinship(chunks: Chunks, n: int) -> np.ndarray:
    """Kinship of all pairs, float64 (N, N), symmetric; the diagonal is 1/2, NaN for who has no heterozygote.

    ``chunks`` is as in ``blocks``.
    """
    result_NN = np.empty((n, n))
    for block in blocks(chunks, n):
        end = block.start + len(block.kinship_RC)
        result_NN[block.start : end, block.start :] = block.kinship_RC
        result_NN[block.start :, block.start : end] = block.kinship_RC.T
    return result_NN


def pairs(chunks: Chunks, n: int, least: float = THIRD_DEGREE) -> pd.DataFrame:
    """Pairs with a kinship of at least ``least``: first < second (int64 positions), snps, ibs0, kinship.

    ``chunks`` is as in ``blocks``; ``ibs0`` is a share of the SNPs called in both. Ordered by first and second.
    Memory is that of one block, whatever n.
    """
    tables = []
    for block in blocks(chunks, n):
        first, second = np.nonzero(np.triu(block.kinship_RC >= least, 1))
        snps = block.snps_RC[first, second]
        tables.append(
            pd.DataFrame(
                {
                    "first": first + block.start,
                    "second": second + block.start,
                    "snps": snps,
                    "ibs0": block.ibs0_RC[first, second] / snps,
                    "kinship": block.kinship_RC[first, second],
                }
            )
        )
    return pd.concat(tables, ignore_index=True)
