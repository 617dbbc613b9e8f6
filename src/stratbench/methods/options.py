"""Options of a method: defaults filled in, unknown names refused. Schemas are checked with the config."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from stratbench.core.errors import UserError
from stratbench.methods.registry import describe, nearest

GROUPS = "snp-groups"  # the format of an option that names a file of groups of SNPs


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
    return {name: given.get(name, schema["default"]) for name, schema in schemas.items()}


def group_files(kind: str, spec: Mapping[str, Any]) -> list[Path]:
    """The files of groups of SNPs that the options of a method's spec name. What they hold changes its results."""
    named = _named_groups(kind, spec["method"], spec.get("file"))
    return [Path(spec["options"][name]) for name in named if spec["options"].get(name) is not None]


@cache
def _named_groups(kind: str, method: str, file: str | None) -> tuple[str, ...]:
    schemas = describe(kind, method, file).options
    return tuple(name for name, schema in schemas.items() if schema.get("format") == GROUPS)
