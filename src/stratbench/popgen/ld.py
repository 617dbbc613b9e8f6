"""LD pruning with PLINK's window rule: which SNPs to keep so that no pair in a window is too correlated.

The rule is that of ``plink2 --indep-pairwise WINDOW STEP R2`` (PLINK 1.x order of comparisons; Purcell et al.
2007, American Journal of Human Genetics 81:559; Chang et al. 2015, GigaScience 4:7). Windows of ``window``
SNPs of one chromosome move by ``step`` SNPs. Within a window each SNP in turn is compared with the later
ones up to the first with r2 > ``r2``. Of that pair, the SNP with the lower minor allele frequency is removed, and
the later one if the frequencies are equal. Then the next SNP has its turn. Rounds are repeated until one of them
removes nothing. r2 is the squared correlation of the A1 counts of the individuals who are called at both SNPs.
"""

import time
from collections.abc import Iterator
from itertools import groupby, pairwise
from operator import itemgetter

import numpy as np

from stratbench.core.job import say
from stratbench.genotypes.dosages import Dosages

BLOCK = 20  # SNPs that join the windows at a time: with more, more correlations are computed than needed
SECONDS = 20  # from one line of progress to the next
Pair = tuple[int, int, int]  # window, first SNP, second SNP
EPSILON = 2.0**-44  # plink2's kSmallEpsilon: thresholds and ties are compared with this tolerance


def summands(dosage_MN: np.ndarray) -> np.ndarray:
    """The summands of sums over individuals, float32 (3, M, N): called (0 or 1), A1 count, square of the A1 count.

    All three are 0 where the genotype is missing. ``dosage_MN`` are A1 counts, int8, -1 for missing.
    """
    result_3MN = np.empty((3, *dosage_MN.shape), dtype=np.float32)
    result_3MN[0] = dosage_MN >= 0
    np.maximum(dosage_MN, 0, out=result_3MN[1])
    np.square(result_3MN[1], out=result_3MN[2])
    return result_3MN


def prune(
    genotypes: Dosages, chrom_M: np.ndarray, maf_M: np.ndarray, window: int, step: int, r2: float
) -> np.ndarray:
    """Which SNPs stay, so that no pair within a window is too correlated.

    Args:
        genotypes: M SNPs, ordered by position within each chromosome, of the individuals that are counted.
        chrom_M: the chromosome of each SNP; the SNPs of one chromosome stand together.
        maf_M: minor allele frequencies, float64.
        window: SNPs of a window.
        step: SNPs that a window moves by.
        r2: the largest squared correlation that a pair may have.

    Returns:
        Which SNPs stay, bool (M,).
    """
    keep_M = np.ones(len(maf_M), dtype=bool)
    inner: list[int] = (np.flatnonzero(chrom_M[1:] != chrom_M[:-1]) + 1).tolist()
    said = time.monotonic()
    for start, end in pairwise([0, *inner, len(chrom_M)]):  # one empty stretch if there is no SNP
        keep, major = [True] * (end - start), (1 - maf_M[start:end]).tolist()
        for done, pairs in _correlated_pairs(genotypes.snps(slice(start, end)), keep, window, step, r2):
            _resolve(pairs, major, keep)
            if time.monotonic() > said + SECONDS:
                said = time.monotonic()
                say(f"LD pruning: {(start + done) / len(maf_M):.0%}")
        keep_M[start:end] = keep
    return keep_M


