"""Files of Debian packages, without root: apt with private directories, then dpkg-deb -x.

The machine's own sources and keys are used; nothing is installed. Works as root and as any user.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

TIMEOUT = 600  # seconds for one command of apt
STALL = 30  # seconds without data before apt gives a server up


class Unavailable(Exception):
    """A package or file that cannot be had; the message says why."""


def debian_package(name: str, into: Path) -> Path:
    """Unpack a binary package and return the directory that holds its files: ``into / name``.

    What is already there is taken. ``into`` keeps the package lists, so that further packages come faster.
    Raises Unavailable, which says why, where there is no apt, no network or no such package.
    """
    into = Path(into).resolve()  # commands run in directories of their own
    target = into / name
    if target.is_dir():
        return target
    for program in ("apt-get", "dpkg-deb"):
        if shutil.which(program) is None:
            raise Unavailable(f"{program} is not on this machine")
    state = into / ".apt"
    options = _private(state)
    if not (state / "updated").exists():
        _run(["apt-get", *options, "-q", "update"], state)
        (state / "updated").touch()
    with tempfile.TemporaryDirectory(dir=into) as temporary:
        here = Path(temporary)
        _run(["apt-get", *options, "-q", "download", name], here)
        (package,) = here.glob("*.deb")
        _run(["dpkg-deb", "-x", str(package), str(here / "files")], here)
        (here / "files").replace(target)
    return target


def _private(state: Path) -> list[str]:
    """Options that keep apt inside ``state``; made with the directories that apt expects."""
    for folder in ("lists/partial", "cache/archives/partial"):
        (state / folder).mkdir(parents=True, exist_ok=True)
    (state / "status").touch()
    settings = {
        "Dir::State": state,
        "Dir::State::Lists": state / "lists",
        "Dir::State::status": state / "status",
        "Dir::Cache": state / "cache",
        "Debug::NoLocking": 1,
        "APT::Sandbox::User": "",  # as root, apt would drop to a user who cannot write here
        "Acquire::Retries": 1,
        "Acquire::http::Timeout": STALL,
        "Acquire::https::Timeout": STALL,
        # a failed update ends with success and a warning otherwise
        "APT::Update::Error-Mode": "any",
    }
    return [part for key, value in settings.items() for part in ("-o", f"{key}={_text(value)}")]


def _text(value: object) -> str:
    return str(value.resolve()) if isinstance(value, Path) else str(value)


def _run(command: list[str], directory: Path) -> None:
    try:
        done = subprocess.run(
            command, cwd=directory, capture_output=True, text=True, timeout=TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{command[0]} did not end within {TIMEOUT} s") from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("E:")] or [done.stderr.strip()]
        raise Unavailable(f"{command[0]} failed: {'; '.join(lines)}")
