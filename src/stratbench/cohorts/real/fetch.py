"""Files of real cohorts, from the first of their sources that gives the right bytes.

Sources of a file are tried in turn: a mirror directory, a URL, a Debian package, a wheel of a Python package. They may
be gzipped or lie in a zip. Each final file has one SHA-256, whatever its source, and is written whole or not at all.
Neither a download nor what it unpacks to may exceed its size (``bounded``). What no source has as such is then
converted from what was fetched.
"""

import hashlib
import os
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from stratbench.cohorts.real import cohort_file as cohort_files
from stratbench.cohorts.real.bounded import Bound, Unavailable, final, pieces, stored
from stratbench.cohorts.real.convert import convert, has, other
from stratbench.cohorts.real.debian import debian_package
from stratbench.cohorts.real.packed import is_inside, opened
from stratbench.cohorts.real.wheel import wheel
from stratbench.core import files
from stratbench.core.errors import UserError
from stratbench.core.inputs import require_file
from stratbench.core.job import say
from stratbench.core.private import shared

MIRROR = "STRATBENCH_MIRROR"
PLACES = ("resources/mirror", "../shared/cohorts")  # where a mirror is looked for if that names none
STALL = 20.0  # seconds without data before a URL is given up
LIMIT = 1800.0  # seconds for one URL in all: a source that drips must not hold a study up
BROKEN = (  # what a bad source raises
    OSError,
    HTTPException,
    EOFError,
    ValueError,  # an address that is none
    RuntimeError,  # of a zip: encrypted
    KeyError,  # no such member
    zlib.error,
    zipfile.BadZipFile,
)

__all__ = ["debian_package", "fetch"]


class Unfetched(UserError):
    """No source of a file works. ``failures`` holds, for each that was tried, (file, source, reason)."""

    def __init__(self, message: str, failures: list[tuple[str, str, str]]) -> None:
        super().__init__(message)
        self.failures = failures


