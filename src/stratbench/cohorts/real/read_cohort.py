"""A real study's PLINK files in the raw contract: six-column .fam, all else in samples.tsv."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from stratbench.cohorts.real import cohort_file, matching, sex, values
from stratbench.cohorts.real.tables import minus_nine, require_unique
from stratbench.core import files
from stratbench.core.checksums import sha256
from stratbench.core.errors import UserError
from stratbench.core.job import say
from stratbench.core.words import counted
from stratbench.genotypes import plink
from stratbench.popgen import chromosomes


def read_cohort(
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any],
    *,
    declared: Mapping[str, Any],
    digests: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Bring the files of a real study into the form of a raw cohort.

    Args:
        inputs: each file that the cohort file names, by its name there.
        outputs: ``bed``, which is copied byte by byte; ``bim``, copied but for line ends and a byte order mark;
            ``fam``, with FID, IID and parents, and sex in PLINK's code; ``samples`` of everyone in the .fam;
            ``tables``, which says how many ids match in each table that the cohort file names.
        declared: a cohort file's content (``cohort_file.read``).
        digests: the SHA-256 that fetched files must have, by the names of ``inputs``.

    Raises UserError for a fetched file with another SHA-256, files that do not fit together, an iid that occurs
    twice, tables that match too few or nobody, values that are no numbers in a trait's or numeric covariate's column,
    covariates without values, sexes that are none, and chromosomes of which only the species' number of autosomes
    tells what they are.
    """
    for key, digest in digests.items():
        _require_bytes(inputs[key], digest)
    bed, bim, fam_path = (Path(inputs[end]) for end in ("bed", "bim", "fam"))
    fam, snps = plink.read_fam(fam_path), plink.read_bim(bim)
    require_unique(fam["iid"], fam_path)
    plink.require_same_people(bed, plink.open_bed(bed, len(fam), len(snps)), len(fam))
    chromosomes.require_known(snps["chrom"].unique(), chromosomes.Species.of(declared), bim)
    _say_same_alleles(snps, bim)
    fam["sex"] = sex.of_fam(fam, declared["missing"], fam_path)
    tables = [
        matching.matched(
            inputs[table["file"]], table, fam, fam_path, declared["missing"], declared["unmatched"]
        )
        for table in declared["tables"]
    ]
    for line in (line for table in tables for line in table.losses()):
        say(line)
    samples = _samples(fam, declared, tables, fam_path)
    with files.whole(outputs["bed"]) as temporary:
        shutil.copyfile(bed, temporary)
    files.write_text(files.read_text(bim), outputs["bim"])
    plink.write_fam(fam.assign(phenotype="-9"), outputs["fam"])  # traits are in samples.tsv
    files.write_tsv(samples, outputs["samples"])
    counts = pd.DataFrame([table.counts for table in tables], columns=list(matching.COUNTS))
    files.write_tsv(counts, outputs["tables"])
    populations, families = samples["population"].nunique(), samples["family"].nunique()
    sizes = samples["population"][samples["population"] != ""].value_counts()
    if len(sizes) > 1 and sizes.min() == 1:
        lonely = sorted(sizes.index[sizes == 1])
        say(f"populations of one person, of whom no within-population number can be had: {', '.join(lonely)}")
    many = (counted(populations, "population"), counted(families, "family", "families"))
    say(f"{fam_path}: {counted(len(fam), 'individual')}, {', '.join(many)}")


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


def _samples(
    fam: pd.DataFrame, declared: Mapping[str, Any], tables: Sequence[matching.Matched], fam_path: Path
) -> pd.DataFrame:
    """The samples.tsv of a .fam and its tables: all text, blank for missing."""
    extra = pd.DataFrame(index=fam.index)
    source: dict[str, str | Path] = dict.fromkeys([*declared["columns"], "sex"], fam_path)
    for name, number in declared["columns"].items():
        extra[name] = fam_column(fam, number, name, fam_path)
    for table in tables:
        extra = extra.join(table.values)
        source |= dict.fromkeys(map(str, table.values.columns), table.path)
    extra, was = extra.mask(extra.isin(declared["missing"]), ""), extra
    for column in dict.fromkeys([*_numeric(declared), *declared["covariates"]]):
        if column in was:
            extra[column] = extra[column].mask(_minus_nine(was[column], column, source[column]), "")
    known = extra.assign(sex=fam["sex"].replace("0", ""))
    _require_numbers(known, fam["iid"], declared, source)
    _require_covariates(known, declared["covariates"], source)
    population = _population(fam, extra, declared["population"], declared["missing"])
    families = _family(fam, extra, declared["family"], declared["missing"])
    own = pd.DataFrame({"iid": fam["iid"], "population": population, "family": families, "sex": fam["sex"]})
    derived = {name: _first(extra, parts) for name, parts in declared["derived"].items()}
    return pd.concat([own, extra, pd.DataFrame(derived, index=fam.index)], axis=1)


