"""Cohort files: what config/cohorts/<name>.yaml says of a real study. Imports nothing heavy."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from stratbench.errors import UserError
from stratbench.registry import nearest
from stratbench.schema import dotted, explain, with_defaults

SCHEMA = Path(__file__).parents[3] / "workflow" / "schemas" / "cohort.schema.yaml"


def read(cohort_file: str | Path) -> dict[str, Any]:
    """A cohort file with its defaults. Raises UserError that lists all that is wrong with it."""
    try:
        content = yaml.safe_load(Path(cohort_file).read_text())
    except FileNotFoundError:
        raise UserError(f"no such cohort file: {cohort_file}") from None
    except yaml.YAMLError as error:
        raise UserError(f"{cohort_file}: not YAML: {error}") from error
    schema = yaml.safe_load(SCHEMA.read_text())
    problems = [
        f"{dotted((*error.absolute_path, *further))}: {message}"
        for error in jsonschema.Draft202012Validator(schema).iter_errors(content)
        for further, message in explain(error)
    ]
    if not problems:
        content = with_defaults(schema, content)
        problems = list(_dangling(content))
    if problems:
        raise UserError("\n".join(f"{cohort_file}: {problem}" for problem in problems))
    return content


def trait_columns(trait: Mapping[str, Any]) -> list[str]:
    """The columns of a declared trait, of which the first that is not missing counts."""
    return list(trait.get("columns") or [trait["column"]])


def _dangling(content: Mapping[str, Any]) -> Iterator[str]:
    """Columns that are used but not declared, and column names that are taken."""
    columns = sorted(content["columns"])
    used = [
        *((f"traits.{name}", column) for name, t in content["traits"].items() for column in trait_columns(t)),
        *((f"derived.{name}", c) for name, parts in content["derived"].items() for c in parts.values()),
    ]
    if content["population"] not in (None, "fid"):
        used.append(("population", content["population"]))
    for place, column in used:
        if column not in columns:
            yield f"{place}: no column '{column}' under columns: {nearest(column, columns)}"
    taken = {"iid", "population", "family", "sex", *(columns if content["derived"] else [])}
    for name in [
        *(set(columns) & {"iid", "population", "family", "sex"}),
        *(set(content["derived"]) & taken),
    ]:
        yield f"the column name '{name}' is taken"
