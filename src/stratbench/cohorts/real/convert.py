"""Files of a cohort that no source offers: they are made from fetched files and must have the declared SHA-256."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stratbench.cohorts.real import cohort_file
from stratbench.core.checksums import sha256
from stratbench.core.errors import UserError
from stratbench.core.job import say


def convert(declared: Mapping[str, Any], folder: Path) -> None:
    """Make the files that a cohort file's `convert` describes, from files that are in ``folder`` already.

    Files with the right SHA-256 are kept. Raises UserError for a source that cannot be converted, or if what
    comes out has another SHA-256 than the cohort file says.
    """
    files = {key: folder / entry["name"] for key, entry in cohort_file.fetched(declared).items()}
    made = cohort_file.made(declared)
    if all(has(files[key], entry["sha256"]) for key, entry in made.items()):
        return
    options = declared["convert"]
    with tempfile.TemporaryDirectory(dir=folder, prefix=".convert.") as temporary:
        out = {key: Path(temporary) / entry["name"] for key, entry in made.items()}
        _run(files, options, out)
        for key, entry in made.items():
            if wrong := other(out[key], entry):
                raise UserError(
                    f"{files[key]}: the conversion of {files[options['source']]} ({options['method']}) has a {wrong} "
                    "by the cohort file; correct the cohort file, or the source"
                )
            out[key].replace(files[key])
            say(f"{entry['name']}: from {files[options['source']].name} ({options['method']})")


def _run(files: Mapping[str, Path], options: Mapping[str, Any], out: Mapping[str, Path]) -> None:
    source = files[options["source"]]
    if options["method"] == "snpstats":
        from stratbench.cohorts.real import snpstats

        snpstats.convert(source, options, out["bed"], out["bim"], out["fam"])
    else:
        from stratbench.cohorts.real import gemma

        gemma.convert(source, files["fam"], options, out[options["table"]])


def other(path: Path, entry: Mapping[str, Any]) -> str:
    """Why a file is not the one that an entry of `files` declares; blank if it is."""
    size, digest = path.stat().st_size, sha256(path)
    if size != entry.get("bytes", size):
        return f"wrong size of {size:,} bytes, expected {entry['bytes']:,}"
    return "" if digest == entry["sha256"] else f"wrong SHA-256 {digest}, expected {entry['sha256']}"


def has(path: Path, digest: str) -> bool:
    """Whether a file is there and is the right one."""
    return path.is_file() and sha256(path) == digest
