"""Drawing parts of a cohort at random: individuals in proportion to strata, or whole families."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from stratbench.core.errors import UserError

UNASSIGNED = "unassigned"  # the population of people whose label is missing and could not be called
LEAST = 10  # labelled individuals of a population from which others may be called
SHUFFLES = 200  # orders of families that are tried, of which the best balanced one is taken


def stratified(stratum_N: np.ndarray, fraction: float, rng: np.random.Generator) -> np.ndarray:
    """A mask of round(fraction x N) individuals, in proportion to the strata within rounding: bool (N,).

    Systematic sampling: individuals are shuffled, ordered by stratum, and taken at even steps.
    """
    n = len(stratum_N)
    k = round(fraction * n)
    shuffled_N = rng.permutation(n)
    ordered_N = shuffled_N[np.argsort(stratum_N[shuffled_N], kind="stable")]
    mask_N = np.zeros(n, dtype=bool)
    mask_N[ordered_N[((np.arange(k) + rng.random()) * n / max(k, 1)).astype(np.int64)]] = True
    return mask_N


def whole_families(
    family_N: np.ndarray, stratum_N: np.ndarray, fractions: dict[str, float], rng: np.random.Generator
) -> np.ndarray:
    """Divide individuals into sets so that no family is divided.

    Many random orders of the families are cut at the fractions. The order is taken whose sets come nearest to the
    fractions in every stratum.

    Args:
        family_N: the family of each individual.
        stratum_N: the stratum of each individual.
        fractions: the share of individuals of each set; they sum to 1.
        rng: the generator that the orders are drawn from.

    Returns:
        The set of each individual, text (N,).
    """
    code_N, names = pd.factorize(family_N)
    stratum_code_N, strata = pd.factorize(stratum_N)
    count_GL = np.zeros((len(names), len(strata)))
    np.add.at(count_GL, (code_N, stratum_code_N), 1)
    share_D = np.array(list(fractions.values()))
    wanted_DL = share_D[:, None] * count_GL.sum(axis=0)
    best_G, best = np.zeros(len(names), dtype=np.int64), np.inf
    for _ in range(SHUFFLES):
        set_G = _cut(count_GL.sum(axis=1), share_D, rng.permutation(len(names)))
        got_DL = np.stack([count_GL[set_G == k].sum(axis=0) for k in range(len(share_D))])
        distance = float(np.abs(got_DL - wanted_DL).sum())
        if distance < best:
            best_G, best = set_G, distance
    return np.array(list(fractions))[best_G][code_N]


def _cut(size_G: np.ndarray, share_D: np.ndarray, order_G: np.ndarray) -> np.ndarray:
    """The set of each family, 0 to D - 1: families are lined up in this order, and the middle member decides."""
    middle_G = np.cumsum(size_G[order_G]) - size_G[order_G] / 2
    set_G = np.empty(len(size_G), dtype=np.int64)
    set_G[order_G] = np.searchsorted(np.cumsum(share_D)[:-1] * size_G.sum(), middle_G, side="right")
    return set_G


def require_small_families(family_N: np.ndarray, limit: float) -> None:
    """Raise UserError if the largest family is more than this share of all individuals."""
    sizes = pd.Series(family_N).value_counts()
    if sizes.iloc[0] > limit * len(family_N):
        raise UserError(
            f"splits: family '{sizes.index[0]}' has {sizes.iloc[0]} of {len(family_N)} individuals, more "
            f"than {limit:.0%}: whole families cannot be kept on one side. Declare smaller groups in the "
            "cohort file (family: parents gives sibships), raise max_family, or use 'given' or 'random'"
        )


def with_validation(
    set_N: np.ndarray, people: pd.DataFrame, options: Mapping[str, Any], rng: np.random.Generator
) -> np.ndarray:
    """Draw validation individuals from those who train.

    Args:
        set_N: the sets so far, text. It is changed.
        people: has the columns stratum and family.
        options: ``validation``, the share of those who train, and ``keep_families``, whether whole families are drawn.
        rng: draws them.

    Returns:
        ``set_N``.

    Raises:
        UserError: for a family that is too large to be kept together.
    """
    train_T = np.flatnonzero(set_N == "train")
    stratum_T = people["stratum"].to_numpy()[train_T]
    if not options["keep_families"]:
        set_N[train_T[stratified(stratum_T, options["validation"], rng)]] = "validation"
        return set_N
    family_T = people["family"].to_numpy()[train_T]
    require_small_families(family_T, 0.2)
    fractions = {"validation": options["validation"], "train": 1 - options["validation"]}
    set_N[train_T] = whole_families(family_T, stratum_T, fractions, rng)
    return set_N


def require_enough(label_R: pd.Series, where: str) -> None:
    """Raise UserError for labels, none of them blank, that are too few for others to be called from them."""
    sizes = label_R.value_counts()
    if len(sizes) < 2 or sizes.min() < LEAST:
        small = f"'{sizes.index[-1]}' has {sizes.iloc[-1]}" if len(sizes) else "nobody has a label"
        raise UserError(
            f"{where}: populations 'called' wants two labelled populations of {LEAST} individuals or more, and "
            f"{small}; label more people, or set populations under qc to labelled (the others are left out) or clusters"
        )
