"""The exact test of Hardy-Weinberg equilibrium, for many SNPs at once.

Source: Wigginton, Cutler & Abecasis 2005, American Journal of Human Genetics 76:887. Two-sided, without
mid-p, as plink2 --hwe computes it.
"""

import numpy as np
from scipy.special import gammaln

TIE = 1e-8  # counts whose probabilities differ by less than this, relatively, are equally likely


def exact(hom1_M: np.ndarray, het_M: np.ndarray, hom2_M: np.ndarray) -> np.ndarray:
    """P value of each SNP from its genotype counts, integers (M,); float64 (M,). Without genotypes it is 1.

    SNPs with the same number of genotypes and of rare alleles share one distribution, which is computed once.
    """
    hom1_M, het_M, hom2_M = (np.asarray(count, dtype=np.int64) for count in (hom1_M, het_M, hom2_M))
    n_M = hom1_M + het_M + hom2_M
    rare_M = 2 * np.minimum(hom1_M, hom2_M) + het_M
    p_M = np.ones(len(n_M))
    if not p_M.size:
        return p_M
    log_factorial = gammaln(np.arange(2 * n_M.max() + 1) + 1.0)
    pairs, group_M = np.unique(np.stack([n_M, rare_M], axis=1), axis=0, return_inverse=True)
    order = np.argsort(group_M, kind="stable")
    ends = np.cumsum(np.bincount(group_M, minlength=len(pairs)))
    for (n, rare), members in zip(pairs.tolist(), np.split(order, ends[:-1]), strict=True):
        if rare:
            tail = _tail(n, rare, log_factorial)
            p_M[members] = tail[(het_M[members] - rare % 2) // 2]
    return p_M


def _tail(n: int, rare: int, log_factorial: np.ndarray) -> np.ndarray:
    """Two-sided P value for each possible count of heterozygotes: rare % 2, rare % 2 + 2, ..., rare."""
    het = np.arange(rare % 2, rare + 1, 2)
    log_p = het * np.log(2.0) - (
        log_factorial[(rare - het) // 2] + log_factorial[het] + log_factorial[n - (rare + het) // 2]
    )
    p = np.exp(log_p - log_p.max())
    order = np.argsort(p, kind="stable")  # p rises, then falls: two runs, which this merges
    ascending = p[order]
    cumulated = np.cumsum(ascending)
    last = np.searchsorted(ascending, p * (1 + TIE), side="right") - 1
    return np.minimum(cumulated[last] / cumulated[-1], 1.0)
