"""Options of a method: defaults filled in, unknown names refused. Schemas are checked with the config."""

from collections.abc import Mapping
from typing import Any

from stratbench.core.errors import UserError
from stratbench.methods.registry import nearest


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
