"""The study's figures: one file each.

A figure's module defines ``pictures(study, groups)`` (names and subjects, from the config alone),
``load(results, subject)``, ``draw(data)`` and ``caption(results, subject)``.
Adding a figure is a file and a line below.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from stratbench.core import job
from stratbench.core.errors import UserError
from stratbench.report import style
from stratbench.report.figures import (
    accuracy,
    afs,
    agreement,
    ancestry,
    associations,
    demography,
    dial,
    dial_headline,
    dial_more,
    dial_tests,
    fst,
    headline,
    kinship,
    manhattan,
    pca,
    qc,
    qc_checks,
    qc_pca,
    recovery,
    runtime,
    shares,
)
from stratbench.report.results import Results, groups
from stratbench.study.study import Study

LONGEST = 220  # bytes of a figure's name: file systems allow 255, and a suffix and a part's mark are added
MODULES = (
    headline, dial_headline, dial, dial_more, dial_tests, demography, pca, fst, kinship, afs, qc, qc_checks, qc_pca,
    shares, accuracy, manhattan, associations, agreement, recovery, ancestry, runtime,
)  # fmt: skip


@dataclass(frozen=True)
class Picture:
    """One figure of a study: its file name, its kind, what it is about, and the module that draws it."""

    name: str
    kind: str
    subject: Any
    module: ModuleType


def pictures(study: Study) -> list[Picture]:
    """All figures of a study, in the report's order, from its config alone."""
    found = [
        Picture(name, module.__name__.rpartition(".")[2], subject, module)
        for module in MODULES
        for name, subject in module.pictures(study, groups(study))
    ]
    seen: set[str] = set()
    for picture in found:
        if picture.name in seen:
            raise UserError(
                f"two figures would be named '{picture.name}': rename a cohort, trait, split or model"
            )
        if len(picture.name) > LONGEST:
            raise UserError(
                f"the figure '{picture.name}' would have a name of {len(picture.name)} characters, {LONGEST} at "
                "most can be had: shorten the label of a cohort, trait, split or model"
            )
        seen.add(picture.name)
    return found


def figure_names(study: Study) -> list[str]:
    """The names of the study's figures; each is written as .svg, .pdf and .png."""
    return [picture.name for picture in pictures(study)]


def figures(config: Mapping[str, Any], folder: str | Path, base: str | Path = ".") -> None:
    """Draw all figures of a study into ``folder``."""
    study = Study(config)
    results = Results(study, base)
    for picture in pictures(study):
        job.say(picture.name)
        style.save(
            picture.module.draw(picture.module.load(results, picture.subject)), Path(folder) / picture.name
        )
