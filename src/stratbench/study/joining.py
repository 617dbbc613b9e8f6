"""Finished batches of one study: whether they belong together, and links to their results.

Nothing is computed here and nothing is copied: each cohort's folders lie in one batch, and the whole study's folder
gets symbolic links to them, so that figures and report find what they show where it would lie after a run of the whole.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stratbench.core import checksums, files, private
from stratbench.core.errors import UserError
from stratbench.methods.schema import dotted, shortened
from stratbench.study.paths import COHORT, Paths
from stratbench.study.study import Study

SAME_CODE = ("versions", "python", "commit", "dirty")  # of provenance.json
DISPENSABLE = "raw/"  # what a simulation or a real study gave, which nothing after QC reads


@dataclass(frozen=True)
class FinishedBatch:
    """A finished batch: its folder, what it made, and its provenance.json."""

    folder: Path
    study: Study
    provenance: Mapping[str, Any]


def read(folder: str | Path, whole: Study) -> FinishedBatch:
    """A finished batch of a study.

    Args:
        folder: the batch's results, such as ``results/paper-r01-20``.
        whole: the study, of which no batch is asked.

    Raises:
        UserError: for a folder that holds no finished batch, or that of another config.
    """
    folder = Path(folder)
    path = folder / "summary" / "provenance.json"
    if not path.is_file():
        raise UserError(
            f"{folder}: has no summary/provenance.json: no batch has ended here; name the folder of one that has"
        )
    provenance = files.read_json(path)
    config = provenance.get("config") if isinstance(provenance, dict) else None
    if not isinstance(config, dict) or "batch" not in config:
        raise UserError(f"{folder}: holds no batch of a study; run one with --config batch=1-20")
    ours = private.shared({key: value for key, value in whole.made_from.items() if key != "batch"})
    for place, there, here in differences(
        {key: value for key, value in config.items() if key != "batch"}, ours
    ):
        raise UserError(
            f"{folder}: was made from another config: {dotted(place)} is {shortened(there)} there and "
            f"{shortened(here)} in the study '{whole.name}'; run the batch again with this config"
        )
    study = Study(config)
    if folder.resolve() != (Path(checksums.RESULTS) / study.name).resolve():
        raise UserError(f"{folder}: is the batch {study.name}; put it into {checksums.RESULTS}/{study.name}")
    return FinishedBatch(folder, study, provenance)


def differences(
    one: Any, other: Any, place: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], Any, Any]]:
    """Yield each place where two configs differ, with both values; what one of them lacks counts as None."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in dict.fromkeys((*one, *other)):
            yield from differences(one.get(key), other.get(key), (*place, key))
    elif isinstance(one, list | tuple) and isinstance(other, list | tuple) and len(one) == len(other):
        for k, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from differences(left, right, (*place, k))
    elif one != other:
        yield place, one, other


def require_together(whole: Study, batches: Sequence[FinishedBatch]) -> None:
    """Raise UserError unless each cohort of the study is in one batch, and one version of the code made all of them."""
    found: dict[str, Path] = {}
    for batch in batches:
        for cohort in batch.study.cohorts:
            if cohort.label in found:
                raise UserError(
                    f"the cohort {cohort.label} is in {found[cohort.label]} and in {batch.folder}; name one of the two"
                )
            found[cohort.label] = batch.folder
    missing = [cohort.label for cohort in whole.cohorts if cohort.label not in found]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise UserError(
            f"no batch has the cohort {missing[0]}{more}; run the batch that is missing, and name its folder too"
        )
    first = batches[0]
    for batch in batches[1:]:
        for key in SAME_CODE:
            for place, there, here in differences(
                batch.provenance.get(key), first.provenance.get(key), (key,)
            ):
                raise UserError(
                    f"{batch.folder} and {first.folder} were made by different code: {dotted(place)} is "
                    f"{shortened(there)} and {shortened(here)}; run the older one again with --forcerun summary, "
                    "which makes anew what changed"
                )


def require_unchanged(batches: Sequence[FinishedBatch]) -> None:
    """Raise UserError for a file of a batch that is missing, or is not what its job left."""
    for batch in batches:
        for name, state in checksums.check(batch.folder):
            if state == checksums.DIFFERS or (
                state == checksums.MISSING and not name.startswith(DISPENSABLE)
            ):
                raise UserError(f"{batch.folder / name}: {state}; run the batch again, which makes it anew")


def stations() -> list[str]:
    """The folders of a study's results that have a folder for each cohort, e.g. ``models/``."""
    paths = Paths("any")
    patterns = [
        pattern.removeprefix(f"{paths.root}/") for pattern in vars(paths).values() if COHORT in pattern
    ]
    return sorted({pattern.partition(COHORT)[0] for pattern in patterns})


def link(whole: Study, batches: Sequence[FinishedBatch]) -> None:
    """Make the whole study's folder lead to the batches' results, with the records of their checksums.

    Links are relative, so that ``results`` can be moved. Raises UserError where the folder holds results of its own.
    """
    root = Path(Paths(whole.name).root)
    links = {
        root / part / cohort.label: batch.folder / part / cohort.label
        for batch in batches
        for cohort in batch.study.cohorts
        for station in stations()
        for part in (station, f"{checksums.FOLDER}/{station}")
        if (batch.folder / part / cohort.label).is_dir()
    }
    for path in links:
        if path.exists() and not path.is_symlink():
            raise UserError(
                f"{path}: is there already: {root} holds a study that was run whole; move that away, or rename this one"
            )
    for path, target in links.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.symlink_to(os.path.relpath(target.resolve(), path.parent.resolve()))
