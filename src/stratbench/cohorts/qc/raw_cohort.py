"""A raw cohort during quality control: its tables, and the individuals and SNPs that no step has removed yet."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

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
class RawCohort:
    """A raw cohort of N individuals and M SNPs, and what no step of quality control has removed from it yet.

    Attributes:
        fam, bim, samples: its tables, in file order.
        reader: all genotypes by pandas-plink, for passes over all SNPs.
        genotypes: the same genotypes, of which some SNPs and individuals can be chosen.
        autosome_M, sex_chromosome_M: which SNPs have a place on an autosome, and which are on X, Y, XY or MT; bool.
        steps: the record of the steps.
        keep_N, keep_M: which individuals and SNPs no step has removed, bool.
        step_N, step_M: the step that removed each individual and SNP, blank for those that are kept.
    """

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
        """Yield (slice of ``row_M``, the kept individuals' A1 counts at these SNPs, int8, -1 for missing)."""
        return self.kept(row_M).chunks(CHUNK, CELLS)

    def some(self, row_M: np.ndarray) -> np.ndarray:
        """The kept individuals' A1 counts at a few of these SNPs, int8 (M, N)."""
        return self.kept(qc_tables.thinned(row_M, qc_tables.AXES_SNPS)).read()

    def count(self) -> GenotypeCounts:
        """How often each genotype occurs at every SNP among the kept individuals, by population."""
        return count(self.reader, self.samples["population"].to_numpy(), self.keep_N)


def read(inputs: Mapping[str, Any], n_autosomes: int | None) -> RawCohort:
    """Read the ``fam``, ``bim``, ``bed`` and ``samples`` of a raw cohort, and check them against each other.

    Raises UserError where they do not fit together, and for duplicate SNP ids.
    """
    fam, bim = plink.read_fam(inputs["fam"]), plink.read_bim(inputs["bim"])
    people = tables.Ids(fam["iid"].tolist(), inputs["fam"])
    samples = tables.read(inputs["samples"], tables.SAMPLES, rows=people, texts=True)
    twice = bim["snp"][bim["snp"].duplicated()]
    if len(twice):
        raise UserError(
            f"{inputs['bim']}: {counted(len(twice), 'SNP id')} used a second time, first '{twice.iloc[0]}'; "
            "rename them, e.g. with plink2 --set-all-var-ids '@:#:$r:$a', or remove them with --rm-dup"
        )
    return RawCohort(
        fam,
        bim,
        samples,
        FilesetDosages(inputs, len(fam), len(bim)),
        open_bed(inputs["bed"], len(fam), len(bim)),
        chromosomes.is_autosome(bim["chrom"], n_autosomes) & chromosomes.is_placed(bim),
        chromosomes.is_sex_or_mitochondrial(bim["chrom"], n_autosomes),
        Waterfall({"individuals": len(fam), "SNPs": len(bim)}, inputs["bed"]),
    )
