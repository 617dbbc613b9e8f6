"""Scores of people outside a PCA's fit, corrected for shrinkage: online augmentation, decomposition, Procrustes.

Axes follow the noise of the people that they are fitted on. Plain projection therefore shrinks the scores of other
people towards 0, more so on later axes. To correct this, each person outside the fit is added to the fit alone; the
axes of this PCA, rotated onto those of the fit, give the person's score (Zhang, Dey & Lee 2020, Bioinformatics 36:3439,
OADP). No score depends on any other person outside the fit.

Adding a person is a rank-one update: with the fit's singular values d and directions U, and a person's genotypes
y = U l + r g, the new decomposition is that of diag(d^2, 0) + z z' with z = (l, r). The paper takes the first few
directions; with all of them, where they are at hand, the new axes are exact. Roots by LAPACK's dlasd4.
"""

import numpy as np
from scipy.linalg.lapack import dlasd4

LEAST = 1e-12  # of z's length: smaller parts would divide 0 by 0


def corrected(l_NJ: np.ndarray, square_N: np.ndarray, value_J: np.ndarray, k: int) -> np.ndarray:
    """Scores of people outside the fit, corrected for shrinkage.

    Args:
        l_NJ: their plain scores on J directions of the fit, float64.
        square_N: the squared lengths of their standardised genotypes over all SNPs.
        value_J: the squared singular values of the fit, descending and positive.
        k: how many axes are wanted, at most J.

    Returns:
        Scores on the first ``k`` axes, float64 (N, k).
    """
    rest_N = np.sqrt(np.maximum(square_N - (l_NJ**2).sum(axis=1), 0))
    return np.stack([_one(l_J, rest, value_J, k) for l_J, rest in zip(l_NJ, rest_N, strict=True)])


def _one(l_J: np.ndarray, rest: float, value_J: np.ndarray, k: int) -> np.ndarray:
    """The score (k,) of one person; ``rest`` is the length outside the directions."""
    # LAPACK wants values in ascending order. The direction that the fit does not have comes first.
    z, d = np.r_[rest, l_J[::-1]], np.sqrt(np.r_[0.0, value_J[::-1]])
    length = float(np.linalg.norm(z))
    if length == 0:
        return np.zeros(k)
    unit = z / length
    small = np.abs(unit) < LEAST
    unit[small] = np.where(unit[small] < 0, -LEAST, LEAST)
    axis_KJ = np.empty((k, len(d)))
    for axis in range(k):
        minus, _, plus, info = dlasd4(len(d) - 1 - axis, d, unit, length**2)
        if info:
            raise RuntimeError(f"dlasd4 found no root {axis + 1} of {len(d)}")
        vector = unit / (np.where(minus == 0, np.finfo(float).tiny, minus) * plus)
        axis_KJ[axis] = vector / np.linalg.norm(vector)
    # Rotate the fitted people's scores on the new axes onto their old ones; this needs their cross-product only.
    cross_KK = axis_KJ[:, ::-1][:, :k] * value_J[:k]
    left, _, right = np.linalg.svd(cross_KK)
    return np.asarray(axis_KJ @ z @ left @ right)
