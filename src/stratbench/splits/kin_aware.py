"""Whole declared families at random: nobody in test has a relative in training."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from stratbench.sampling import require_small_families, whole_families

OPTIONS = {
    "validation": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1, "default": 0.15},
    "test": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1, "default": 0.15},
    "max_family": {
        "type": "number",
        "exclusiveMinimum": 0,
        "maximum": 1,
        "default": 0.2,
        "description": "refuse if the largest family is a larger share of all individuals",
    },
}
CITATION = ""


def assign(people: pd.DataFrame, options: Mapping[str, Any], rng: np.random.Generator) -> np.ndarray:
    """Fractions as near as whole families allow, strata balanced; see the package's docstring."""
    family_N = people["family"].to_numpy()
    require_small_families(family_N, options["max_family"])
    held = {"test": options["test"], "validation": options["validation"]}
    fractions = {**held, "train": 1 - sum(held.values())}
    return whole_families(family_N, people["stratum"].to_numpy(), fractions, rng)