def fetch(inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> None:
    """Fetch every file that a cohort file names. A file that is there with the right SHA-256 is kept.

    Args:
        inputs: ``cohort_file``.
        outputs: ``folder``, in which each file gets its final name.

    Raises Unfetched, a UserError, that lists every source tried, and why it failed, where none works, or says why what
    was fetched could not be converted.
    """
    cohort_file, outdir = inputs["cohort_file"], outputs["folder"]
    declared = cohort_files.read(cohort_file)
    try:
        Path(outdir).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{outdir}: cannot be written: {error.strerror}") from error
    failed: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as temporary:
        for entry in cohort_files.fetched(declared).values():
            if "sources" in entry:
                _fetch_one(entry, Path(outdir) / entry["name"], Path(temporary), failed, cohort_file)
    if "convert" in declared:
        _convert(declared, Path(outdir), cohort_file)


def _convert(declared: Mapping[str, Any], folder: Path, cohort_file: str | Path) -> None:
    """Make the files that no source has. Raises Unfetched for one that cannot be made."""
    try:
        convert(declared, folder)
    except UserError as error:
        names = ", ".join(entry["name"] for entry in cohort_files.made(declared).values())
        how = f"conversion of {declared['files'][declared['convert']['source']]['name']}"
        raise Unfetched(f"{cohort_file}: {error}", [(names, how, str(error))]) from error


def is_complete(declared: Mapping[str, Any], folder: str | Path) -> bool:
    """Whether every file that a cohort file would fetch or make lies in ``folder``, with the right SHA-256."""
    entries = cohort_files.fetched(declared).values()
    return all(has(Path(folder) / entry["name"], entry["sha256"]) for entry in entries)


def _fetch_one(
    entry: Mapping[str, Any], target: Path, work: Path, failed: dict[str, str], cohort_file: str | Path
) -> None:
    """Fetch one file. ``failed`` says why URLs, hosts and packages gave nothing, so that no file tries them again."""
    if has(target, entry["sha256"]):
        say(f"{target.name}: already here")
        return
    failures = []
    for source in entry["sources"]:
        try:
            _take(source, entry, target, work, failed)
        except Unavailable as reason:
            failures.append((target.name, describe(source), str(reason)))
            say(f"{target.name}: {describe(source)}: {reason}")
        else:
            say(f"{target.name}: from {describe(source)}")
            return
    tried = "\n  ".join(f"{source}: {reason}" for _, source, reason in failures)
    raise Unfetched(
        f"{cohort_file}: no source of {target.name} works:\n  {tried}\n"
        f"Put it (SHA-256 {entry['sha256']}) into {target.parent}, or below a mirror directory ({MIRROR}, or "
        f"{PLACES[0]}).",
        failures,
    )


def describe(source: Mapping[str, str]) -> str:
    """A source in words, without a password or token of its address."""
    if "mirror" in source:
        where = f"mirror {source['mirror']}"
    elif "url" in source:
        where = shared(source["url"])
    elif "wheel" in source:
        where = f"Python package {source['wheel']}"
    else:
        where = f"Debian package {source['debian']}, {source['path']}"
    return where + (f" ({source['member']})" if "member" in source else "")


def _take(
    source: Mapping[str, Any], entry: Mapping[str, Any], target: Path, work: Path, failed: dict[str, str]
) -> None:
    """Write the target, an entry of `files`, from one source. Raises Unavailable, which says why, otherwise."""
    try:
        lies, becomes = stored(source, entry), final(entry)
        path = _local(source, work, failed, lies)
        lies.require(path.stat().st_size)
        with files.whole(target) as temporary:
            with opened(path, source.get("member"), becomes) as stream, temporary.open("wb") as out:
                for piece in pieces(stream.read, becomes):
                    out.write(piece)
            if wrong := other(temporary, entry):
                raise Unavailable(wrong)
    except BROKEN as error:
        raise Unavailable(str(error) or type(error).__name__) from error


def _once(places: Sequence[str], failed: dict[str, str], get: Callable[[], Path]) -> Path:
    """What ``get`` returns, unless one of these places has failed before: a cohort waits for each place once.

    ``places`` are a package; or a URL and, if it has one, its host, which has failed if it did not answer. A
    package and a URL are named with their limit, because another source with a higher limit may allow what this one
    refuses.
    """
    for place in places:
        if place in failed:
            raise Unavailable(failed[place])
    try:
        return get()
    except (Unavailable, *BROKEN) as error:
        failed[places[-1] if _is_silence(error) else places[0]] = str(error) or type(error).__name__
        raise


def _is_silence(error: Exception) -> bool:
    """Whether a host did not answer at all: unknown, unreachable, refusing or hanging."""
    silent = (urllib.error.URLError, TimeoutError, ConnectionError)
    return isinstance(error, silent) and not isinstance(error, urllib.error.HTTPError)


def _host(url: str) -> list[str]:
    """The host of a URL; none of a file's, and of a text that is no URL, which fails by itself."""
    try:
        return [host] if (host := urlsplit(url).netloc) else []
    except ValueError:
        return []


def _local(source: Mapping[str, Any], work: Path, failed: dict[str, str], bound: Bound) -> Path:
    """The source's file on this machine, as it is stored there."""
    if "mirror" in source:
        return _from_mirror(source["mirror"])
    if "url" in source:
        url = source["url"]
        return _once([f"{url} {bound.most}", *_host(url)], failed, lambda: _download(url, work, bound))
    if "wheel" in source:
        name = source["wheel"]
        return _once([f"{name} {bound.most}"], failed, lambda: wheel(name, work, bound))
    name = source["debian"]
    package = _once([f"{name} {bound.most}"], failed, lambda: debian_package(name, work, bound))
    path = package / source["path"]
    if not path.is_file():
        raise Unavailable(f"the package holds no {source['path']}")
    if not is_inside(path, package):
        raise Unavailable(f"{source['path']} leads out of the package")
    return path


def _from_mirror(name: str) -> Path:
    given = os.environ.get(MIRROR)
    found = [path for place in ([given] if given else PLACES) if (path := Path(place) / name).is_file()]
    if found:
        return found[0]
    if given:
        raise Unavailable(f"no such file: {Path(given) / name}")
    raise Unavailable(f"not below {' or '.join(PLACES)}, and {MIRROR} is not set")


def _require_plain(url: str) -> None:
    """Raise Unavailable for a file:// URL of a FIFO, a device or a folder, which no time limit would end."""
    if urlsplit(url).scheme == "file":
        try:
            require_file(urllib.request.url2pathname(urlsplit(url).path))
        except UserError as error:
            raise Unavailable(str(error)) from error


def _download(url: str, work: Path, bound: Bound) -> Path:
    """Download; several files may come from one archive, which is downloaded once."""
    path = work / hashlib.sha256(url.encode()).hexdigest() / url.rpartition("/")[2]
    if path.is_file():
        return path
    _require_plain(url)
    end = time.monotonic() + LIMIT
    with urllib.request.urlopen(url, timeout=STALL) as answer, files.whole(path) as temporary:
        expected = answer.headers.get("Content-Length", "")  # may be nonsense, as "12, 12"
        if expected.isdecimal():
            bound.require(int(expected))
        with temporary.open("wb") as out:
            for piece in pieces(answer.read1, bound):
                out.write(piece)
                if time.monotonic() > end:
                    raise Unavailable(f"not complete after {LIMIT:g} s")
        if expected.isdecimal() and temporary.stat().st_size != int(expected):
            raise Unavailable(f"the connection ended after {temporary.stat().st_size} of {expected} bytes")
    return path