def _numeric(declared: Mapping[str, Any]) -> list[str]:
    """The columns of traits and of numeric covariates."""
    traits = [column for trait in declared["traits"].values() for column in cohort_file.trait_columns(trait)]
    numeric = [column for column, kind in declared["covariates"].items() if kind == "numeric"]
    return list(dict.fromkeys([*traits, *numeric]))


def _minus_nine(values: pd.Series, column: str, path: str | Path) -> pd.Series:
    """Where a value is -9 or -9.0, PLINK's code for missing, which may be a number: the log says so."""
    coded = minus_nine(values)
    if coded.any():
        say(f"{path}: {coded.sum()} of {len(values)} values of '{column}' are -9: missing, as PLINK has it")
    return coded


def fam_column(fam: pd.DataFrame, number: int, name: str, path: str | Path) -> pd.Series:
    """A column of the .fam by its number.

    Args:
        fam: what ``plink.read_fam`` returns.
        number: the column's number, from 1.
        name: what the cohort file calls it, for the message.
        path: the .fam, for the message.

    Returns:
        Its values, text, with the table's index.

    Raises:
        UserError: if the .fam has fewer columns.
    """
    if number > fam.shape[1]:
        raise UserError(f"{path}: {counted(fam.shape[1], 'column')}, but '{name}' is to be column {number}")
    return fam.iloc[:, number - 1]


def _require_numbers(
    known: pd.DataFrame, iid: pd.Series, declared: Mapping[str, Any], source: Mapping[str, str | Path]
) -> None:
    """Refuse values that are no numbers in columns of traits and numeric covariates; ``source`` has their files."""
    remedy = "list it under 'missing' in the cohort file if it means that"
    for column in _numeric(declared):
        if column in source:
            values.require_numbers(known[column], iid, f"{source[column]}: '{column}'", remedy)


def _require_covariates(
    known: pd.DataFrame, kinds: Mapping[str, str], source: Mapping[str, str | Path]
) -> None:
    """Refuse covariates that would adjust for nothing, and categories of one individual each."""
    for column, kind in kinds.items():
        if column in source:
            values.require_some(known[column], f"{source[column]}: covariate '{column}'")
            if kind == "categorical":
                values.require_groups(known[column], f"{source[column]}: covariate '{column}'")


def _population(
    fam: pd.DataFrame, extra: pd.DataFrame, column: str | None, missing: Sequence[str]
) -> Sequence[str]:
    """Population labels, blank where missing; QC refuses or calls the missing ones."""
    if column is None:
        return ["all"] * len(fam)
    return (fid_labels(fam, missing) if column == "fid" else extra[column]).tolist()


def fid_labels(fam: pd.DataFrame, missing: Sequence[str]) -> pd.Series:
    """The .fam's FIDs as labels, blank where missing; 0 is no FID, as PLINK has it."""
    return fam["fid"].mask(fam["fid"].isin(["0", *missing]), "")


def _family(fam: pd.DataFrame, extra: pd.DataFrame, kind: str, missing: Sequence[str]) -> pd.Series:
    """The family of each individual; an individual without a declared family is a family of one."""
    if kind == "none":
        return fam["iid"]
    if kind == "parents":
        known = ~fam[["father", "mother"]].isin(["0", *missing]).any(axis=1)
        families = fam["father"] + "x" + fam["mother"]
        if families[known].nunique() < len(fam.loc[known, ["father", "mother"]].drop_duplicates()):
            families = fam["father"] + " x " + fam["mother"]  # ids hold an x, so two pairs had one text
    else:
        families = fid_labels(fam, missing) if kind == "fid" else extra[kind]
        known = families != ""
    alone = fam["iid"].where(
        ~fam["iid"].isin(families[known]), fam["iid"] + " alone"
    )  # a name that no family has
    return families.where(known, alone)


def _first(extra: pd.DataFrame, parts: Mapping[str, str]) -> pd.Series:
    """For each person the first value whose column is not blank; blank where all are."""
    result = pd.Series("", index=extra.index)
    for value, column in parts.items():
        result = result.mask((result == "") & (extra[column] != ""), value)
    return result
