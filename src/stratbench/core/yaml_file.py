"""YAML and JSON files that somebody else wrote, read strictly: PyYAML keeps the last of two equal keys in silence."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from stratbench.core.errors import UserError

MERGE = "tag:yaml.org,2002:merge"  # <<, which may stand several times


class Strict(yaml.SafeLoader):
    """PyYAML's safe loader, which refuses a mapping in which a key stands twice."""

    def compose_mapping_node(self, anchor: Any) -> Any:
        node = super().compose_mapping_node(anchor)
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == MERGE:
                continue
            line = key.start_mark.line + 1
            if key.value in lines:
                first = lines[key.value]
                raise UserError(
                    f"line {line}: the key '{key.value}' stands in line {first} already, and one of the two would be "
                    "lost; rename or remove one"
                )
            lines[key.value] = line
        return node


def read(path: str | Path) -> dict[Any, Any]:
    """The mapping that a file holds. Raises UserError, naming the file, if it is no mapping or has a key twice."""
    from stratbench.core.files import read_text  # imports pandas, which most readers of a config do without

    text = read_text(path)
    try:
        content = _parsed(text)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error
    except yaml.YAMLError as error:
        raise UserError(f"{path}: not YAML: {_in_one_line(error)}") from error
    except (ValueError, RecursionError) as error:  # a date that does not exist; lists in lists without end
        raise UserError(f"{path}: not YAML: {error}") from error
    if not isinstance(content, dict):
        what = "nothing" if content is None else f"a {type(content).__name__}"
        raise UserError(f"{path}: holds {what}, not keys with values, such as 'study: mine'")
    return content


def _parsed(text: str) -> Any:
    """As Snakemake reads a config: JSON if it is JSON, else YAML."""
    try:
        return json.loads(text, object_pairs_hook=once)
    except ValueError:
        return yaml.load(text, Strict)


def once(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    """A JSON object of which no key stands twice."""
    content: dict[str, Any] = {}
    for key, value in pairs:
        if key in content:
            raise UserError(
                f"the key '{key}' stands twice in one object, and one of the two would be lost; rename or remove one"
            )
        content[key] = value
    return content


def _in_one_line(error: yaml.YAMLError) -> str:
    """What PyYAML says over several lines, with the line of the file."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return " ".join(str(error).split())
    context = f" ({error.context})" if error.context else ""
    return f"line {error.problem_mark.line + 1}: {error.problem}{context}"
