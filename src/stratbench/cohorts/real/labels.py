"""Population labels of real people: where they come from, and whether QC knows what to do about missing ones."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from stratbench.cohorts.real.available import here
from stratbench.cohorts.real.cohort_file import FETCHED
from stratbench.cohorts.real.matching import matched
from stratbench.cohorts.real.read_cohort import fam_column, fid_labels
from stratbench.core.errors import UserError
from stratbench.genotypes import plink
from stratbench.popgen.sampling import require_enough


def origin(declared: Mapping[str, Any], paths: Mapping[str, str | Path]) -> str:
    """The user's file and column that the populations of a cohort come from; blank if it declares none."""
    name = declared["population"]
    if name is None:
        return ""
    for table in declared["tables"]:
        if name in table["columns"]:
            return f"{paths[table['file']]}, column '{table['columns'][name]}'"
    return f"{paths['fam']}, column {1 if name == 'fid' else declared['columns'][name]}"


def require(population_N: pd.Series, iid_N: pd.Series, asked: str, where: str) -> None:
    """Check that QC can do what it is asked to do with these population labels.

    Args:
        population_N: the label of each individual; blank where it is missing.
        iid_N: their ids.
        asked: QC's option ``populations``.
        where: the file and column that the labels come from, for messages.

    Raises:
        UserError: for labels with characters that nobody sees, and for missing labels that QC has no way to fill.
    """
    for name in sorted(set(population_N)):
        odd = next((letter for letter in name if not letter.isprintable()), None)
        if odd is not None:
            raise UserError(
                f"{where}: the population {name!r} holds a character that nobody sees (U+{ord(odd):04X}); rename it"
            )
    blank_N = (population_N == "").to_numpy()
    if not blank_N.any() or asked == "clusters":
        return
    first = iid_N[blank_N].iloc[0]
    found = f"{where}: {blank_N.sum()} of {len(blank_N)} individuals have no population, first '{first}'"
    if asked == "declared":
        raise UserError(
            f"{found}; label them, or set populations under qc to labelled (who has none is left out), called (from "
            "PCs of the labelled) or clusters (of PCs, for everyone)"
        )
    if blank_N.all():
        raise UserError(f"{found}; label some, or set populations under qc to clusters (of PCs)")
    if asked == "called":
        require_enough(population_N[~blank_N], where)


def require_labels(config: Mapping[str, Any], folder: str | Path = FETCHED) -> None:
    """Call ``require`` for every cohort file of a config whose data are on this machine; QC checks the others.

    The short form of a study was looked into when it was expanded. Raises UserError, which names the cohort.
    """
    for label, spec, paths in here(config, folder):
        declared = spec["declared"]
        if declared["population"] is not None:
            fam = plink.read_fam(paths["fam"])
            where = f"cohorts.{label}: {origin(declared, paths)}"
            require(_of(fam, declared, paths), fam["iid"], spec["qc"]["populations"], where)


def _of(fam: pd.DataFrame, declared: Mapping[str, Any], paths: Mapping[str, str | Path]) -> pd.Series:
    """The populations of the .fam's people, which a column declares; blank where missing."""
    name = declared["population"]
    if name == "fid":
        return fid_labels(fam, declared["missing"])
    if name in declared["columns"]:
        values = fam_column(fam, declared["columns"][name], name, paths["fam"])
    else:
        table = next(table for table in declared["tables"] if name in table["columns"])
        only = {"id": table["id"], "columns": {name: table["columns"][name]}}
        path, missing, unmatched = paths[table["file"]], declared["missing"], declared["unmatched"]
        values = matched(path, only, fam, paths["fam"], missing, unmatched).values[name]
    return values.mask(values.isin(declared["missing"]), "")
