"""Area under the precision-recall curve by its continuous interpolation, and precision among the first k."""

import numpy as np


def auc_pr(hit_M: np.ndarray, score_M: np.ndarray) -> float:
    """Area under the precision-recall curve, PRROC's ``auc.integral``.

    Between two neighbouring thresholds false positives grow linearly with true positives (Davis & Goadrich
    2006) and the precision is integrated over recall in closed form (Keilwagen, Grosse & Grau 2014):
    with a true positives of c called before, d more true positives and s calls for each of them,
    the integral over x in [0, d] of (a + x) / (c + s x). Tied scores are one threshold, so the value does
    not depend on the order of rows; a constant score has the prevalence. ``hit_M`` is bool with at least
    one hit, ``score_M`` finite, larger meaning more likely a hit.
    """
    order = np.argsort(-score_M, kind="stable")
    last = np.flatnonzero(np.diff(score_M[order], append=-np.inf))  # last row of each group of ties
    tp = np.concatenate([[0.0], np.cumsum(hit_M[order], dtype=float)[last]])
    called = np.concatenate([[0.0], last + 1.0])
    d = np.diff(tp)
    rises = d > 0
    a, c, d, s = tp[:-1][rises], called[:-1][rises], d[rises], (np.diff(called)[rises] / d[rises])
    # From the origin (c = 0) the precision is constant, 1 / s.
    log = np.log1p(np.divide(s * d, c, out=np.zeros_like(c), where=c > 0))
    return float((d / s + (a - c / s) / s * log).sum() / hit_M.sum())


def top_weights(score_M: np.ndarray, k: int) -> np.ndarray:
    """Each row's probability (M,) of standing among the k largest scores when ties are broken at random."""
    threshold = np.partition(score_M, -k)[-k]
    above, tied = score_M > threshold, score_M == threshold
    return above + tied * ((k - above.sum()) / tied.sum())


def precision_at(hit_M: np.ndarray, score_M: np.ndarray, k: int) -> float:
    """Expected share of hits among the k largest scores, ties broken at random."""
    return float(top_weights(score_M, k) @ hit_M / k)
