"""Ids of a table and of a .fam meet exactly; what is lost is told, and refused where it is too much."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from helpers import write_cohort
from stratbench.cohorts.real import tables
from stratbench.cohorts.real.matching import matched
from stratbench.commands.plan import plan
from stratbench.core import files
from stratbench.core.errors import UserError
from stratbench.genotypes import plink
from stratbench.study.config import check

IIDS = [f"S{k:03d}" for k in range(1, 11)]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with mine.{bed,bim,fam} of ten people of the families F1 and F2."""
    monkeypatch.chdir(tmp_path)
    write_cohort(tmp_path, plink.A1_COUNT[[[0, 2, 3, 0, 0, 2, 3, 0, 2, 2]] * 2], iids=IIDS)
    for end in ("bed", "bim", "fam"):
        (tmp_path / f"genotypes.{end}").rename(tmp_path / f"mine.{end}")
    fam = plink.read_fam("mine.fam")
    plink.write_fam(fam.assign(fid=["F1", "F2"] * 5), "mine.fam")
    return tmp_path


def write(ids: list[str], path: str = "mine.tsv") -> None:
    rows = "".join(f"{iid}\t{k * 1.5}\n" for k, iid in enumerate(ids))
    Path(path).write_text(f"IID\ty\n{rows}", encoding="utf-8")


def own(**cohort: Any) -> dict[str, Any]:
    return {"study": "mine", "cohort": {"bfile": "mine", "phenotypes": "mine.tsv", "trait": "y", **cohort}}


def test_what_finds_nobody_is_shown_when_the_config_is_read(here: Path, capsys) -> None:
    write([*IIDS[:7], "stranger", "other"])
    check(own())
    *losses, _ = capsys.readouterr().err.splitlines()
    assert losses == [
        "mine: mine.tsv: 2 of 9 ids are not in mine.fam, such as 'stranger'; these rows are left out",
        "mine: mine.tsv: no row for 3 of 10 individuals of mine.fam, such as 'S008'; their values are blank",
    ]
    write(IIDS)
    check(own())
    assert len(capsys.readouterr().err.splitlines()) == 1
    write(IIDS[:7])
    with pytest.raises(UserError, match="3 of 10 individuals have no population"):
        check(own(trait=None, population="y"))  # for want of a row, which is said first
    assert "no row for 3 of 10" in capsys.readouterr().err


@pytest.mark.parametrize(("there", "share", "refused"), [(5, 0.5, True), (6, 0.5, False), (5, 0.6, False), (9, 0, True),
                                                         (10, 0, False), (3, 1, False)])  # fmt: skip
def test_a_table_that_lacks_too_many_is_refused(here: Path, there: int, share: float, refused: bool) -> None:
    write(IIDS[:there])
    if not refused:
        assert check(own(unmatched=share))["cohorts"]["mine"]["declared"]["unmatched"] == share
        return
    found = rf"mine\.tsv: no row for {10 - there} of 10 individuals of mine\.fam, such as 'S\d+'; write .*'unmatched'"
    with pytest.raises(UserError, match=found):
        check(own(unmatched=share))


def cohort_file() -> dict[str, Any]:
    said = {
        **dict.fromkeys(("title", "licence", "citation"), "x"), "mating": "outbred",
        "files": {end: {"path": f"mine.{end}"} for end in ("bed", "bim", "fam", "tsv")},
        "tables": [{"file": "tsv", "id": "IID", "columns": {"y": "y"}}],
        "traits": {"y": {"kind": "quantitative", "column": "y"}},
    }  # fmt: skip
    Path("mine.yaml").write_text(yaml.safe_dump(said))
    block = {"cohorts": ["mine"], "traits": ["y"], "splits": ["random"], "models": ["linear"]}
    return {
        "study": "s",
        "cohorts": {"mine": {"real": "mine.yaml"}},
        "traits": {"y": {"measured": "y"}},
        "blocks": [block],
    }


def test_tables_of_a_cohort_file_are_looked_into_as_well(here: Path, capsys) -> None:
    config = cohort_file()
    write(IIDS[:7])
    plan(config)
    assert "mine: mine.tsv: no row for 3 of 10 individuals of mine.fam" in capsys.readouterr().err
    write(IIDS[:4])
    with pytest.raises(UserError, match=r"^cohorts\.mine: mine\.tsv: no row for 6 of 10 individuals"):
        plan(config)


