"""Scores or p values of SNPs that were made elsewhere, by any program, on what ``stratbench export`` writes."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from stratbench.associations.run import COLUMNS, AssociationData
from stratbench.core.errors import UserError
from stratbench.genotypes import given

OPTIONS: dict[str, Any] = {
    "scores": {
        "type": "string",
        "minLength": 1,
        "format": "table-of-a-split",
        "description": "a TSV, snp and p or score [beta se statistic n]; its path may hold {cohort}, {trait}, {split}",
    },
}
CITATION = ""


def associate(data: AssociationData, options: Mapping[str, Any]) -> pd.DataFrame:
    """``snp beta se statistic p n``; a score stands as the statistic, and its size ranks where there is no p.

    A SNP whose p (or score) is blank was not tested and stands last in the ranking.

    Raises UserError, naming the line, the SNP or the column, for a table that has not one row for each SNP of the
    dataset, or has neither ``p`` nor ``score`` or both.
    """
    path = options["scores"]
    found: dict[str, dict[str, float]] = {}
    for line, row in given.rows(path, ("snp",)):
        if ("p" in row) == ("score" in row):
            raise UserError(f"{path}: give one of the columns 'p' and 'score', by which SNPs are ranked")
        numbers = {name: given.number(path, line, row, name) for name in (*COLUMNS[1:], "score")}
        if not (np.isnan(numbers["p"]) or 0 <= numbers["p"] <= 1):
            raise UserError(f"{path}: line {line}: p is {numbers['p']:g}, not from 0 to 1; correct it")
        if "score" in row:
            numbers["statistic"] = numbers["score"]
        found[given.once(path, line, row["snp"].strip(), found)] = numbers
    if all(np.isnan([one["p"], one["statistic"]]).all() for one in found.values()):
        raise UserError(f"{path}: no SNP has a p or score; give those that were tested")
    given.require_known(path, list(found), data.snp_M.tolist(), "keep.snp of this dataset")
    remedy = "a SNP without a test has a row with a blank p or score"
    given.require_all(path, found, data.snp_M.tolist(), "SNP", remedy)
    table = pd.DataFrame([found[snp] for snp in data.snp_M])
    table.insert(0, "snp", data.snp_M)
    return table[COLUMNS]
