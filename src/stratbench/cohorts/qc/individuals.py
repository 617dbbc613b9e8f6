"""The individuals that quality control removes: outliers in heterozygosity, duplicates and relatives.

Each step looks at the autosomal SNPs that passed the call rate and vary among the individuals who are left. No step
looks at a trait.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from stratbench.core.errors import UserError
from stratbench.genotypes.tables import KINSHIP
from stratbench.popgen import king, relatives

PAIRS = list(KINSHIP.columns)
HOMOZYGOUS = 0.9  # a mean F that no outbred cohort has
LEAST_SNPS = 500  # kinships need as many: their standard error is about .5 / sqrt(SNPs)


def inbreeding(
    blocks: Iterator[tuple[slice, np.ndarray]], a1_freq_ML: np.ndarray, code_N: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Heterozygosity and F of each individual, float64 (N,) both, NaN where nothing is called.

    F is 1 - observed / expected heterozygotes. The expected number is the sum of 2 p (1 - p) over the SNPs at which
    the individual is called, with the frequencies p of its population, as plink2's --het has it. ``a1_freq_ML`` are
    the A1 frequencies of the L populations, float64; ``code_N`` is the population of each individual, 0 to L - 1.
    """
    het_N, called_N, expected_N = np.zeros((3, len(code_N)))
    two_pq_ML = 2 * a1_freq_ML * (1 - a1_freq_ML)
    for part, count_MN in blocks:
        called_MN = count_MN >= 0
        het_N += np.count_nonzero(count_MN == 1, axis=0)
        called_N += np.count_nonzero(called_MN, axis=0)
        sums_LN = two_pq_ML[part].T @ called_MN.astype(np.float64)
        expected_N += sums_LN[code_N, np.arange(len(code_N))]
    with np.errstate(divide="ignore", invalid="ignore"):
        return het_N / called_N, np.where(expected_N > 0, 1 - het_N / expected_N, np.nan)


def require_heterozygotes(f_N: pd.Series, bed: str | Path) -> None:
    """Raise UserError if hardly anyone is heterozygous: HWE would remove most SNPs, and KING would tell nothing."""
    mean = f_N.mean()  # at copies of one SNP most people may have 1, but not all
    if mean > HOMOZYGOUS:
        raise UserError(
            f"{bed}: hardly anyone is heterozygous (mean F {mean:.2f}), as in haploid or inbred data; say "
            "mating: inbred under cohort or in the cohort file, or, if the cohort is outbred, state hwe under qc"
        )


def outliers(f_N: np.ndarray, code_N: np.ndarray, deviations: float) -> np.ndarray:
    """Which individuals have an F more than ``deviations`` standard deviations off their population's mean: bool (N,).

    ``code_N`` is the population of each individual, 0 to L - 1.
    """
    result_N = np.zeros(len(f_N), dtype=bool)
    for k in range(code_N.max(initial=-1) + 1):
        of_k = (code_N == k) & np.isfinite(f_N)
        if of_k.sum() > 1:
            result_N[of_k] = np.abs(f_N[of_k] - f_N[of_k].mean()) > deviations * f_N[of_k].std(ddof=1)
    return result_N


def kinship(
    blocks: Callable[[], Iterator[tuple[slice, np.ndarray]]], iid_N: pd.Series, limit: float
) -> pd.DataFrame:
    """The pairs with a kinship of at least ``limit``, or of the third degree if that is lower: a table of PAIRS.

    ``blocks()`` starts anew each time and gives chunks of A1 counts, see ``king.pairs``.
    """
    least = min(limit, king.THIRD_DEGREE)
    pairs = king.pairs(lambda: (count_MN for _, count_MN in blocks()), len(iid_N), least)
    names = iid_N.to_numpy(dtype=object)
    table = pd.DataFrame({"iid_1": names[pairs["first"]], "iid_2": names[pairs["second"]]})
    return table.join(pairs[["snps", "ibs0", "kinship"]])


def no_pairs() -> pd.DataFrame:
    """A table of PAIRS without rows: KING was not computed, or nobody is related."""
    return pd.DataFrame(columns=PAIRS)


def duplicates(pairs: pd.DataFrame, iid_N: pd.Series, missing_N: np.ndarray, limit: float) -> np.ndarray:
    """Which individuals to remove so that no pair has a kinship above ``limit``.

    Pairs are looked at in order of their kinship, the largest first. The individual with more missing genotypes is
    removed. Ties: the individual that comes last in the file is removed.

    Args:
        pairs: a table of PAIRS.
        iid_N: the individuals' ids, in the order of the file.
        missing_N: the share of missing genotypes of each individual, float64.
        limit: the largest kinship that a pair may have.

    Returns:
        Which individuals to remove, bool (N,).
    """
    gone_N = np.zeros(len(iid_N), dtype=bool)
    closest = pairs.sort_values("kinship", ascending=False, kind="stable")
    for one, two in relatives.pairs(closest, iid_N.tolist(), limit).tolist():
        if not (gone_N[one] or gone_N[two]):
            gone_N[one if missing_N[one] > missing_N[two] else two] = True
    return gone_N


def relatives_of_others(pairs: pd.DataFrame, iid_N: pd.Series, limit: float) -> np.ndarray:
    """Which individuals to remove so that no pair has a kinship above ``limit``: bool (N,).

    The individual with the most relatives is removed first, see ``relatives.without_relatives``.
    """
    return ~relatives.without_relatives(pairs, iid_N.tolist(), limit)
