"""A1 counts of chosen SNPs and individuals of a cohort, a chunk of SNPs at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from stratbench.core.errors import UserError
from stratbench.core.words import counted
from stratbench.genotypes import plink

CHUNK = 1024  # SNPs at once
CELLS = 8_000_000  # genotypes at once: 64 MB of float64; above 7800 individuals a chunk has fewer SNPs


@dataclass(frozen=True)
class Genotypes:
    """Some SNPs x some individuals of a .bed; nothing is read before ``chunks``.

    ``packed_RB`` are the bytes of the whole cohort, uint8 (SNPs of the cohort, ceil(n_cohort / 4));
    ``row_M`` and ``person_N`` are int64 positions in .bim and .fam.
    """

    packed_RB: np.ndarray
    n_cohort: int
    row_M: np.ndarray
    person_N: np.ndarray

    def people(self, index: np.ndarray) -> "Genotypes":
        """The same SNPs of some of these individuals: positions or a mask over ``person_N``."""
        return replace(self, person_N=self.person_N[index])

    def snps(self, index: np.ndarray) -> "Genotypes":
        """Some of these SNPs: positions or a mask over ``row_M``."""
        return replace(self, row_M=self.row_M[index])

    def chunks(self, size: int = CHUNK) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield (slice of the SNPs, A1 counts float64 (SNPs in chunk, N), NaN for missing)."""
        values = np.where(plink.A1_COUNT < 0, np.nan, plink.A1_COUNT.astype(np.float64))
        for part, packed_MB in self._packed(size):
            code_MN = plink.unpack(packed_MB, self.n_cohort)
            yield part, values[code_MN[:, self.person_N]]

    def standardised(
        self, p_M: np.ndarray, dtype: type = np.float64, size: int = CHUNK
    ) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield (slice of the SNPs, ``standardise`` of their counts (SNPs in chunk, N)), eight times as fast.

        A SNP has four values, so a byte has 256 quadruples, which are looked up.
        """
        values = np.where(plink.A1_COUNT < 0, np.nan, plink.A1_COUNT.astype(np.float64))
        codes = (np.arange(256)[:, None] >> np.array([0, 2, 4, 6])) & 3
        for part, packed_MB in self._packed(size):
            table_M4: np.ndarray = standardise(np.tile(values, (len(packed_MB), 1)), p_M[part]).astype(dtype)
            z_MB4 = np.empty((*packed_MB.shape, 4), dtype=dtype)
            for row, packed_B in enumerate(packed_MB):
                np.take(table_M4[row][codes], packed_B, axis=0, out=z_MB4[row], mode="clip")
            yield part, z_MB4.reshape(len(packed_MB), -1)[:, self.person_N]

    def _packed(self, size: int) -> Iterator[tuple[slice, np.ndarray]]:
        size = max(1, min(size, CELLS // max(self.n_cohort, 1)))
        for start in range(0, len(self.row_M), size):
            part = slice(start, min(start + size, len(self.row_M)))
            yield part, np.asarray(self.packed_RB[self.row_M[part]])

    def read(self) -> np.ndarray:
        """All counts at once, float64 (M, N), NaN for missing: for few SNPs."""
        if len(self.row_M) == 0:
            return np.empty((0, len(self.person_N)))
        return np.concatenate([count_MN for _, count_MN in self.chunks()])


def positions(wanted: Sequence[str], known: Sequence[str], what: str) -> np.ndarray:
    """Where each wanted name stands among the known ones, int64. Raises UserError for an unknown name."""
    at = {name: k for k, name in enumerate(known)}
    unknown = [name for name in wanted if name not in at]
    if unknown:
        raise UserError(f"{what}: {counted(len(unknown), 'unknown name')}, first '{unknown[0]}'")
    return np.array([at[name] for name in wanted], dtype=np.int64)


def open_cohort(
    cohort_dir: str | Path, snps: Sequence[str] | None = None, iids: Sequence[str] | None = None
) -> Genotypes:
    """The genotypes of a cohort directory, restricted to named SNPs and individuals (default: all)."""
    stem = Path(cohort_dir) / "genotypes"
    fam = plink.read_fam(f"{stem}.fam")
    bim = plink.read_bim(f"{stem}.bim")
    packed_RB = plink.open_bed(f"{stem}.bed", len(fam), len(bim))
    row_M = np.arange(len(bim)) if snps is None else positions(snps, bim["snp"].tolist(), f"{stem}.bim")
    person_N = np.arange(len(fam)) if iids is None else positions(iids, fam["iid"].tolist(), f"{stem}.fam")
    return Genotypes(packed_RB, len(fam), row_M, person_N)


def frequencies(genotypes: Genotypes) -> np.ndarray:
    """A1 frequency of each SNP among called genotypes, float64 (M,); NaN where nobody is called."""
    p_M = np.full(len(genotypes.row_M), np.nan)
    for part, count_MN in genotypes.chunks():
        called_M = np.isfinite(count_MN).sum(axis=1)
        np.divide(np.nansum(count_MN, axis=1), 2 * called_M, out=p_M[part], where=called_M > 0)
    return p_M


def standardise(count_MN: np.ndarray, p_M: np.ndarray) -> np.ndarray:
    """(x - 2p) / sqrt(2p(1 - p)), missing -> 0 (the mean); float64 (M, N). p must lie inside (0, 1)."""
    scale_M = np.sqrt(2 * p_M * (1 - p_M))
    z_MN = (count_MN - 2 * p_M[:, None]) / scale_M[:, None]
    return np.where(np.isnan(z_MN), 0.0, z_MN)
