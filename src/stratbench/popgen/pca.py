"""Principal components of unrelated training individuals, and everybody else's scores on them.

For few individuals all axes come from the eigenvectors of their products. For many, the first axes come from a block
Krylov space with a fixed start (Musco & Musco 2015, NeurIPS; as in FastPCA and plink2's approx).
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

from stratbench.core.errors import UserError
from stratbench.core.job import say
from stratbench.core.words import counted
from stratbench.genotypes.dosages import Dosages
from stratbench.popgen import AXES
from stratbench.popgen.shrinkage import corrected

TOLERANCE = 1e-9  # eigenvalues below this share of the largest are rounding errors
CONVERGED = 1e-3  # of an axis's eigenvalue: length of the residual at which iteration ends
PASSES = 12  # over the genotypes at most


@dataclass(frozen=True)
class Axes:
    """The fit of T individuals.

    Attributes:
        p_M: A1 frequencies that standardise a SNP.
        loading_MK: directions, columns of unit length.
        pc_NK: scores of everyone; those outside the fit are corrected for shrinkage.
    """

    p_M: np.ndarray
    loading_MK: np.ndarray
    pc_NK: np.ndarray


@dataclass(frozen=True)
class Spectrum:
    """Eigenvalues, descending, and eigenvectors of the T x T products, J of them: (J,) and (T, J)."""

    value_J: np.ndarray
    vector_TJ: np.ndarray

    def real(self) -> "Spectrum":
        """The same without eigenvalues that are rounding errors."""
        real_J = self.value_J > TOLERANCE * max(self.value_J[0], np.finfo(float).tiny)
        return Spectrum(self.value_J[real_J], self.vector_TJ[:, real_J])


def fit(
    everyone: Dosages,
    p_M: np.ndarray,
    fitted_N: np.ndarray,
    product_NN: np.ndarray | None = None,
    axes: int = AXES,
) -> Axes:
    """Axes of some individuals, and scores of everyone on them.

    Genotypes are standardised, missing ones become 0 (Patterson et al. 2006, PLoS Genet 2:e190). An axis points to
    where its largest loading is positive.

    Args:
        everyone: M SNPs of N individuals.
        p_M: A1 frequencies that standardise the SNPs, inside (0, 1).
        fitted_N: whom the axes are fitted on, bool, T of them.
        product_NN: what ``grm.product`` gives for ``everyone``. Without it the axes are iterated, and only to
            ``CONVERGED``.
        axes: how many axes are wanted; there are at most min(axes, T - 1, M), and fewer if the data have fewer.

    Returns:
        The axes and everyone's scores.

    Raises:
        UserError: for fewer than two individuals, for no SNP, and for individuals who are all alike.
    """
    f, m = int(fitted_N.sum()), len(p_M)
    if f < 2 or m == 0:
        raise UserError(
            f"structure: {counted(f, 'unrelated training individual')} and {counted(m, 'SNP')} for PCs; two "
            "individuals and a SNP are the least: enlarge the training set, or relax the LD pruning of QC"
        )
    k = min(axes, f - 1, m)
    people = everyone.people(fitted_N)
    if product_NN is None:
        spectrum = iterate(people, p_M, k).real()
        loading_MJ = _loadings(people, p_M, spectrum)
        score_NJ, square_N = _project(everyone, p_M, loading_MJ)
    else:
        spectrum = _all(product_NN[np.ix_(fitted_N, fitted_N)]).real()
        loading_MJ = _loadings(people, p_M, Spectrum(spectrum.value_J[:k], spectrum.vector_TJ[:, :k]))
        score_NJ = product_NN[:, fitted_N] @ (spectrum.vector_TJ / np.sqrt(spectrum.value_J))
        square_N = np.diag(product_NN)
    k = min(k, len(spectrum.value_J))
    if k == 0:
        raise UserError(
            f"structure: {f} unrelated training individuals have the same genotypes at all of {counted(m, 'SNP')} for "
            "PCs: there is no axis; look for copies of one individual, or for SNPs at which everybody is heterozygous"
        )
    pc_NK = np.empty((len(fitted_N), k))
    pc_NK[fitted_N] = spectrum.vector_TJ[:, :k] * np.sqrt(spectrum.value_J[:k])
    outside_N = ~fitted_N
    if outside_N.any():
        pc_NK[outside_N] = corrected(score_NJ[outside_N], square_N[outside_N], spectrum.value_J, k)
    sign_K = _signs(loading_MJ[:, :k])
    return Axes(p_M, loading_MJ[:, :k] * sign_K, pc_NK * sign_K)


def _all(product_TT: np.ndarray) -> Spectrum:
    value_T, vector_TT = eigh(product_TT)
    return Spectrum(value_T[::-1], vector_TT[:, ::-1])


def iterate(people: Dosages, p_M: np.ndarray, k: int, passes: int = PASSES) -> Spectrum:
    """The first eigenvalues and eigenvectors of the products of many individuals, from a block Krylov space.

    Each pass over the genotypes multiplies the newest block of 2k vectors; Rayleigh-Ritz over all blocks gives the
    eigenvectors. Genotypes are float32, the rest is float64.

    Args:
        people: M SNPs of T individuals.
        p_M: A1 frequencies that standardise the SNPs, inside (0, 1).
        k: how many eigenvectors must converge.
        passes: the largest number of passes over the genotypes.

    Returns:
        2k eigenvalues and eigenvectors, or T if that is fewer, of which the first k have converged if ``passes``
        allowed it.
    """
    f = len(people.person_N)
    width = min(2 * k, f)
    block_TW = np.linalg.qr(np.random.default_rng(0).standard_normal((f, width)))[0]
    basis_TC, image_TC = np.empty((f, 0)), np.empty((f, 0))
    for number in range(1, passes + 1):
        basis_TC = np.hstack([basis_TC, block_TW])
        image_TC = np.hstack([image_TC, _multiply(people, p_M, block_TW)])
        small_CC = basis_TC.T @ image_TC
        value_W, vector_CW = eigh((small_CC + small_CC.T) / 2)
        value_W, vector_CW = value_W[: -width - 1 : -1], vector_CW[:, : -width - 1 : -1]
        found = Spectrum(value_W, basis_TC @ vector_CW)
        residual_K = np.linalg.norm((image_TC @ vector_CW - found.vector_TJ * value_W)[:, :k], axis=0)
        residual_K /= np.maximum(value_W[:k], np.finfo(float).tiny)
        good = int((residual_K <= CONVERGED).sum())
        say(f"pass {number} over the genotypes: {good} of {k} PCs have converged")
        left = f - basis_TC.shape[1]
        if good == k or left <= 0:
            break
        block_TW = image_TC[:, -block_TW.shape[1] :][:, :left]
        for _ in range(2):  # a single time would leave rounding errors
            block_TW = np.linalg.qr(block_TW - basis_TC @ (basis_TC.T @ block_TW))[0]
    return found


def _multiply(people: Dosages, p_M: np.ndarray, vector_TW: np.ndarray) -> np.ndarray:
    """Z'Z v for standardised genotypes Z, float64 (T, W)."""
    result_TW, narrow_TW = np.zeros_like(vector_TW), vector_TW.astype(np.float32)
    for _, z_MT in people.standardised(p_M, np.float32):
        result_TW += z_MT.T @ (z_MT @ narrow_TW)
    return result_TW


