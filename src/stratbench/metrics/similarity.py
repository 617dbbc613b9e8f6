"""How similar rankings of SNPs are, each with each. A ranking is a score for each SNP, the largest first."""

from itertools import combinations

import numpy as np
from scipy import stats
from scipy.stats import rankdata

from stratbench.metrics.precision_recall import top_weights

PAIRED = 20_000  # SNPs at most whose order Kendall's tau compares; more would take hours over many rankings
P = 0.998  # of the rank-biased overlap: what the next SNP weighs, over what this one does


def spearman(score_SM: np.ndarray) -> np.ndarray:
    """Spearman correlations (S, S) of rankings, midranks for ties; NaN where a ranking is constant."""
    rank = rankdata(score_SM, axis=1)
    rank -= rank.mean(axis=1, keepdims=True)
    norm = np.sqrt((rank**2).sum(axis=1, keepdims=True))
    rank = np.divide(rank, norm, out=np.full_like(rank, np.nan), where=norm > 0)
    return np.clip(rank @ rank.T, -1, 1)


def tied(score_M: np.ndarray) -> float:
    """The share of SNPs whose score another SNP has, too."""
    _, count = np.unique(score_M, return_counts=True)
    return float(count[count > 1].sum() / len(score_M))


def jaccard(score_SM: np.ndarray, k: int) -> np.ndarray:
    """Jaccard index (S, S) of the top k: overlap / (2k - overlap).

    Ties at the threshold are broken at random for each ranking alone; the expected overlap is used.
    """
    weight = np.stack([top_weights(score, k) for score in score_SM])
    overlap = weight @ weight.T
    return overlap / (2 * k - overlap)


def jaccard_chance(m: int, k: int) -> float:
    """Expected Jaccard of two random sets of k of m SNPs; their overlap is hypergeometric."""
    overlap = np.arange(k + 1)
    return float((stats.hypergeom.pmf(overlap, m, k, k) * overlap / (2 * k - overlap)).sum())


def tau(score_SM: np.ndarray) -> np.ndarray:
    """Kendall's tau-b (S, S), in which ties count for less; NaN where a ranking is constant.

    Of more than PAIRED SNPs it is that of so many, evenly spaced.
    """
    m = score_SM.shape[1]
    if m > PAIRED:
        score_SM = score_SM[:, np.linspace(0, m - 1, PAIRED).round().astype(np.int64)]
    found = np.diag(np.where(np.ptp(score_SM, axis=1) > 0, 1.0, np.nan))
    for i, j in combinations(range(len(score_SM)), 2):
        found[i, j] = found[j, i] = stats.kendalltau(score_SM[i], score_SM[j]).statistic
    return found


def rbo(score_SM: np.ndarray, p: float = P) -> np.ndarray:
    """Rank-biased overlap (S, S): (1 - p) times the sum over d of p^(d - 1) times what the first d share, over d.

    Webber, Moffat & Zobel 2010, ACM Transactions on Information Systems 28:20. Rankings are of the same SNPs, so that
    beyond the last one they share all, and one ranking with itself has 1. Ties are broken at random, by each ranking
    alone.
    """
    m = score_SM.shape[1]
    weight_M = (1 - p) * p ** np.arange(m) / np.arange(1, m + 1)
    # A SNP that both rankings have reached at a depth counts at this depth and at all later ones.
    from_M = weight_M[::-1].cumsum()[::-1]
    rng = np.random.default_rng(0)
    order_SM = np.stack([np.lexsort((rng.random(m), -score_M)) for score_M in score_SM])
    place_SM = order_SM.argsort(axis=1)
    found = np.eye(len(score_SM))
    for i, j in combinations(range(len(score_SM)), 2):
        found[i, j] = found[j, i] = from_M[np.maximum(place_SM[i], place_SM[j])].sum() + p**m
    return found


def rbo_chance(m: int, p: float = P) -> float:
    """Expected rank-biased overlap of two random rankings of m SNPs: at depth d they share d / m of the first d."""
    depth_M = np.arange(1, m + 1)
    return float((1 - p) * (p ** (depth_M - 1) * depth_M / m).sum() + p**m)
