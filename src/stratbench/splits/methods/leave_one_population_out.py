"""One population is tested, the others train and validate: it shows what carries over to an ancestry never seen."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from stratbench.core.errors import UserError
from stratbench.core.words import counted
from stratbench.methods.registry import nearest
from stratbench.popgen.sampling import UNASSIGNED, with_validation

OPTIONS = {
    "population": {"type": "string", "description": "who is tested, all of them and nobody else"},
    "validation": {
        "type": "number",
        "exclusiveMinimum": 0,
        "exclusiveMaximum": 1,
        "default": 0.2,
        "description": "share of the other populations' individuals",
    },
    "keep_families": {
        "type": "boolean",
        "default": False,
        "description": "draw validation as whole families",
    },
    "least": {
        "type": "integer",
        "minimum": 2,
        "default": 20,
        "description": "refuse a population of fewer individuals",
    },
}
CITATION = ""


def assign(people: pd.DataFrame, options: Mapping[str, Any], rng: np.random.Generator) -> np.ndarray:
    """See the package's docstring. ``unassigned`` people may belong to the tested population and are left out.

    Raises UserError for a population that does not exist or is small, or if there is no other.
    """
    label = people["population"].replace(UNASSIGNED, "")
    population_N = label.to_numpy(dtype=str)
    wanted = str(options["population"])
    sizes = label[label != ""].value_counts()
    if wanted not in sizes.index:
        hint = nearest(wanted, sorted(map(str, sizes.index)))
        raise UserError(f"splits: there is no population '{wanted}' to leave out: {hint}")
    if len(sizes) == 1:
        raise UserError(
            f"splits: '{wanted}' is the only population, so nobody is left to train; name the column of "
            "populations in the cohort file, or use 'random' or 'kin-aware'"
        )
    if sizes[wanted] < options["least"]:
        raise UserError(
            f"splits: population '{wanted}' has {counted(int(sizes[wanted]), 'individual')}, fewer than "
            f"{options['least']}, too few to judge a model by; leave out a larger one, or lower 'least'"
        )
    set_N = np.where(population_N == wanted, "test", "train").astype(object)
    set_N[population_N == ""] = ""
    return with_validation(set_N, people, options, rng)
