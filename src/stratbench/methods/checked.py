"""Options checked against their JSON schemas, so that a library call refuses what the config would refuse."""

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from stratbench.core.errors import UserError
from stratbench.methods.options import complete


def checked(schemas: Mapping[str, Any], given: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The given options over the schemas' defaults.

    Raises UserError, naming ``where``, the option and the remedy, for unknown names and for values that a
    schema refuses.
    """
    from stratbench.methods.schema import problems

    options = complete(schemas, given, where)
    for name, value in options.items():
        problem = next(problems(schemas[name], value), None)
        if problem is not None:
            raise UserError(f"{where}: option '{name}' is {value!r}: {problem[1]}")
    return options


def problems_of(demography: ModuleType, options: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The options that a demography's own check refuses, given the others, and what to change."""
    return list(demography.problems(options)) if hasattr(demography, "problems") else []