def _loadings(people: Dosages, p_M: np.ndarray, spectrum: Spectrum) -> np.ndarray:
    """Unit directions float64 (M, J)."""
    loading_MJ = np.empty((len(p_M), len(spectrum.value_J)))
    scaled_TJ = spectrum.vector_TJ / np.sqrt(spectrum.value_J)
    for part, z_MT in people.standardised(p_M):
        loading_MJ[part] = z_MT @ scaled_TJ
    return loading_MJ


def _project(everyone: Dosages, p_M: np.ndarray, loading_MJ: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Plain scores (N, J) and squared lengths of the standardised genotypes (N,)."""
    score_NJ = np.zeros((len(everyone.person_N), loading_MJ.shape[1]))
    square_N = np.zeros(len(score_NJ))
    for part, z_MN in everyone.standardised(p_M):
        score_NJ += z_MN.T @ loading_MJ[part]
        square_N += np.einsum("mn,mn->n", z_MN, z_MN)
    return score_NJ, square_N


def _signs(loading_MK: np.ndarray) -> np.ndarray:
    """+1 or -1 for each axis, which makes its largest loading positive. Ties: the first SNP decides."""
    largest_K = np.abs(loading_MK).argmax(axis=0)
    return np.where(loading_MK[largest_K, np.arange(loading_MK.shape[1])] < 0, -1.0, 1.0)
