"""Whom an attribution compares somebody with: donors and mean genotypes, all from training individuals."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from stratbench.core.errors import ScientificFailure
from stratbench.genotypes.packed import Packed

AT_ONCE = 2**22  # codes that are unpacked together
A1 = np.array([2, 0, 1, 0])  # A1 alleles of each 2-bit code; a missing genotype has none, and is not called
CALLED = np.array([1, 0, 1, 1])


@dataclass(frozen=True, eq=False)
class ReferencePanel:
    """Everyone of a split, as attribution methods see them.

    Attributes:
        genotypes: everyone's.
        population_N: text.
        train_T: indices of training individuals.
        snp_M: ids of the SNPs, text.
        lengths: how many of the SNPs each chromosome has, in order.
        seed: of everything that a method draws. It is the same for all adjustments of a model.
    """

    genotypes: Packed
    population_N: np.ndarray
    train_T: np.ndarray
    snp_M: np.ndarray
    lengths: Sequence[int]
    seed: int

    @cached_property
    def populations(self) -> list[str]:
        """The names of all populations, sorted."""
        return sorted(set(self.population_N))

    def of_population(self, name: str) -> np.ndarray:
        """Training individuals of a population. Raises ScientificFailure if there is none."""
        found = self.train_T[self.population_N[self.train_T] == name]
        if not len(found):
            raise ScientificFailure(
                f"no training individual is of population '{name}', with whom its test individuals could be compared"
            )
        return found

    def sample(self, name: str, most: int) -> np.ndarray:
        """At most so many training individuals of a population, drawn by the seed."""
        return np.random.default_rng(self.seed).permutation(self.of_population(name))[:most]

    def donors(self, i_B: np.ndarray, count: int, within: bool) -> np.ndarray:
        """Training individuals in a random order that depends on nothing but the individual and the seed.

        Args:
            i_B: whose donors these are.
            count: how many each gets. Where there are fewer, the same ones come again, in the same order.
            within: whether donors are of the individual's own population.

        Returns:
            Indices, int64 (B, count).

        Raises:
            ScientificFailure: for somebody of a population without training individuals.
        """
        found = np.empty((len(i_B), count), dtype=np.int64)
        for row, one in enumerate(i_B):
            pool = self.of_population(self.population_N[one]) if within else self.train_T
            rng = np.random.default_rng([self.seed, int(one)])
            found[row] = np.resize(rng.permutation(pool), count)
        return found

    def codes(self, individual_B: np.ndarray) -> list[np.ndarray]:
        """2-bit codes of individuals, in parts of bounded size: uint8 (some, M) each."""
        step = max(1, AT_ONCE // max(1, self.genotypes.n_snps))
        return [self.genotypes.codes(individual_B[k : k + step]) for k in range(0, len(individual_B), step)]

    @cached_property
    def dosage_LM(self) -> np.ndarray:
        """The mean A1 count of each population's training individuals, float64.

        Where nobody of a population is genotyped, it is the mean of everyone in training. Raises ScientificFailure
        for a population without training individuals.
        """
        everyone_M = 2 * self.genotypes.frequency_M
        mean_LM = np.empty((len(self.populations), self.genotypes.n_snps))
        for level, name in enumerate(self.populations):
            parts = self.codes(self.of_population(name))
            called_M = sum(CALLED[part].sum(axis=0) for part in parts)
            count_M = sum(A1[part].sum(axis=0) for part in parts)
            mean_LM[level] = np.divide(count_M, called_M, out=everyone_M.copy(), where=called_M > 0)
        return mean_LM

    def levels(self, i_B: np.ndarray) -> np.ndarray:
        """The place of each individual's population among ``populations``."""
        return np.searchsorted(self.populations, self.population_N[i_B])
