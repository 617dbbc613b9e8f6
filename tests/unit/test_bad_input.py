"""Each way in which a user's files are bad: the message names file, line, individual or column, and what to do."""

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from helpers import balding_nichols
from stations import cohort_files, raw_files
from stratbench.cohorts.qc.run import qc
from stratbench.cohorts.real import cohort_file
from stratbench.cohorts.real.read_cohort import read_cohort
from stratbench.core import files, job
from stratbench.core.errors import UserError
from stratbench.datasets.measured import measured
from stratbench.genotypes import plink

N, M = 11, 30
LAX = {"mind": 1, "geno": 1, "hwe": None, "maf": 0}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fileset x.{bed,bim,fam} and its table x.tsv, without fault."""
    base, rng = tmp_path_factory.mktemp("sound"), np.random.default_rng(8)
    count_MN, _ = balding_nichols([N], M, 0, rng)
    with plink.write_bed(base / "x.bed", N) as bed:
        bed.append(count_MN)
    (base / "x.bim").write_text("".join(f"1\ts{k}\t0\t{k + 1}\tA\tG\n" for k in range(M)))
    (base / "x.fam").write_text("".join(f"f{k} i{k} 0 0 {k % 2 + 1} {k % 2 + 1}\n" for k in range(N)))
    rows = [f"i{k}\t{k / 2}\t{k % 2}\t{'north' if k < 6 else 'south'}" for k in range(N)]
    (base / "x.tsv").write_text("\n".join(["IID\tscore\tcase\tregion", *rows]) + "\n")
    return base


@pytest.fixture
def here(sound: Path, tmp_path: Path) -> Path:
    """A copy to be damaged."""
    return Path(shutil.copytree(sound, tmp_path / "in"))


def declared(base: Path, **more: Any) -> dict[str, Any]:
    content = {
        "title": "t",
        "licence": "l",
        "citation": "c",
        "mating": "outbred",
        "files": {end: {"path": str(base / f"x.{end}")} for end in ("bed", "bim", "fam")}
        | {"more": {"path": str(base / "x.tsv")}},
        "columns": {"phenotype": 6},
        "tables": [
            {"file": "more", "id": "IID", "columns": {name: name for name in ("score", "case", "region")}}
        ],
        "population": "region",
        "traits": {
            "score": {"kind": "quantitative", "column": "score"},
            "case": {"kind": "binary", "column": "case"},
            "phenotype": {"kind": "binary", "column": "phenotype"},
        },
    }
    return cohort_file.read(content | more)


def brought_in(base: Path, **more: Any) -> Path:
    """The raw cohort, through quality control that removes nothing, and the values of every trait."""
    said, out = declared(base, **more), base / "out"
    paths = {key: entry["path"] for key, entry in said["files"].items()}
    read_cohort(paths, raw_files(out / "raw", out / "raw.tsv"), declared=said)
    qc(raw_files(out / "raw", out / "raw.tsv"), cohort_files(out), options=LAX)
    for name in said["traits"]:
        measured(out / "samples.tsv", name, said["traits"])
    return out


def text(name: str, *changes: tuple[str, str]) -> Callable[[Path], None]:
    """Damage of a text file: each first text is replaced by the second, once."""

    def damage(base: Path) -> None:
        content = (base / name).read_text()
        for old, new in changes:
            assert old in content
            content = content.replace(old, new, 1)
        (base / name).write_bytes(content.encode())

    return damage


def raw(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    return lambda base: (base / name).write_bytes(change((base / name).read_bytes())) and None


def column(name: str, values: list[str]) -> Callable[[Path], None]:
    """Another content of a column of the table."""

    def damage(base: Path) -> None:
        table = files.read_tsv(base / "x.tsv", text=("score", "case", "region"))
        files.write_tsv(table.assign(**{name: values}), base / "x.tsv")

    return damage


def lines(name: str, keep: slice) -> Callable[[Path], None]:
    return lambda base: (
        (base / name).write_text("".join((base / name).read_text().splitlines(keepends=True)[keep])) and None
    )


def folder(base: Path) -> None:
    (base / "x.bed").unlink()
    (base / "x.bed").mkdir()


BAD: dict[str, tuple[Callable[[Path], None], str]] = {
    "truncated .bed": (
        raw("x.bed", lambda b: b[:-4]),
        r"x\.bed: 89 bytes, but 30 SNPs .*11 individuals.* need 93; .*copy",
    ),
    "oversized .bed": (raw("x.bed", lambda b: b + b"\0"), r"x\.bed: 94 bytes, but .* need 93"),
    "empty .bed": (raw("x.bed", lambda b: b""), r"x\.bed: not a PLINK 1 \.bed.*plink2 --make-bed"),
    "cut in the magic": (raw("x.bed", lambda b: b[:2]), r"x\.bed: cut, or not a PLINK 1 \.bed file"),
    "wrong magic": (
        raw("x.bed", lambda b: b"BM" + b[2:]),
        r"x\.bed: not a PLINK 1 \.bed.*wrong magic number",
    ),
    "sample-major .bed": (
        raw("x.bed", lambda b: b[:2] + b"\0" + b[3:]),
        r"x\.bed: sample-major .*--make-bed",
    ),
    "no .bed": (lambda base: (base / "x.bed").unlink(), r"no such file: .*x\.bed"),
    "a folder for a .bed": (
        folder,
        r"x\.bed: is a folder; give the path of a plain file",
    ),
    "shorter .bim": (lines("x.bim", slice(0, -1)), r"x\.bed: 93 bytes, but 29 SNPs"),
    "shorter .fam, other size": (lines("x.fam", slice(0, -4)), r"x\.bed: 93 bytes, but .*7 individuals"),
    "shorter .fam, same size": (
        lines("x.fam", slice(0, -1)),
        r"x\.bed: holds genotypes past the last of 10 individuals",
    ),
    "longer .fam, same size": (
        raw("x.fam", lambda b: b + b"f i11 0 0 1 1\n"),
        r"x\.bed: the last of 12 individuals is homozygous for A1 at all of 30 SNPs.* put another last .*--indiv-sort",
    ),
    "empty .fam": (raw("x.fam", lambda b: b"\n\n"), r"x\.fam: empty"),
    "empty .bim": (raw("x.bim", lambda b: b""), r"x\.bim: empty"),
    "five columns": (
        raw("x.fam", lambda b: b.replace(b" 1\n", b"\n").replace(b" 2\n", b"\n")),
        r"x\.fam: 5 columns, at least 6",
    ),
    "a short line": (text("x.fam", ("f3 i3 0 0 2 2", "f3 i3 0 0 2")), r"x\.fam: line 4 has fewer columns"),
    "a long line": (text("x.bim", ("s3\t0\t4", "s3\t0\t4\t5")), r"x\.bim: .*6 fields in line 4, saw 7"),
    "duplicate individual": (
        text("x.fam", ("i7", "i2")),
        r"x\.fam: line 8: .*'i2' occurs a second time.*--update-ids",
    ),
    "duplicate SNP": (
        text("x.bim", ("s7", "s2")),
        r"1 SNP id used a second time, first 's2'.*--set-all-var-ids",
    ),
    "SNPs without ids": (
        text("x.bim", ("s2\t", ".\t"), ("s7\t", ".\t")),
        r"1 SNP id used a second time, first '\.'; .*--set-all-var-ids",
    ),
    "position is text": (
        text("x.bim", ("s4\t0\t5\t", "s4\t0\tfive\t")),
        r"x\.bim: line 5: pos is 'five', not a whole number",
    ),
    "position too large": (
        text("x.bim", ("\t5\tA", "\t99999999999999999999\tA")),
        r"x\.bim: line 5: pos is '9+', not",
    ),
    "position 1e6": (
        text("x.bim", ("\t5\tA", "\t1e6\tA")),
        r"x\.bim: line 5: pos is '1e6', not a whole number",
    ),
    "morgans are text": (text("x.bim", ("s4\t0", "s4\tx")), r"x\.bim: line 5: cm is 'x', not a number"),
    "quotation mark": (text("x.bim", ("s4", 's"4')), r"x\.bim: line 5 holds a quotation mark; remove it"),
    "not UTF-8": (
        raw("x.fam", lambda b: b.replace(b"i4", b"i\xe4")),
        r"x\.fam: line 5 is not UTF-8 .*; save it as UTF-8",
    ),
    "UTF-16": (
        raw("x.tsv", lambda b: b.decode().encode("utf-16")),
        r"x\.tsv: line 1 holds the byte 0x00: .*UTF-16",
    ),
    "non-UTF-8 table": (
        raw("x.tsv", lambda b: b.replace(b"north", b"n\xf6rd")),
        r"x\.tsv: line 2 is not UTF-8",
    ),
    "trait is text": (
        column("score", ["high", *"0123456789"]),
        r"x\.tsv: 'score' of individual 'i0' is 'high', not a number; list",
    ),
    "trait is infinite": (
        column("score", ["inf", *"0123456789"]),
        r"'score' of individual 'i0' is 'inf', not a number",
    ),
    "constant trait": (column("score", ["4"] * N), r"measured trait 'score' is constant \(4\)"),
    "all missing": (column("score", ["NA"] * N), r"trait 'score' \(score\): every value is missing"),
    "all -9": (column("score", ["-9"] * N), r"trait 'score' \(score\): every value is missing"),
    "one class": (
        column("case", ["1"] * 10 + ["NA"]),
        r"binary trait 'case' has one class only; it needs cases and controls",
    ),
    "three classes": (
        column("case", [*"01201201", "3", "0", "1"]),
        r"binary trait 'case' has values 0, 1, 2, 3; code 0/1 or 1/2",
    ),
    "one class, the other 0": (column("case", [*"02020202020"]), r"binary trait 'case' has one class only"),
    "ids that do not match": (
        lambda base: (base / "x.tsv").write_text("IID\tscore\tcase\tregion\nq1\t1\t0\ta\n") and None,
        r"x\.tsv: none of its 1 ids \(column IID: 'q1'\) is among .*x\.fam \('i0', 'i1', 'i2'\); name another",
    ),
    "an individual without population": (
        column("region", ["", *["a"] * 10]),
        r"raw\.tsv: 1 of 11 individuals have no population, first 'i0'; label them, or set populations",
    ),
    "an id twice in the table": (
        text("x.tsv", ("\ni3", "\ni2")),
        r"x\.tsv: line 5: individual 'i2' occurs a second time; keep one",
    ),
    "no such column": (
        text("x.tsv", ("score", "scores")),
        r"x\.tsv: no column 'score': did you mean 'scores'",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_files_are_named_with_the_remedy(here: Path, what: str) -> None:
    damage, message = BAD[what]
    damage(here)
    with pytest.raises(UserError, match=message):
        brought_in(here)
    assert not list(here.rglob("*.part"))


def test_the_sound_files_pass(here: Path) -> None:
    out = brought_in(here)
    assert (out / "raw.bed").read_bytes() == (here / "x.bed").read_bytes()
    assert (out / "raw.bim").read_bytes() == (here / "x.bim").read_bytes()


@pytest.mark.parametrize("name", ["x.fam", "x.bim", "x.tsv"])
@pytest.mark.parametrize(
    "change",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\n\n"),
        lambda text: text.rstrip("\n"),
        lambda text: text if "IID" in text else "  " + text.replace(" ", " \t  ").replace("\n", "  \n"),
    ],
    ids=["byte order mark", "CRLF", "blank lines", "no last newline", "blanks"],
)
def test_text_as_windows_and_spreadsheets_write_it_is_the_same(
    here: Path, sound: Path, name: str, change: Callable[[str], str]
) -> None:
    expected = brought_in(Path(shutil.copytree(sound, here / "sound")))
    (here / name).write_bytes(change((here / name).read_text()).encode())
    out = brought_in(here)
    for file in ("raw.fam", "raw.tsv", "genotypes.bed", "genotypes.bim", "samples.tsv"):
        assert (out / file).read_bytes() == (expected / file).read_bytes()


def test_minus_nine_is_missing_and_said(here: Path, capsys) -> None:
    column("score", ["-9", "-9", "1", "-9.0", *"2345678"])(here)
    values = measured(brought_in(here) / "samples.tsv", "score", declared(here)["traits"])
    assert values.isna().tolist() == [True, True, False, True] + [False] * 7
    assert "x.tsv: 3 of 11 values of 'score' are -9: missing, as PLINK has it" in capsys.readouterr().out


def test_binary_coding_of_plink(here: Path) -> None:
    column("case", ["1", "2", "-9", "0", "NA", "", "2", "1", "1", "2", "1"])(here)
    values = measured(brought_in(here) / "samples.tsv", "case", declared(here)["traits"])
    np.testing.assert_array_equal(values, [0, 1, *[np.nan] * 4, 1, 0, 0, 1, 0])


def test_a_population_of_one_stays_and_is_said(here: Path, capsys) -> None:
    column("region", ["a"] * 6 + ["b"] * 4 + ["alone"])(here)
    samples = files.read_tsv(brought_in(here) / "samples.tsv")
    assert samples["population"].tolist()[-1] == "alone"
    assert (
        "populations of one person, of whom no within-population number can be had: alone"
        in capsys.readouterr().out
    )


def test_a_disk_that_is_full_leaves_nothing_and_names_the_file(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(
        UserError, match=r"raw\.bed: cannot be written: No space left on device; free or change"
    ):
        brought_in(here)
    assert not list(here.rglob("*.part"))
    assert not (here / "out/raw.bed").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
def test_a_full_device_is_named(tmp_path: Path) -> None:
    path = tmp_path / "table.tsv"
    with pytest.raises(UserError, match=r"table\.tsv: cannot be written: No space left"):  # noqa: SIM117
        with files.whole(path), open("/dev/full", "wb", buffering=0) as device:
            device.write(b"x")
    assert list(tmp_path.iterdir()) == []


@contextmanager
def nobody() -> Iterator[None]:
    """As someone whom permissions stop; they do not stop root, who is nobody for the time being."""
    uid = os.geteuid()
    if uid == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(uid)


@pytest.mark.fault
def test_a_place_without_permission_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o555)
    for name in ("table.tsv", "further/table.tsv"):
        message = rf"closed/{name}: cannot be written: Permission denied; free or change"
        with nobody(), pytest.raises(UserError, match=message):
            files.write_text("text", tmp_path / "closed" / name)
    assert not list((tmp_path / "closed").iterdir())


def test_a_file_in_place_of_a_folder_and_a_folder_in_place_of_a_file(here: Path) -> None:
    (here / "out").write_text("a file")
    with pytest.raises(UserError, match=r"out/raw\.bed: cannot be written: (File exists|Not a directory)"):
        brought_in(here)
    (here / "folder").mkdir()
    with pytest.raises(UserError, match=r"folder: cannot be written: Is a directory"):
        files.write_text("text", here / "folder")
    assert not list(here.rglob("*.part"))


def test_what_a_block_could_not_read_is_not_blamed_on_its_output(here: Path) -> None:
    with pytest.raises(FileNotFoundError, match="absent"), files.whole(here / "out.tsv"):
        (here / "absent").read_text()


@pytest.mark.parametrize(
    ("error", "message", "traced"),
    [
        (UserError("x.fam: line 3"), "rule: x.fam: line 3", False),
        (
            OSError(errno.ENOSPC, "No space left on device", "a/b"),
            "rule: a/b: No space left on device; free",
            True,
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "a/b"),
            "rule: a/b: Permission denied; free",
            True,
        ),
        (MemoryError(), "rule: out of memory; on a cluster give it more (--set-resources rule:mem_mb=", True),
    ],
)
def test_a_job_ends_in_one_line(tmp_path: Path, error: Exception, message: str, traced: bool) -> None:
    snakemake = SimpleNamespace(log=[tmp_path / "log"], rule="rule", input={}, output={}, params={})
    with pytest.raises(SystemExit) as end, job.start(snakemake):
        raise error
    assert str(end.value).startswith(message)
    assert ("Traceback" in (tmp_path / "log").read_text()) == traced


def test_a_bug_keeps_its_traceback(tmp_path: Path) -> None:
    snakemake = SimpleNamespace(log=[tmp_path / "log"], rule="rule", input={}, output={}, params={})
    with pytest.raises(FileNotFoundError), job.start(snakemake):
        raise FileNotFoundError(errno.ENOENT, "No such file", "x")
    assert "Traceback" in (tmp_path / "log").read_text()


def test_a_job_without_memory_or_with_bad_input_exits_with_one_line(here: Path) -> None:
    """As Snakemake runs it: a process of its own, exit code 1, nothing but the line."""
    lines("x.fam", slice(0, -4))(here)
    code = f"""
from types import SimpleNamespace
from stratbench.core import job
nothing = dict(input={{}}, output={{}}, params={{}})
with job.start(SimpleNamespace(log=[{str(here / "log")!r}], rule="read_cohort", **nothing)):
    from stratbench.genotypes import plink
    plink.open_bed({str(here / "x.bed")!r}, len(plink.read_fam({str(here / "x.fam")!r})), {M})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("read_cohort: ")
    assert "x.bed: 93 bytes, but" in done.stderr
