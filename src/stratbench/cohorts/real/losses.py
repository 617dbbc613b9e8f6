"""Individuals without a row in a cohort's tables, and rows that match nobody: told before any job, as a config is
read."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stratbench.cohorts.real.available import here
from stratbench.cohorts.real.cohort_file import FETCHED
from stratbench.cohorts.real.matching import matched
from stratbench.core.errors import UserError
from stratbench.genotypes import plink


def tell_losses(config: Mapping[str, Any], folder: str | Path = FETCHED) -> None:
    """Print to stderr which rows and individuals match nobody, for each cohort file whose data are on this machine.

    Raises UserError, which names the cohort, for a table that matches too few.
    """
    for label, spec, paths in here(config, folder):
        declared = spec["declared"]
        for table in declared["tables"]:
            try:
                fam = plink.read_fam(paths["fam"])
                found = matched(
                    paths[table["file"]], table, fam, paths["fam"], declared["missing"], declared["unmatched"]
                )
            except UserError as error:
                raise UserError(f"cohorts.{label}: {error}") from error
            for line in found.losses():
                print(f"{label}: {line}", file=sys.stderr)
