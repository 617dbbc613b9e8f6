"""Programs that our numbers are checked against: Debian packages, unpacked into .cache/peers without root."""

import os
import subprocess
from functools import cache
from pathlib import Path
from shutil import which

from stratbench.cohorts.real.debian import debian_package

CACHE = Path(__file__).resolve().parents[1] / ".cache" / "peers"
PLINK2 = ("plink2", "libdeflate0", "libzstd1", "libblas3", "liblapack3", "libgfortran5", "libquadmath0")


@cache
def plink2_program() -> tuple[list[str], dict[str, str]]:
    """The start of a command line, on one thread, and the environment that it needs."""
    own = which("plink2")
    if own is not None:
        return [own, "--threads", "1"], dict(os.environ)
    CACHE.mkdir(parents=True, exist_ok=True)
    roots = [debian_package(name, CACHE) for name in PLINK2]
    folders = dict.fromkeys(str(path.parent) for root in roots for path in root.rglob("*.so*"))
    command = [str(roots[0] / "usr/bin/plink2"), "--threads", "1"]
    return command, os.environ | {"LD_LIBRARY_PATH": ":".join(folders)}


def plink2(*arguments: object) -> str:
    """Run plink2 on one thread and return what it says; fails, never skips, where it cannot be had."""
    start, environment = plink2_program()
    command = [*start, *(str(argument) for argument in arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
