"""Damaged folders of results: refused by file, or read as a strict reader does; and wrong arguments of the commands."""

from itertools import chain
from pathlib import Path

import pytest

from damage import commands, tables
from damage.judge import require

LEAST = {
    "result": (300, 40),
    "command": (55, 6),
}  # cases of each kind, and how many of them have to be accepted


@pytest.mark.fault
def test_damage_is_refused_by_file_or_argument_or_read_as_a_strict_reader_does(tmp_path: Path) -> None:
    require(chain(tables.cases(), commands.cases()), tmp_path, LEAST)
