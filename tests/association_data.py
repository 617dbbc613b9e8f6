"""What an association test sees, all of a small cohort, for tests of the tests."""

from pathlib import Path

import numpy as np

from helpers import write_cohort
from stations import cohort_files
from stratbench.associations.relatedness import Relatedness
from stratbench.associations.run import AssociationData
from stratbench.genotypes import plink
from stratbench.genotypes.dosages import open_cohort


def make(
    directory: Path,
    count_MN: np.ndarray,
    y_N: np.ndarray,
    pcs_NK: np.ndarray | None = None,
    kind: str = "quantitative",
    chromosomes: int = 4,
) -> AssociationData:
    """Write a cohort of these counts; every other SNP is one of ``structure``, the others are those of ``view``."""
    write_cohort(directory, count_MN, chromosomes=chromosomes)
    genotypes, bim = open_cohort(cohort_files(directory)), plink.read_bim(directory / "genotypes.bim")
    chrom_M, odd_M = bim["chrom"].to_numpy(dtype=object), np.arange(len(bim)) % 2 == 1
    of = {"all": np.ones(len(bim), dtype=bool), "structure": odd_M, "view": ~odd_M}
    return AssociationData(
        np.asarray(y_N, dtype=float),
        np.empty((len(y_N), 0)) if pcs_NK is None else pcs_NK,
        bim["snp"].to_numpy(dtype=object),
        genotypes,
        kind=kind,
        chrom_M=chrom_M,
        relatedness=Relatedness(genotypes, chrom_M, of),
    )
