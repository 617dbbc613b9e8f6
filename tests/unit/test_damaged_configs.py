"""Mutations of the configs and cohort files that ship: refused by file and key, or taken as they are written."""

from pathlib import Path

import pytest

from damage import configs
from damage.judge import require

LEAST = {
    "config": (300, 20),
    "cohort file": (200, 30),
}  # cases of each kind, and how many have to be accepted


@pytest.mark.fault
def test_damage_is_refused_by_file_and_key_or_taken_as_it_is_written(tmp_path: Path) -> None:
    require(configs.cases(), tmp_path, LEAST)


@pytest.mark.parametrize(
    ("found", "written"),
    [
        ({"a": 1}, {"a": 1.0}),
        ({"a": 1}, {"a": True}),
        ({"a": [1]}, {"a": [1, 2]}),
        ({}, {"a": 1}),
        ({"a": "1"}, {"a": 1}),
    ],
    ids=repr,
)
def test_the_judge_sees_what_is_lost_or_of_another_type(found, written) -> None:
    with pytest.raises(AssertionError, match="config"):
        configs.said(found, written)
