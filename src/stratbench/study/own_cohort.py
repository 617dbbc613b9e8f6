"""The short form of a study, one cohort of the user's, completed to the form that everything else reads.

It states ``cohort`` (a PLINK prefix, a table of phenotypes, a trait) in place of ``cohorts``, ``traits`` and
``blocks``. The full form also states the kinds of columns, so the table is read to find them and to check that the
columns exist.
"""

import os
import re
import sys
from collections.abc import Mapping, Sequence
from glob import escape, glob
from pathlib import Path
from typing import Any

from stratbench.core.errors import UserError
from stratbench.core.inputs import require_file
from stratbench.methods.registry import nearest
from stratbench.methods.schema import Place, dotted, first, problems, shipped, with_defaults

LONGEST = 64  # characters of a label
WHOLE = "ols-pcs-all"  # an association of all SNPs and everyone, whatever models see
USED = {
    "splits": ["random"],
    "models": ["linear", "mlp"],
    "adjustments": ["none", "pc-covariates", "input-residual"],
    "attributions": ["gradient-input"],
    "associations": ["ols", "ols-pcs", WHOLE],
}
REPEATS = 6  # splits of the cohort: the fewest that let a difference be claimed
SPLITS = {
    "random": {"method": "random", "validation": 0.15, "test": 0.3, "repeats": REPEATS},
    "kin-aware": {"method": "kin-aware", "validation": 0.15, "test": 0.3, "repeats": REPEATS},
}
DEFINED: Mapping[
    str, Mapping[str, Any]
] = {  # what the labels above stand for, where that is not a method's own defaults
    "splits": SPLITS,
    "associations": {WHOLE: {"method": "ols-pcs", "snps": "all", "people": "everyone"}},
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
    """The full form of a short config. Findings about the data are printed to stderr.

    Raises UserError for unknown keys, absent files, genotypes in another format (with the command that converts
    them), absent columns, ids that hardly match, and values whose kind is not clear.
    """
    given = _checked(raw)
    cohort = given["cohort"]
    _require_roles(cohort)
    bfile = _prefix(cohort["bfile"])
    declared, label = _declared(given["study"], bfile, cohort)
    used = dict(USED, splits=["random" if cohort["family"] == "none" else "kin-aware"])
    defined: dict[str, Any] = {}
    for section in USED:
        own = given.get(section)
        used[section] = list(used[section] if own is None else own)
        ours = DEFINED.get(section, {})
        named = {label: ours[label] for label in used[section] if label in ours}
        defined[section] = own if isinstance(own, dict) else named
    name, seen = given["study"], cohort["snps"]
    if "thin" in cohort["qc"] and "snps" not in raw["cohort"]:
        seen = None  # QC has thinned them, or all are wanted
    return {
        "study": name,
        **{key: given[key] for key in ("seeds", "job", "gpu", "deterministic") if key in given},
        "cohorts": {name: {"real": declared, "qc": cohort["qc"]}},
        "traits": {label: {"measured": label, "at_most": seen}},
        **defined,
        "blocks": [{"cohorts": [name], "traits": [label], **used, "resamples": given["resamples"]}],
    }


def _checked(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The short form with its defaults. Raises one UserError that lists everything wrong with it."""
    double = sorted({"cohorts", "traits", "blocks", "dial"} & raw.keys())
    if double:
        raise UserError(f"'cohort' stands for a whole study; leave out {', '.join(double)}, or 'cohort'")
    found = [_at(place, message) for place, message in problems(shipped("own_cohort"), dict(raw))]
    if found:
        raise UserError("the study's config cannot be used:\n" + "\n".join(f"  {p}" for p in first(found)))
    return dict(with_defaults(shipped("own_cohort"), dict(raw)))


def _require_roles(cohort: Mapping[str, Any]) -> None:
    """Raise UserError if a column has two roles of which one would explain the other, such as trait and covariate."""
    for key in ("population", "family"):
        if cohort[key] is not None and cohort[key] == cohort["trait"]:
            raise UserError(
                f"cohort.{key}: '{cohort[key]}' is the trait, which it would explain; name another column"
            )
    iid = cohort["id"] if isinstance(cohort["id"], str) else cohort["id"][1]
    for key in KEYS:
        if iid in set(_list(cohort[key])) - {*SPECIAL.get(key, ())}:
            raise UserError(
                f"cohort.{key}: '{iid}' is the column of ids, different for everyone; name another column"
            )


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


def _declared(study: str, bfile: str, cohort: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """The content of a cohort file, and the trait's label; findings about ids and trait are printed."""
    from stratbench.study import own_columns

    fam_path = f"{bfile}.fam"
    fam = _people(bfile, cohort)
    table, losses = _table(cohort, fam_path, fam)
    for loss in losses:  # printed first, since it may explain a refusal below
        print(f"{study}: {loss}", file=sys.stderr)
    kinds = own_columns.covariate_kinds(cohort, table, fam, fam_path)
    trait = cohort["trait"]
    _require_labels(cohort, table, fam, fam_path)
    if table is not None:
        own_columns.require_labels(cohort, table, kinds, fam["iid"])
    if trait is None:
        values, path, place = own_columns.blanked(fam["phenotype"], cohort["missing"]), fam_path, "column 6"
    else:
        values, path, place = table[trait], cohort["phenotypes"], f"column '{trait}'"
    kind, note = own_columns.trait_kind(values, fam["iid"], f"{path}, {place}", cohort["kind"], trait is None)
    name = own_columns.names([] if table is None else list(table.columns))
    label = re.sub(r"[^a-z0-9.]+", "-", (trait or "phenotype").lower())[:LONGEST].strip("-.") or "trait"
    column = name[trait] if trait is not None else "phenotype"
    declared = _cohort_file(bfile, cohort, name, kinds)
    about = f"{Path(path).name}{note.removeprefix(path)}"  # the report's readers need no path
    declared["traits"] = {label: {"kind": kind, "column": column, "description": about}}
    print(f"{study}: {note}", file=sys.stderr)
    return declared, label


def _cohort_file(
    bfile: str, cohort: Mapping[str, Any], name: Mapping[str, str], kinds: Mapping[str, str]
) -> dict[str, Any]:
    """The content of a cohort file, without its traits.

    ``name`` is each column's name in samples.tsv, ``kinds`` the kind of each covariate by its own name.
    """
    files = {end: {"path": f"{bfile}.{end}"} for end in ("bed", "bim", "fam")}
    tables = []
    if name:
        files["phenotypes"] = {"path": cohort["phenotypes"]}
        tables = [
            {"file": "phenotypes", "id": cohort["id"], "columns": {new: old for old, new in name.items()}}
        ]
    return {
        "title": f"The user's own cohort of {Path(bfile).name}.bed, .bim and .fam",
        "licence": "No licence is stated",
        "citation": "There is no publication to cite, as the config gives files in place of a cohort file",
        **{key: cohort[key] for key in ("build", "autosomes") if cohort[key] is not None},
        "mating": cohort["mating"],
        "files": files,
        "columns": {} if cohort["trait"] is not None else {"phenotype": 6},
        "tables": tables,
        "missing": cohort["missing"],
        "unmatched": cohort["unmatched"],
        **{key: name.get(cohort[key], cohort[key]) for key in ("population", "family")},
        "covariates": {name.get(old, old): kind for old, kind in kinds.items()},
    }


def _people(bfile: str, cohort: Mapping[str, Any]) -> Any:
    """The .fam, its sexes in PLINK's code. Raises UserError for an iid given twice, and unknown chromosomes."""
    from stratbench.cohorts.real import sex, tables
    from stratbench.core.files import read_text
    from stratbench.genotypes import plink
    from stratbench.popgen import chromosomes

    fam, bim = plink.read_fam(f"{bfile}.fam"), f"{bfile}.bim"
    tables.require_unique(fam["iid"], f"{bfile}.fam")
    species = chromosomes.Species.of(cohort)
    if species.autosomes is None:
        lines = read_text(bim).split("\n")
        chromosomes.require_known({line.split(None, 1)[0] for line in lines if line.strip()}, species, bim)
    return fam.assign(sex=sex.of_fam(fam, cohort["missing"], f"{bfile}.fam"))


def _table(cohort: Mapping[str, Any], fam_path: str, fam: Any) -> tuple[Any, list[str]]:
    """The wanted columns for the .fam's individuals, text, blank where missing, and what ids match nobody.

    Returns None in place of columns if there is no table.
    """
    from stratbench.cohorts.real import matching, tables
    from stratbench.study import own_columns

    path, wanted = cohort["phenotypes"], _columns(cohort)
    if path is None:
        if wanted:
            raise UserError(f"cohort.phenotypes: name the table that holds the column '{wanted[0]}'")
        return None, []
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
    entry = {"id": cohort["id"], "columns": columns}
    found = matching.matched(path, entry, fam, fam_path, cohort["missing"], cohort["unmatched"], content)
    return found.values.apply(own_columns.blanked, missing=cohort["missing"]), found.losses()


def _require_labels(cohort: Mapping[str, Any], table: Any, fam: Any, fam_path: str) -> None:
    """Raise UserError for individuals without a population, unless QC is told what to do about them."""
    from stratbench.cohorts.real import labels
    from stratbench.cohorts.real import read_cohort as real

    column = cohort["population"]
    if column in SPECIAL["population"]:
        population_N, where = real.fid_labels(fam, cohort["missing"]), f"{fam_path}, column 1"
    elif column is not None:
        population_N, where = table[column], f"{cohort['phenotypes']}, column '{column}'"
    else:
        return
    asked = cohort["qc"].get("populations", "declared")
    labels.require(population_N, fam["iid"], asked, f"cohort.population: {where}")


KEYS = ("trait", "population", "family", "covariates")


def _list(value: Any) -> list[str]:
    return [] if value is None else [value] if isinstance(value, str) else list(value)


def _columns(cohort: Mapping[str, Any], known: Sequence[str] = ()) -> list[str]:
    """The columns that are wanted of a table with the columns ``known``; it need not have the covariate sex."""
    found = [column for key in KEYS for column in _list(cohort[key]) if column not in SPECIAL.get(key, ())]
    spared = {"sex"} - {cohort["trait"], *known}  # then the .fam's sex is used
    return [column for column in dict.fromkeys(found) if column not in spared]
