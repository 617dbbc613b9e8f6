"""A column of samples.tsv says who trains and who tests. If it names no validation set, one is drawn from training."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from stratbench.core.errors import UserError
from stratbench.methods.registry import nearest
from stratbench.popgen.sampling import with_validation

OPTIONS = {
    "column": {"type": "string", "description": "holds train, test and perhaps validation; blank: left out"},
    "validation": {
        "type": "number",
        "exclusiveMinimum": 0,
        "exclusiveMaximum": 1,
        "default": 0.2,
        "description": "share of the training individuals, used if the column holds no validation",
    },
    "keep_families": {
        "type": "boolean",
        "default": False,
        "description": "draw validation as whole families",
    },
}
CITATION = ""


def assign(people: pd.DataFrame, options: Mapping[str, Any], rng: np.random.Generator) -> np.ndarray:
    """The sets that the column states. Raises UserError if the column is absent or holds other values."""
    set_N = _given(people, options["column"])
    if "validation" in set_N:
        return set_N
    return with_validation(set_N, people, options, rng)


def _given(people: pd.DataFrame, column: str) -> np.ndarray:
    """The column's values, text (N,)."""
    if column not in people.columns:
        known = sorted(str(name) for name in people.columns if name != "stratum")
        raise UserError(f"splits: samples.tsv has no column '{column}': {nearest(column, known)}")
    set_N = people[column].str.strip().replace("NA", "").to_numpy(dtype=object)
    for value in sorted(set(set_N)):
        if value not in ("train", "validation", "test", ""):
            iid = people["iid"].to_numpy()[set_N == value][0]
            raise UserError(
                f"splits: column '{column}' is '{value}' for individual {iid}; it may be train, validation, "
                "test or blank (left out)"
            )
    return set_N
