"""A linear mixed model of each SNP, exact: the GRM is decomposed once, each SNP has its own variance components.

y = fixed effects + SNP + u + e, with u ~ N(0, g K) and e ~ N(0, v I). Each SNP is tested at the ratio g / v that
maximises the restricted likelihood with this SNP in the model, by Wald's test, as GEMMA does with ``-lmm 1`` (Zhou &
Stephens 2012, Nature Genetics 44:821; the decomposition without fixed effects: Kang et al. 2008, Genetics 178:1709).

In the eigenvectors of what the fixed effects leave of K, people are independent and have the weights
1 / (ratio eigenvalue + 1). All that a likelihood needs of a SNP are two sums with these weights. They are made for a
grid of ratios that all SNPs share, by two products of matrices. Between the points of the grid the likelihood is
interpolated by polynomials of degree WINDOW - 1: it is analytic in the logarithm of the ratio up to pi / 2 from the
real axis, so that points .18 apart fix the place of the maximum to some 1e-5. The test itself is then computed at that
ratio without interpolation. Genotypes are turned to the eigenvectors in single precision, which is twice as fast and
moves a statistic by some 1e-6 of itself; everything else is in double precision.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from stratbench.associations.projection import centred, residual, two_sided

LOWEST, HIGHEST = 1e-5, 1e5  # the ratio lies between them, as in GEMMA
# A SNP is not tested if fixed effects leave less than this share of its variance. Turning it in single precision moves
# some 1e-14 of the variance (measured: 6e-15 for 120 people, 2e-14 for 1,500), which is a percent of what a SNP with a
# share of 1e-10 has left, but a thousandth where the share is 1e-8.
COLLINEAR = 1e-8
POINTS = 128  # of the grid
WINDOW = 8  # points of the grid that a polynomial goes through
FINER = 32  # places between two points of the grid at which it is looked at


@dataclass(frozen=True)
class GrmAxes:
    """Eigenvectors of what fixed effects leave of a GRM.

    Attributes:
        value_J: eigenvalues, 0 or more, float64, for N people and C fixed effects J = N - C of them.
        vector_NJ: eigenvectors, float32, at right angles to the fixed effects.
        basis_NC: an orthonormal basis of the fixed effects, float64.
    """

    value_J: np.ndarray
    vector_NJ: np.ndarray
    basis_NC: np.ndarray

    def model(self, y_N: np.ndarray) -> "MixedModel":
        """The model of a label, float64 (N,)."""
        return MixedModel(residual(y_N[None], self.basis_NC)[0] @ self.vector_NJ, self.value_J)

    def turned(self, centred_MN: np.ndarray) -> np.ndarray:
        """Genotypes less their mean along each axis, float64 (M, J)."""
        return (centred_MN.astype(np.float32) @ self.vector_NJ).astype(np.float64)


def axes(grm_NN: np.ndarray, basis_NC: np.ndarray) -> GrmAxes:
    """Decompose S K S, where S takes the fixed effects away.

    The identity is added to K: the eigenvalues of the fixed effects' own directions are then 0 and all others 1 or
    more, so that the two can be told apart whatever K is.

    Args:
        grm_NN: K, positive semidefinite.
        basis_NC: an orthonormal basis of the fixed effects, the constant among them.

    Returns:
        The axes.
    """
    left_NN = residual(residual(grm_NN.astype(np.float64), basis_NC).T, basis_NC)
    left_NN += np.eye(len(left_NN)) - basis_NC @ basis_NC.T
    value_N, vector_NN = np.linalg.eigh(left_NN)
    count = basis_NC.shape[1]
    vector_NJ = np.ascontiguousarray(vector_NN[:, count:], dtype=np.float32)
    return GrmAxes(np.maximum(value_N[count:] - 1, 0), vector_NJ, basis_NC)


@dataclass(frozen=True)
class GrmShare:
    """Variance components without any SNP: the ratio, and the share of variance that K explains with its error."""

    ratio: float
    share: float
    share_se: float


@dataclass(frozen=True)
class MixedModel:
    """A label in the axes of a GRM.

    Attributes:
        y_J: the label along each axis, float64.
        value_J: the eigenvalues.
    """

    y_J: np.ndarray
    value_J: np.ndarray

    @cached_property
    def log_ratio_Z(self) -> np.ndarray:
        return np.linspace(np.log(LOWEST), np.log(HIGHEST), POINTS)

    @cached_property
    def weight_JZ(self) -> np.ndarray:
        return 1 / (np.exp(self.log_ratio_Z) * self.value_J[:, None] + 1)

    @cached_property
    def yy_Z(self) -> np.ndarray:
        return self.y_J**2 @ self.weight_JZ

    @cached_property
    def log_weight_Z(self) -> np.ndarray:
        return np.log(self.weight_JZ).sum(axis=0)

    def fit(self) -> GrmShare:
        """The restricted likelihood's maximum without a SNP; the share is of an average person, as GEMMA's PVE."""
        likelihood_1Z = 0.5 * (self.log_weight_Z - len(self.y_J) * np.log(self.yy_Z))[None]
        log_ratio, curvature = (float(found_1[0]) for found_1 in maximum(likelihood_1Z, self.log_ratio_Z))
        mean = self.value_J.sum() / (len(self.value_J) + 1)
        odds = mean * np.exp(log_ratio)
        se = odds / (1 + odds) ** 2 / np.sqrt(-curvature) if curvature < 0 else np.nan
        return GrmShare(float(np.exp(log_ratio)), float(odds / (1 + odds)), float(se))

    def test(self, x_MJ: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Test SNPs that have variance of their own.

        Args:
            x_MJ: their genotypes along each axis, float64.

        Returns:
            Effect, standard error and ratio of each SNP, float64 (M,).
        """
        degrees = len(self.y_J) - 1
        xx_MJ, xy_MJ = x_MJ**2, x_MJ * self.y_J
        xx_MZ, xy_MZ = xx_MJ @ self.weight_JZ, xy_MJ @ self.weight_JZ
        left_MZ = np.maximum(self.yy_Z - xy_MZ**2 / xx_MZ, 1e-12 * self.yy_Z)
        likelihood_MZ = 0.5 * (self.log_weight_Z - degrees * np.log(left_MZ) - np.log(xx_MZ))
        ratio_M = np.exp(maximum(likelihood_MZ, self.log_ratio_Z)[0])
        weight_MJ = 1 / (ratio_M[:, None] * self.value_J + 1)
        xx_M, xy_M = np.einsum("mj,mj->m", xx_MJ, weight_MJ), np.einsum("mj,mj->m", xy_MJ, weight_MJ)
        left_M = np.maximum(weight_MJ @ self.y_J**2 - xy_M**2 / xx_M, 0)
        return xy_M / xx_M, np.sqrt(left_M / (degrees * xx_M)), ratio_M


