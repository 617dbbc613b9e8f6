"""The genetic relationship matrix."""

import numpy as np

from stratbench.errors import UserError
from stratbench.genotypes import Genotypes, standardise


def grm(genotypes: Genotypes, p_M: np.ndarray) -> np.ndarray:
    """Mean product of standardised genotypes, float32 (N, N), symmetric.

    (x - 2p) / sqrt(2p(1 - p)) with the given frequencies, inside (0, 1); missing -> 0, and the mean is over
    all M SNPs. Source: VanRaden 2008, J Dairy Sci 91:4414, second method; Yang et al. 2011 (GCTA). Raises
    UserError without SNPs.
    """
    n, m = len(genotypes.person_N), len(genotypes.row_M)
    if m == 0:
        raise UserError("structure: no SNPs for the GRM; relax the LD pruning of QC")
    product_NN = np.zeros((n, n))
    for part, count_MN in genotypes.chunks():
        z_MN = standardise(count_MN, p_M[part])
        product_NN += z_MN.T @ z_MN
    return (product_NN / m).astype(np.float32)
