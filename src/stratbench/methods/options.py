"""Options of a method: defaults filled in, unknown names refused. Schemas are checked with the config."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from stratbench.core.errors import UserError
from stratbench.methods.registry import describe, nearest

# Formats of options that name a file. What it holds changes a method's results.
GROUPS = "snp-groups"  # groups of SNPs
TABLE = "table-of-a-split"  # what was made elsewhere, a file for each split: the path may hold PLACES
SOURCE = "cohort-file"  # where what a demography draws from is fetched
PLACES = ("{cohort}", "{trait}", "{split}")


def complete(
    schemas: Mapping[str, Mapping[str, Any]], given: Mapping[str, Any], where: str
) -> dict[str, Any]:
    """The given options over the schemas' defaults.

    Raises UserError for an option that has no schema, and for one without a default that is not given.
    """
    for name in given:
        if name not in schemas:
            raise UserError(f"{where}: unknown option '{name}': {nearest(name, sorted(schemas))}")
    for name, schema in schemas.items():
        if name not in given and "default" not in schema:
            raise UserError(f"{where}: option '{name}' has no default; give it")
    return {name: given[name] if name in given else schema["default"] for name, schema in schemas.items()}


def group_files(kind: str, spec: Mapping[str, Any]) -> list[Path]:
    """The files of groups of SNPs that the options of a method's spec name."""
    return _files(kind, spec, GROUPS)


def table_files(kind: str, spec: Mapping[str, Any]) -> list[Path]:
    """The tables made elsewhere that the options of a method's spec name."""
    return _files(kind, spec, TABLE)


def source_files(spec: Mapping[str, Any]) -> list[Path]:
    """The cohort files that the options of a cohort's ``simulate`` name, from which its demography draws."""
    return _files("demography", {**spec, "method": spec["demography"]}, SOURCE)


def of_place(kind: str, spec: Mapping[str, Any], place: Mapping[str, str]) -> dict[str, Any]:
    """A method's spec for one split: ``PLACES`` in the paths of tables made elsewhere are its labels.

    Args:
        kind: of the method.
        spec: ``{method, file, options}``.
        place: the labels ``cohort``, ``trait`` and ``split``; further keys are not used.
    """
    options = dict(spec["options"])
    for name in _named(kind, spec["method"], spec.get("file"), TABLE):
        for label in PLACES:
            options[name] = options[name].replace(label, place[label.strip("{}")])
    return {**spec, "options": options}


def _files(kind: str, spec: Mapping[str, Any], form: str) -> list[Path]:
    named = _named(kind, spec["method"], spec.get("file"), form)
    return [Path(spec["options"][name]) for name in named if spec["options"].get(name) is not None]


@cache
def _named(kind: str, method: str, file: str | None, form: str) -> tuple[str, ...]:
    """The options whose schema has this format."""
    schemas = describe(kind, method, file).options
    return tuple(name for name, schema in schemas.items() if schema.get("format") == form)
