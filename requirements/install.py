"""Bring .venv to what one lock says: ``python requirements/install.py run|test|gpu|bench``. Nothing is done twice.

A stamp in .venv, written last, names what was installed; whatever stops half-way is made anew. One process at
a time: others wait. Standard library only, because it runs before anything is installed.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UNFINISHED = VENV / ".unfinished"
PIP = [PYTHON, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", "--no-deps"]
VERSION = "{}.{}".format(*sys.version_info)


def digest(lock: Path) -> str:
    """What the environment depends on: the lock, the package's metadata, the Python and the place."""
    parts = [lock.read_bytes(), (ROOT / "pyproject.toml").read_bytes(), VERSION.encode(), str(VENV).encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def is_current(stamp: Path, wanted: str) -> bool:
    """Whether this lock was installed, in full, into the environment that is there now."""
    if UNFINISHED.exists() or not os.access(PYTHON, os.X_OK):
        return False
    return stamp.is_file() and stamp.read_text() == wanted


def is_sound() -> bool:
    """Whether .venv can be built upon: finished, not moved here from elsewhere, of this Python, with pip."""
    pip = VENV / "bin" / "pip"
    if UNFINISHED.exists() or not pip.is_file() or str(VENV) not in pip.read_text(errors="replace"):
        return False
    ask = [PYTHON, "-c", "import sys, pip; print('{}.{}'.format(*sys.version_info))"]
    answer = subprocess.run(ask, capture_output=True, text=True, check=False)
    return answer.returncode == 0 and answer.stdout.strip() == VERSION


def create() -> None:
    """An empty environment, in place of whatever is there."""
    for stamp in VENV.glob(".installed-*"):
        stamp.unlink()
    python = getattr(sys, "_base_executable", sys.executable)  # we may be running inside the old one
    if subprocess.run([python, "-m", "venv", "--clear", VENV], check=False).returncode:
        sys.exit(f"{python} cannot make a virtual environment (Debian, Ubuntu: apt install python3-venv)")


def install(lock: Path) -> None:
    """The lock's packages, by hash and without a resolver, then StratBench itself, editable."""
    packages = [*PIP, "--use-pep517", "--require-hashes", "--requirement", lock]
    ourselves = [*PIP, "--no-build-isolation", "--editable", ROOT]
    for command in (packages, ourselves):
        if subprocess.run(command, check=False, cwd=ROOT).returncode:
            sys.exit(f"installing from {lock.relative_to(ROOT)} failed; the same command starts again")


def main(name: str) -> None:
    """Install ``requirements/<name>.txt`` unless that is done."""
    lock = ROOT / "requirements" / f"{name}.txt"
    stamp = VENV / f".installed-{name}"
    (ROOT / ".cache").mkdir(exist_ok=True)
    with (ROOT / ".cache" / "install.lock").open("w") as only_one:
        fcntl.flock(only_one, fcntl.LOCK_EX)
        wanted = digest(lock)
        if is_current(stamp, wanted):
            return
        if not is_sound():
            print(f"Making .venv with Python {VERSION}", flush=True)
            create()
        print(f"Installing {lock.relative_to(ROOT)} into .venv (minutes the first time)", flush=True)
        UNFINISHED.touch()
        install(lock)
        stamp.write_text(wanted)
        UNFINISHED.unlink()


if __name__ == "__main__":
    main(sys.argv[1])
