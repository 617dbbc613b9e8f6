"""Predictions that were made elsewhere, by any program, on the split that ``stratbench export`` writes."""

from typing import Any

import numpy as np

from stratbench.core.errors import UserError
from stratbench.genotypes import given
from stratbench.models.contract import Predicted, Predictions

OPTIONS = {
    "predictions": {
        "type": "string",
        "minLength": 1,
        "format": "table-of-a-split",
        "description": "a TSV, iid score [f probability set seed]; its path may hold {cohort}, {trait}, {split}",
    },
}
CITATION = ""
NETWORK = False


def build(n_snps: int, options: dict[str, Any]) -> Predictions:
    """Read the table of predictions; docs/entrants.md says what its columns are.

    Raises UserError, naming the line, for a table that is none, a number that is none, and an individual who is listed
    twice for a seed.
    """
    path = options["predictions"]
    seeds: dict[int, dict[str, Predicted]] = {}
    for line, row in given.rows(path, ("iid", "score")):
        of_seed = seeds.setdefault(_seed(path, line, row.get("seed", "1").strip()), {})
        iid = given.once(path, line, row["iid"].strip(), of_seed)
        score, f, probability = (
            given.number(path, line, row, name) for name in ("score", "f", "probability")
        )
        if not (np.isnan(probability) or 0 <= probability <= 1):
            raise UserError(
                f"{path}: line {line}: probability is {probability:g}, not from 0 to 1; correct it"
            )
        own = score if "f" not in row else f
        of_seed[iid] = Predicted(score, own, probability, row.get("set", "").strip())
    if not seeds:
        raise UserError(f"{path}: lists nobody; give a row for each validation and test individual")
    return Predictions(path, dict(sorted(seeds.items())))


def _seed(path: str, line: int, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) > 0):
        raise UserError(f"{path}: line {line}: seed is '{text}', not a whole number from 1; correct it")
    return int(text)
