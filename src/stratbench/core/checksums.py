"""The SHA-256 of what each job left, recorded beside a study's results and compared by whoever reads it.

Snakemake sees a file's time and not its content. Each file that a job writes below ``results/<study>`` has a record
of the same path below ``results/<study>/checksums``: a line in the format of sha256sum, so that anybody can check by
hand (``cd results/<study> && cat checksums/summary/*.sha256 | sha256sum --check``). A file without a record, such as
one that an older version wrote, passes.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from stratbench.core.errors import UserError

RESULTS = "results"
FOLDER = "checksums"
SUFFIX = ".sha256"
SAME, DIFFERS, MISSING = "is what its job left", "differs from what its job left", "is missing"


def sha256(path: str | Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal digits."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def record(paths: Iterable[str | Path]) -> None:
    """Write the record of each file below ``results/<study>``; a file that lies elsewhere gets none."""
    from stratbench.core.files import (
        write_text,
    )  # it imports numpy, which must not happen before threads are fixed

    for path in paths:
        at = _own_record(path)
        if at is not None and os.path.isfile(path):
            write_text(f"{sha256(path)}  {os.path.relpath(path, _root(path))}\n", at)


def forget(paths: Iterable[str | Path]) -> None:
    """Remove the records of files that are about to be written, so that none outlives what it describes."""
    for path in paths:
        at = _own_record(path)
        if at is not None:
            at.unlink(missing_ok=True)


def verify(paths: Iterable[str | Path]) -> None:
    """Raise UserError for the first file that is not what its record says."""
    for path in paths:
        at = _found_record(path)
        if at is not None and os.path.isfile(path):
            expected, found = _read(at), sha256(path)
            if found != expected:
                raise UserError(
                    f"{path}: is not what the job that wrote it left (SHA-256 {found[:12]}..., recorded "
                    f"{expected[:12]}...); delete it and run the study again, which makes it and what follows anew"
                )


def check(results: str | Path) -> Iterator[tuple[str, str]]:
    """Yield each recorded file of a study's results folder, by its path in it, with SAME, DIFFERS or MISSING.

    Raises UserError for a folder without records.
    """
    results = Path(results)
    records = sorted((results / FOLDER).rglob(f"*{SUFFIX}"))
    if not records:
        raise UserError(
            f"{results}: holds no record of what its jobs left ({FOLDER}/*{SUFFIX}); name the folder of one study, "
            "such as results/default, or run the study again with this version"
        )
    for at in records:
        name = at.relative_to(results / FOLDER).as_posix().removesuffix(SUFFIX)
        path = results / name
        yield name, MISSING if not path.is_file() else SAME if sha256(path) == _read(at) else DIFFERS


def _root(path: str | Path) -> Path | None:
    """The folder ``results/<study>`` of a file that the workflow writes; None for any other file."""
    parts = Path(path).parts
    return Path(*parts[:2]) if len(parts) > 2 and parts[0] == RESULTS else None


def _own_record(path: str | Path) -> Path | None:
    """The path where the record of a file of the workflow is written; None for a file that lies elsewhere."""
    root = _root(path)
    return None if root is None else root / FOLDER / f"{Path(path).relative_to(root)}{SUFFIX}"


def _found_record(path: str | Path) -> Path | None:
    """The record of a file, wherever its results folder lies now; None if it has none.

    Figures and report read thousands of files. Joining strings is quick enough for that; pathlib is not.
    """
    whole = os.path.abspath(path)
    folder = os.path.dirname(whole)
    while True:
        at = f"{os.path.join(folder, FOLDER)}{whole[len(folder.rstrip(os.sep)) :]}{SUFFIX}"
        if os.path.isfile(at):
            return Path(at)
        if folder == os.path.dirname(folder):
            return None
        folder = os.path.dirname(folder)


def _read(record: Path) -> str:
    """The digits of a record; blank if it is damaged, so that it agrees with no file."""
    words = record.read_text(errors="replace").split()
    return words[0] if words else ""
