"""A real study's PLINK files in the raw contract: six-column .fam, all else in samples.tsv."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stratbench import files, plink
from stratbench.cohorts import cohort_file
from stratbench.errors import UserError
from stratbench.job import say


def read_cohort(
    cohort: str | Path, indir: str | Path, out_prefix: str | Path, samples_tsv: str | Path
) -> None:
    """Write ``out_prefix``.{bed,bim,fam} and ``samples_tsv`` from what ``fetch`` put into ``indir``.

    ``cohort`` is the cohort file. .bed and .bim are copied byte by byte; the .fam keeps FID, IID, parents
    and sex. Raises UserError for files that do not fit together, an iid that occurs twice, and values that
    are no numbers in a trait's column.
    """
    declared = cohort_file.read(cohort)
    bed, bim, fam_path = (Path(indir) / declared["files"][end]["name"] for end in ("bed", "bim", "fam"))
    fam = plink.read_fam(fam_path)
    _require_unique(fam["iid"], fam_path)
    plink.open_bed(bed, len(fam), len(plink.read_bim(bim)))
    samples = _samples(fam, declared, fam_path)
    for source, end in ((bed, "bed"), (bim, "bim")):
        with files.whole(f"{out_prefix}.{end}") as temporary:
            shutil.copyfile(source, temporary)
    plink.write_fam(fam.assign(phenotype="-9"), f"{out_prefix}.fam")  # traits are in samples.tsv
    files.write_tsv(samples, samples_tsv)
    populations, families = samples["population"].nunique(), samples["family"].nunique()
    say(f"{declared['title']}: {len(fam)} individuals, {populations} populations, {families} families")


def _require_unique(iid: pd.Series, path: Path) -> None:
    twice = iid[iid.duplicated()]
    if len(twice):
        raise UserError(
            f"{path}: the individual id (column 2) '{twice.iloc[0]}' occurs twice; ids must be unique"
        )


def _samples(fam: pd.DataFrame, declared: Mapping[str, Any], path: Path) -> pd.DataFrame:
    """The samples.tsv of a .fam: all text, blank for missing."""
    columns = {name: _column(fam, number, name, path) for name, number in declared["columns"].items()}
    extra = pd.DataFrame(columns, index=fam.index)
    extra = extra.mask(extra.isin(declared["missing"]), "")
    for trait in declared["traits"].values():
        for column in cohort_file.trait_columns(trait):
            _require_numbers(extra[column], fam["iid"], column, path)
    population = _population(fam, extra, declared["population"], path)
    families = _family(fam, declared["family"])
    table = pd.DataFrame({"iid": fam["iid"], "population": population, "family": families})
    derived = {name: _first(extra, parts) for name, parts in declared["derived"].items()}
    return pd.concat([table, fam["sex"], extra, pd.DataFrame(derived, index=fam.index)], axis=1)


def _column(fam: pd.DataFrame, number: int, name: str, path: Path) -> pd.Series:
    if number > fam.shape[1]:
        raise UserError(f"{path}: {fam.shape[1]} columns, but '{name}' is to be column {number}")
    return fam.iloc[:, number - 1]


def _require_numbers(values: pd.Series, iid: pd.Series, column: str, path: Path) -> None:
    bad = (values != "") & ~np.isfinite(pd.to_numeric(values, errors="coerce"))
    if bad.any():
        first = bad.idxmax()
        raise UserError(
            f"{path}: '{column}' of individual '{iid[first]}' is '{values[first]}', not a number; "
            "list it under 'missing' in the cohort file if it means that"
        )


def _population(fam: pd.DataFrame, extra: pd.DataFrame, column: str | None, path: Path) -> Sequence[str]:
    if column is None:
        return ["all"] * len(fam)
    labels = fam["fid"] if column == "fid" else extra[column]
    if (labels == "").any():
        first = fam["iid"][(labels == "").idxmax()]
        raise UserError(f"{path}: individual '{first}' has no population ('{column}'); label or remove them")
    return labels.tolist()


def _family(fam: pd.DataFrame, kind: str) -> pd.Series:
    """Who belongs together; people without a declared family are their own."""
    if kind == "none":
        return fam["iid"]
    if kind == "fid":
        return fam["fid"].where(fam["fid"] != "0", fam["iid"])
    known = (fam["father"] != "0") & (fam["mother"] != "0")
    return (fam["father"] + "x" + fam["mother"]).where(known, fam["iid"])


def _first(extra: pd.DataFrame, parts: Mapping[str, str]) -> pd.Series:
    """For each person the first value whose column is not blank; blank where all are."""
    result = pd.Series("", index=extra.index)
    for value, column in parts.items():
        result = result.mask((result == "") & (extra[column] != ""), value)
    return result
