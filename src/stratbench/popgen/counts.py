"""Genotype counts of SNPs by population, and the call rate, HWE and MAF that follow from them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from stratbench.genotypes.dosages import DosageChunks
from stratbench.popgen import hwe, ld


@dataclass(frozen=True)
class GenotypeCounts:
    """How often each genotype occurs at each of M SNPs, in each of L populations.

    Attributes:
        n: individuals, called or not.
        names: the populations' names; individuals without a label are counted under a blank name.
        hom1_ML, het_ML, hom2_ML: homozygotes of A1, heterozygotes, homozygotes of A2, int64.
    """

    n: int
    names: tuple[str, ...]
    hom1_ML: np.ndarray
    het_ML: np.ndarray
    hom2_ML: np.ndarray

    @property
    def called_M(self) -> np.ndarray:
        return (self.hom1_ML + self.het_ML + self.hom2_ML).sum(axis=1)

    @property
    def a1_freq_ML(self) -> np.ndarray:
        """A1 frequency of each SNP in each population, float64 (M, L); 0 where nobody is called."""
        called_ML = self.hom1_ML + self.het_ML + self.hom2_ML
        return (2 * self.hom1_ML + self.het_ML) / np.maximum(2 * called_ML, 1)

    @property
    def a1_freq_M(self) -> np.ndarray:
        """A1 frequency of each SNP, float64 (M,); 0 where nobody is called."""
        return (2 * self.hom1_ML + self.het_ML).sum(axis=1) / np.maximum(2 * self.called_M, 1)

    @property
    def maf_M(self) -> np.ndarray:
        return np.minimum(self.a1_freq_M, 1 - self.a1_freq_M)

    def hwe_M(self, of_M: np.ndarray, within: str = "population") -> np.ndarray:
        """The smallest exact P value of HWE over the populations, float64 (M,); NaN for SNPs not in ``of_M``.

        ``within`` is ``population``, which leaves out people without a label, or ``pooled``, which takes all people
        as one population. With ``population``, all values are NaN if nobody has a label.
        """
        result_M = np.full(len(of_M), np.nan)
        tables = [table_ML[of_M] for table_ML in (self.hom1_ML, self.het_ML, self.hom2_ML)]
        if within == "pooled":
            result_M[of_M] = hwe.exact(*(table_ML.sum(axis=1) for table_ML in tables))
        else:
            for k in np.flatnonzero(self.names):
                p_M = hwe.exact(*(table_ML[:, k] for table_ML in tables))
                result_M[of_M] = np.fmin(result_M[of_M], p_M)  # fmin prefers a number to NaN
        return result_M

    def common_M(self, maf: float) -> np.ndarray:
        """Which SNPs vary and have at least this minor allele frequency: bool (M,)."""
        maf_M = self.maf_M
        return (maf_M >= maf * (1 - ld.EPSILON)) & (maf_M > 0)


def count(genotypes: DosageChunks, population_N: np.ndarray, keep_N: np.ndarray) -> GenotypeCounts:
    """Genotype counts of every SNP among the kept individuals, by population."""
    code_N, names = pd.factorize(population_N[keep_N])
    members_LN = [np.flatnonzero(keep_N)[code_N == k] for k in range(len(names))]
    tables = [np.zeros((genotypes.m, len(names)), dtype=np.int64) for _ in range(3)]
    for part, count_MN in genotypes.chunks():
        for k, members in enumerate(members_LN):
            of_population = count_MN[:, members]
            for value, table in zip((2, 1, 0), tables, strict=True):
                table[part, k] = np.count_nonzero(of_population == value, axis=1)
    return GenotypeCounts(int(keep_N.sum()), tuple(names), *tables)


def most(share: float, n: int) -> int:
    """The largest count that is no more than this share of ``n``, with plink2's tolerance."""
    return int(share * n * (1 + ld.EPSILON))
