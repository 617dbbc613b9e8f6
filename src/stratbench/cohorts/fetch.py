"""Files of real cohorts, from the first of their sources that gives the right bytes.

Sources of a file are tried in turn: a mirror directory, a URL, a Debian package. They may be gzipped or lie
in a zip. Each final file has one SHA-256, whatever its source, and is written whole or not at all.
"""

import gzip
import hashlib
import os
import shutil
import tempfile
import time
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import IO, Any

from stratbench import files
from stratbench.cohorts import cohort_file as cohort_files
from stratbench.cohorts.debian import Unavailable, debian_package
from stratbench.errors import UserError
from stratbench.job import say

MIRROR = "STRATBENCH_MIRROR"
STALL = 30.0  # seconds without data before a URL is given up
LIMIT = 1800.0  # seconds for one URL in all: a source that drips must not hold a study up
PIECE = 1 << 20
BROKEN = (
    OSError,
    HTTPException,
    EOFError,
    zlib.error,
    zipfile.BadZipFile,
    KeyError,
)  # what a bad source raises

__all__ = ["debian_package", "fetch"]


def fetch(cohort_file: str | Path, outdir: str | Path) -> None:
    """Put every file that a cohort file names into ``outdir``, under its final name.

    A file that is there with the right SHA-256 is kept. Raises UserError that lists every source tried, and
    why it failed, where none works.
    """
    declared = cohort_files.read(cohort_file)
    try:
        Path(outdir).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{outdir}: cannot be written: {error.strerror}") from error
    with tempfile.TemporaryDirectory() as temporary:
        for entry in cohort_files.fetched(declared).values():
            _fetch_one(entry, Path(outdir) / entry["name"], Path(temporary), cohort_file)


def _fetch_one(entry: Mapping[str, Any], target: Path, work: Path, cohort_file: str | Path) -> None:
    if target.is_file() and _sha256(target) == entry["sha256"]:
        say(f"{target.name}: already here")
        return
    failures = []
    for source in entry["sources"]:
        try:
            _take(source, entry["sha256"], target, work)
        except Unavailable as reason:
            failures.append(f"{describe(source)}: {reason}")
            say(f"{target.name}: {failures[-1]}")
        else:
            say(f"{target.name}: from {describe(source)}")
            return
    tried = "\n  ".join(failures)
    raise UserError(
        f"{cohort_file}: no source of {target.name} works:\n  {tried}\n"
        f"Put it (SHA-256 {entry['sha256']}) into {target.parent}, or into a directory named by {MIRROR}."
    )


def describe(source: Mapping[str, str]) -> str:
    """A source in words."""
    if "mirror" in source:
        where = f"mirror {source['mirror']}"
    elif "url" in source:
        where = source["url"]
    else:
        where = f"Debian package {source['debian']}, {source['path']}"
    return where + (f" ({source['member']})" if "member" in source else "")


def _take(source: Mapping[str, str], sha256: str, target: Path, work: Path) -> None:
    """Write the target from one source. Raises Unavailable, which says why, if that does not work."""
    try:
        path = _local(source, work)
        with files.whole(target) as temporary:
            with _opened(path, source.get("member")) as stream, temporary.open("wb") as out:
                shutil.copyfileobj(stream, out, PIECE)
            found = _sha256(temporary)
            if found != sha256:
                raise Unavailable(f"wrong SHA-256 {found}, expected {sha256}")
    except BROKEN as error:
        raise Unavailable(str(error) or type(error).__name__) from error


def _local(source: Mapping[str, str], work: Path) -> Path:
    """The source's file on this machine, as it is stored there."""
    kinds: dict[str, Callable[[Mapping[str, str], Path], Path]] = {
        "mirror": _from_mirror,
        "url": _from_url,
        "debian": _from_debian,
    }
    return next(read for kind, read in kinds.items() if kind in source)(source, work)


def _from_mirror(source: Mapping[str, str], work: Path) -> Path:
    mirror = os.environ.get(MIRROR)
    if not mirror:
        raise Unavailable(f"{MIRROR} is not set")
    path = Path(mirror) / source["mirror"]
    if not path.is_file():
        raise Unavailable(f"no such file: {path}")
    return path


def _from_url(source: Mapping[str, str], work: Path) -> Path:
    """Download; several files may come from one archive, which is downloaded once."""
    url = source["url"]
    path = work / hashlib.sha256(url.encode()).hexdigest() / url.rpartition("/")[2]
    if path.is_file():
        return path
    end = time.monotonic() + LIMIT
    with urllib.request.urlopen(url, timeout=STALL) as answer, files.whole(path) as temporary:
        with temporary.open("wb") as out:
            while piece := answer.read1(PIECE):
                out.write(piece)
                if time.monotonic() > end:
                    raise Unavailable(f"not complete after {LIMIT:g} s")
        expected = answer.headers.get("Content-Length")
        if expected is not None and temporary.stat().st_size != int(expected):
            raise Unavailable(f"the connection ended after {temporary.stat().st_size} of {expected} bytes")
    return path


def _from_debian(source: Mapping[str, str], work: Path) -> Path:
    path = debian_package(source["debian"], work) / source["path"]
    if not path.is_file():
        raise Unavailable(f"the package holds no {source['path']}")
    return path


@contextmanager
def _opened(path: Path, member: str | None) -> Iterator[IO[bytes]]:
    """The final bytes of a stored file: taken out of a zip, and decompressed, where the name says so."""
    with ExitStack() as stack:
        if path.suffix != ".zip":
            yield _plain(stack.enter_context(path.open("rb")), path.name)
        elif member is None:
            raise Unavailable("a .zip needs 'member'")
        else:
            archive = stack.enter_context(zipfile.ZipFile(path))
            yield _plain(stack.enter_context(archive.open(member)), member)


def _plain(raw: IO[bytes], name: str) -> Any:
    return gzip.GzipFile(fileobj=raw, mode="rb") if name.endswith(".gz") else raw


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
