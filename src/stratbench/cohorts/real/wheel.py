"""Files of Python packages: pip downloads a wheel without what it needs, and nothing is installed or run."""

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from stratbench.cohorts.real.bounded import Bound, Unavailable

TIMEOUT = 600  # seconds for the download


def wheel(requirement: str, into: Path, bound: Bound) -> Path:
    """Download a wheel and return its path, below ``into``. What is already there is taken.

    The machine's own settings say where packages come from. A wheel is an archive that this does not unpack; a source
    distribution, which pip would have to run, is refused.

    Args:
        requirement: the package with its version, such as ``name==1.0``.
        into: a folder.
        bound: the limit of the wheel's size, at which the download ends.

    Raises:
        Unavailable: which says why, where there is no pip, no network or no such wheel, or where it is too large.
    """
    folder = into / f"wheel-{requirement}"
    if not folder.is_dir():
        with tempfile.TemporaryDirectory(dir=into) as temporary:
            _download(requirement, temporary, bound)
            found = list(Path(temporary).glob("*.whl"))
            if len(found) != 1:
                raise Unavailable(f"pip left {len(found)} wheels of {requirement}, not one")
            folder.mkdir()
            found[0].replace(folder / found[0].name)
    (there,) = folder.iterdir()
    return there


def _download(requirement: str, folder: str, bound: Bound) -> None:
    options = [
        "--no-deps",
        "--only-binary=:all:",
        "--ignore-requires-python",
        "--no-cache-dir",
        "--no-input",
        "--quiet",
    ]
    command = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "download",
        *options,
        "--dest",
        folder,
    ]

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (bound.most, bound.most))

    try:
        done = subprocess.run(
            [*command, requirement],
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
            preexec_fn=limited,
        )
    except subprocess.TimeoutExpired:
        raise Unavailable(f"pip did not end within {TIMEOUT} s") from None
    if "File too large" in done.stderr:
        raise Unavailable(bound.refusal)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR:")] or [
            done.stderr.strip()
        ]
        raise Unavailable(f"pip failed: {lines[-1].removeprefix('ERROR: ')}")
