"""Populations that options name are compared with those of the cohort."""

from collections.abc import Iterable

import numpy as np

from stratbench.core.errors import UserError
from stratbench.methods.registry import nearest


def require_known(option: str, named: Iterable[str], population_N: np.ndarray, every: bool) -> list[str]:
    """The populations of a cohort, checked against those that an option names.

    Args:
        option: the option, for messages.
        named: the populations that it names.
        population_N: the population of each individual, text.
        every: whether every population must be named.

    Returns:
        The cohort's populations, sorted.

    Raises:
        UserError: for a name that no population has and, with ``every``, for a population that is not named.
    """
    names = sorted(set(population_N))
    named = list(named)
    for name in named:
        if name not in names:
            raise UserError(f"traits: {option}: unknown population '{name}': {nearest(name, names)}")
    absent = [name for name in names if name not in named]
    if every and absent:
        raise UserError(f"traits: {option}: no value for {', '.join(absent)}; name every population")
    return names


def require_two(what: str, population_N: np.ndarray) -> None:
    """Raise UserError if everyone is in one population."""
    names = sorted(set(population_N))
    if len(names) < 2:
        raise UserError(
            f"traits: {what} needs two populations or more, but everyone is in '{names[0]}'; "
            f"change that option or choose a cohort with populations"
        )


def population_means(values_N: np.ndarray, population_N: np.ndarray) -> np.ndarray:
    """For each individual the mean of the values in its population, float64 (N,)."""
    _, at_N, size_L = np.unique(population_N.astype(str), return_inverse=True, return_counts=True)
    means: np.ndarray = (np.bincount(at_N, weights=values_N) / size_L)[at_N]
    return means