@pytest.mark.parametrize(
    ("ids", "hint"),
    [
        ([iid.lower() for iid in IIDS], "10 differ in upper and lower case: 's001' and 'S001'"),
        ([f'"S {iid[1:]}"' for iid in IIDS], "10 differ in blanks or signs that cannot be seen: 'S 001' and 'S001'"),
        ([f"F{k % 2 + 1}_{iid}" for k, iid in enumerate(IIDS)], "10 of the table are the .fam's FID_IID"),
        (["F1", "F2"], "2 of the table are FIDs of the .fam"),
        ([f"cohort7-{iid}" for iid in IIDS], "10 of the table begin with 'cohort7-', which the others lack"),
        ([iid[1:] for iid in IIDS], "10 of the .fam begin with 'S', which the others lack"),
        ([f"{iid}.bam" for iid in IIDS], "10 of the table end in '.bam', which the others lack"),
    ],
)  # fmt: skip
def test_how_ids_differ_is_said(here: Path, ids: list[str], hint: str) -> None:
    write(ids)
    with pytest.raises(UserError, match=r"none of its \d+ ids") as error:
        check(own())
    assert f"; {hint}; name another id column" in str(error.value)


@pytest.mark.parametrize(
    ("iids", "ids", "hint"),
    [
        (["001", "002", "010"], ["1", "2", "10"], "3 differ in leading zeros: '1' and '001'"),
        (
            ["101", "102", "110"],
            ["101.0", "102.0", "1.1E+02"],
            "3 differ in how a spreadsheet writes numbers",
        ),
        (["a_a", "b_b", "c_c"], ["a", "b", "c"], "3 of the .fam are the table's id twice, as in ID_ID"),
        (["e\u0301", "b1", "b2"], ["\u00e9", "x", "y"], "1 differ in blanks or signs that cannot be seen"),
        (["a", "b", "c"], ["x", "y", "z"], ""),
    ],
)
def test_how_numbers_and_doubled_ids_differ_is_said(
    here: Path, iids: list[str], ids: list[str], hint: str
) -> None:
    fam = plink.read_fam("mine.fam")[:3].assign(iid=iids)
    write(ids)
    entry = {"id": "IID", "columns": {"y": "y"}}
    with pytest.raises(UserError, match="none of its 3 ids") as error:
        matched("mine.tsv", entry, fam, "mine.fam", [], 1)
    assert hint in str(error.value)
    assert bool(hint) == ("differ" in str(error.value) or "twice" in str(error.value))


def test_two_columns_of_ids_say_that_families_differ(here: Path) -> None:
    rows = "".join(f"x\t{iid}\t{k}\n" for k, iid in enumerate(IIDS))
    Path("mine.tsv").write_text(f"FID\tIID\ty\n{rows}")
    with pytest.raises(
        UserError, match=r"10 have the \.fam's IID and another FID; give the column of IIDs alone"
    ):
        check(own(id=["FID", "IID"]))


def test_part_of_the_ids_is_explained_too(here: Path, capsys) -> None:
    write([*IIDS[:7], *(iid.lower() for iid in IIDS[7:])])
    check(own())
    assert (
        "their values are blank (3 differ in upper and lower case: 's008' and 'S008')"
        in capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("iid", "message"),
    [
        (
            "S\u00a0001",
            r"mine\.tsv: line 2: 'IID' 'S\\xa0001' holds a sign that cannot be seen, U\+00A0 \(no-break space",
        ),
        ("S001\u200b", r"line 2: 'IID' .*U\+200B \(zero width space\); remove it"),
        ('"S\t001"', r"line 2: 'IID' .*U\+0009 \(a control character\)"),
        ('"S\n001"', r"line 2: a value in quotation marks goes on in the next line"),
        ("S\x00001", r"mine\.tsv: line 2 holds the byte 0x00"),
        ("S\x1b001", r"mine\.tsv: line 2 holds the byte 0x1b"),
        ("\ufeffS001", r"mine\.tsv: line 2.*byte order mark"),
    ],
)
def test_signs_that_nobody_sees_are_refused_in_ids(here: Path, iid: str, message: str) -> None:
    write([iid, *IIDS[1:]])
    with pytest.raises(UserError, match=message):
        check(own())


