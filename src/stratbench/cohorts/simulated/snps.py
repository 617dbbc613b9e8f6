"""SNPs of a tree sequence, streamed into a .bed a chunk at a time: no dense matrix is ever held."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from stratbench.core.job import say
from stratbench.core.words import counted
from stratbench.genotypes import plink

if TYPE_CHECKING:
    import tskit

CHUNK = 1024  # SNPs held at once: 15 MB of counts for 15,000 individuals
SECONDS = 20  # between two lines of progress; there is one at each tenth of the .bed, too


def write_chromosome(
    bed: plink.Writer, sequence: "tskit.TreeSequence", number: int, chromosomes: int, min_maf: float
) -> pd.DataFrame:
    """Append the SNPs of one chromosome to the .bed.

    Args:
        bed: the open .bed.
        sequence: the chromosome's trees and mutations.
        number: the chromosome's number, from 1.
        chromosomes: how many there are; progress is told as a share of all.
        min_maf: SNPs whose minor allele is rarer are left out.

    Returns:
        The SNPs' rows of the .bim.
    """
    rows: list[tuple[int, str, str]] = []
    chunk: list[np.ndarray] = []
    said, tenth = time.monotonic(), 10 * (number - 1) // chromosomes
    for position, ancestral, derived, count_N in snps(sequence, min_maf):
        rows.append((position, derived, ancestral))
        chunk.append(count_N)
        if len(chunk) == CHUNK:
            bed.append(np.stack(chunk))
            chunk.clear()
            share = (number - 1 + position / sequence.sequence_length) / chromosomes
            if int(10 * share) > tenth or time.monotonic() > said + SECONDS:
                said, tenth = time.monotonic(), int(10 * share)
                say(f"{share:.0%}: chromosome {number}, {counted(len(rows), 'SNP')} written")
    if chunk:
        bed.append(np.stack(chunk))
    return bim_rows(str(number), pd.DataFrame(rows, columns=["pos", "a1", "a2"]))


def bim_rows(chrom: str, table: pd.DataFrame) -> pd.DataFrame:
    """The .bim of SNPs of one chromosome, named by their place, from their pos, a1 and a2."""
    snp = [f"chr{chrom}:{position}" for position in table["pos"]]
    return table.assign(chrom=chrom, cm=0, snp=snp)[plink.BIM_COLUMNS]


def snps(sequence: "tskit.TreeSequence", min_maf: float) -> Iterator[tuple[int, str, str, np.ndarray]]:
    """Yield 1-based position, ancestral allele, derived allele, derived count int8 (N,) of two-allele sites.

    Sites that do not vary in the sample, or whose minor allele is rarer than ``min_maf``, are passed over.
    """
    n = sequence.num_samples // 2
    _require_pairs(sequence)
    least = max(1, int(np.ceil(min_maf * 2 * n * (1 - 1e-9))))
    for variant in sequence.variants(copy=False):
        if variant.num_alleles != 2:
            continue
        derived = int(np.count_nonzero(variant.genotypes))
        if min(derived, 2 * n - derived) < least:
            continue
        ancestral_allele, derived_allele = variant.alleles
        # Two strided adds: a sum over an axis of length two takes thirty times as long.
        count_N = (variant.genotypes[::2] + variant.genotypes[1::2]).astype(np.int8)
        yield int(variant.site.position) + 1, ancestral_allele, derived_allele, count_N


def _require_pairs(sequence: "tskit.TreeSequence") -> None:
    """Raise ValueError unless the two samples of each individual are neighbours; another order would mix people up."""
    individual = sequence.nodes_individual[sequence.samples()]
    first, second = individual[::2], individual[1::2]
    if len(first) != len(second) or (first != second).any() or (np.diff(first) <= 0).any():
        raise ValueError("sample nodes do not come in pairs by individual")
