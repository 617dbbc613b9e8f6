"""Files of Debian packages, without root: apt with private directories, then dpkg-deb.

The machine's own sources and keys are used; nothing is installed. Works as root and as any user.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

from stratbench.cohorts.real.bounded import LARGEST, Bound, Unavailable, pieces
from stratbench.cohorts.real.packed import untar

TIMEOUT = 600  # seconds for one command of apt
STALL = 30  # seconds without data before apt gives a server up
ANY = Bound(LARGEST, f"the package, packed or unpacked, is larger than {LARGEST:,} bytes")


def debian_package(name: str, into: Path, bound: Bound = ANY) -> Path:
    """Unpack a binary package and return the directory that holds its files: ``into / name``.

    What is already there is taken. ``into`` keeps the package lists, so that further packages come faster.
    Raises Unavailable, which says why, where there is no apt, no network or no such package, or where it is
    larger than ``bound``, packed or unpacked.
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
        bound.require(_size(_run(["apt-get", *options, "-q", "--print-uris", "download", name], here)))
        _run(["apt-get", *options, "-q", "download", name], here)
        (package,) = here.glob("*.deb")
        _files(package, here / "files.tar", bound)
        untar(here / "files.tar", here / "files")
        (here / "files").replace(target)
    return target


def _size(uris: str) -> int:
    """The size of what apt would download ('URI' name size checksum). It stops where a server sends more."""
    fields = uris.split()
    return int(fields[2]) if len(fields) > 2 and fields[2].isdecimal() else 0


def _files(package: Path, tar: Path, bound: Bound) -> None:
    """Write the tar of a package's files."""
    command = ["dpkg-deb", "--fsys-tarfile", str(package)]
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors) as running,
    ):
        assert running.stdout is not None
        with tar.open("wb") as out:
            for piece in pieces(running.stdout.read, bound):
                out.write(piece)
        if running.wait():
            errors.seek(0)
            raise Unavailable(f"dpkg-deb failed: {errors.read().strip()}")


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


def _run(command: list[str], directory: Path) -> str:
    """What a command prints. Raises Unavailable with what it says of its failure."""
    try:
        done = subprocess.run(
            command, cwd=directory, capture_output=True, text=True, timeout=TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{command[0]} did not end within {TIMEOUT} s") from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("E:")] or [done.stderr.strip()]
        raise Unavailable(f"{command[0]} failed: {'; '.join(lines)}")
    return done.stdout
