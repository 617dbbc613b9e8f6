"""LD pruning with PLINK's window rule: which SNPs to keep so that no pair in a window is too correlated.

The rule is that of ``plink2 --indep-pairwise WINDOW STEP R2`` (PLINK 1.x order of comparisons; Purcell et al.
2007, American Journal of Human Genetics 81:559; Chang et al. 2015, GigaScience 4:7). Windows of ``window``
SNPs of one chromosome move by ``step`` SNPs. Within a window each SNP in turn is compared with the later
ones up to the first with r2 > ``r2``; of that pair the one with the lower minor allele frequency goes, the
later one if they are equal; then the next SNP has its turn; and so on until a whole round removes nothing.
r2 is the squared correlation of the genotype counts of those individuals who have both.
"""

from collections.abc import Iterator
from itertools import groupby

import numpy as np

from stratbench import plink

BLOCK = 32  # SNPs whose correlations are computed in one go; larger ones compute more that no window holds
EPSILON = 2.0**-44  # plink2's kSmallEpsilon: thresholds and ties are compared with this tolerance


def prune(
    packed_MB: np.ndarray, n: int, chrom_M: np.ndarray, maf_M: np.ndarray, window: int, step: int, r2: float
) -> np.ndarray:
    """Which SNPs stay: bool (M,).

    ``packed_MB`` are .bed bytes uint8 (M, ceil(n / 4)), SNPs ordered by position within each chromosome;
    ``chrom_M`` names the chromosome, each one contiguous; ``maf_M`` is float64.
    """
    keep_M = np.ones(len(maf_M), dtype=bool)
    starts: list[int] = np.flatnonzero(np.r_[True, chrom_M[1:] != chrom_M[:-1]])[: len(chrom_M)].tolist()
    for start, end in zip(starts, [*starts[1:], len(chrom_M)], strict=True):
        part = slice(start, end)
        pairs_P3 = _correlated_pairs(packed_MB[part], n, window, step, r2)
        keep_M[part] = _resolve(pairs_P3, maf_M[part])
    return keep_M


def _correlated_pairs(packed_MB: np.ndarray, n: int, window: int, step: int, r2: float) -> np.ndarray:
    """Pairs of a chromosome's SNPs with r2 above the threshold: int64 (P, 3), window, first, second, sorted.

    A pair belongs to the first window that holds both; pairs that no window holds are left out.
    """
    found = [np.empty((0, 3), dtype=np.int64)]
    m = len(packed_MB)
    for start in range(0, m, BLOCK):
        end = min(start + BLOCK + window - 1, m)
        count_MN = plink.A1_COUNT[plink.unpack(np.asarray(packed_MB[start:end]), n)]
        above = exceeds(count_MN[:BLOCK], count_MN, r2)
        first, second = (index + start for index in np.nonzero(above))
        number = -(-np.maximum(second - window + 1, 0) // step)
        held = (first < second) & (number * step <= first)
        found.append(np.stack([number, first, second], axis=1)[held])
    pairs_P3 = np.concatenate(found)
    return pairs_P3[np.lexsort(pairs_P3.T[::-1])]


def exceeds(left_AN: np.ndarray, right_BN: np.ndarray, r2: float) -> np.ndarray:
    """Whether the squared correlation of each pair of SNPs is above ``r2``: bool (A, B).

    The inputs are A1 counts int8 with -1 for missing. Sums are whole numbers below 2**24: exact in float32.
    """
    n, sum_l, sum_r, square_l, square_r, product = _sums(left_AN, right_BN)
    covariance = n * product - sum_l * sum_r
    variances = (n * square_l - sum_l**2) * (n * square_r - sum_r**2)
    return covariance**2 > r2 * (1 + EPSILON) * variances


def _sums(left_AN: np.ndarray, right_BN: np.ndarray) -> Iterator[np.ndarray]:
    """Per pair: n, sums of left and right, sums of their squares, sum of products, over people with both.

    Each is float64, (A, B) or of a shape that broadcasts to it.
    """
    if (left_AN >= 0).all() and (right_BN >= 0).all():
        left, right = left_AN.astype(np.float32), right_BN.astype(np.float32)
        n = np.full((1, 1), left.shape[1])
        sums = (n, left.sum(1)[:, None], right.sum(1), (left**2).sum(1)[:, None], (right**2).sum(1))
        return (part.astype(np.float64) for part in (*sums, left @ right.T))
    has_l, has_r = (left_AN >= 0).astype(np.float32), (right_BN >= 0).astype(np.float32)
    left, right = left_AN * has_l, right_BN * has_r
    sums = (has_l @ has_r.T, left @ has_r.T, has_l @ right.T, left**2 @ has_r.T, has_l @ (right**2).T)
    return (part.astype(np.float64) for part in (*sums, left @ right.T))


def _resolve(pairs_P3: np.ndarray, maf_M: np.ndarray) -> np.ndarray:
    """Which SNPs of a chromosome stay, bool (M,), after PLINK's rounds over each window's pairs."""
    major = (1 - maf_M).tolist()
    keep = [True] * len(major)
    for _, pairs in groupby(pairs_P3.tolist(), key=lambda pair: pair[0]):
        partners: dict[int, list[int]] = {}
        for _, first, second in pairs:
            partners.setdefault(first, []).append(second)
        _settle({first: iter(seconds) for first, seconds in partners.items()}, major, keep)
    return np.array(keep, dtype=bool)


def _settle(partners: dict[int, Iterator[int]], major: list[float], keep: list[bool]) -> None:
    """Rounds over one window: each SNP removes one partner or itself a round, until none has a partner."""
    while partners:
        for first in list(partners):
            second = next((k for k in partners[first] if keep[k]), None) if keep[first] else None
            if second is None:
                del partners[first]
            elif major[first] > major[second] * (1 + EPSILON):
                keep[first] = False
            else:
                keep[second] = False
