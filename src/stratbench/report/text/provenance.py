"""Where these results come from."""

from collections.abc import Iterator
from typing import Any

import yaml

from stratbench.report.analysis.results import Results
from stratbench.report.page import Block, Code, Section, Table

ORDER = 160


def build(results: Results) -> Section | None:
    known = {key: value for key, value in results.provenance.items() if key != "config"}
    rows = [[name, text] for name, text in _flat("", known)]
    blocks: list[Block] = [Table("Versions, commit, devices and counts.", ["what", "value"], rows)]
    made_from = results.provenance.get("config", {})
    shown = {key: value for key, value in results.study.config.items() if key == "dial"}  # changes no result
    config = yaml.safe_dump({**made_from, **shown}, sort_keys=False, allow_unicode=True)
    blocks.append(Code("The whole config, with its defaults", config))
    return Section("Provenance", blocks)


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """List the values of nested mappings, each named by the keys that lead to it."""
    if isinstance(value, dict):
        for key in value:
            yield from _flat(f"{name} {key}".strip().replace("_", " "), value[key])
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for position, item in enumerate(value, start=1):
            yield from _flat(f"{name} {position}" if len(value) > 1 else name, item)
    else:
        yield name, _text(value)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_text(item) for item in value)
    if value is None:
        return "unknown"
    return str(value) if not isinstance(value, bool) else "yes" if value else "no"
