"""Individuals at random, in proportion to populations and, for binary traits, to cases and controls."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from stratbench.popgen.sampling import stratified

OPTIONS = {
    "validation": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1, "default": 0.15},
    "test": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1, "default": 0.15},
}
CITATION = ""


def assign(people: pd.DataFrame, options: Mapping[str, Any], rng: np.random.Generator) -> np.ndarray:
    """Exactly round(test N) and round(validation N) individuals; see the package's docstring."""
    stratum_N = people["stratum"].to_numpy()
    set_N = np.full(len(people), "train", dtype=object)
    test_N = stratified(stratum_N, options["test"], rng)
    set_N[test_N] = "test"
    rest_R = np.flatnonzero(~test_N)
    of_rest = options["validation"] / (1 - options["test"])
    set_N[rest_R[stratified(stratum_N[rest_R], of_rest, rng)]] = "validation"
    return set_N
