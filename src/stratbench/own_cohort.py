"""The short form of a study, one cohort of the user's, completed to the form that everything else reads.

It states ``cohort`` (a PLINK prefix, a table of phenotypes, a trait) in place of ``cohorts``, ``traits`` and
``blocks``. The table is looked into for what the full form states: that its columns exist, and what kind they are.
"""

import os
import re
import sys
from collections.abc import Mapping, Sequence
from glob import escape, glob
from pathlib import Path
from typing import Any

from stratbench.cohorts.cohort_file import TAKEN
from stratbench.errors import UserError
from stratbench.inputs import require_file
from stratbench.registry import nearest
from stratbench.schema import Place, dotted, problems, shipped, with_defaults

THIN = 20_000  # SNPs, evenly spaced: what a network's first layer can take; qc: {thin: null} lifts it
LONGEST = 64  # characters of a label
USED = {
    "splits": ["random"],
    "models": ["linear", "cnn"],
    "adjustments": ["none", "pc-covariates", "input-residual"],
    "attributions": ["gradient-input"],
    "associations": ["ols", "ols-pcs"],
}
SPLITS = {
    "random": {"method": "random", "validation": 0.15, "test": 0.3},
    "kin-aware": {"method": "kin-aware", "validation": 0.15, "test": 0.3},
}
SPECIAL = {"family": ("fid", "parents", "none"), "population": ("fid",)}
CONVERT = {
    **dict.fromkeys((".vcf", ".vcf.gz", ".vcf.bgz", ".vcf.zst"), "--vcf {file} --max-alleles 2"),
    ".bcf": "--bcf {file} --max-alleles 2",
    ".pvar.zst": "--pfile {stem} vzs --max-alleles 2",
    **dict.fromkeys((".pgen", ".pvar", ".psam"), "--pfile {stem}{vzs} --max-alleles 2"),
    ".bgen": "--bgen {file} ref-first --sample {stem}.sample --max-alleles 2",
    **dict.fromkeys((".ped", ".map"), "--pedmap {stem}"),
}


def is_own(raw: Mapping[str, Any]) -> bool:
    """Whether a config is the short form."""
    return "cohort" in raw