@pytest.mark.parametrize("blank", ["\u00a0", "\u2003", " ", "\u3000", "\x85"])
def test_blanks_around_a_value_are_none_of_it(here: Path, blank: str, capsys) -> None:
    write([f"{iid}{blank}" for iid in IIDS])
    table = Path("mine.tsv").read_text(encoding="utf-8")
    Path("mine.tsv").write_text(table.replace("IID", f"{blank}IID{blank}", 1), encoding="utf-8")
    check(own())
    assert capsys.readouterr().err.endswith("10 of 10 not missing\n")


def test_values_that_look_alike_are_refused_where_they_are_wanted(here: Path) -> None:
    places = ["north west"] * 3 + ["north\u00a0west"] + ["north west"] * 6
    rows = "".join(
        f"{iid}\t{k}\t{place}\tx\u00a0y\n" for k, (iid, place) in enumerate(zip(IIDS, places, strict=True))
    )
    Path("mine.tsv").write_text(f"IID\ty\tplace\tnote\n{rows}", encoding="utf-8")
    check(own())
    for wanted in ({"population": "place"}, {"covariates": ["place"]}):
        with pytest.raises(UserError, match=r"mine\.tsv: line 5: 'place' 'north\\xa0west' holds a sign"):
            check(own(**wanted))


@pytest.mark.parametrize("column", ["fid", "iid", "father", "mother"])
def test_a_fam_has_no_such_signs(here: Path, column: str) -> None:
    fam = plink.read_fam("mine.fam")
    fam.loc[4, column] = "a\u00a0b"
    plink.write_fam(fam, "mine.fam")
    with pytest.raises(
        UserError, match=rf"mine\.fam: line 5: {column} 'a\\xa0b' holds a sign that cannot be seen"
    ):
        plink.read_fam("mine.fam")


@pytest.mark.parametrize(
    "text",
    [
        'IID y\n"a" "1 2"\n"b"   "3"\n',
        'IID\ty\na\t"1 2"\nb\t3\n',
        'IID, y\na, "1 2"\nb, 3\n',
        '"IID","y"\n"a","1 2"\n"b","3"\n',
        'IID,y\ra,1 2\rb,3\r',
        '\n IID   y \n  a\t"1 2"\nb 3  \n\n',
    ],
)  # fmt: skip
def test_quotation_marks_are_no_part_of_a_value(tmp_path: Path, text: str) -> None:
    (tmp_path / "t").write_bytes(text.encode())
    table = tables.read(tmp_path / "t")
    assert table.to_dict("list") == {"IID": ["a", "b"], "y": ["1 2", "3"]}


def test_semicolons_are_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("IID;y\na;1,5\n")
    with pytest.raises(UserError, match="separated by semicolons; separate them by tabs or commas"):
        tables.read(tmp_path / "t")


def test_leading_zeros_of_ids_are_theirs(here: Path) -> None:
    fam = plink.read_fam("mine.fam")
    iids = [*"123456", "01", "1e3", "1.0", "1000"]
    plink.write_fam(fam.assign(iid=iids), "mine.fam")
    write(iids[::-1])
    found = matched(
        "mine.tsv", {"id": "IID", "columns": {"y": "y"}}, plink.read_fam("mine.fam"), "mine.fam", [], 0
    )
    assert found.values["y"].tolist() == [str(k * 1.5) for k in range(9, -1, -1)]
    assert found.losses() == []
    assert found.counts == {
        "table": "mine.tsv",
        "individuals": 10,
        "without_row": 0,
        "rows": 10,
        "strangers": 0,
    }


def test_ids_of_pairs_stay_text(tmp_path: Path) -> None:
    pairs = pd.DataFrame({"iid_1": ["01"], "iid_2": ["1"], "population_1": ["1"], "population_2": ["1e0"]})
    files.write_tsv(pairs, tmp_path / "t.tsv")
    assert files.read_tsv(tmp_path / "t.tsv").iloc[0].tolist() == ["01", "1", "1", "1e0"]