def maximum(value_MZ: np.ndarray, place_Z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each row has its largest value, between the points of an even grid, and its second derivative there.

    A polynomial through WINDOW points around the largest one is looked at FINER times between two points, and a
    parabola through the best three of these places gives the maximum. At an end of the grid it is that end.

    Args:
        value_MZ: values at the points, float64.
        place_Z: the points.

    Returns:
        Places and second derivatives, float64 (M,).
    """
    start_M = np.clip(value_MZ.argmax(axis=1) - WINDOW // 2, 0, value_MZ.shape[1] - WINDOW)
    near_MZ = np.take_along_axis(value_MZ, start_M[:, None] + np.arange(WINDOW), axis=1)
    place_Y = np.linspace(0, WINDOW - 1, (WINDOW - 1) * FINER + 1)
    fine_MY = near_MZ @ _through(place_Y)
    best_M = fine_MY.argmax(axis=1)
    inside_M = np.clip(best_M, 1, len(place_Y) - 2)
    before_M, at_M, after_M = (
        np.take_along_axis(fine_MY, inside_M[:, None] + k, axis=1)[:, 0] for k in (-1, 0, 1)
    )
    bend_M = before_M - 2 * at_M + after_M
    shift_M = np.divide(before_M - after_M, 2 * bend_M, out=np.zeros(len(bend_M)), where=bend_M < 0)
    fine_M = np.where(best_M == inside_M, inside_M + np.clip(shift_M, -1, 1), best_M) / FINER
    step = place_Z[1] - place_Z[0]
    return place_Z[0] + step * (start_M + fine_M), bend_M * (FINER / step) ** 2


def _through(place_Y: np.ndarray) -> np.ndarray:
    """Lagrange's polynomials through 0, 1, ..., WINDOW - 1 at other places: float64 (WINDOW, Y)."""
    point_Z = np.arange(WINDOW)
    parts = [
        np.prod([(place_Y - other) / (point - other) for other in point_Z if other != point], axis=0)
        for point in point_Z
    ]
    return np.array(parts)


def tested(count_MN: np.ndarray, model: MixedModel, found: GrmAxes) -> pd.DataFrame:
    """beta, se, statistic, p and n of a chunk of SNPs.

    Args:
        count_MN: A1 counts, NaN where missing, which count as the SNP's mean.
        model: the label in the axes.
        found: the axes.

    Returns:
        A row for each SNP. One that does not vary, or that the fixed effects explain, has beta 0, statistic 0, p 1 and
        no se.
    """
    centred_MN, called_M = centred(count_MN)
    x_MJ = found.turned(centred_MN)
    variance_M = np.einsum("mn,mn->m", centred_MN, centred_MN)
    own_M = np.einsum("mj,mj->m", x_MJ, x_MJ) > COLLINEAR * np.maximum(variance_M, 1.0)
    beta_M, se_M, statistic_M = np.zeros(len(own_M)), np.full(len(own_M), np.nan), np.zeros(len(own_M))
    beta_M[own_M], se_M[own_M], _ = model.test(x_MJ[own_M])
    with np.errstate(divide="ignore", invalid="ignore"):  # a perfect fit: se 0, statistic infinite
        np.divide(beta_M, se_M, out=statistic_M, where=own_M & (beta_M != 0))
    p_M = two_sided(statistic_M, len(model.y_J) - 1)
    return pd.DataFrame({"beta": beta_M, "se": se_M, "statistic": statistic_M, "p": p_M, "n": called_M})
