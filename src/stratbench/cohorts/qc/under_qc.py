"""A raw cohort on its way through quality control: its tables, and who and what is still in."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from stratbench.cohorts.qc import tables as qc_tables
from stratbench.cohorts.qc.waterfall import Waterfall
from stratbench.core.errors import UserError
from stratbench.core.words import counted
from stratbench.genotypes import plink, tables
from stratbench.genotypes.dosages import Dosages, open_bed
from stratbench.genotypes.fileset import FilesetDosages
from stratbench.popgen import chromosomes
from stratbench.popgen.counts import GenotypeCounts, count

CHUNK = 2048  # SNPs read at a time; fewer above 8000 individuals
CELLS = 16_000_000


@dataclass
class UnderQC:
    """``keep_N`` and ``keep_M`` say who and what is in; ``step_N`` and ``step_M`` which step removed the others."""

    fam: pd.DataFrame
    bim: pd.DataFrame
    samples: pd.DataFrame
    reader: FilesetDosages
    genotypes: Dosages
    autosome_M: np.ndarray
    sex_chromosome_M: np.ndarray
    steps: Waterfall
    keep_N: np.ndarray = field(init=False)
    keep_M: np.ndarray = field(init=False)
    step_N: np.ndarray = field(init=False)
    step_M: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        n, m = len(self.fam), len(self.bim)
        self.keep_N, self.keep_M = np.ones(n, dtype=bool), np.ones(m, dtype=bool)
        self.step_N, self.step_M = np.full(n, "", dtype=object), np.full(m, "", dtype=object)

    def keep_snps(self, step: str, passes_M: np.ndarray, threshold: str) -> None:
        """Remove the SNPs that do not pass and record the step."""
        gone_M = self.keep_M & ~passes_M
        self.step_M[gone_M] = step
        self.keep_M = self.keep_M & passes_M
        self.steps.add(step, "SNPs", int(gone_M.sum()), threshold)

    def keep_individuals(self, step: str, passes_N: np.ndarray, threshold: str) -> None:
        """Remove the individuals who do not pass and record the step."""
        gone_N = self.keep_N & ~passes_N
        self.step_N[gone_N] = step
        self.keep_N = self.keep_N & passes_N
        self.steps.add(step, "individuals", int(gone_N.sum()), threshold)

    def kept(self, row_M: np.ndarray) -> Dosages:
        """The kept individuals at these SNPs."""
        return self.genotypes.snps(row_M).people(self.keep_N)

    def chunks(self, row_M: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        """The kept individuals' A1 counts at these SNPs, a chunk at a time, and which of them it holds."""
        return self.kept(row_M).chunks(CHUNK, CELLS)

    def some(self, row_M: np.ndarray) -> np.ndarray:
        """The kept individuals' A1 counts at a few of these SNPs, int8 (M, N)."""
        return self.kept(qc_tables.thinned(row_M, qc_tables.AXES_SNPS)).read()

    def count(self) -> GenotypeCounts:
        """Genotypes of every SNP among the kept individuals."""
        return count(self.reader, self.samples["population"].to_numpy(), self.keep_N)


def read(raw_prefix: str | Path, raw_samples: str | Path, n_autosomes: int | None) -> UnderQC:
    """.fam, .bim, .bed and samples.tsv of the raw contract, checked against each other.

    Raises UserError where they do not fit together, and for duplicate SNP ids.
    """
    fam, bim = plink.read_fam(f"{raw_prefix}.fam"), plink.read_bim(f"{raw_prefix}.bim")
    people = tables.Ids(fam["iid"].tolist(), f"{raw_prefix}.fam")
    samples = tables.read(raw_samples, tables.SAMPLES, rows=people, texts=True)
    twice = bim["snp"][bim["snp"].duplicated()]
    if len(twice):
        raise UserError(
            f"{raw_prefix}.bim: {counted(len(twice), 'SNP id')} used a second time, first '{twice.iloc[0]}'; "
            "rename them, e.g. with plink2 --set-all-var-ids '@:#:$r:$a', or remove them with --rm-dup"
        )
    return UnderQC(
        fam,
        bim,
        samples,
        FilesetDosages(raw_prefix, len(fam), len(bim)),
        open_bed(f"{raw_prefix}.bed", len(fam), len(bim)),
        chromosomes.is_autosome(bim["chrom"], n_autosomes) & chromosomes.is_placed(bim),
        chromosomes.is_sex_or_mitochondrial(bim["chrom"], n_autosomes),
        Waterfall({"individuals": len(fam), "SNPs": len(bim)}, f"{raw_prefix}.bed"),
    )
