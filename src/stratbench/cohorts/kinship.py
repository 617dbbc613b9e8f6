"""KING-robust kinships of a cohort's people, as a table of the related pairs."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from stratbench.core.errors import UserError
from stratbench.core.words import counted
from stratbench.genotypes import tables
from stratbench.genotypes.dosages import open_cohort
from stratbench.popgen import king

SNPS = 20_000  # at most, evenly spaced; the standard error of a kinship is then about .004
LEAST = 500
MOST_PAIRED = (
    5000  # individuals whose pairs QC's `duplicates: auto` compares; a number asks for it whatever the size
)
SPAN = (
    500_000_000  # base pairs; over less, kinships of unrelated people reach those of second-degree relatives
)


def autosomal(cohort: Mapping[str, Any]) -> pd.DataFrame:
    """Rows of a cohort's ``variants`` of SNPs with a place on an autosome, as QC found them."""
    variants = tables.read(cohort["variants"], tables.VARIANTS)
    return variants[variants["autosome"] == 1]


def span(cohort: Mapping[str, Any]) -> int:
    """Base pairs between the first and the last autosomal SNP of each chromosome, summed."""
    by = autosomal(cohort).groupby("chrom")["pos"]
    return int((by.max() - by.min()).sum())


def kinships(cohort: Mapping[str, Any], iids: Sequence[str]) -> pd.DataFrame:
    """``iid_1 iid_2 snps ibs0 kinship`` of the pairs of third degree or closer among these people.

    ``cohort`` has the paths of ``bed``, ``bim``, ``fam`` and ``variants``, by these names. Time and passes over the
    .bed grow as the square of the number of people. Raises UserError for fewer than ``LEAST`` SNPs.
    """
    snps = autosomal(cohort)["snp"].tolist()
    if len(snps) < LEAST:
        raise UserError(
            f"{cohort['variants']}: {counted(len(snps), 'autosomal SNP')}, too few for KING kinships ({LEAST} are the "
            "least); use declared families, or relax QC"
        )
    most = min(SNPS, len(snps))
    genotypes = open_cohort(cohort, [snps[k * len(snps) // most] for k in range(most)], iids)
    pairs = king.pairs(lambda: (dosage_MN for _, dosage_MN in genotypes.chunks()), len(iids))
    names = np.array(iids, dtype=object)
    ids = {f"iid_{k}": names[pairs[column]] for k, column in ((1, "first"), (2, "second"))}
    return pd.DataFrame(ids).join(pairs[["snps", "ibs0", "kinship"]])
