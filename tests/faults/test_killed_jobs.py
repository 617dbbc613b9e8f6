"""A job that is killed, told to stop or out of time says in a line what ended it; nothing of it goes on."""

import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import jobs

pytestmark = pytest.mark.fault
NAME = "split (c/t/s): "
LOGGED = f"; its log is {jobs.LOG}"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return jobs.prepare(tmp_path_factory.mktemp("killed"))


@pytest.fixture
def here(prepared: Path) -> Iterator[Path]:
    """What a split job reads. Afterwards the documented command, the same job again, ends well and leaves no part."""
    (prepared / jobs.LOG).unlink(missing_ok=True)
    yield prepared
    assert jobs.run(jobs.split(prepared), prepared) == (0, "")
    assert [path.name for path in (prepared / jobs.SPLIT.parent).iterdir()] == ["split.tsv"]
    (prepared / jobs.SPLIT).unlink()


def stopped(base: Path, how: signal.Signals, whom: str) -> tuple[int, str]:
    """Send a signal to a job in the middle of its work; ``whom``: its worker, its parent, or both."""
    process = jobs.start(jobs.split(base, jobs.FOR_EVER), base)
    jobs.until(lambda: jobs.working(base), process)
    parent, worker = jobs.members(process.pid)
    assert parent == process.pid
    for pid in {"worker": [worker], "parent": [parent], "both": [parent, worker]}[whom]:
        os.kill(pid, how)
    return jobs.ended(process)


def test_killed_by_the_kernel_or_by_somebody(here: Path) -> None:
    status, said = stopped(here, signal.SIGKILL, "worker")
    line = jobs.line_of(said)
    assert status == 1
    assert line.startswith(f"{NAME}killed by somebody, or by the kernel because memory ran out (it held ")
    assert (
        f" MB of {jobs.MEMORY} that it had asked for); on a cluster give it more (--set-resources split:mem_mb="
        in line
    )
    assert line.endswith(LOGGED)
    assert line in (here / jobs.LOG).read_text()


def test_told_to_stop_as_at_a_time_limit(here: Path) -> None:
    status, said = stopped(here, signal.SIGTERM, "parent")
    line = jobs.line_of(said)
    assert status == 1
    assert line.startswith(f"{NAME}told to stop (SIGTERM) after 0.")
    assert (
        f"raise it (--set-resources split:runtime={2 * jobs.MINUTES}), and run again: nothing else is lost"
        in line
    )


def test_told_to_stop_as_all_processes_of_a_job_are(here: Path) -> None:
    status, said = stopped(here, signal.SIGTERM, "both")
    assert (status, "told to stop (SIGTERM)" in jobs.line_of(said)) == (1, True)


def test_stopped_by_the_keyboard(here: Path) -> None:
    status, said = stopped(here, signal.SIGINT, "both")
    assert status == 1
    assert jobs.line_of(said) == f"{NAME}stopped (SIGINT); run again: nothing else is lost{LOGGED}"


def test_a_node_is_lost(here: Path) -> None:
    """All that knows of the job is gone at once; nothing is said, and nothing goes on."""
    assert stopped(here, signal.SIGKILL, "both") == (-signal.SIGKILL, "")
    assert not (here / jobs.SPLIT).exists()


def test_the_process_that_snakemake_started_is_killed(here: Path) -> None:
    assert stopped(here, signal.SIGKILL, "parent")[0] == -signal.SIGKILL  # jobs.ended finds no orphan


def test_out_of_cpu_time(here: Path) -> None:
    process = jobs.start(jobs.split(here, "while True: pass"), here, {resource.RLIMIT_CPU: 3})
    status, said = jobs.ended(process)
    assert status == 1
    line = f"{NAME}stopped at its limit of 3 CPU seconds; raise it (ulimit -t), and run again: nothing else is lost"
    assert jobs.line_of(said) == line + LOGGED


def test_killed_while_it_writes_nothing_half_written_is_left(here: Path) -> None:
    """A part of a file, under the name that the worker writes under, is gone with the worker."""
    part = jobs.SPLIT.parent / f".{jobs.SPLIT.name}.abc.part"
    body = f"from stratbench.core import files; w = files.whole({str(jobs.SPLIT)!r}); w.__enter__().write_text('iid'); "
    process = jobs.start(jobs.split(here, body + jobs.FOR_EVER), here)
    parts = here / jobs.SPLIT.parent
    jobs.until(lambda: [path for path in parts.glob("*.part") if path.stat().st_size], process)
    os.kill(jobs.members(process.pid)[1], signal.SIGKILL)
    assert jobs.ended(process)[0] == 1
    assert list(parts.iterdir()) == []
    (here / part).write_text("of a job whose node was lost")  # the next run of the job removes it


def test_a_crash_in_compiled_code(here: Path) -> None:
    status, said = jobs.run(jobs.split(here, "import ctypes; ctypes.string_at(0)"), here)
    line = jobs.line_of(said)
    assert status == 1
    assert line.startswith(f"{NAME}crashed (Segmentation fault) after ")
    assert "run it again, and report it if it happens again" in line
