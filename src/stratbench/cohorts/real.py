"""A real study's PLINK files in the raw contract: six-column .fam, all else in samples.tsv."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from stratbench import files, plink
from stratbench.checksums import sha256
from stratbench.cohorts import chromosomes, cohort_file
from stratbench.cohorts.tables import matched, minus_nine, require_unique
from stratbench.errors import UserError
from stratbench.job import say


def read_cohort(
    declared: Mapping[str, Any],
    paths: Mapping[str, str | Path],
    out_prefix: str | Path,
    samples_tsv: str | Path,
    digests: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Write ``out_prefix``.{bed,bim,fam} and ``samples_tsv`` of a real study.

    The .bed is copied byte by byte, the .bim but for line ends and a byte order mark; the .fam keeps FID, IID,
    parents and sex.

    Args:
        declared: a cohort file's content (``cohort_file.read``).
        paths: where each of its files lies, by its name in the cohort file.
        digests: the SHA-256 that the fetched ones of them must have.

    Raises UserError for a fetched file with another SHA-256, files that do not fit together, an iid that occurs
    twice, tables that match nobody, values that are no numbers in a trait's or numeric covariate's column, and
    chromosomes of which only the species' number of autosomes tells what they are.
    """
    for key, digest in digests.items():
        _require_bytes(paths[key], digest)
    bed, bim, fam_path = (Path(paths[end]) for end in ("bed", "bim", "fam"))
    fam, snps = plink.read_fam(fam_path), plink.read_bim(bim)
    require_unique(fam["iid"], fam_path)
    plink.require_same_people(bed, plink.open_bed(bed, len(fam), len(snps)), len(fam))
    chromosomes.require_known(snps["chrom"].unique(), declared, bim)
    _say_same_alleles(snps, bim)
    samples = _samples(fam, declared, paths)
    with files.whole(f"{out_prefix}.bed") as temporary:
        shutil.copyfile(bed, temporary)
    files.write_text(files.read_text(bim), f"{out_prefix}.bim")
    plink.write_fam(fam.assign(phenotype="-9"), f"{out_prefix}.fam")  # traits are in samples.tsv
    files.write_tsv(samples, samples_tsv)
    populations, families = samples["population"].nunique(), samples["family"].nunique()
    sizes = samples["population"][samples["population"] != ""].value_counts()
    if len(sizes) > 1 and sizes.min() == 1:
        lonely = sorted(sizes.index[sizes == 1])
        say(f"populations of one person, of whom no within-population number can be had: {', '.join(lonely)}")
    say(f"{fam_path}: {len(fam)} individuals, {populations} populations, {families} families")


def _require_bytes(path: str | Path, digest: str) -> None:
    found = sha256(path)
    if found != digest:
        raise UserError(
            f"{path}: its SHA-256 is {found[:12]}..., the cohort file states {digest[:12]}...: it has changed since it "
            "was fetched; delete it and run the study again, which fetches it anew"
        )


def _say_same_alleles(snps: pd.DataFrame, path: Path) -> None:
    """Count SNPs with one allele in both columns, which PLINK takes as well; 0 and . are missing alleles."""
    same = snps["snp"][(snps["a1"] == snps["a2"]) & ~snps["a1"].isin(["0", "."])]
    if len(same):
        say(
            f"{path}: {len(same)} of {len(snps)} SNPs, such as '{same.iloc[0]}', have the same allele in columns 5 and "
            "6; they are kept, as column 5 is counted whatever its name, but look at where the file comes from"
        )


