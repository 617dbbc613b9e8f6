"""What QC measured of each individual and each SNP, for the figures and for users who choose a threshold."""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse.linalg import svds

from stratbench.core import files
from stratbench.genotypes.dosages import standardise, with_nan
from stratbench.popgen.counts import GenotypeCounts

ROUNDING = 1e-6  # singular values below this share of the largest are rounding errors
# The axes are computed from so many evenly spaced SNPs: populations and outliers show with them.
AXES_SNPS = 2000


def thinned(row_M: np.ndarray, at_most: int | None) -> np.ndarray:
    """``at_most`` of these SNPs, evenly spaced; all of them where it is None or there are no more."""
    left = len(row_M) if at_most is None else min(at_most, len(row_M))
    return row_M[np.arange(left) * len(row_M) // max(left, 1)]


def axes(count_MN: np.ndarray) -> np.ndarray:
    """The first two principal components of a few SNPs, float64 (N, 2), of unit length; NaN if there are fewer.

    ``count_MN`` are A1 counts, int8, -1 for missing; standardised, missing -> 0 (Patterson et al. 2006, PLoS
    Genetics 2:e190).
    """
    called_MN = count_MN >= 0
    p_M = np.where(called_MN, count_MN, 0).sum(axis=1) / np.maximum(2 * called_MN.sum(axis=1), 1)
    varies_M = (p_M > 0) & (p_M < 1)
    z_MN = standardise(np.ascontiguousarray(with_nan(count_MN[varies_M])), p_M[varies_M])
    none_N2 = np.full((count_MN.shape[1], 2), np.nan)
    if min(z_MN.shape) < 4 or not z_MN.any():  # z is 0 where everyone is heterozygous at each SNP
        return none_N2
    # A fixed start gives the same result each time.
    start = np.random.default_rng(0).normal(size=min(z_MN.shape))
    _, value_2, axis_2N = svds(z_MN, k=2, v0=start)
    if value_2.min() < ROUNDING * value_2.max():  # two groups of identical people have one axis
        return none_N2
    axis_2N = axis_2N[np.argsort(-value_2)]
    sign_2 = np.sign(axis_2N[[0, 1], np.abs(axis_2N).argmax(axis=1)])
    result_N2: np.ndarray = (axis_2N * sign_2[:, None]).T
    return result_N2


def write_snps(
    bim: pd.DataFrame,
    first: GenotypeCounts,
    last: GenotypeCounts,
    hwe_p_M: np.ndarray,
    step_M: np.ndarray,
    path: Path,
) -> None:
    """Write qc_snps.tsv.gz: what QC saw of each SNP of the source.

    Args:
        bim: the .bim of the M SNPs of the source.
        first: the genotype counts of the individuals who passed the call rate, from which ``missing`` comes.
        last: those of the individuals who were left, from which ``maf`` comes.
        hwe_p_M: P values of HWE among those who were left, float64; NaN, which is written blank, where not tested.
        step_M: the step that removed each SNP, text; blank for the SNPs that are kept.
        path: of the table.
    """
    table = bim[["snp", "chrom", "pos"]].assign(
        missing=(1 - first.called_M / first.n).round(6),
        maf=last.maf_M.round(6),
        hwe_p=hwe_p_M,
        removed_by=step_M,
    )
    p_U, which_M = np.unique(hwe_p_M, return_inverse=True)
    text_U = [f"{p:.4g}" if np.isfinite(p) else "" for p in p_U.tolist()]
    table["hwe_p"] = np.array(text_U, dtype=object)[which_M]
    files.write_tsv(table, path)
