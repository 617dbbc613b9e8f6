"""Damaged PLINK files, tables and configs of an own cohort: refused in a line, or read as a strict reader does."""

from pathlib import Path

import pytest

from damage import own_configs, phenotypes, plink
from damage.cohort import Found, ours, same, sound, strict
from damage.judge import require

LEAST = {  # cases of each kind, and how many of them have to be accepted
    "bed": (60, 15),
    "bim": (150, 60),
    "fam": (90, 30),
    "table": (100, 25),
    "values": (250, 80),
    "ids": (20, 1),
    "own config": (250, 40),
}


@pytest.mark.parametrize("family", [plink, phenotypes, own_configs], ids=lambda module: module.__name__)
@pytest.mark.fault
def test_damage_is_refused_in_a_line_or_read_as_a_strict_reader_does(family, tmp_path: Path) -> None:
    require(family.cases(), tmp_path, LEAST)


def test_the_two_readers_agree_on_sound_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, data in sound().items():
        Path(name).write_bytes(data)
    found = ours()
    same(found, strict(sound()))
    assert found.people[1] == ("f0", "i1", "d0", "m0", "2")
    assert found.trait[3] == 3.75
    assert found.populations[5:7] == ["north", "south"]
    assert [*found.covariates] == ["age", "batch=q", "batch=r"]


@pytest.mark.parametrize("part", ["people", "snps", "codes", "trait", "populations", "covariates"])
def test_the_judge_sees_a_value_that_differs(part: str) -> None:
    """What the strict reader has is what must be found, in each part by itself."""
    one, other = strict(sound()), strict(sound())
    value: Found = getattr(other, part)
    if part == "covariates":
        other.covariates["age"][0] += 1e-3
    else:
        value[0], value[-1] = value[-1], value[0]
    with pytest.raises(AssertionError, match=part.removesuffix("s")):
        same(one, other)
