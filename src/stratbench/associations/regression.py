"""Ordinary least squares of a label on each SNP in turn, with covariates."""

import numpy as np
import pandas as pd

from stratbench.associations.projection import COLLINEAR, centred, fixed_basis, residual, two_sided
from stratbench.associations.run import COLUMNS, AssociationData
from stratbench.genotypes.dosages import with_nan


def ols(data: AssociationData, covariate_NC: np.ndarray) -> pd.DataFrame:
    """y ~ 1 + covariates + SNP for each SNP; covariates float64 (N, C), without the constant.

    By Frisch, Waugh and Lovell: label and SNP are both residualised on the constant and the covariates.
    Missing genotypes count as the SNP's mean among these individuals; ``n`` is how many were called, while
    the N - C - 2 degrees of freedom count everybody. ``beta`` is per A1 allele; for 0/1 labels that of
    the linear probability model. A SNP that does not vary, or that the covariates explain, has beta 0,
    statistic 0, p 1 and no se. Raises ScientificFailure if there are too few individuals.
    """
    basis_NC = fixed_basis(covariate_NC)
    degrees = len(data.y_N) - basis_NC.shape[1] - 1
    y_N = residual(data.y_N[None, :], basis_NC)[0]
    parts = [_chunk(with_nan(dosage_MN), y_N, basis_NC, degrees) for _, dosage_MN in data.genotypes.chunks()]
    table = pd.concat(parts, ignore_index=True)
    table.insert(0, "snp", data.snp_M)
    return table[COLUMNS]


def _chunk(count_MN: np.ndarray, y_N: np.ndarray, basis_NC: np.ndarray, degrees: int) -> pd.DataFrame:
    """beta, se, statistic, p and n of a chunk of SNPs; ``y_N`` is residualised already."""
    centred_MN, called_M = centred(count_MN)
    x_MN = residual(centred_MN, basis_NC)
    xx_M = np.einsum("mn,mn->m", x_MN, x_MN)
    own_M = xx_M > COLLINEAR * np.maximum(np.einsum("mn,mn->m", centred_MN, centred_MN), 1.0)
    beta_M = np.divide(x_MN @ y_N, xx_M, out=np.zeros(len(xx_M)), where=own_M)
    left_M = np.maximum(y_N @ y_N - beta_M**2 * xx_M, 0)
    se_M = np.full(len(xx_M), np.nan)
    np.divide(left_M, degrees * xx_M, out=se_M, where=own_M)
    se_M = np.sqrt(se_M)
    with np.errstate(divide="ignore", invalid="ignore"):  # a perfect fit: se 0, statistic infinite
        statistic_M = np.where(beta_M == 0, 0.0, beta_M / se_M)
    p_M = two_sided(statistic_M, degrees)
    return pd.DataFrame({"beta": beta_M, "se": se_M, "statistic": statistic_M, "p": p_M, "n": called_M})
