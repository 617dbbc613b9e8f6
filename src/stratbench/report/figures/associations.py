"""Classical association tests along the genome: the first above, each other one mirrored below."""

from typing import TYPE_CHECKING, Any

import numpy as np

from stratbench.core.words import counted
from stratbench.report import style
from stratbench.report.analysis.genome import genome, minus_log10_p
from stratbench.report.analysis.numbers import MINUS, listed
from stratbench.report.analysis.results import Group, Results
from stratbench.report.figures import manhattan
from stratbench.study.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SECTION = "genome"
ORDER = 130
PEOPLE = {
    "train": "training individuals",
    "train-validation": "training and validation individuals",
    "everyone": "all individuals",
}


def pictures(study: Study, groups: list[Group]) -> list[tuple[str, Any]]:
    return [(f"associations_{group.name}", group.keys) for group in groups if group.associations]


def load(results: Results, subject: Any) -> manhattan.GenomeScores:
    group = results.group(subject)
    split = group.splits[0]
    return manhattan.GenomeScores(
        genome(results, group, split, any(map(results.study.tests_all, group.associations))),
        f"{group.trait} in {results.study.shown(split.cohort)}",
        group.associations[0],
        minus_log10_p(results, split),
        style.association_colours(group.associations),
        {},
        f"{MINUS}log10 p",
    )


def draw(data: manhattan.GenomeScores) -> "Figure":
    count = max(len(data.genome.snps), 1)
    return manhattan.mirrored(data, -np.log10(0.05 / count), f"p = .05 / {counted(count, 'SNP')}")


def caption(results: Results, subject: Any) -> str:
    group = results.group(subject)
    below = ", ".join(group.associations[1:])
    mirrored = f" above, {below} mirrored below" if below else ""
    whole = [name for name in group.associations if results.study.tests_all(name)]
    of_all = f" {listed(whole)}: all SNPs after QC; the others: those that models see." if whole else ""
    return (
        f"Association of each SNP with {group.trait}, cohort {results.study.shown(group.splits[0].cohort)}: "
        f"{group.associations[0]}{mirrored}. Tested: {_people(results, group)}.{of_all} The dashed line "
        "is Bonferroni's."
    )


def _people(results: Results, group: Group) -> str:
    """Whom the associations test: 'training and validation individuals', or by association where they differ."""
    by: dict[str, list[str]] = {}
    for name in group.associations:
        people = results.study.spec("associations", name)["options"].get("people", "train-validation")
        by.setdefault(PEOPLE[people], []).append(name)
    if len(by) == 1:
        return next(iter(by))
    return "; ".join(f"{whom} ({listed(names)})" for whom, names in by.items())
