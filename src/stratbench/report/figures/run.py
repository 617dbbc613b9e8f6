"""The job that draws a study's figures."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stratbench.core import files, job
from stratbench.report import style
from stratbench.report.analysis import literature, top_snps
from stratbench.report.analysis.results import Results
from stratbench.report.figures.catalogue import pictures
from stratbench.study.study import Study


def figures(
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any],
    *,
    config: Mapping[str, Any],
    base: str | Path = ".",
) -> None:
    """Draw all figures of a study, and write the SNPs that its associations put first and the ranks of known loci.

    Args:
        inputs: what the rule waits for; the tables are found by the study's paths below ``base``.
        outputs: ``figures``, the paths of all pictures, which lie in one folder; ``top_snps`` and ``known_loci``.
        config: the whole config, checked.
        base: the folder that holds ``results``.
    """
    study = Study(config)
    results = Results(study, base)
    folder = Path(outputs["figures"][0]).parent
    for picture in pictures(study):
        job.say(picture.name)
        style.save(picture.module.draw(picture.module.load(results, picture.subject)), folder / picture.name)
    files.write_tsv(top_snps.table(results), outputs["top_snps"])
    files.write_tsv(literature.table(results), outputs["known_loci"])
