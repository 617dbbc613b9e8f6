"""Genotypes less their mean, and less what covariates explain of them; and the p values of statistics.

p values come from scipy.special: importing scipy.stats takes half a second, a quarter of a small job.
"""

import numpy as np
from scipy import special

from stratbench.core.errors import ScientificFailure
from stratbench.core.words import counted

COLLINEAR = 1e-10  # a SNP is not tested if covariates leave less than this share of its variance


def orthonormal(design_NC: np.ndarray) -> np.ndarray:
    """An orthonormal basis of the columns, float64 (N, rank): a repeated covariate costs nothing."""
    length_C = np.linalg.norm(design_NC, axis=0)
    unit_NC = design_NC[:, length_C > 0] / length_C[length_C > 0]
    u_NC, singular_C, _ = np.linalg.svd(unit_NC, full_matrices=False)
    return u_NC[:, singular_C > 1e-10 * singular_C[0]]


def fixed_basis(covariate_NC: np.ndarray) -> np.ndarray:
    """An orthonormal basis of the constant and the covariates, float64 (N, C), of those whom a test is of.

    Raises ScientificFailure where a SNP and an error do not fit beside them.
    """
    n = len(covariate_NC)
    basis_NC = orthonormal(np.column_stack([np.ones(n), covariate_NC]))
    if n - basis_NC.shape[1] < 2:
        covariates = counted(basis_NC.shape[1] - 1, "covariate")
        raise ScientificFailure(
            f"associations: {counted(n, 'individual')} are too few for a constant, {covariates} and a SNP; use fewer "
            "PCs or a larger training set"
        )
    return basis_NC


def residual(x_MN: np.ndarray, basis_NC: np.ndarray) -> np.ndarray:
    """Rows less their projection on an orthonormal basis; twice, since once leaves rounding behind."""
    for _ in range(2):
        x_MN = x_MN - (x_MN @ basis_NC) @ basis_NC.T
    return x_MN


def centred(count_MN: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Counts less the SNP's mean, missing -> 0, float64 (M, N), and how many were called (M,); NaN is missing."""
    called_M = np.isfinite(count_MN).sum(axis=1)
    mean_M = np.nansum(count_MN, axis=1) / np.maximum(called_M, 1)
    return np.where(np.isnan(count_MN), 0.0, count_MN - mean_M[:, None]), called_M


def two_sided(statistic_M: np.ndarray, degrees: float = np.inf) -> np.ndarray:
    """Two-sided p values of Student's t with these degrees of freedom; of the normal distribution without them."""
    tail_M = -np.abs(statistic_M)
    p_M: np.ndarray = 2 * (special.ndtr(tail_M) if np.isinf(degrees) else special.stdtr(degrees, tail_M))
    return p_M
