"""The environmental part of a simulated trait: one value for each population."""

from collections.abc import Mapping

import numpy as np

from stratbench.errors import UserError
from stratbench.registry import nearest


def population_values(population_N: np.ndarray, effects: Mapping[str, float]) -> np.ndarray:
    """Each individual's unscaled environment, float64 (N,).

    ``effects`` states a value for every population; if it is empty the values are 0, 1, 2, ... over the
    populations sorted by name. Raises UserError for a single population, and for effects that name other
    populations than the cohort has or that are all equal.
    """
    names = sorted(set(population_N))
    if len(names) < 2:
        raise UserError(
            f"traits: environment > 0 needs two populations or more, but everyone is in '{names[0]}'; "
            "set environment: 0 or choose a cohort with populations"
        )
    for name in effects:
        if name not in names:
            raise UserError(
                f"traits: population_effects: unknown population '{name}': {nearest(name, names)}"
            )
    absent = [name for name in names if effects and name not in effects]
    if absent:
        raise UserError(f"traits: population_effects: no value for {', '.join(absent)}")
    values = effects or {name: float(k) for k, name in enumerate(names)}
    if len(set(values.values())) == 1:
        raise UserError("traits: population_effects: all values are equal; give different ones")
    return np.array([values[name] for name in population_N], dtype=np.float64)
