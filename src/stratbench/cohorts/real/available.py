"""Which cohorts of a study can be had: those whose files cannot be fetched are left out, and the report says why.

Labels are fixed before any job runs. So the process that starts a run fetches what is not there yet while it
reads the Snakefile, and writes down beside the fetched files what could not be had. Every other process that
reads the Snakefile (jobs, dry runs, lint) fetches nothing and believes what is written there.
"""

import copy
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from stratbench.cohorts.real import cohort_file
from stratbench.cohorts.real.cohort_file import FETCHED
from stratbench.core import files
from stratbench.core.errors import UserError

NOTE = cohort_file.UNAVAILABLE
# Options of snakemake with which it runs no job (a dry run is known to the workflow itself).
ONLY_LOOKS = (
    "--archive", "--cleanup-metadata", "--cm", "--cleanup-shadow", "--conda-cleanup-envs",
    "--conda-create-envs-only", "--container-cleanup-images", "--containerize", "--d3dag", "--dag",
    "--delete-all-output", "--delete-temp-output", "--detailed-summary", "--dry-run", "--dryrun", "--filegraph",
    "--generate-unit-tests", "--lint", "--list", "--list-changes", "--lc", "--list-conda-envs",
    "--list-input-changes", "--li", "--list-params-changes", "--lp", "--list-rules", "--list-target-rules",
    "--lt", "--list-untracked", "--print-compilation", "--report", "--rulegraph", "--summary", "--touch",
    "--unlock", "-n", "-t", "-S", "-D", "-l",
)  # fmt: skip


def runs(arguments: Sequence[str]) -> bool:
    """Whether snakemake, called with these arguments, runs jobs."""
    return not any(argument.partition("=")[0] in ONLY_LOOKS for argument in arguments)


def resolve(config: Mapping[str, Any], fetching: bool, folder: str | Path = FETCHED) -> dict[str, Any]:
    """A checked config without the cohorts whose files, or whose demography's, cannot be had.

    With ``fetching``, files that are not there are fetched. Otherwise the result of the last attempt counts, and a
    cohort that was never tried is taken to be available. The config's new key ``unavailable`` lists label, title and
    failures (file, source, reason) of each cohort that is left out; with ``fetching`` stderr tells them, too. Raises
    UserError where no cohort at all is left.
    """
    absent = []
    for label in dict.fromkeys(label for block in config["blocks"] for label in block["cohorts"]):
        found = cohort_file.source(config["cohorts"][label])
        if found:
            source, declared = found
            place = Path(folder) / Path(source).stem
            failures = _fetch(source, declared, place) if fetching else _known(place)
            if failures:
                absent.append({"label": label, "title": declared["title"], "failures": failures})
    for cohort in absent if fetching else ():
        print(_line(cohort), file=sys.stderr)
    return _without(config, absent)


def located(spec: Mapping[str, Any], folder: str | Path = FETCHED) -> dict[str, str]:
    """Where each file of a real cohort lies, by its name in the cohort file; ``spec`` is the cohort's in the config."""
    entries = spec["declared"]["files"].items()
    path = spec["real"] if isinstance(spec["real"], str) else ""
    return {key: cohort_file.place(path, entry, folder) for key, entry in entries}


def here(
    config: Mapping[str, Any], folder: str | Path = FETCHED
) -> Iterator[tuple[str, dict[str, Any], dict[str, str]]]:
    """Label, spec and paths of each cohort file of a checked config whose data are on this machine.

    The short form of a study has no cohort file: it was looked into when it was expanded.
    """
    for label in dict.fromkeys(label for block in config["blocks"] for label in block["cohorts"]):
        spec = config["cohorts"][label]
        if isinstance(spec.get("real"), str) and spec["declared"]:
            paths = located(spec, folder)
            if all(Path(path).is_file() for path in paths.values()):
                yield label, spec, paths


def _fetch(source: str, declared: Mapping[str, Any], place: Path) -> list[list[str]]:
    """Fetch a cohort's files; why each source failed, which is also written down."""
    from stratbench.cohorts.real.fetch import Unfetched, fetch, is_complete

    note = place / NOTE
    failures: list[list[str]] = []
    if not is_complete(declared, place):
        print(f"stratbench: fetching {source}", file=sys.stderr, flush=True)
        try:
            with redirect_stdout(sys.stderr):
                fetch({"cohort_file": source}, {"folder": place})
        except Unfetched as error:
            failures = [list(failure) for failure in error.failures]
    if failures:
        files.write_json({"failures": failures}, note)
    else:
        note.unlink(missing_ok=True)
    return failures


def _known(place: Path) -> list[list[str]]:
    note = place / NOTE
    return files.read_json(note)["failures"] if note.is_file() else []


def _line(cohort: Mapping[str, Any]) -> str:
    why = "; ".join(f"{file} from {source}: {reason}" for file, source, reason in cohort["failures"])
    return f"stratbench: the cohort '{cohort['label']}' is unavailable and left out: {why}"


def _without(config: Mapping[str, Any], absent: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The config without these cohorts in its blocks and on its dial."""
    if not absent:
        return dict(config)
    left, labels = copy.deepcopy(dict(config)), {cohort["label"] for cohort in absent}
    for block in left["blocks"]:
        block["cohorts"] = [label for label in block["cohorts"] if label not in labels]
    left["blocks"] = [block for block in left["blocks"] if block["cohorts"]]
    if not left["blocks"]:
        reasons = "\n".join(f"  {_line(cohort)}" for cohort in absent)
        raise UserError(f"none of the study's cohorts is available:\n{reasons}")
    if "dial" in left:
        points = {label: at for label, at in left["dial"]["points"].items() if label not in labels}
        left["dial"]["points"] = points
        if not points:
            del left["dial"]
    return left | {"unavailable": list(absent)}
