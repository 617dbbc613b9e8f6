"""Principal components of unrelated training individuals, onto which everybody else is projected.

The projection is the plain one, so people outside the fit come out shrunken towards 0, more so on later axes
(Prive et al. 2020, Bioinformatics 36:4449); it is not corrected here.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

from stratbench.errors import UserError
from stratbench.genotypes import Genotypes, standardise

AXES = 20
TOLERANCE = 1e-9  # eigenvalues below this share of the largest are rounding


@dataclass(frozen=True)
class Axes:
    """``loading_MK`` float64, columns of unit length; ``p_M`` the A1 frequencies that standardise a SNP."""

    p_M: np.ndarray
    loading_MK: np.ndarray


def fit(genotypes: Genotypes, p_M: np.ndarray, axes: int = AXES) -> Axes:
    """Axes of the individuals of ``genotypes``, F of them, by the eigenvectors of their F x F products.

    Genotypes are standardised by ``p_M``, which must lie inside (0, 1), missing -> 0 (Patterson et al. 2006,
    PLoS Genet 2:e190). There are at most min(``axes``, F - 1, M) axes, fewer if the data have fewer. An axis
    points to where its largest loading is positive. UserError for fewer than two individuals or no SNP.
    """
    f, m = len(genotypes.person_N), len(genotypes.row_M)
    if f < 2 or m == 0:
        raise UserError(
            f"structure: {f} unrelated training individuals and {m} SNPs for PCs; two individuals and a SNP "
            "are the least: enlarge the training set, or relax the LD pruning of QC"
        )
    product_FF = np.zeros((f, f))
    for part, count_MF in genotypes.chunks():
        z_MF = standardise(count_MF, p_M[part])
        product_FF += z_MF.T @ z_MF
    k = min(axes, f - 1, m)
    value_K, vector_FK = eigh(product_FF, subset_by_index=[f - k, f - 1])
    value_K, vector_FK = value_K[::-1], vector_FK[:, ::-1]
    real_K = value_K > TOLERANCE * max(value_K[0], np.finfo(float).tiny)
    value_K, vector_FK = value_K[real_K], vector_FK[:, real_K]
    loading_MK = np.empty((m, len(value_K)))
    for part, count_MF in genotypes.chunks():
        loading_MK[part] = standardise(count_MF, p_M[part]) @ vector_FK / np.sqrt(value_K)
    return Axes(p_M, loading_MK * _signs(loading_MK))


def _signs(loading_MK: np.ndarray) -> np.ndarray:
    """+1 or -1 for each axis, so that its loading of largest size becomes positive (the first, if tied)."""
    largest_K = np.abs(loading_MK).argmax(axis=0)
    return np.where(loading_MK[largest_K, np.arange(loading_MK.shape[1])] < 0, -1.0, 1.0)


def project(genotypes: Genotypes, axes: Axes) -> np.ndarray:
    """Scores, float64 (N, K), of the individuals of ``genotypes``: the SNPs of the fit in the same order."""
    pc_NK = np.zeros((len(genotypes.person_N), axes.loading_MK.shape[1]))
    for part, count_MN in genotypes.chunks():
        pc_NK += standardise(count_MN, axes.p_M[part]).T @ axes.loading_MK[part]
    return pc_NK
