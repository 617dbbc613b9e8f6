"""Genotypes as training reads them: 2-bit bytes and a table of four values per SNP.

The table is computed from training individuals only, so imputation, centring and scaling cannot leak.
"""

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jax import Array

from stratbench.genotypes import plink
from stratbench.genotypes.dosages import Dosages

CHUNK = 4096  # SNPs unpacked at a time
ENCODINGS = ("standardised", "dosage")


@dataclass(frozen=True)
class Packed:
    """Everyone's genotypes and what training individuals say about each SNP.

    Attributes:
        packed_NQ: 2-bit PLINK codes, uint8 (N, ceil(M / 4)).
        n_snps: M.
        code_count_M4: how often each code occurs among training individuals, int64 (M, 4).
    """

    packed_NQ: np.ndarray
    n_snps: int
    code_count_M4: np.ndarray

    @property
    def frequency_M(self) -> np.ndarray:
        """A1 frequency among training individuals, float64 (M,); 0 where no one is genotyped."""
        hom, _, het, other = self.code_count_M4.T
        called = hom + het + other
        return (2 * hom + het) / np.maximum(2 * called, 1)

    @property
    def sd_M(self) -> np.ndarray:
        """Standard deviation of the A1 count among genotyped training individuals, float64 (M,)."""
        hom, _, het, other = self.code_count_M4.T
        called = np.maximum(hom + het + other, 1)
        variance = (4 * hom + het) / called - (2 * self.frequency_M) ** 2
        return np.sqrt(np.maximum(variance, 0))

    def table(self, encoding: str) -> np.ndarray:
        """The input value of each 2-bit code, float32 (M, 4).

        standardised: (count - mean) / sd, missing 0; a SNP without variance is 0 throughout.
        dosage: the A1 count, missing the most frequent genotype (the reference study's imputation).
        """
        count_M4 = np.tile([2.0, 0.0, 1.0, 0.0], (self.n_snps, 1))
        if encoding == "dosage":
            genotype = np.array([0, 2, 3])
            mode_M = genotype[self.code_count_M4[:, genotype].argmax(axis=1)]
            count_M4[:, plink.MISSING] = count_M4[np.arange(self.n_snps), mode_M]
            return count_M4.astype(np.float32)
        if encoding != "standardised":
            raise ValueError(f"unknown encoding {encoding!r}")
        sd_M1 = self.sd_M[:, None]
        table_M4 = np.divide(
            count_M4 - 2 * self.frequency_M[:, None], sd_M1, out=np.zeros_like(count_M4), where=sd_M1 > 0
        )
        table_M4[:, plink.MISSING] = 0
        return table_M4.astype(np.float32)

    def codes(self, individual_B: np.ndarray) -> np.ndarray:
        """2-bit codes, uint8 (B, M)."""
        return plink.unpack(self.packed_NQ[individual_B], self.n_snps)


def pack(genotypes: Dosages, train_N: np.ndarray) -> Packed:
    """Read genotypes individual by individual, and count each SNP's codes among training individuals.

    Args:
        genotypes: A1 counts of N individuals at M SNPs.
        train_N: the positions of the training individuals among the N, int64.
    """
    n, m = genotypes.n, genotypes.m
    packed_NQ = np.zeros((n, -(-m // 4)), dtype=np.uint8)
    counts_M4 = np.zeros((m, 4), dtype=np.int64)
    for part, code_MN in genotypes.codes(CHUNK):
        block_NQ = plink.pack(np.ascontiguousarray(code_MN.T))
        packed_NQ[:, part.start // 4 : part.start // 4 + block_NQ.shape[1]] = block_NQ
        code_MT = code_MN[:, train_N]
        for code in range(4):
            counts_M4[part, code] = np.count_nonzero(code_MT == code, axis=1)
    return Packed(packed_NQ, m, counts_M4)


def unpack(packed_BQ: Array, n_snps: int) -> Array:
    """Traceable twin of ``plink.unpack``: int32 (B, M)."""
    shifts = jnp.array([0, 2, 4, 6], dtype=jnp.uint8)
    code = (packed_BQ[:, :, None] >> shifts) & 3
    return code.reshape(len(packed_BQ), -1)[:, :n_snps].astype(jnp.int32)


def look_up(table_M4: Array, code_BM: Array) -> Array:
    """Input values, float32 (B, M)."""
    return table_M4[jnp.arange(table_M4.shape[0]), code_BM]