def expand(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The full form of a short config; what was found out about the data is printed to stderr.

    Raises UserError for unknown keys, absent files, genotypes in another format (with the command that converts
    them), absent columns, and a trait whose kind its values leave open.
    """
    given = _checked(raw)
    cohort = given["cohort"]
    bfile = _prefix(cohort["bfile"])
    declared, label, note = _declared(given["study"], bfile, cohort)
    print(f"{given['study']}: {note}", file=sys.stderr)
    used = dict(USED, splits=["random" if cohort["family"] == "none" else "kin-aware"])
    defined: dict[str, Any] = {"splits": {name: SPLITS[name] for name in used["splits"]}}
    for section in USED:
        own = given.get(section)
        if own is not None:
            used[section] = list(own)
            defined[section] = own if isinstance(own, dict) else {}
    name = given["study"]
    qc = {"thin": THIN, **cohort["qc"]}
    return {
        "study": name,
        **{key: given[key] for key in ("seeds", "gpu") if key in given},
        "cohorts": {name: {"real": declared, "qc": qc}},
        "traits": {label: {"measured": label}},
        **defined,
        "blocks": [{"cohorts": [name], "traits": [label], **used}],
    }


def _checked(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The short form with its defaults. Raises UserError that lists all that is wrong with it."""
    double = sorted({"cohorts", "traits", "blocks", "dial"} & raw.keys())
    if double:
        raise UserError(f"'cohort' stands for a whole study; leave out {', '.join(double)}, or 'cohort'")
    found = [_at(place, message) for place, message in problems(shipped("own_cohort"), dict(raw))]
    if found:
        raise UserError("the study's config cannot be used:\n" + "\n".join(f"  {p}" for p in found))
    return dict(with_defaults(shipped("own_cohort"), dict(raw)))


def _at(place: Place, message: str) -> str:
    return f"{dotted(place)}: {message}" if place else message


def _prefix(bfile: str) -> str:
    """The prefix of a .bed, .bim and .fam. Raises UserError, which says how to convert other formats."""
    prefix = re.sub(r"\.(?:bed|bim|fam)$", "", bfile, flags=re.IGNORECASE)
    paths = [f"{prefix}.{end}" for end in ("bed", "bim", "fam")]
    absent = [path for path in paths if not os.path.exists(path)]
    if f"{prefix}.bed" in absent:
        _refuse_others(prefix)
    if absent:
        raise UserError(f"cohort.bfile: no such file: {', '.join(absent)}; give the prefix of all three")
    for path in paths:
        require_file(path)
    return prefix


def _refuse_others(name: str) -> None:
    """Raise UserError if a file in another format has this name, or this prefix, with the command that converts it."""
    beside = {path[len(name) :].lower(): path for path in sorted(glob(f"{escape(name)}.*"))}
    named = {end: name for end in CONVERT if name.lower().endswith(end)}
    found = named or {end: beside[end] for end in CONVERT if end in beside}
    for end, file in found.items():
        stem = file[: -len(end)]
        vzs = " vzs" if Path(f"{stem}.pvar.zst").exists() and not Path(f"{stem}.pvar").exists() else ""
        command = f"plink2 {CONVERT[end].format(file=file, stem=stem, vzs=vzs)} --make-bed --out {stem}"
        raise UserError(
            f"cohort.bfile: {file} is not PLINK 1 (.bed, .bim, .fam); convert it, and give the prefix {stem}:\n"
            f"  {command}"
        )


def _declared(study: str, bfile: str, cohort: Mapping[str, Any]) -> tuple[dict[str, Any], str, str]:
    """What a cohort file would declare, the trait's label, and what the values say about the trait."""
    fam = _people(bfile, cohort)
    table = _table(cohort, f"{bfile}.fam", fam)
    kinds = _covariates(cohort, table)
    name = _names([] if table is None else list(table.columns))
    trait = cohort["trait"]
    column = name[trait] if trait is not None else "phenotype"
    kind, note = _kind(cohort, f"{bfile}.fam", fam, table)
    label = re.sub(r"[^a-z0-9.]+", "-", (trait or "phenotype").lower())[:LONGEST].strip("-.") or "trait"
    special = {key: name.get(cohort[key], cohort[key]) for key in ("population", "family")}
    files = {end: {"path": f"{bfile}.{end}"} for end in ("bed", "bim", "fam")}
    tables = []
    if table is not None and name:
        files["phenotypes"] = {"path": cohort["phenotypes"]}
        tables = [
            {"file": "phenotypes", "id": cohort["id"], "columns": {new: old for old, new in name.items()}}
        ]
    return (
        {
            "title": f"{study}: {bfile}",
            "licence": "the user's own data",
            "citation": "none: given as a path, not as a cohort file",
            **{key: cohort[key] for key in ("build", "autosomes") if cohort[key] is not None},
            "mating": cohort["mating"],
            "files": files,
            "columns": {} if trait is not None else {"phenotype": 6},
            "tables": tables,
            "missing": cohort["missing"],
            **special,
            "covariates": {name.get(old, old): kind for old, kind in kinds.items()},
            "traits": {label: {"kind": kind, "column": column, "description": note}},
        },
        label,
        note,
    )


def _people(bfile: str, cohort: Mapping[str, Any]) -> Any:
    """The .fam, as read_cohort will take it. Raises UserError for an iid that occurs twice, and open chromosomes."""
    from stratbench import plink
    from stratbench.cohorts import chromosomes, tables
    from stratbench.files import read_text

    fam, bim = plink.read_fam(f"{bfile}.fam"), f"{bfile}.bim"
    tables.require_unique(fam["iid"], f"{bfile}.fam")
    if chromosomes.autosomes(cohort) is None:
        lines = read_text(bim).split("\n")
        chromosomes.require_known({line.split(None, 1)[0] for line in lines if line.strip()}, cohort, bim)
    return fam


def _table(cohort: Mapping[str, Any], fam_path: str, fam: Any) -> Any:
    """The wanted columns for the .fam's individuals, all text, with missing values blank; None if there is no table."""
    from stratbench.cohorts import tables

    path, wanted = cohort["phenotypes"], _columns(cohort)
    if path is None:
        if wanted:
            raise UserError(f"cohort.phenotypes: name the table that holds the column '{wanted[0]}'")
        return None
    if cohort["trait"] is None and not wanted:
        raise UserError("cohort.trait: name the column of the table, or leave out phenotypes")
    content = tables.read(path)
    known = [str(column) for column in content]
    ids = [cohort["id"]] if isinstance(cohort["id"], str) else cohort["id"]
    for column in [*ids, *wanted]:
        if column not in known:
            key = "id" if column in ids else next(k for k in KEYS if column in _list(cohort[k]))
            raise UserError(f"cohort.{key}: {path} has no column '{column}': {nearest(column, known)}")
    columns = {column: column for column in _columns(cohort, known)}
    table = tables.matched(
        path, {"id": cohort["id"], "columns": columns}, fam, fam_path, content, tell=lambda _: None
    )
    _require_labels(cohort, table, fam)
    return table.apply(_blanked, missing=cohort["missing"])


def _require_labels(cohort: Mapping[str, Any], table: Any, fam: Any) -> None:
    """Raise UserError for individuals without a population, unless QC is told what to do about them."""
    from stratbench.cohorts import labels

    column = cohort["population"]
    if column is not None and column not in SPECIAL["population"]:
        population_N = table[column].mask(table[column].isin(cohort["missing"]), "")
        asked = cohort["qc"].get("populations", "declared")
        labels.require(
            population_N, fam["iid"], asked, f"cohort.population: {cohort['phenotypes']}, column '{column}'"
        )


def _blanked(values: Any, missing: Sequence[str]) -> Any:
    """Text with missing values blank, and -9, which is missing in every trait and covariate."""
    from stratbench.cohorts import tables

    return values.mask(values.isin(missing) | tables.minus_nine(values), "")


KEYS = ("trait", "population", "family", "covariates")


def _list(value: Any) -> list[str]:
    return [] if value is None else [value] if isinstance(value, str) else list(value)


def _columns(cohort: Mapping[str, Any], known: Sequence[str] = ()) -> list[str]:
    """The columns that are wanted of a table with the columns ``known``; it need not have the covariate sex."""
    found = [column for key in KEYS for column in _list(cohort[key]) if column not in SPECIAL.get(key, ())]
    spared = {"sex"} - {cohort["trait"], *known}  # then it is the .fam's
    return [column for column in dict.fromkeys(found) if column not in spared]


def _names(columns: list[str]) -> dict[str, str]:
    """Each column's name in samples.tsv."""
    found: dict[str, str] = {}
    for k, column in enumerate(columns, 1):
        name = re.sub(r"[^a-z0-9]+", "_", column.lower()).strip("_")
        if not name[:1].isalpha() or name in TAKEN:
            name = f"own_{name}".rstrip("_")
        found[column] = f"{name}_{k}" if name in found.values() else name
    return found


def _covariates(cohort: Mapping[str, Any], table: Any) -> dict[str, str]:
    """Kinds of covariates: numeric if every value is a number, unless they are stated. The .fam's sex has levels."""
    given = cohort["covariates"]
    if cohort["trait"] in given:
        raise UserError(
            f"cohort.covariates: '{cohort['trait']}' is the trait, adjusted for itself; leave it out"
        )
    if isinstance(given, dict):
        return dict(given)
    return {
        column: "categorical" if column == "sex" or not _all_numbers(table[column]) else "numeric"
        for column in given
    }


def _numbers(values: Any) -> Any:
    """Text as numbers, NaN for what is none."""
    import numpy as np
    import pandas as pd

    return pd.to_numeric(values, errors="coerce").replace([np.inf, -np.inf], np.nan)


def _all_numbers(values: Any) -> bool:
    return bool(_numbers(values[values != ""]).notna().all())


def _kind(cohort: Mapping[str, Any], fam_path: str, fam: Any, table: Any) -> tuple[str, str]:
    """The trait's kind and a line about it: as stated, or as the values say by PLINK's rules."""
    trait = cohort["trait"]
    if trait is None:
        values, where = _blanked(fam["phenotype"], cohort["missing"]), f"{fam_path}, column 6"
    else:
        values, where = table[trait], f"{cohort['phenotypes']}, column '{trait}'"
    there = values[values != ""]
    number = _numbers(there)
    if number.isna().any():
        raise UserError(
            f"cohort.trait: {where}: '{there[number.isna()].iloc[0]}' is not a number; code controls 0 and cases 1, "
            "or add it to cohort.missing"
        )
    levels = set(number)
    kind = cohort["kind"] or _detected(levels, where, plinks_own=trait is None)
    _require_levels(levels, kind, where)
    coding = ""
    if kind == "binary":
        coding = ", 1 control and 2 case, 0 missing" if 2 in levels else ", 0 control and 1 case"
    found = "stated" if cohort["kind"] else "by its values"
    return kind, f"{where}: {kind} ({found}{coding}), {len(there)} of {len(values)} not missing"


def _detected(levels: set[float], where: str, plinks_own: bool) -> str:
    """Binary if 0/1 or 1/2 alone occur, as PLINK has it; quantitative if there are many values."""
    if levels <= {0, 1} or levels <= {1, 2} or (plinks_own and levels <= {0, 1, 2}):
        return "binary"
    if len(levels) == 2 or levels <= {0, 1, 2}:
        raise UserError(
            f"cohort.trait: {where} has the values {_listed(levels)} alone; say cohort.kind: quantitative if they "
            "are amounts, or binary, coded 0/1 or 1/2 (then 0 is missing)"
        )
    return "quantitative"


def _require_levels(levels: set[float], kind: str, where: str) -> None:
    """A trait that nothing can be learned from is refused before anything runs."""
    if not levels:
        raise UserError(f"cohort.trait: {where}: every value is missing; name a column with values")
    classes = levels - {0} if kind == "binary" and 2 in levels else levels
    if kind == "binary" and not levels <= {0, 1, 2}:
        raise UserError(
            f"cohort.trait: {where} has the values {_listed(levels)}; code a binary trait 0/1 or 1/2, or say "
            "cohort.kind: quantitative"
        )
    if len(classes) < 2:
        what = "has one class only: it needs cases and controls" if kind == "binary" else "is constant"
        raise UserError(f"cohort.trait: {where} {what} (every value is {_listed(classes)})")


def _listed(levels: set[float]) -> str:
    return ", ".join(f"{level:g}" for level in sorted(levels)[:5]) + (", ..." if len(levels) > 5 else "")