def _correlated_pairs(
    genotypes: Dosages, keep: list[bool], window: int, step: int, r2: float
) -> Iterator[tuple[int, list[Pair]]]:
    """Pairs of a chromosome's SNPs with r2 above the threshold, some windows at a time, in their order.

    Yields how many SNPs have joined, and the pairs, by window and by their second SNP. A pair belongs to the first
    window that holds both; pairs that no window holds are left out, and those of SNPs that ``keep``, which the caller
    updates in between, no longer has.
    """
    m, joined, number = len(genotypes.row_M), 0, 0
    old_R, old_3RN = np.empty(0, dtype=np.int64), summands(genotypes.snps(slice(0)).read())
    while joined < m:
        number += max(1, BLOCK // step)  # windows that end with this block
        end = min((number - 1) * step + window, m)
        new_M, new_3MN = np.arange(joined, end), summands(genotypes.snps(slice(joined, end)).read())
        old_R, old_3RN = np.concatenate([old_R, new_M]), np.concatenate([old_3RN, new_3MN], axis=1)
        window_M = -(-np.maximum(new_M - window + 1, 0) // step)  # the first that holds the SNP
        within_MR = (old_R < new_M[:, None]) & (old_R >= (window_M * step)[:, None])
        second, first = np.nonzero(exceeds(new_3MN, old_3RN, r2) & within_MR)
        columns = (window_M[second].tolist(), old_R[first].tolist(), new_M[second].tolist())
        yield end, list(zip(*columns, strict=True))
        joined = end
        left = np.array(
            [k for k, snp in enumerate(old_R.tolist()) if keep[snp] and snp >= number * step], dtype=np.int64
        )
        old_R, old_3RN = old_R[left], np.take(old_3RN, left, axis=1)


def exceeds(left_3MN: np.ndarray, right_3RN: np.ndarray, r2: float) -> np.ndarray:
    """Whether the squared correlation of each pair of SNPs is above ``r2``: bool (M, R).

    The inputs are as ``summands`` gives them. Sums are whole numbers below 2**24: exact in float32.
    """
    n, sum_l, sum_r, square_l, square_r, product = _sums(left_3MN, right_3RN)
    covariance = n * product - sum_l * sum_r
    variances = (n * square_l - sum_l**2) * (n * square_r - sum_r**2)
    return covariance**2 > r2 * (1 + EPSILON) * variances


def _sums(left_3MN: np.ndarray, right_3RN: np.ndarray) -> tuple[np.ndarray, ...]:
    """Per pair: n, sums of left and right, sums of their squares, sum of products, over people with both.

    Each is float64, (M, R) or of a shape that broadcasts to it.
    """
    has_l, has_r = left_3MN[0], right_3RN[0]
    product = (left_3MN[1] @ right_3RN[1].T).astype(np.float64)
    if has_r.min(initial=1) == 1 and has_l.min(initial=1) == 1:  # several times quicker than all()
        (n, sum_l, sum_square_l), (_, sum_r, sum_square_r) = (
            part.sum(2).astype(np.float64) for part in (left_3MN, right_3RN)
        )
        return n[:, None], sum_l[:, None], sum_r, sum_square_l[:, None], sum_square_r, product
    n, sum_l, sum_square_l = (left_3MN @ has_r.T).astype(np.float64)
    sum_r, sum_square_r = (has_l @ right_3RN[1:].mT).astype(np.float64)
    return n, sum_l, sum_r, sum_square_l, sum_square_r, product


def _resolve(pairs: list[Pair], major: list[float], keep: list[bool]) -> None:
    """Set ``keep`` to False for the SNPs that PLINK's rounds over each window's pairs remove."""
    for _, of_window in groupby(pairs, key=itemgetter(0)):
        partners: dict[int, list[int]] = {}
        for _, first, second in of_window:
            if keep[first] and keep[second]:
                partners.setdefault(first, []).append(second)
        _settle({first: partners[first][::-1] for first in sorted(partners)}, major, keep)


def _settle(partners: dict[int, list[int]], major: list[float], keep: list[bool]) -> None:
    """Rounds over one window: in each round a SNP removes one partner or itself, until none has a partner.

    ``partners`` are lists of later SNPs, the nearest last.
    """
    while partners:
        for first in list(partners):
            left = partners[first]
            while left and not keep[left[-1]]:
                left.pop()
            if not left or not keep[first]:
                del partners[first]
            elif major[first] > major[left[-1]] * (1 + EPSILON):
                keep[first] = False
            else:
                keep[left.pop()] = False
