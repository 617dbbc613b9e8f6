"""A place that is full, read-only or in the way: the line names it, and nothing half-written is left there."""

import resource
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import jobs
from places import ROOT, mounted, read_only

pytestmark = pytest.mark.fault
GO_ON = "; free or change the place and start again, nothing is lost"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return jobs.prepare(tmp_path_factory.mktemp("places"))


@pytest.fixture
def here(prepared: Path) -> Iterator[Path]:
    """What a job reads. Afterwards, with the place as it should be, the same job again ends well."""
    yield prepared
    assert jobs.run(jobs.split(prepared), prepared) == (0, "")
    shutil.rmtree(prepared / jobs.SPLIT.parent)
    (prepared / jobs.LOG).unlink()


def refused(said: str, place: Path, why: str) -> bool:
    return jobs.line_of(said) == f"split: {place}: {why}{GO_ON}"


@pytest.mark.skipif(not ROOT, reason="only root can mount a small disk")
def test_the_disk_of_the_results_is_full(here: Path) -> None:
    folder = here / jobs.SPLIT.parent
    with mounted(folder, "size=8k"):
        (folder / "filling").write_bytes(b"x" * 4096)
        (folder / "more").touch()
        with pytest.raises(OSError, match="No space left"):
            (folder / "more").write_bytes(b"x" * 8192)
        status, said = jobs.run(jobs.split(here), here)
        assert status == 1
        assert refused(said, jobs.SPLIT, "cannot be written: No space left on device")
        assert sorted(path.name for path in folder.iterdir()) == ["filling", "more"]


def test_a_file_outgrows_what_the_disk_allows(here: Path) -> None:
    """A quota or a limit of a file's size, here of 1 kB."""
    status, said = jobs.run(jobs.split(here), here, {resource.RLIMIT_FSIZE: 1024})
    assert status == 1
    assert refused(said, jobs.SPLIT, "cannot be written: File too large")
    assert not list((here / jobs.SPLIT.parent).iterdir())


def test_the_disk_of_the_log_is_full(here: Path) -> None:
    (here / jobs.LOG).parent.mkdir(parents=True, exist_ok=True)
    (here / jobs.LOG).unlink(missing_ok=True)
    (here / jobs.LOG).symlink_to("/dev/full")
    status, said = jobs.run(jobs.split(here), here)
    (here / jobs.LOG).unlink()
    assert status == 1
    assert refused(said, jobs.LOG, "No space left on device")


def test_the_results_are_read_only(here: Path) -> None:
    with read_only(here / jobs.SPLIT.parent):
        status, said = jobs.run(jobs.split(here), here)
    assert status == 1
    why = "Read-only file system" if ROOT else "Permission denied"
    assert refused(said, jobs.SPLIT, f"cannot be written: {why}")


def test_a_file_lies_where_the_results_should(here: Path) -> None:
    shutil.rmtree(here / jobs.SPLIT.parent, ignore_errors=True)
    (here / jobs.SPLIT.parent).write_text("mine")
    status, said = jobs.run(jobs.split(here), here)
    (here / jobs.SPLIT.parent).unlink()
    assert status == 1
    assert refused(said, jobs.SPLIT, "cannot be written: File exists")


def test_the_folder_of_the_logs_is_read_only(here: Path) -> None:
    shutil.rmtree(here / jobs.LOG.parent, ignore_errors=True)
    with read_only(here / jobs.LOG.parent):
        status, said = jobs.run(jobs.split(here), here)
    assert status == 1
    assert refused(said, jobs.LOG, "Read-only file system" if ROOT else "Permission denied")


def test_home_and_the_folder_for_temporary_files_cannot_be_written(here: Path) -> None:
    assert jobs.run(jobs.split(here), here, HOME="/proc", TMPDIR="/proc/absent") == (0, "")
    assert (here / jobs.SPLIT).exists()


@pytest.mark.skipif(not ROOT, reason="only root can mount a small disk")
def test_the_folder_for_temporary_files_is_full(here: Path) -> None:
    folder = here / "temporary"
    with mounted(folder, "size=4k"):
        (folder / "filling").write_bytes(b"x" * 4096)
        assert jobs.run(jobs.split(here), here, TMPDIR=str(folder)) == (0, "")


def test_too_many_open_files(here: Path) -> None:
    """A method of the user's own leaves no file to the job that calls it."""
    body = "import os; [os.dup(0) for _ in range(len(os.listdir('/proc/self/fd')), 101)]"
    status, said = jobs.run(jobs.split(here, body), here, {resource.RLIMIT_NOFILE: 100})
    assert status == 1
    assert jobs.line_of(said).startswith("split: ")
    assert "Too many open files; raise the limit (ulimit -n) or run fewer jobs at once" in said
