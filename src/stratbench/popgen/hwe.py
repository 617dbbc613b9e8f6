"""The exact test of Hardy-Weinberg equilibrium, for many SNPs at once.

Source: Wigginton, Cutler & Abecasis 2005, American Journal of Human Genetics 76:887. Two-sided, without
mid-p, as plink2 --hwe computes it.
"""

import numpy as np
from scipy.special import gammaln

TIE = 1e-8  # counts whose probabilities differ by a smaller share than this are taken as equally likely
CELLS = 100_000  # possible counts in memory at once
LOG_2 = np.log(2.0)


def exact(hom1_M: np.ndarray, het_M: np.ndarray, hom2_M: np.ndarray) -> np.ndarray:
    """P value of each SNP from its genotype counts, integers (M,); float64 (M,). Without genotypes it is 1.

    SNPs with the same counts are computed once.
    """
    hom1_M, het_M, hom2_M = (np.asarray(count, dtype=np.int64) for count in (hom1_M, het_M, hom2_M))
    n_M = hom1_M + het_M + hom2_M
    rare_M = 2 * np.minimum(hom1_M, hom2_M) + het_M
    if not n_M.size:
        return np.ones(0)
    most = int(n_M.max())
    log_factorial = gammaln(np.arange(2 * most + 1) + 1.0)
    key_M = (n_M * (most + 1) + rare_M) * (most + 1) + het_M  # rare <= n, het <= n
    _, first_U, same_M = np.unique(key_M, return_index=True, return_inverse=True)
    n_U, rare_U, het_U = n_M[first_U], rare_M[first_U], het_M[first_U]
    low_U, steps_U = _range(n_U, rare_U, het_U)
    p_U = np.empty(len(n_U))
    order = np.argsort(steps_U, kind="stable")
    start = 0
    while start < len(order):
        # As many SNPs as fit into memory, where each takes as much as the last and longest of them.
        size = int(np.searchsorted(steps_U[order[start:]] * np.arange(1, len(order) - start + 1), CELLS))
        part = order[start : start + max(size, 1)]
        steps = int(steps_U[part[-1]])
        p_U[part] = _tail(n_U[part], rare_U[part], het_U[part], low_U[part], steps, log_factorial)
        start += len(part)
    return p_U[same_M]


def _range(n_U: np.ndarray, rare_U: np.ndarray, het_U: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The least count of rare homozygotes to look at, and how many counts: int64 (U,), (U,).

    The counts reach 12 standard deviations and 64 from the mean, if the observed count lies in the inner half of that
    range: what is left out then changes none of the first nine digits. If it lies further out, all counts are looked
    at. Standard deviations alone would not do, as the number of rare homozygotes follows a Poisson distribution.
    """
    share_U = rare_U / np.maximum(2 * n_U, 1)
    mean_U = n_U * share_U**2
    reach_U = 12 * np.sqrt(n_U) * share_U * (1 - share_U) + 64
    reach_U = np.where(np.abs((rare_U - het_U) // 2 - mean_U) < reach_U / 2, reach_U, rare_U)
    low_U = np.maximum(mean_U - reach_U, 0).astype(np.int64)
    high_U = np.minimum(mean_U + reach_U, rare_U // 2).astype(np.int64)
    return low_U, high_U - low_U + 1


def _tail(
    n_U: np.ndarray,
    rare_U: np.ndarray,
    het_U: np.ndarray,
    low_U: np.ndarray,
    steps: int,
    log_factorial: np.ndarray,
) -> np.ndarray:
    """Two-sided P values, float64 (U,), over ``steps`` counts of rare homozygotes from ``low_U`` on."""

    def log_p(hom: np.ndarray, n: np.ndarray, rare: np.ndarray) -> np.ndarray:
        """The logarithm of the probability of a count, up to a constant."""
        het = rare - 2 * hom
        return het * LOG_2 - log_factorial[het] - log_factorial[hom] - log_factorial[n - rare + hom]

    hom_UO = low_U[:, None] + np.arange(steps)
    possible_UO = hom_UO <= rare_U[:, None] // 2
    log_UO = log_p(np.minimum(hom_UO, rare_U[:, None] // 2), n_U[:, None], rare_U[:, None])
    top_U = log_UO.max(axis=1)
    p_UO = np.exp(log_UO - top_U[:, None]) * possible_UO
    limit_U = np.exp(log_p((rare_U - het_U) // 2, n_U, rare_U) - top_U) * (1 + TIE)
    return np.minimum((p_UO * (p_UO <= limit_U[:, None])).sum(axis=1) / p_UO.sum(axis=1), 1.0)
