"""All figures of a study, found: a file of this folder that declares ``SECTION`` is a figure.

The text of the report asks here for its pictures, and so imports no figure.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from stratbench.core.errors import UserError
from stratbench.core.found import in_order
from stratbench.report.analysis.results import groups
from stratbench.report.style import FORMATS
from stratbench.study.paths import Paths
from stratbench.study.study import Study

FINDS = "SECTION"  # core/digest.py counts the files that declare it to all code that imports this module
FOLDER = Path(__file__).parent
LONGEST = 220  # bytes of a figure's name: file systems allow 255, and a suffix and a part's mark are added


@dataclass(frozen=True)
class Picture:
    """One picture of a study: its file name, its figure's name, what it is about, and the module that draws it."""

    name: str
    kind: str
    subject: Any
    module: ModuleType

    @property
    def section(self) -> str:
        """The section of the report that shows it."""
        return str(self.module.SECTION)

    def is_about(self, subject: Any) -> bool:
        """Whether its subject is this one, or has all keys of this one."""
        if isinstance(self.subject, dict) and isinstance(subject, dict):
            return subject.items() <= self.subject.items()
        return bool(self.subject == subject)


@cache
def modules() -> tuple[ModuleType, ...]:
    """The modules of the figures, in the order that they declare, then by name."""
    return in_order(str(__package__), FOLDER, FINDS)


def pictures(study: Study) -> list[Picture]:
    """All pictures of a study, in the figures' order, from its config alone."""
    of = groups(study)
    found = [
        Picture(name, module.__name__.rpartition(".")[2], subject, module)
        for module in modules()
        for name, subject in module.pictures(study, of)
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
    """The names of the study's pictures; each is written in every one of ``style.FORMATS``."""
    return [picture.name for picture in pictures(study)]


def figure_files(study: Study) -> list[str]:
    """The paths of the files of all pictures, in the study's results."""
    folder = Paths(study.name).figures
    return [f"{folder}/{name}.{kind}" for name in figure_names(study) for kind in FORMATS]
