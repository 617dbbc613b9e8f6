"""Options checked against their JSON schemas, so that a library call refuses what the config would refuse."""

from collections.abc import Mapping
from typing import Any

from stratbench.errors import UserError
from stratbench.options import complete


def checked(schemas: Mapping[str, Any], given: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The given options over the schemas' defaults.

    Raises UserError, naming ``where`` and the option, for unknown names and for values that a schema refuses.
    """
    import jsonschema

    options = complete(schemas, given, where)
    for name, value in options.items():
        error = next(jsonschema.Draft202012Validator(schemas[name]).iter_errors(value), None)
        if error is not None:
            raise UserError(f"{where}: option '{name}' is {value!r}: {error.message}")
    return options
