"""How the people of a test are related: GRMs from chosen SNPs, decomposed once for all tests of a job."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from stratbench.associations import mixed
from stratbench.associations.projection import fixed_basis
from stratbench.core.errors import ScientificFailure
from stratbench.core.job import say
from stratbench.core.words import counted
from stratbench.genotypes.dosages import Dosages, frequencies
from stratbench.popgen import grm

MOST = 10_000  # people: decomposing a GRM of n takes some 50 n^2 bytes, here 5 GB, and hours from there on


@dataclass(frozen=True)
class Relatedness:
    """The SNPs that GRMs of N people may be made of.

    Attributes:
        genotypes: R SNPs of the cohort, without untyped causal ones, of the people who are tested.
        chrom_R: their chromosomes, text.
        of: the SNPs of each choice of ``grm_snps``, bool (R,), by its name.
    """

    genotypes: Dosages
    chrom_R: np.ndarray
    of: dict[str, np.ndarray]
    _kept: dict[tuple[Any, ...], Any] = field(default_factory=dict, repr=False)

    def axes(self, fixed_NC: np.ndarray, snps: str, kind: str, without: str | None = None) -> mixed.GrmAxes:
        """The axes of a GRM among what fixed effects leave; those of the whole genome are kept for the next test.

        Args:
            fixed_NC: the fixed effects beside the constant, float64.
            snps, kind: values of the options ``grm_snps`` and ``grm``.
            without: the chromosome whose SNPs are left out of the GRM.

        Returns:
            The axes.

        Raises:
            ScientificFailure: if the people are too many, too few for the fixed effects, or if no SNP is left.
        """
        key = (snps, kind, without, np.ascontiguousarray(fixed_NC).tobytes())
        if key not in self._kept:
            found = self._axes(fixed_NC, snps, kind, without)
            if without is not None:
                return found
            self._kept[key] = found
        kept: mixed.GrmAxes = self._kept[key]
        return kept

    def _axes(self, fixed_NC: np.ndarray, snps: str, kind: str, without: str | None) -> mixed.GrmAxes:
        n = self.genotypes.n
        basis_NC = fixed_basis(fixed_NC)
        grm_NN, count = self._grm(snps, kind, without)
        of = "" if without is None else f" without chromosome {without}"
        say(f"GRM of {counted(n, 'individual')} from {counted(count, 'SNP')}{of}")
        return mixed.axes(grm_NN, basis_NC)

    def _grm(self, snps: str, kind: str, without: str | None) -> tuple[np.ndarray, int]:
        """A GRM, float64 (N, N), and the number of its SNPs; the sum over all chromosomes is kept."""
        if self.genotypes.n > MOST:
            raise ScientificFailure(
                f"associations: a mixed model of {self.genotypes.n:,} individuals decomposes a GRM, which is "
                f"done for {MOST:,} at most: use ols-pcs, or test fewer people (people: train)"
            )
        p_R = self._frequencies()
        used_R = self.of[snps] & (np.minimum(p_R, 1 - p_R) > 0)
        if ("sum", snps, kind) not in self._kept:
            self._kept["sum", snps, kind] = self._sum(used_R, kind)
        total_NN, out_R = self._kept["sum", snps, kind], used_R & (self.chrom_R == without)
        count = int(used_R.sum() - out_R.sum())
        if count == 0:
            raise ScientificFailure(
                f"associations: no SNP that varies is left for the GRM (grm_snps: {snps}); choose another grm_snps"
            )
        rest_NN = total_NN - self._sum(out_R, kind) if out_R.any() else total_NN
        return rest_NN / count, count

    def _sum(self, used_R: np.ndarray, kind: str) -> np.ndarray:
        return grm.product(
            self.genotypes.snps(used_R), self._frequencies()[used_R], scaled=kind == "standardised"
        )

    def _frequencies(self) -> np.ndarray:
        if ("p",) not in self._kept:
            self._kept["p",] = frequencies(self.genotypes)
        found_R: np.ndarray = self._kept["p",]
        return found_R

    def chromosomes(self, snps: str) -> list[str]:
        """The chromosomes of the SNPs of a choice of ``grm_snps``, in their order."""
        return list(dict.fromkeys(self.chrom_R[self.of[snps]].tolist()))
