"""SNPs without effect that are linked to no causal SNP: those whose frequencies differ most, and others to match."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial import KDTree

from stratbench.core.words import counted
from stratbench.genotypes import plink, tables
from stratbench.genotypes.dosages import Dosages, frequencies, open_cohort
from stratbench.genotypes.tables import Ids
from stratbench.popgen import ld_within
from stratbench.popgen.sampling import UNASSIGNED
from stratbench.task.task import Task
from stratbench.task.truth import Truth

FILES = ("bed", "bim", "fst_snp")
LINKED = 0.05  # r2 within populations with a causal SNP of the chromosome, from which a SNP is not null
HIGH, LOW = (
    0.1,
    0.5,
)  # shares of the null SNPs: those of the highest FST, and those from which matches are taken
MAF_APART, LD_TIMES = 0.05, 2.0  # how far apart in MAF, or in LD score, a SNP and its match may be
LEAST = 10  # pairs


def _none() -> np.ndarray:
    return np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class NullSnps:
    """The null SNPs among the M that models see.

    Attributes:
        index_R: their places among the M, int64.
        fst_R, maf_R, ld_R: Hudson's FST, the minor allele frequency, and the LD score within populations.
        high_H, low_H: places among the M of SNPs of high FST, and of the SNP of low FST that each is matched with.
        reason: why there are none, or blank.
    """

    index_R: np.ndarray = field(default_factory=_none)
    fst_R: np.ndarray = field(default_factory=_none)
    maf_R: np.ndarray = field(default_factory=_none)
    ld_R: np.ndarray = field(default_factory=_none)
    high_H: np.ndarray = field(default_factory=_none)
    low_H: np.ndarray = field(default_factory=_none)
    reason: str = ""


NOT_LOOKED_FOR = NullSnps(reason="SNPs without effect were not looked for")


def matched(fst_R: np.ndarray, maf_R: np.ndarray, ld_R: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pair each SNP of the highest tenth of FST with the nearest of the lower half, by MAF and LD score.

    The distance is Euclid's, of MAF in units of .05 and of the LD score in doublings; SNPs without a match within one
    unit are left out, and a SNP may be the match of several.

    Args:
        fst_R, maf_R, ld_R: of the null SNPs, float64, all finite.

    Returns:
        The places of the SNPs of high FST, and of their matches, int64.
    """
    order_R = np.argsort(fst_R, kind="stable")
    n = len(order_R)
    low_L, high_H = order_R[: int(LOW * n)], np.sort(order_R[n - int(HIGH * n) :])
    if not len(low_L) or not len(high_H):
        return _none(), _none()
    place_R2 = np.column_stack([maf_R / MAF_APART, np.log(ld_R) / np.log(LD_TIMES)])
    apart_H, nearest_H = map(np.asarray, KDTree(place_R2[low_L]).query(place_R2[high_H]))
    near_H = apart_H <= 1
    return high_H[near_H], low_L[nearest_H[near_H]]


def read_null(files: Mapping[str, Any], task: Task, truth: Truth | None) -> NullSnps:
    """Find the null SNPs of a split.

    LD is that of everyone in the split who has a population: it decides which SNPs are judged, and nothing is fitted
    on it.

    Args:
        files: the paths of ``FILES``, ``fam`` and ``truth``, by these names.
        task: the split's people and SNPs.
        truth: what is known of the trait; None for a measured one.

    Raises:
        UserError: where a file is damaged or does not agree with the others.
    """
    if truth is None:
        return NullSnps(reason="measured trait: the causal SNPs are not known")
    found = tables.read(files["fst_snp"], tables.FST_SNP)
    if found.empty:
        return NullSnps(reason="one population: no SNP has an FST")
    found = tables.read(files["fst_snp"], tables.FST_SNP, rows=Ids(task.snps.names, task.snps.source))
    people = task.people[task.people["population"] != UNASSIGNED]
    genotypes = open_cohort(files, iids=people.index.tolist())
    bim = plink.read_bim(files["bim"])
    row_M = bim.index[pd.Index(bim["snp"]).get_indexer(task.snps.names)].to_numpy()
    effects = tables.read(files["truth"], tables.TRUTH)
    causal_R = bim["snp"].isin(effects["snp"][effects["effect"] != 0]).to_numpy()
    linked_M, ld_M = _linkage(genotypes, bim, row_M, causal_R, people["population"].to_numpy(dtype=str))
    p_M = frequencies(genotypes.snps(row_M))
    fst_M, maf_M = found["fst"].to_numpy(dtype=float), np.minimum(p_M, 1 - p_M)
    index_R = np.flatnonzero(~linked_M & np.isfinite(fst_M) & (maf_M > 0))
    of_null = fst_M[index_R], maf_M[index_R], ld_M[index_R]
    high_H, low_H = matched(*of_null)
    reason = ""
    if len(high_H) < LEAST:
        reason = (
            f"{counted(len(high_H), 'SNP')} of high FST without effect can be matched; {LEAST} are needed"
        )
    return NullSnps(index_R, *of_null, index_R[high_H], index_R[low_H], reason)


def _linkage(
    genotypes: Dosages, bim: pd.DataFrame, row_M: np.ndarray, causal_R: np.ndarray, population_N: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Which SNPs are causal or linked to a causal one, bool (M,), and the LD score of each; a chromosome at a time.

    ``genotypes`` are of all SNPs of the cohort, which ``bim`` describes; ``row_M`` are the rows of those that models
    see, and ``causal_R`` says which rows are causal, seen or not.
    """
    chrom_R, position_R = bim["chrom"].to_numpy(), bim["pos"].to_numpy()
    linked_M, ld_M = causal_R[row_M], np.ones(len(row_M))
    degrees = genotypes.n - len(np.unique(population_N)) - 1
    for chrom in np.unique(chrom_R[row_M]):
        here_M = chrom_R[row_M] == chrom
        z_MN, z_KN = (
            ld_within.deviations(genotypes.snps(rows), population_N)
            for rows in (row_M[here_M], np.flatnonzero(causal_R & (chrom_R == chrom)))
        )
        linked_M[here_M] |= ld_within.largest_r2(z_MN, z_KN) >= LINKED
        ld_M[here_M] = ld_within.scores(z_MN, position_R[row_M[here_M]], degrees)
    return linked_M, ld_M
