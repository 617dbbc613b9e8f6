"""Groups of relatives, and sets of unrelated individuals, found in a table of kinships.

The table has a row for each pair that is related at all: ``iid_1 iid_2 kinship``. KING's kinship is near .5 for
duplicates, .25 for first-degree relatives, .125 for second; degrees end at .354, .177, .0884 and .0442 (Manichaikul et
al. 2010, Bioinformatics 26:2867).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

THIRD_DEGREE, SECOND_DEGREE, FIRST_DEGREE = 0.0442, 0.0884, 0.177


def pairs(kinship: pd.DataFrame, iids: Sequence[str], threshold: float) -> np.ndarray:
    """Positions in ``iids`` of each pair with a kinship above the threshold, int64 (R, 2).

    Pairs with an individual that is not in ``iids`` are left out.
    """
    above = kinship[kinship["kinship"] > threshold]
    at = pd.Series(np.arange(len(iids)), index=list(iids))
    found = np.stack([at.reindex(above[name]).to_numpy(dtype=float) for name in ("iid_1", "iid_2")], axis=1)
    return found[np.isfinite(found).all(axis=1)].astype(np.int64)


def groups(kinship: pd.DataFrame, iids: Sequence[str], threshold: float) -> np.ndarray:
    """The number of each individual's group, int (N,); a chain of relatives is one group."""
    n, pair_R2 = len(iids), pairs(kinship, iids, threshold)
    graph = coo_array((np.ones(len(pair_R2)), (pair_R2[:, 0], pair_R2[:, 1])), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1])


def without_relatives(kinship: pd.DataFrame, iids: Sequence[str], threshold: float) -> np.ndarray:
    """Which individuals to keep so that no two of them are related: bool (N,).

    The individual with the most relatives is removed first, again and again. Ties: the individual that comes last
    in ``iids`` is removed.
    """
    kept_N = np.ones(len(iids), dtype=bool)
    pair_R2 = pairs(kinship, iids, threshold)
    while len(pair_R2):
        degree_N = np.bincount(pair_R2.ravel(), minlength=len(iids))
        worst = len(iids) - 1 - int(degree_N[::-1].argmax())
        kept_N[worst] = False
        pair_R2 = pair_R2[(pair_R2 != worst).all(axis=1)]
    return kept_N
