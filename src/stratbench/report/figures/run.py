"""The job that draws a study's figures."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stratbench.core import job
from stratbench.report import style
from stratbench.report.analysis.results import Results
from stratbench.report.figures.catalogue import pictures
from stratbench.study.study import Study


def figures(config: Mapping[str, Any], folder: str | Path, base: str | Path = ".") -> None:
    """Draw all figures of a study, whose results lie below ``base``, into ``folder``."""
    study = Study(config)
    results = Results(study, base)
    for picture in pictures(study):
        job.say(picture.name)
        style.save(
            picture.module.draw(picture.module.load(results, picture.subject)), Path(folder) / picture.name
        )
