"""Checks of what a user's split returns."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from stratbench.methods.guard import Guard

SETS = ("train", "validation", "test", "")


def assign(
    guard: Guard, found: Any, people: pd.DataFrame, options: Mapping[str, Any], rng: np.random.Generator
) -> np.ndarray:
    """One of SETS for each row of ``people``, in their order."""
    wanted = f"for each of {len(people)} individuals train, validation, test or '' (left out), as text"
    guard.require(not isinstance(found, str | Mapping | set), "assign", found, wanted)
    if isinstance(found, pd.Series):
        same = found.index.equals(people.index)
        guard.require(same, "assign", found, f"{wanted}; a series keeps the index of people")
    with guard.calling("assign"):
        set_N = np.asarray(found, dtype=object)
    guard.require(set_N.shape == (len(people),), "assign", found, wanted)
    for value in set_N.tolist():
        guard.require(isinstance(value, str) and value in SETS, "assign", value, wanted)
    return set_N
