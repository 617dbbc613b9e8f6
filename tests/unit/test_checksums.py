"""A byte that changes in a job's output, with its time unchanged, is noticed by whoever reads it next."""

import os
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from stratbench import __main__
from stratbench.core import checksums, job
from stratbench.core.errors import UserError
from trained import write_dataset

TABLE = "results/s/datasets/c/t/trait.tsv"
TEXT = "iid\ty\na\t1\nb\t0\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which a job has written one table."""
    monkeypatch.chdir(tmp_path)
    with a_job(output=[TABLE]):
        written(TABLE, TEXT)
    return tmp_path


class NamelessFiles(list):
    """A rule's files, none of which has a name, as Snakemake gives them to a script."""

    def items(self) -> tuple[()]:
        return ()


def a_job(**parts: Any) -> Any:
    """What a workflow script runs in; inputs and outputs are those given."""
    files = {name: NamelessFiles(parts.get(name, [])) for name in ("input", "output")}
    return job.start(SimpleNamespace(log=["results/s/logs/r.log"], rule="r", params={}, **files))


def written(name: str, text: str) -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text)


def flip(path: str | Path) -> None:
    """Another byte in the middle, at the same time."""
    path = Path(path)
    data, times = bytearray(path.read_bytes()), path.stat()
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_a_job_records_what_it_leaves_as_sha256sum_reads_it(here: Path) -> None:
    records = [path for path in (here / "results/s/checksums").rglob("*") if path.is_file()]
    assert records == [here / "results/s/checksums/datasets/c/t/trait.tsv.sha256"]
    command = ["sha256sum", "--check", "--strict", *map(str, records)]
    done = subprocess.run(command, cwd="results/s", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "datasets/c/t/trait.tsv: OK\n")


@pytest.mark.fault
def test_the_next_reader_refuses_a_flipped_byte_before_it_does_anything(here: Path) -> None:
    flip(TABLE)
    with pytest.raises(SystemExit) as end, a_job(input=[TABLE]):
        pytest.fail("the body ran")
    message = str(end.value)
    assert message.startswith(f"r: {TABLE}: is not what the job that wrote it left (SHA-256 ")
    assert message.endswith("; delete it and run the study again, which makes it and what follows anew")
    assert "\n" not in message
    assert message.removeprefix("r: ") in Path("results/s/logs/r.log").read_text()


def test_what_is_as_it_was_left_or_has_no_record_passes(here: Path) -> None:
    written("results/s/older.tsv", "x\n")
    written("resources/cohorts/c/x.fam", "f i 0 0 1 1\n")
    os.utime(TABLE)  # as --touch does
    with a_job(input=[TABLE, "results/s/older.tsv", "resources/cohorts/c/x.fam"], output=["elsewhere.tsv"]):
        written("elsewhere.tsv", "x\n")
    checksums.verify([TABLE, "results/s/not/there.tsv"])
    assert not list(here.glob("checksums"))


def test_a_record_is_replaced_with_its_output_and_none_outlives_it(here: Path) -> None:
    with a_job(output=[TABLE]):
        written(TABLE, TEXT + "c\t1\n")
    checksums.verify([TABLE])
    with pytest.raises(SystemExit, match="no more"), a_job(output=[TABLE]):
        raise UserError("no more")
    assert not list(
        Path("results/s/checksums").rglob("*.sha256")
    )  # the job is not done: Snakemake runs it again


@pytest.mark.parametrize("damage", [b"", b"\xff\x00", b"0" * 64])
@pytest.mark.fault
def test_a_damaged_record_agrees_with_no_file(here: Path, damage: bytes) -> None:
    next(Path("results/s/checksums").rglob("*.sha256")).write_bytes(damage)
    with pytest.raises(UserError, match=r"trait\.tsv: is not what the job that wrote it left"):
        checksums.verify([TABLE])


@pytest.mark.parametrize("place", ["{here}/results/s/{rest}", "results/s/../s/{rest}", "{here}/moved/{rest}"])
def test_records_are_found_from_any_path_and_when_results_are_moved(here: Path, place: str) -> None:
    flip(TABLE)
    if "moved" in place:
        Path("results/s").rename("moved")
    with pytest.raises(UserError, match="is not what the job"):
        checksums.verify([place.format(here=here, rest="datasets/c/t/trait.tsv")])


def test_check_lists_what_differs_and_what_is_missing(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with a_job(output=["results/s/a.tsv", "results/s/b.tsv"]):
        written("results/s/a.tsv", "a\n")
        written("results/s/b.tsv", "b\n")
    monkeypatch.setattr("sys.argv", ["stratbench", "check", "--results", "results/s"])
    __main__.main()
    Path("results/s/a.tsv").unlink()
    __main__.main()  # the next run makes it
    flip(TABLE)
    with pytest.raises(SystemExit, match="Run the study again with --forcerun and the files"):
        __main__.main()
    assert capsys.readouterr().out.splitlines() == [
        "results/s: 3 files are what their jobs left, 0 differ, 0 are missing",
        "results/s/a.tsv: is missing",
        "results/s: 2 files are what their jobs left, 0 differ, 1 are missing",
        "results/s/a.tsv: is missing",
        f"{TABLE}: differs from what its job left",
        "results/s: 1 files are what their jobs left, 1 differ, 1 are missing",
    ]


def test_check_wants_a_studys_folder(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["stratbench", "check", "--results", "results"])
    with pytest.raises(SystemExit, match=r"^stratbench: results: holds no record .* such as results/default"):
        __main__.main()
    monkeypatch.setattr("sys.argv", ["stratbench", "check"])
    with pytest.raises(SystemExit, match="2"):
        __main__.main()


@pytest.mark.parametrize(("command", "name"), [("fit", "keep.snp"), ("attribute", "params.msgpack")])
def test_training_without_snakemake_compares_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    at = Path("results/s/all")
    write_dataset(at)
    for part in ("params.msgpack", "fit.json"):
        written(str(at / part), "some bytes")
    checksums.record(at.iterdir())
    flip(at / name)
    folders = [f"--{part}={at}" for part in ("cohort", "dataset", "structure", "out")]
    arguments = ["stratbench", command, *folders, f"--split={at}/split.tsv", "--model=linear"]
    monkeypatch.setattr("sys.argv", arguments)
    with pytest.raises(SystemExit, match=rf"^stratbench: results/s/all/{name}: is not what the job"):
        __main__.main()
