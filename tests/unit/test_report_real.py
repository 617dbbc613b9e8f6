"""Real cohorts in the report: what is expected of which trait and split, and notes where nothing is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from example_results import Example, make
from stratbench.report.analysis.results import Results
from stratbench.report.page import Heading, Section, Table, Text
from stratbench.report.text import real
from stratbench.study.study import Study

SMALL = Example(traits=(), models=(), attributions=(), adjustments=("none",), snps=90)


@pytest.fixture
def section(tmp_path: Path) -> Callable[..., Section | None]:
    """The section of a study of mice, whose cohort file says this instead."""

    def build(**stated: Any) -> Section | None:
        results = Results(Study(make(tmp_path, SMALL)), tmp_path)
        (tmp_path / "config/cohorts/mice.yaml").write_text(yaml.safe_dump({"title": "Mice", **stated}))
        return real.build(results)

    return build


def published(split: str, value: float) -> dict[str, Any]:
    return {"trait": "cd8", "split": split, "metric": "pearson", "value": value, "source": "A manual"}


def test_a_note_stands_though_nothing_is_expected(section: Callable[..., Section | None]) -> None:
    found = section(note="Nobody knows.")
    assert found is not None
    parts = [block.text for block in found.blocks if isinstance(block, (Heading, Text))][1:]
    assert [text for text in parts if text == "Nobody knows."] == ["Nobody knows."] * 2
    assert len(parts) == 4  # a heading and the note for each trait
    assert not [block for block in found.blocks if isinstance(block, Table)]
    assert section() is None


def test_published_numbers_are_of_their_split(section: Callable[..., Section | None]) -> None:
    found = section(published=[published("halves", 0.65), published("random", 0.7)])
    assert found is not None
    (table,) = [block for block in found.blocks if isinstance(block, Table)]
    assert table.rows == [["A manual, halves", "pearson", ".65", ""]]
    assert section(published=[published("random", 0.7)]) is None
