"""Whom quality control removes: label-blind outliers in heterozygosity, duplicates, relatives.

Each looks at autosomal SNPs that passed the call rate and vary, among those who are left.
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
LEAST_SNPS = 500  # kinship of fewer says little: its standard error is about .5 / sqrt(SNPs)


def inbreeding(
    blocks: Iterator[tuple[slice, np.ndarray]], a1_freq_MK: np.ndarray, code_N: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Heterozygosity and F of each individual, float64 (N,) both, NaN where nothing is called.

    F = 1 - observed / expected heterozygotes, expected in the individual's population at the SNPs where it is called:
    the sum of 2 p (1 - p), as plink2's --het has it. ``a1_freq_MK`` are the populations' frequencies and ``code_N``
    says who is of which.
    """
    het_N, called_N, expected_N = np.zeros((3, len(code_N)))
    two_pq_MK = 2 * a1_freq_MK * (1 - a1_freq_MK)
    for part, count_MN in blocks:
        called_MN = count_MN >= 0
        het_N += np.count_nonzero(count_MN == 1, axis=0)
        called_N += np.count_nonzero(called_MN, axis=0)
        sums_KN = two_pq_MK[part].T @ called_MN.astype(np.float64)
        expected_N += sums_KN[code_N, np.arange(len(code_N))]
    with np.errstate(divide="ignore", invalid="ignore"):
        return het_N / called_N, np.where(expected_N > 0, 1 - het_N / expected_N, np.nan)


def require_heterozygotes(f_N: pd.Series, source: str | Path) -> None:
    """Raise UserError where hardly anyone is heterozygous: HWE would take most SNPs, and KING would be blind."""
    mean = f_N.mean()  # at copies of one SNP most people may have 1, but not all
    if mean > HOMOZYGOUS:
        raise UserError(
            f"{source}.bed: hardly anyone is heterozygous (mean F {mean:.2f}), as in haploid or inbred data; say "
            "mating: inbred under cohort or in the cohort file, or, if the cohort is outbred, state hwe under qc"
        )


def outliers(f_N: np.ndarray, code_N: np.ndarray, deviations: float) -> np.ndarray:
    """Who lies more than so many standard deviations from the mean of their population: bool (N,)."""
    result_N = np.zeros(len(f_N), dtype=bool)
    for k in range(code_N.max(initial=-1) + 1):
        of_k = (code_N == k) & np.isfinite(f_N)
        if of_k.sum() > 1:
            result_N[of_k] = np.abs(f_N[of_k] - f_N[of_k].mean()) > deviations * f_N[of_k].std(ddof=1)
    return result_N


def kinship(
    blocks: Callable[[], Iterator[tuple[slice, np.ndarray]]], iid_N: pd.Series, limit: float
) -> pd.DataFrame:
    """Pairs related to the third degree or closer, or up to a lower ``limit``: PAIRS (see ``king.pairs``)."""
    least = min(limit, king.THIRD_DEGREE)
    pairs = king.pairs(lambda: (count_MN for _, count_MN in blocks()), len(iid_N), least)
    names = iid_N.to_numpy(dtype=object)
    table = pd.DataFrame({"iid_1": names[pairs["first"]], "iid_2": names[pairs["second"]]})
    return table.join(pairs[["snps", "ibs0", "kinship"]])


def no_pairs() -> pd.DataFrame:
    """The table of pairs where KING was not computed or nobody is related."""
    return pd.DataFrame(columns=PAIRS)


def duplicates(pairs: pd.DataFrame, iid_N: pd.Series, missing_N: np.ndarray, limit: float) -> np.ndarray:
    """Whom to remove so that no pair is above ``limit``: bool (N,). Of a pair the one with more missing genotypes.

    Closest pairs first; of equals the later one in the file goes.
    """
    gone_N = np.zeros(len(iid_N), dtype=bool)
    closest = pairs.sort_values("kinship", ascending=False, kind="stable")
    for one, two in relatives.pairs(closest, iid_N.tolist(), limit).tolist():
        if not (gone_N[one] or gone_N[two]):
            gone_N[one if missing_N[one] > missing_N[two] else two] = True
    return gone_N


def relatives_of_others(pairs: pd.DataFrame, iid_N: pd.Series, limit: float) -> np.ndarray:
    """Whom to remove so that no pair is above ``limit``: bool (N,), whoever has most relatives first."""
    return ~relatives.without_relatives(pairs, iid_N.tolist(), limit)
