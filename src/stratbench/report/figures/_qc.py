"""Colours, words and empty panels that the pictures of quality control share."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from stratbench.genotypes import tables
from stratbench.report import style
from stratbench.report.analysis import qc
from stratbench.report.analysis.numbers import number
from stratbench.report.analysis.results import Results
from stratbench.study.study import Cohort

LEFT, REMOVED = "#8fb3cc", style.CAUSAL
MOST_NAMES = 12
WHY = {
    "inbred": "hardly anyone is heterozygous",
    "pedigree": "relatives are the design",
}


@dataclass(frozen=True)
class People:
    """All individuals of a source, as ``analysis.qc.people`` returns them, and the colours of their populations."""

    table: pd.DataFrame
    colours: dict[str, str]


def people(results: Results, cohort: Cohort) -> People:
    """All individuals of a source. A population is grey if QC removed all of its members."""
    table = qc.people(results, cohort)
    kept = results.table(tables.SAMPLES, results.paths.samples, cohort)
    colours = style.population_colours(kept["population"])
    # QC computed no PCs and no F of people whom it removed with their populations, so no picture shows them.
    drawn = table.loc[table["removed_by"] != "population", "population"]
    others = sorted(set(drawn) - set(colours))
    return People(table, {**colours, **dict.fromkeys(others, style.QUIET)})


def reason(text: str, mating: str) -> str:
    """Say why a step of QC was not taken: the threshold's text in qc.tsv, and what the mating system has to do with it.

    The text fills the step's empty panel.
    """
    if mating not in WHY:
        return text
    return f"{text}\n({'' if text.endswith(mating) else f'{mating}: '}{WHY[mating]})"


def nothing(axis: Any, title: str, text: str) -> None:
    """Write into an empty panel why it is empty."""
    axis.set_title(title)
    axis.set_xticks([])
    axis.set_yticks([])
    for spine in axis.spines.values():
        spine.set_visible(True)
        spine.set_color(style.FAINT)
    axis.text(0.5, 0.5, text, ha="center", va="center", color=style.QUIET, transform=axis.transAxes)


def small_numbers(axis: Any) -> None:
    """Tick labels of both axes as the report writes numbers, with as many digits as they need: .005."""
    for line in (axis.xaxis, axis.yaxis):
        line.set_major_formatter(lambda value, _: number(f"{value:.4g}"))


def names(colours: dict[str, str]) -> list[Any]:
    """Legend entries of the populations."""
    entries = [style.key("o", name, colour=colour) for name, colour in list(colours.items())[:MOST_NAMES]]
    if len(colours) > MOST_NAMES:
        entries.append(style.key("", f"and {len(colours) - MOST_NAMES} more"))
    return entries
