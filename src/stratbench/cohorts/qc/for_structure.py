"""The SNPs that PCs and GRM may use: common, autosomal, outside long-range LD, and LD-pruned."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from stratbench.cohorts.qc.asked import QCOptions
from stratbench.cohorts.qc.waterfall import Waterfall
from stratbench.core.errors import UserError
from stratbench.core.words import counted
from stratbench.genotypes.dosages import Dosages
from stratbench.popgen import chromosomes, ld, long_range_ld

UNIT = "structure SNPs"


def for_structure(
    genotypes: Dosages,
    table: pd.DataFrame,
    autosome_M: np.ndarray,
    options: QCOptions,
    species: chromosomes.Species,
    steps: Waterfall,
) -> np.ndarray:
    """Choose the SNPs for PCs and GRM.

    Args:
        genotypes: the M SNPs of ``table``, of the individuals that QC has left.
        table: chrom, pos and a1_freq of each SNP.
        autosome_M: which SNPs have a place on an autosome, bool.
        options: those of QC.
        species: the cohort's, whose genome build says which regions have long-range LD.
        steps: the waterfall, which gets a row for each step.

    Returns:
        1 for each SNP that is chosen, 0 for the others, int64 (M,).

    Raises UserError for a genome build that is not the cohort's.
    """
    maf_M = table["a1_freq"].clip(upper=1 - table["a1_freq"]).to_numpy()
    steps.left[UNIT] = len(table)
    keep_M = np.ones(len(table), dtype=bool)

    def keep(step: str, passes_M: np.ndarray, threshold: str) -> None:
        steps.add(step, UNIT, int((keep_M & ~passes_M).sum()), threshold)
        keep_M[:] &= passes_M

    keep("common", maf_M >= options.structure_maf * (1 - ld.EPSILON), f"MAF < {options.structure_maf:g}")
    if not autosome_M.all():
        keep("autosomes", autosome_M, "not on a known autosome")
    excluded, name = _regions(options.long_range_ld, species)
    if excluded:
        keep("long-range LD", ~long_range_ld.inside(table, excluded), name)
    common = np.flatnonzero(keep_M)
    pruned = ld.prune(
        genotypes.snps(common),
        table["chrom"].to_numpy()[common],
        maf_M[common],
        options.ld_window,
        options.ld_step,
        options.ld_r2,
    )
    unlinked_M = np.zeros(len(table), dtype=bool)
    unlinked_M[common[pruned]] = True
    window = f"{options.ld_window} SNPs, step {options.ld_step}, r2 > {options.ld_r2:g}"
    keep("LD pruning", unlinked_M, window)
    return keep_M.astype(np.int64)


def _regions(
    given: str | Sequence[str] | None, species: chromosomes.Species
) -> tuple[list[long_range_ld.Region], str]:
    """Regions and what to call them. Raises UserError for a build that is not the cohort's."""
    build = species.human_build
    if given is None or (given == "auto" and build is None):
        return [], ""
    if given == "auto":
        return long_range_ld.regions(str(build)), str(build)
    if isinstance(given, str):
        if build not in (None, given):
            raise UserError(f"qc: long_range_ld is {given}, but the cohort's positions are of {build}")
        return long_range_ld.regions(given), given
    return long_range_ld.regions(given), counted(len(given), "region")
