"""KING-robust kinship of all pairs of individuals, which needs no allele frequencies.

Manichaikul et al. 2010, Bioinformatics 26:2867, equation 11 (between families), as plink2's --make-king-table has
it: over the SNPs at which both are called, phi = 1/2 - sum (g_i - g_j)^2 / (4 min(het_i, het_j)). Duplicates have
1/2, parents and full siblings 1/4, second and third degree 1/8 and 1/16, unrelated people of one population 0, of
different ones below 0. Limits between the degrees are halfway on a log scale: 2^-1.5, 2^-2.5, 2^-3.5, 2^-4.5.
It takes autosomal SNPs that are not pruned. Among inbred individuals it has no meaning, as they have hardly any
heterozygous genotypes, by which it divides.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

DUPLICATES, FIRST_DEGREE, SECOND_DEGREE, THIRD_DEGREE = (2.0 ** -(k + 0.5) for k in (1, 2, 3, 4))
ROWS = 1000  # individuals compared with all later ones at a time: some 50 bytes a pair in memory
SNPS = 8192  # SNPs compared at a time: their bits stay in the cache

Chunks = Callable[[], Iterable[np.ndarray]]


@dataclass(frozen=True)
class Block:
    """Individuals ``start``, start + 1, ... (R) against all from ``start`` on (N), over SNPs called in both.

    Only pairs of an individual with itself and later ones are counted: above and on the diagonal.
    ``snps_RN`` and ``ibs0_RN`` are int32: how many SNPs, and at how many the two are opposite homozygotes;
    ``kinship_RN`` is float64, NaN where one of the two has no heterozygote.
    """

    start: int
    snps_RN: np.ndarray
    ibs0_RN: np.ndarray
    kinship_RN: np.ndarray


def blocks(chunks: Chunks, n: int, rows: int = ROWS) -> Iterator[Block]:
    """All pairs of ``n`` individuals, ``rows`` at a time.

    ``chunks()`` starts anew each time and gives A1 counts, int8 (SNPs, n), -1 for missing. It is read once for
    each block. A SNP takes one bit, so that 64 SNPs of a pair are compared at a time, which is about six times as
    fast as products of matrices.
    """
    for start in range(0, n, rows):
        here = min(rows, n - start)
        sums = np.zeros((5, here, n - start), dtype=np.int32)
        for chunk_MN in chunks():
            for first in range(0, len(chunk_MN), SNPS):
                _add(chunk_MN[first : first + SNPS, start:], here, sums)
        snps, het_here, het_there, both_het, ibs0 = sums
        least_het = np.minimum(het_here, het_there)
        squares = het_here + het_there - 2 * both_het + 4 * ibs0
        kinship = np.full(least_het.shape, np.nan)
        np.divide(squares, 4.0 * least_het, out=kinship, where=least_het > 0)
        yield Block(start, snps, ibs0, 0.5 - kinship)


def _bits(of_MN: np.ndarray) -> np.ndarray:
    """Pack bool (M, N) so that each SNP takes one bit: uint64 (N, ceil(M / 64))."""
    bytes_NQ = np.packbits(np.ascontiguousarray(of_MN.T), axis=1)
    return np.pad(bytes_NQ, ((0, 0), (0, -bytes_NQ.shape[1] % 8))).view(np.uint64)


def _add(count_MN: np.ndarray, rows: int, sums_5RN: np.ndarray) -> None:
    """Add SNPs to the sums over pairs: both called, one het, other het, both het, opposite homozygotes."""
    called, het, two, none = (
        _bits(of) for of in (count_MN >= 0, count_MN == 1, count_MN == 2, count_MN == 0)
    )
    complete = bool((count_MN >= 0).all())
    het_N = (count_MN == 1).sum(axis=0)
    for row in range(rows):
        later = slice(row, None)
        sums = sums_5RN[:, row, later]
        sums[3] += _count(het[row] & het[later])
        sums[4] += _count((two[row] & none[later]) | (none[row] & two[later]))
        if complete:
            sums[:3] += np.stack(np.broadcast_arrays(len(count_MN), het_N[row], het_N[later]))
            continue
        sums[0] += _count(called[row] & called[later])
        sums[1] += _count(het[row] & called[later])
        sums[2] += _count(called[row] & het[later])


def _count(bits_NQ: np.ndarray) -> np.ndarray:
    """The number of bits that are set in each row: int32 (N,)."""
    return np.bitwise_count(bits_NQ).sum(axis=1, dtype=np.int32)


def kinship(chunks: Chunks, n: int) -> np.ndarray:
    """Kinship of all pairs, float64 (N, N), symmetric; the diagonal is 1/2, NaN for who has no heterozygote.

    ``chunks`` is as in ``blocks``.
    """
    result_NN = np.empty((n, n))
    for block in blocks(chunks, n):
        end = block.start + len(block.kinship_RN)
        result_NN[block.start : end, block.start :] = block.kinship_RN
    lower = np.tril_indices(n, -1)
    result_NN[lower] = result_NN.T[lower]
    return result_NN


def pairs(chunks: Chunks, n: int, least: float = THIRD_DEGREE) -> pd.DataFrame:
    """Pairs with a kinship of at least ``least``: first < second (int64 positions), snps, ibs0, kinship.

    ``chunks`` is as in ``blocks``; ``ibs0`` is a share of the SNPs called in both. Ordered by first and second.
    Memory is that of one block, whatever n.
    """
    tables = []
    for block in blocks(chunks, n):
        first, second = np.nonzero(np.triu(block.kinship_RN >= least, 1))
        snps = block.snps_RN[first, second]
        tables.append(
            pd.DataFrame(
                {
                    "first": first + block.start,
                    "second": second + block.start,
                    "snps": snps,
                    "ibs0": block.ibs0_RN[first, second] / snps,
                    "kinship": block.kinship_RN[first, second],
                }
            )
        )
    return pd.concat(tables, ignore_index=True)
