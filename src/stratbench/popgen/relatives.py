"""Who is related to whom: groups of relatives, and people without any, from a table of kinships.

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
    """Positions among ``iids`` of the pairs with a larger kinship, int64 (P, 2); others' pairs are passed over."""
    above = kinship[kinship["kinship"] > threshold]
    at = pd.Series(np.arange(len(iids)), index=list(iids))
    found = np.stack([at.reindex(above[name]).to_numpy(dtype=float) for name in ("iid_1", "iid_2")], axis=1)
    return found[np.isfinite(found).all(axis=1)].astype(np.int64)


def groups(kinship: pd.DataFrame, iids: Sequence[str], threshold: float) -> np.ndarray:
    """A number (N,) for each individual, the same for all who are linked by a chain of relatives."""
    n, pair_P2 = len(iids), pairs(kinship, iids, threshold)
    graph = coo_array((np.ones(len(pair_P2)), (pair_P2[:, 0], pair_P2[:, 1])), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1])


def without_relatives(kinship: pd.DataFrame, iids: Sequence[str], threshold: float) -> np.ndarray:
    """A mask (N,) of individuals of whom no two are related: whoever has most relatives goes first.

    Of equals the last one goes.
    """
    kept_N = np.ones(len(iids), dtype=bool)
    pair_P2 = pairs(kinship, iids, threshold)
    while len(pair_P2):
        degree_N = np.bincount(pair_P2.ravel(), minlength=len(iids))
        worst = len(iids) - 1 - int(degree_N[::-1].argmax())
        kept_N[worst] = False
        pair_P2 = pair_P2[(pair_P2 != worst).all(axis=1)]
    return kept_N
