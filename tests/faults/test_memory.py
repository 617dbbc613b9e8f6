"""A job without the memory that it needs ends in a line that names it, what it needed and what to set."""

import resource
from pathlib import Path

import pytest

import jobs

pytestmark = pytest.mark.fault
MB = 1 << 20
REMEDY = f"; on a cluster give it more (--set-resources RULE:mem_mb={2 * jobs.MEMORY}), on one machine run fewer jobs"
GROUP = Path("/sys/fs/cgroup/memory")  # of version 1
CPP = (
    "import ctypes; new = ctypes.CDLL('libstdc++.so.6')._Znwm; new.argtypes = [ctypes.c_size_t]; new(1 << 60)"
)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return jobs.prepare(tmp_path_factory.mktemp("memory"))


def ends(said: str, line: str, rule: str = "split") -> bool:
    """Whether a job ended with one line, which begins so and says what to set."""
    return jobs.line_of(said).startswith(line + REMEDY.replace("RULE", rule))


def test_numpy_gets_no_memory(here: Path) -> None:
    limits = {resource.RLIMIT_AS: 2000 * MB}
    status, said = jobs.run(jobs.split(here, "import numpy; numpy.ones(10**9)"), here, limits)
    assert status == 1
    what = "Unable to allocate 7.45 GiB for an array with shape (1000000000,) and data type float64"
    assert ends(said, f"split: out of memory ({what})")
    assert not (here / jobs.SPLIT).exists()
    assert jobs.run(jobs.split(here), here, limits) == (0, "")


def test_compiled_code_gets_no_memory_and_aborts(here: Path) -> None:
    """As C++ does where nothing catches ``std::bad_alloc``."""
    status, said = jobs.run(jobs.split(here, CPP), here)
    assert status == 1
    assert jobs.line_of(said).startswith("split (c/t/s): out of memory (it held ")
    assert REMEDY.replace("RULE", "split") in said
    assert "bad_alloc" in (here / jobs.LOG).read_text()


def test_a_network_does_not_fit(here: Path) -> None:
    """XLA refuses in the real training loop."""
    large = jobs.fit("mlp", widths=[10_000_000, 2])
    status, said = jobs.run(large, here, {resource.RLIMIT_AS: 3000 * MB})
    assert status == 1
    assert ends(said, "fit: out of memory (it asked for 6400 MB at once)", "fit")
    assert not list((here / jobs.FIT).glob("*"))


def test_less_address_space_than_the_libraries_map(here: Path) -> None:
    """OpenBLAS would wait for memory for ever."""
    status, said = jobs.run(jobs.fit(), here, {resource.RLIMIT_AS: 1100 * MB})
    assert status == 1
    assert jobs.line_of(said).startswith("fit: the address space is limited to 1100 MB (ulimit -v)")


@pytest.mark.skipif(
    not (GROUP / "cgroup.procs").exists(), reason="memory of control groups, version 1, and root"
)
def test_the_kernel_kills_a_job_that_outgrows_its_share(here: Path) -> None:
    """As under Slurm: a control group with 150 MB, which the kernel holds the job to by killing its largest process."""
    group = GROUP / f"stratbench-{here.name}"
    group.mkdir()
    try:
        (group / "memory.limit_in_bytes").write_text(str(150 * MB))
        join = f"open('{group}/cgroup.procs', 'w').write(str(__import__('os').getpid())); "
        status, said = jobs.run(jobs.split(here, f"{join}held = b'x' * (1 << 29)"), here)
    finally:
        group.rmdir()
    assert status == 1
    assert jobs.line_of(said).startswith(
        "split (c/t/s): killed by somebody, or by the kernel because memory ran out (it held "
    )
    assert REMEDY.replace("RULE", "split") in said
