"""Whole groups of relatives at random: nobody in test has a relative in training.

Groups are declared families, or people linked by chains of KING kinships.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from stratbench.core.errors import UserError
from stratbench.popgen import relatives
from stratbench.popgen.sampling import require_small_families, whole_families

OPTIONS = {
    "by": {
        "enum": ["family", "king"],
        "default": "family",
        "description": "declared families, or components of the cohort's KING kinships",
    },
    "threshold": {
        "type": "number",
        "minimum": 0.0442,
        "maximum": 0.5,
        "default": 0.0442,
        "description": "by king: a larger kinship links two people (.0442 third degree, .0884 second, .177 first)",
    },
    "validation": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1, "default": 0.15},
    "test": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1, "default": 0.15},
    "max_family": {
        "type": "number",
        "exclusiveMinimum": 0,
        "maximum": 1,
        "default": 0.2,
        "description": "refuse if the largest group is a larger share of all individuals",
    },
}
CITATION = "Manichaikul et al. 2010, Bioinformatics 26:2867 (KING)"


def assign(
    people: pd.DataFrame,
    options: Mapping[str, Any],
    rng: np.random.Generator,
    kinship: Callable[[], pd.DataFrame],
) -> np.ndarray:
    """Fractions as near as whole groups allow, with strata balanced; see the package's docstring.

    Raises UserError if the largest group is too large.
    """
    if options["by"] == "family":
        group_N = people["family"].to_numpy()
        require_small_families(group_N, options["max_family"])
    else:
        table = kinship()
        group_N = relatives.groups(table, people["iid"].tolist(), options["threshold"])
        _require_small(group_N, people, options, table)
    held = {"test": options["test"], "validation": options["validation"]}
    fractions = {**held, "train": 1 - sum(held.values())}
    return whole_families(group_N, people["stratum"].to_numpy(), fractions, rng)


def _require_small(
    group_N: np.ndarray, people: pd.DataFrame, options: Mapping[str, Any], kinship: pd.DataFrame
) -> None:
    """Raise UserError with sizes and alternatives if one group is too large a share."""
    n, size = len(people), int(np.bincount(group_N).max())
    limit = options["max_family"] * n
    if size <= limit:
        return
    higher = [x for x in (relatives.SECOND_DEGREE, relatives.FIRST_DEGREE, 0.354) if x > options["threshold"]]
    largest = {
        x: int(np.bincount(relatives.groups(kinship, people["iid"].tolist(), x)).max()) for x in higher
    }
    family = int(people["family"].value_counts().iloc[0])
    raise UserError(
        f"splits: kinships above {options['threshold']:g} link {size} of {n} individuals into one group, more than "
        f"{options['max_family']:.0%}, so relatives cannot be kept on one side. Alternatives: declared families (by: "
        f"family; the largest has {family}; family: parents in the cohort file gives sibships); a higher threshold "
        f"({', '.join(f'{x:g} links {count}' for x, count in largest.items()) or 'none is left'}); a split that is "
        "known to be sound ('given'); or 'random', which tests relatives of those it trained on"
    )
