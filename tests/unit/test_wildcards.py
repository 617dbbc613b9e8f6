"""docs/wildcards.md names every wildcard of a path and every key of a config that holds labels."""

import re
from pathlib import Path

from stratbench.methods.schema import shipped
from stratbench.study.paths import LEVELS, Paths

TEXT = (Path(__file__).parents[2] / "docs" / "wildcards.md").read_text()


def first_column(heading: str) -> set[str]:
    """The names in the first column of the table that follows this header row."""
    table = TEXT[TEXT.index(heading) :].split("\n\n")[0]
    return set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))


def test_every_wildcard_is_documented():
    patterns = [value for value in vars(Paths("x")).values() if isinstance(value, str)]
    assert first_column("| wildcard |") == set(
        re.findall(r"{(\w+)}", " ".join([*patterns, *LEVELS.values()]))
    )


def test_every_key_with_labels_is_documented():
    properties = shipped("config")["properties"]
    labelled = {
        key
        for key, rule in properties.items()
        if "propertyNames" in rule or "methods" in rule.get("$ref", "")
    }
    assert first_column("| key |") == labelled | {"study"}


def test_pattern_of_labels_is_the_schema_s():
    assert f"`{shipped('config')['$defs']['label']['pattern'].strip('^$')}`" in TEXT
    assert f"have {shipped('config')['$defs']['label']['maxLength']} characters at most" in TEXT
