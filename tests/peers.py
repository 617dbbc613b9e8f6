"""Programs that our numbers are checked against: Debian packages, unpacked into .cache/peers without root."""

import os
import subprocess
from functools import cache
from pathlib import Path
from shutil import which

from stratbench.cohorts.real.debian import debian_package

CACHE = Path(__file__).resolve().parents[1] / ".cache" / "peers"
PLINK2 = ("plink2", "libdeflate0", "libzstd1", "libblas3", "liblapack3", "libgfortran5", "libquadmath0")
GEMMA = ("gemma", "libgsl27", "libgslcblas0", "libopenblas0-pthread", "libgfortran5", "libquadmath0")


def plink2_program() -> tuple[list[str], dict[str, str]]:
    """The start of a command line, on one thread, and the environment that it needs."""
    start, environment = _program(PLINK2)
    return [*start, "--threads", "1"], environment


def gemma_program() -> tuple[list[str], dict[str, str]]:
    """The start of a command line, and the environment that keeps it to one thread."""
    start, environment = _program(GEMMA)
    return start, environment | {"OPENBLAS_NUM_THREADS": "1"}


@cache
def _program(packages: tuple[str, ...]) -> tuple[list[str], dict[str, str]]:
    """A program, which has the name of the first of its Debian packages, and the environment that it needs."""
    own = which(packages[0])
    if own is not None:
        return [own], dict(os.environ)
    CACHE.mkdir(parents=True, exist_ok=True)
    roots = [debian_package(name, CACHE) for name in packages]
    folders = dict.fromkeys(str(path.parent) for root in roots for path in root.rglob("*.so*"))
    return [str(roots[0] / "usr/bin" / packages[0])], os.environ | {"LD_LIBRARY_PATH": ":".join(folders)}


def plink2(*arguments: object) -> str:
    """Run plink2 on one thread and return what it says; fails, never skips, where it cannot be had."""
    return _run(plink2_program(), arguments)


def gemma(folder: Path, *arguments: object) -> str:
    """Run GEMMA on one thread, its results below ``folder``; fails, never skips, where it cannot be had."""
    return _run(gemma_program(), ("-outdir", folder, *arguments))


def _run(program: tuple[list[str], dict[str, str]], arguments: tuple[object, ...]) -> str:
    start, environment = program
    command = [*start, *(str(argument) for argument in arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
