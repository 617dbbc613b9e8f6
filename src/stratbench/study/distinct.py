"""Labels that would collide: two that name one thing, and labels that already have a meaning.

The schema checks a label's form (``schemas/config.yaml``).
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from stratbench.cohorts.real import cohort_file
from stratbench.cohorts.real.cohort_file import FETCHED
from stratbench.methods import registry
from stratbench.study.study import expand_cohort, expand_split

OF_METRICS = ("floor-", "ceiling-")  # rows of metrics.tsv that no model made, but whose `model` begins so
FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
Problem = tuple[tuple[str, ...], str]


def reserved(kind: str, label: str, method: str | None) -> str | None:
    """Why a label cannot stand for a method (the name of one that ships, or None for a user's file); None if it can."""
    if kind == "model" and label.startswith(OF_METRICS):
        return "metrics.tsv calls floors and ceilings so; choose another label"
    if label in registry.names(kind) and method != label:
        return f"'{label}' is the {kind} of this name, for which a reader would take another one; choose another label"
    return None


def same_cohorts(cohorts: Mapping[str, Any]) -> Iterator[Problem]:
    """Cohorts whose label is also the label of another cohort's replicate."""
    replicates = {
        cohort.label: cohort
        for label, spec in cohorts.items()
        if "simulate" in spec
        for cohort in expand_cohort(label, spec)
    }
    for label in cohorts:
        if label in replicates:
            twin = replicates[label]
            yield (
                (label,),
                f"is also what replicate {twin.replicate} of '{twin.scenario}' is called, and one would take the "
                f"place of the other; rename '{label}' or '{twin.scenario}'",
            )


def same_splits(splits: Mapping[str, Any]) -> Iterator[Problem]:
    """Splits whose label is also the label of another split's repeat."""
    for label, spec in splits.items():
        for drawn in expand_split(label, spec):
            if drawn != label and drawn in splits:
                yield (drawn,), f"is also what a repeat of '{label}' is called; rename '{drawn}' or '{label}'"


def same_folders(cohorts: Mapping[str, Any]) -> Iterator[Problem]:
    """Cohort files whose files would be fetched into the same folder, or into one that no path can name."""
    folders: dict[str, str] = {}
    for label, spec in cohorts.items():
        found = cohort_file.source(spec)
        if found is None:
            continue
        file, key = found[0], "real" if "real" in spec else "simulate"
        stem = Path(file).stem
        if not FOLDER.fullmatch(stem):
            yield (
                (label, key),
                f"{file}: rename this file; '{stem}' also names the folder of what is fetched",
            )
        if folders.setdefault(stem, file) != file:
            yield (
                (label, key),
                f"{file} and {folders[stem]} would both be fetched into {FETCHED}/{stem}; rename one of the files, or "
                "write its path alike everywhere",
            )
