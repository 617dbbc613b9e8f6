"""Resamples of a split's training people: networks trained on them show how much a ranking depends on who was drawn.

A resample is a random subsample without replacement, the same for all models and adjustments of a split. The network
and the adjustment are fitted on the subsample; what was computed from all training people before (PCs, allele
frequencies and the scaling of inputs) stays as it is. Validation and test people stay too. Beside each resample stands
a null: the same people, whose labels are permuted within populations, so that no SNP has an effect and the populations
keep their numbers of cases. Source of subsampling for the stability of what a model selects: Meinshausen & Bühlmann
2010, J R Stat Soc B 72:417.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from stratbench.core.seeds import seed
from stratbench.genotypes.records import Resample
from stratbench.training.setup import Setup

SHARE = 0.8  # of the training people
LEFT_OUT = "left out"  # the set of training people who are not in a resample


def resamples(count: int) -> list[Resample]:
    """All resamples of a fit: each number with its own labels and with permuted ones."""
    return [Resample(number, permuted) for number in range(1, count + 1) for permuted in (False, True)]


def resampled(setup: Setup, resample: Resample, names: Sequence[str]) -> Setup:
    """The same network, to be trained on a resample.

    Args:
        setup: the network, and the data of all training people.
        resample: which resample.
        names: cohort, trait and split, by which people and permutations are drawn.

    Returns:
        A setup whose training people are the resample's; those left out are in no set.
    """
    data, context = setup.data, setup.context
    train_T = data.rows("train")
    rng = np.random.default_rng(seed(*names, "resample", resample.number))
    left_out = np.setdiff1d(train_T, rng.choice(train_T, round(SHARE * len(train_T)), replace=False))
    set_N = data.set_N.astype(object)
    set_N[left_out] = LEFT_OUT
    y_N = data.y_N
    if resample.permuted:
        rng = np.random.default_rng(seed(*names, "permuted", resample.number))
        y_N = permuted(y_N, set_N, data.population_N, rng)
    data = replace(data, set_N=set_N, y_N=y_N)
    context = replace(
        context,
        y_N=np.where(set_N == "train", data.scaled_y_N, np.float32(np.nan)),
        sets={**context.sets, "train": data.rows("train")},
    )
    return replace(setup, data=data, context=context)


def permuted(
    y_N: np.ndarray, set_N: np.ndarray, population_N: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Permute labels among the people of one set and one population.

    Args:
        y_N: labels, float64 (N,).
        set_N: the set of each individual, text (N,).
        population_N: populations, text (N,).
        rng: what permutations are drawn by.

    Returns:
        The permuted labels, float64 (N,).
    """
    y_N = y_N.copy()
    groups = np.array([f"{one}\t{population}" for one, population in zip(set_N, population_N, strict=True)])
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        y_N[rows] = y_N[rng.permutation(rows)]
    return y_N
