"""A1 counts of chosen SNPs and individuals of a cohort, a chunk of SNPs at a time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from stratbench.core.errors import UserError
from stratbench.core.words import counted
from stratbench.genotypes import plink

CHUNK = 1024  # SNPs at once
CELLS = (
    8_000_000  # genotypes at once: 8 MB, or 64 MB as float64; above 7800 individuals a chunk has fewer SNPs
)
_VALUES = np.array([0.0, 1.0, 2.0, np.nan])  # of each dosage; the last one is that of -1


class DosageChunks(Protocol):
    """Genotypes of ``n`` individuals at ``m`` SNPs, whichever engine reads them."""

    @property
    def n(self) -> int: ...

    @property
    def m(self) -> int: ...

    def chunks(self) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield (slice of the SNPs, A1 counts int8 (SNPs in chunk, n), -1 for missing)."""
        ...


@dataclass(frozen=True)
class Dosages:
    """Some SNPs x some individuals of a .bed; nothing is read before ``chunks``.

    Attributes:
        packed_RQ: the bytes of the whole cohort, uint8 (SNPs of the cohort, ceil(n_cohort / 4)).
        n_cohort: individuals of the cohort.
        row_M: rows of the SNPs in the .bim, int64.
        person_N: rows of the individuals in the .fam, int64.
    """

    packed_RQ: np.ndarray
    n_cohort: int
    row_M: np.ndarray
    person_N: np.ndarray

    @property
    def n(self) -> int:
        """How many individuals these are."""
        return len(self.person_N)

    @property
    def m(self) -> int:
        """How many SNPs these are."""
        return len(self.row_M)

    def people(self, index: np.ndarray) -> "Dosages":
        """The same SNPs of some of these individuals: positions or a mask over ``person_N``."""
        return replace(self, person_N=self.person_N[index])

    def snps(self, index: np.ndarray | slice) -> "Dosages":
        """The same individuals at some of these SNPs: positions, a mask or a slice of ``row_M``."""
        return replace(self, row_M=self.row_M[index])

    def chunks(self, size: int = CHUNK, cells: int = CELLS) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield (slice of the SNPs, A1 counts int8 (SNPs in chunk, N), -1 for missing).

        A chunk has at most ``size`` SNPs and about ``cells`` genotypes, but at least one SNP.
        """
        return self._unpacked(plink.dosages, size, cells)

    def codes(self, size: int = CHUNK, cells: int = CELLS) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield (slice of the SNPs, 2-bit PLINK codes uint8 (SNPs in chunk, N)), limited as ``chunks`` is.

        Every chunk but the last has a multiple of four SNPs, whose codes fill whole bytes of an individual.
        """
        size = max(4, min(size, cells // max(self.n_cohort, 1)) // 4 * 4)
        return self._unpacked(plink.unpack, size, size * self.n_cohort)

    def read(self) -> np.ndarray:
        """All A1 counts at once, int8 (M, N), -1 for missing: for few SNPs."""
        parts = [dosage_MN for _, dosage_MN in self.chunks()]
        return np.concatenate([np.empty((0, self.n), dtype=np.int8), *parts])

    def standardised(
        self, p_M: np.ndarray, dtype: type = np.float64, size: int = CHUNK, scaled: bool = True
    ) -> Iterator[tuple[slice, np.ndarray]]:
        """Standardise a chunk of SNPs at a time, eight times as fast as ``standardise``.

        A SNP has four values, so a byte has 256 quadruples, which are looked up.

        Args:
            p_M: A1 frequencies, as of ``standardise``.
            dtype: of the values.
            size: SNPs of a chunk at most.
            scaled: whether to divide, as of ``standardise``.

        Yields:
            (slice of the SNPs, ``standardise`` of their counts (SNPs in chunk, N)).
        """
        values = with_nan(plink.A1_COUNT[None])[0]
        codes = plink.unpack(np.arange(256, dtype=np.uint8)[:, None], 4).astype(np.intp)  # of each byte
        for part, packed_MQ in self._packed(size, CELLS):
            table_M4: np.ndarray = standardise(
                np.tile(values, (len(packed_MQ), 1)), p_M[part], scaled
            ).astype(dtype)
            z_MQ4 = np.empty((*packed_MQ.shape, 4), dtype=dtype)
            for row, packed_Q in enumerate(packed_MQ):
                np.take(table_M4[row][codes], packed_Q, axis=0, out=z_MQ4[row], mode="clip")
            yield part, z_MQ4.reshape(len(packed_MQ), -1)[:, self.person_N]

    def _unpacked(
        self, unpack: Callable[[np.ndarray, int], np.ndarray], size: int, cells: int
    ) -> Iterator[tuple[slice, np.ndarray]]:
        everyone = np.array_equal(self.person_N, np.arange(self.n_cohort))
        for part, packed_MQ in self._packed(size, cells):
            value_MN = unpack(packed_MQ, self.n_cohort)
            yield part, value_MN if everyone else np.take(value_MN, self.person_N, axis=1)

    def _packed(self, size: int, cells: int) -> Iterator[tuple[slice, np.ndarray]]:
        size = max(1, min(size, cells // max(self.n_cohort, 1)))
        for start in range(0, len(self.row_M), size):
            part = slice(start, min(start + size, len(self.row_M)))
            yield part, np.asarray(self.packed_RQ[self.row_M[part]])


def with_nan(dosage_MN: np.ndarray) -> np.ndarray:
    """A1 counts as float64 (M, N), NaN for missing, of int8 (M, N), -1 for missing.

    The counts of an individual lie side by side in memory. Sums depend in their last bit on that order.
    """
    value_MN: np.ndarray = _VALUES[np.ascontiguousarray(dosage_MN.T)].T
    return value_MN


def positions(wanted: Sequence[str], known: Sequence[str], what: str) -> np.ndarray:
    """Where each wanted name stands among the known ones, int64. Raises UserError for an unknown name."""
    at = {name: k for k, name in enumerate(known)}
    unknown = [name for name in wanted if name not in at]
    if unknown:
        raise UserError(f"{what}: {counted(len(unknown), 'unknown name')}, first '{unknown[0]}'")
    return np.array([at[name] for name in wanted], dtype=np.int64)


def open_bed(bed: str | Path, n: int, m: int) -> Dosages:
    """All ``n`` individuals at all ``m`` SNPs of a .bed. Raises UserError for a damaged one."""
    return Dosages(plink.open_bed(bed, n, m), n, np.arange(m), np.arange(n))


def open_cohort(
    cohort: Mapping[str, Any], snps: Sequence[str] | None = None, iids: Sequence[str] | None = None
) -> Dosages:
    """The genotypes of a cohort.

    Args:
        cohort: the paths of its ``bed``, ``bim`` and ``fam``, by these names.
        snps: the ids of the SNPs that are wanted, in any order; all if not given.
        iids: the individuals who are wanted, likewise.

    Raises UserError for a fileset that is damaged, and for a name that it lacks.
    """
    fam, bim = plink.read_fam(cohort["fam"]), plink.read_bim(cohort["bim"])
    genotypes = open_bed(cohort["bed"], len(fam), len(bim))
    if snps is not None:
        genotypes = genotypes.snps(positions(snps, bim["snp"].tolist(), str(cohort["bim"])))
    if iids is not None:
        genotypes = genotypes.people(positions(iids, fam["iid"].tolist(), str(cohort["fam"])))
    return genotypes


def frequencies(genotypes: Dosages) -> np.ndarray:
    """A1 frequency of each SNP among called genotypes, float64 (M,); NaN where nobody is called."""
    p_M = np.full(genotypes.m, np.nan)
    for part, dosage_MN in genotypes.chunks():
        called_M = np.count_nonzero(dosage_MN >= 0, axis=1)
        total_M = np.maximum(dosage_MN, 0).sum(axis=1)
        np.divide(total_M, 2 * called_M, out=p_M[part], where=called_M > 0)
    return p_M


def standardise(count_MN: np.ndarray, p_M: np.ndarray, scaled: bool = True) -> np.ndarray:
    """(x - 2p) / sqrt(2p(1 - p)), missing -> 0 (the mean); float64 (M, N). p must lie inside (0, 1).

    With ``scaled`` false it is x - 2p, and p may also be 0 or 1.
    """
    scale_M = np.sqrt(2 * p_M * (1 - p_M)) if scaled else np.ones(len(p_M))
    z_MN = (count_MN - 2 * p_M[:, None]) / scale_M[:, None]
    return np.where(np.isnan(z_MN), 0.0, z_MN)
