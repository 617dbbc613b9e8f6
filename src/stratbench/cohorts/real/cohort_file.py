"""Cohort files: what config/cohorts/<name>.yaml says of a real study. Imports nothing heavy."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from stratbench.core import yaml_file
from stratbench.core.errors import UserError
from stratbench.methods.registry import nearest
from stratbench.methods.schema import controls, dotted, first, plain, problems, shipped, with_defaults

UNAVAILABLE = "unavailable.json"  # beside what is fetched (``available``)
FETCHED = "resources/cohorts"  # the files of cohort files are fetched into folders below it
TAKEN = (  # no names for further columns of samples.tsv
    *("iid", "population", "family", "sex"),  # every one has these
    *("population_declared", "population_probability"),  # QC adds these
    *("fid", "parents", "none"),  # words with another meaning where a column may be named
)


def read(source: str | Path | Mapping[str, Any]) -> dict[str, Any]:
    """A cohort file, or its content, with defaults. Raises UserError that lists all that is wrong with it."""
    given, where = (source, "") if isinstance(source, Mapping) else (_load(source), f"{source}: ")
    try:
        content = plain(given)
    except UserError as error:
        raise UserError(f"{where}{error}") from error
    schema = shipped("cohort")
    refused = [*problems(schema, content), *controls(content)]
    found = [f"{dotted(place) or 'keys'}: {message}" for place, message in refused]
    if not found:
        content = with_defaults(schema, content)
        found = list(_dangling(content))
    if found:
        raise UserError("\n".join(f"{where}{problem}" for problem in first(found)))
    return content


def _load(path: str | Path) -> dict[str, Any]:
    if not Path(path).exists():
        raise UserError(f"no such cohort file: {path}")
    return yaml_file.read(path)


def fetched(content: Mapping[str, Any]) -> dict[str, Any]:
    """The files that are fetched, or made of fetched ones; the others are local."""
    return {key: entry for key, entry in content["files"].items() if "path" not in entry}


def source(spec: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
    """The cohort file of a cohort in a checked config, and what it declares, where something is fetched for it.

    It is that of a real cohort, or what the demography of a simulated one draws from.
    """
    if isinstance(spec.get("real"), str):
        path, declared = spec["real"], spec["declared"]
    elif "drawn_from" in spec:
        path, declared = spec["drawn_from"]["file"], spec["drawn_from"]["declared"]
    else:
        return None
    return (path, declared) if declared and fetched(declared) else None


def place(path: str, entry: Mapping[str, Any], folder: str | Path = FETCHED) -> str:
    """Where a file of a cohort file lies: its own path, or where it is fetched to."""
    return entry.get("path") or f"{folder}/{Path(path).stem}/{entry['name']}"


def made(content: Mapping[str, Any]) -> dict[str, Any]:
    """The files that `convert` makes: they have no sources."""
    return {key: entry for key, entry in fetched(content).items() if "sources" not in entry}


def given_columns(content: Mapping[str, Any]) -> list[str]:
    """The columns of samples.tsv that come from the .fam and the tables."""
    return [*content["columns"], *(name for table in content["tables"] for name in table["columns"])]


def columns(content: Mapping[str, Any]) -> list[str]:
    """All columns that a cohort adds to those that every samples.tsv has."""
    return [*given_columns(content), *content["derived"]]


def trait_columns(trait: Mapping[str, Any]) -> list[str]:
    """The columns of a declared trait, of which the first that is not missing counts."""
    return list(trait.get("columns") or [trait["column"]])


def _dangling(content: Mapping[str, Any]) -> Iterator[str]:
    """Columns and files that are used but not declared, and column names that are taken."""
    given = given_columns(content)
    known = sorted(given)
    used = [
        *((f"traits.{name}", column) for name, t in content["traits"].items() for column in trait_columns(t)),
        *((f"derived.{name}", c) for name, parts in content["derived"].items() for c in parts.values()),
    ]
    if content["population"] not in (None, "fid"):
        used.append(("population", content["population"]))
    if content["family"] not in ("fid", "parents", "none"):
        used.append(("family", content["family"]))
    used += [
        ("covariates", column) for column in content["covariates"] if column not in ("sex", *columns(content))
    ]
    for name, trait in content["traits"].items():
        for column in trait_columns(trait):
            if column in content["covariates"]:
                yield f"covariates: '{column}' is the trait '{name}', which would be adjusted for itself; leave it out"
    for place, column in used:
        if column not in known:
            yield f"{place}: no column '{column}' under columns or tables: {nearest(column, known)}"
    for k, table in enumerate(content["tables"]):
        if table["file"] not in content["files"]:
            hint = nearest(table["file"], sorted(set(content["files"]) - {"bed", "bim", "fam"}))
            yield f"tables[{k}].file: no file '{table['file']}' under files: {hint}"
    yield from _conversion(content)
    yield from _file_names(content)
    seen = set(TAKEN)
    for name in columns(content):
        if name in seen:
            yield f"the column name '{name}' is taken"
        seen.add(name)


def _file_names(content: Mapping[str, Any]) -> Iterator[str]:
    """Names that two fetched files, or a file and the note of what is unavailable, would share in their folder."""
    taken = {UNAVAILABLE: "the note of what cannot be had"}
    for key, entry in fetched(content).items():
        if entry["name"] in taken:
            yield f"files.{key}.name: '{entry['name']}' is {taken[entry['name']]} already; give another name"
        taken.setdefault(entry["name"], f"the file '{key}'")


def _conversion(content: Mapping[str, Any]) -> Iterator[str]:
    """Files without sources that `convert` does not make, and files with sources that it would make."""
    spec, without = content.get("convert"), set(made(content))
    if spec is None:
        makes = set()
    else:
        makes = {spec["table"]} if spec["method"] == "gemma-phenotypes" else {"bed", "bim", "fam"}
        if "sources" not in content["files"].get(spec["source"], {}):
            yield f"convert.source: '{spec['source']}' is no file with sources"
    for key in sorted(without - makes):
        yield f"files.{key}: has no 'sources', and no 'convert' makes it"
    for key in sorted(makes - without):
        yield f"files.{key}: is to be made by 'convert'; give its 'name' and 'sha256' without 'sources'"