def _samples(fam: pd.DataFrame, declared: Mapping[str, Any], paths: Mapping[str, str | Path]) -> pd.DataFrame:
    """The samples.tsv of a .fam and its tables: all text, blank for missing."""
    fam_path = Path(paths["fam"])
    extra = pd.DataFrame(index=fam.index)
    source: dict[str, str | Path] = dict.fromkeys(declared["columns"], fam_path)
    for name, number in declared["columns"].items():
        extra[name] = fam_column(fam, number, name, fam_path)
    for table in declared["tables"]:
        path = paths[table["file"]]
        extra = extra.join(matched(path, table, fam, fam_path))
        source |= dict.fromkeys(table["columns"], path)
    extra, was = extra.mask(extra.isin(declared["missing"]), ""), extra
    numeric = _numeric(declared)
    for column in dict.fromkeys([*numeric, *declared["covariates"]]):
        if column in source:
            extra[column] = extra[column].mask(_minus_nine(was[column], column, source[column]), "")
            if column in numeric:
                _require_numbers(extra[column], fam["iid"], column, source[column])
    population = _population(fam, extra, declared["population"])
    families = _family(fam, extra, declared["family"])
    table = pd.DataFrame({"iid": fam["iid"], "population": population, "family": families})
    derived = {name: _first(extra, parts) for name, parts in declared["derived"].items()}
    table["sex"] = fam["sex"].where(fam["sex"].isin(["1", "2"]), "0")  # anything else is unknown, as in PLINK
    return pd.concat([table, extra, pd.DataFrame(derived, index=fam.index)], axis=1)


def _numeric(declared: Mapping[str, Any]) -> list[str]:
    """The columns of traits and of numeric covariates."""
    traits = [column for trait in declared["traits"].values() for column in cohort_file.trait_columns(trait)]
    numeric = [column for column, kind in declared["covariates"].items() if kind == "numeric"]
    return list(dict.fromkeys([*traits, *numeric]))


def _minus_nine(values: pd.Series, column: str, path: str | Path) -> pd.Series:
    """Where a value is -9, or -9.0: a number as well as PLINK's code for missing, so that its use is said."""
    coded = minus_nine(values)
    if coded.any():
        say(f"{path}: {coded.sum()} of {len(values)} values of '{column}' are -9: missing, as PLINK has it")
    return coded


def fam_column(fam: pd.DataFrame, number: int, name: str, path: str | Path) -> pd.Series:
    """A column of the .fam by its number, from 1. Raises UserError if there is none."""
    if number > fam.shape[1]:
        raise UserError(f"{path}: {fam.shape[1]} columns, but '{name}' is to be column {number}")
    return fam.iloc[:, number - 1]


def _require_numbers(values: pd.Series, iid: pd.Series, column: str, path: str | Path) -> None:
    bad = (values != "") & ~np.isfinite(pd.to_numeric(values, errors="coerce"))
    if bad.any():
        first = bad.idxmax()
        raise UserError(
            f"{path}: '{column}' of individual '{iid[first]}' is '{values[first]}', not a number; "
            "list it under 'missing' in the cohort file if it means that"
        )


def _population(fam: pd.DataFrame, extra: pd.DataFrame, column: str | None) -> Sequence[str]:
    """Labels, blank where missing: QC refuses those or calls them."""
    if column is None:
        return ["all"] * len(fam)
    return (fam["fid"] if column == "fid" else extra[column]).tolist()


def _family(fam: pd.DataFrame, extra: pd.DataFrame, kind: str) -> pd.Series:
    """Who belongs together; people without a declared family are their own."""
    if kind == "none":
        return fam["iid"]
    if kind == "fid":
        return fam["fid"].where(fam["fid"] != "0", fam["iid"])
    if kind != "parents":
        return extra[kind].where(extra[kind] != "", fam["iid"])
    known = (fam["father"] != "0") & (fam["mother"] != "0")
    return (fam["father"] + "x" + fam["mother"]).where(known, fam["iid"])


def _first(extra: pd.DataFrame, parts: Mapping[str, str]) -> pd.Series:
    """For each person the first value whose column is not blank; blank where all are."""
    result = pd.Series("", index=extra.index)
    for value, column in parts.items():
        result = result.mask((result == "") & (extra[column] != ""), value)
    return result
