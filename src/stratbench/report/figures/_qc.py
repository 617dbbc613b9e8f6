"""Shared by the pictures of quality control: who and what a step saw, its threshold, colours, words."""

import re
from dataclasses import dataclass
from typing import Any

import pandas as pd

from stratbench.genotypes import tables
from stratbench.report import style
from stratbench.report.results import Results
from stratbench.study.study import Cohort

NOT_TESTED = "not tested"
NOT_ASKED = f"{NOT_TESTED}: not asked for"
NO_LABEL = "no label"
LEFT, REMOVED = "#8fb3cc", style.CAUSAL
MOST_NAMES = 12
WHY = {
    "inbred": "hardly anyone is heterozygous",
    "pedigree": "relatives are the design",
}


@dataclass(frozen=True)
class People:
    """qc_samples.tsv with the populations that the other pictures show, and their colours.

    ``declared`` are the source's labels, by which QC tested; ``population`` may have been called since.
    """

    table: pd.DataFrame
    colours: dict[str, str]


def people(results: Results, cohort: Cohort) -> People:
    """Everyone of the source. Removed people keep the source's label, in grey if nobody who is left has it."""
    table = _steps_as_text(results.table(tables.QC_SAMPLES, results.paths.qc_samples, cohort))
    kept = results.table(tables.SAMPLES, results.paths.samples, cohort)
    table["declared"] = table["population"].fillna("").astype(str)
    final = table["iid"].map(kept.set_index("iid")["population"])  # QC may have called it
    table["population"] = final.fillna(table["declared"]).replace("", NO_LABEL)
    colours = style.population_colours(kept["population"])
    drawn = table.loc[table["removed_by"] != "population", "population"]  # the others have no axes and no F
    others = sorted(set(drawn) - set(colours))
    return People(table, {**colours, **dict.fromkeys(others, style.QUIET)})


def snps(results: Results, cohort: Cohort) -> pd.DataFrame:
    """qc_snps.tsv.gz."""
    return _steps_as_text(results.table(tables.QC_SNPS, results.paths.qc_snps, cohort))


def _steps_as_text(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(removed_by=table["removed_by"].fillna("").astype(str))  # numbers if all are blank


def waterfall(results: Results, cohort: Cohort) -> pd.DataFrame:
    """qc.tsv with its thresholds as text, in the order of the steps."""
    table = results.table(tables.QC, results.paths.qc, cohort)
    return table.assign(threshold=table["threshold"].fillna("").astype(str))


def threshold(steps: pd.DataFrame, step: str) -> str:
    """The waterfall's threshold of a step; 'not tested' with the reason if the step was not taken."""
    found = steps.loc[steps["step"] == step, "threshold"]
    return str(found.iloc[0]) if len(found) else NOT_ASKED


def limit(text: str) -> float | None:
    """The number of a threshold, 'missing > 0.1' or '3 SD of F'; None of a step that was not taken."""
    found = re.search(r"\d+(\.\d+)?(e-?\d+)?", text)
    return None if text.startswith(NOT_TESTED) or not found else float(found[0])


def seen(table: pd.DataFrame, steps: pd.DataFrame, unit: str, step: str) -> pd.DataFrame:
    """The rows that no earlier step had removed."""
    order = steps.loc[steps["unit"] == unit, "step"].tolist()
    earlier = order[: order.index(step)] if step in order else order
    return table[~table["removed_by"].isin(earlier)]


def shown(text: str) -> str:
    """A threshold as the report writes numbers: missing > .1, P < 1e−6."""
    text = re.sub(r"(?<![\d.])0\.(?=\d)", ".", text)
    return re.sub(r"e-0*(\d)", rf"e{style.MINUS}\1", text).replace("r2", "r\N{SUPERSCRIPT TWO}")


def reason(text: str, mating: str) -> str:
    """Why a step was not taken, to fill its panel: the waterfall's words, and what the mating means for the step."""
    if mating not in WHY:
        return text
    return f"{text}\n({'' if text.endswith(mating) else f'{mating}: '}{WHY[mating]})"


def nothing(axis: Any, title: str, text: str) -> None:
    """A panel that says why it is empty."""
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
        line.set_major_formatter(lambda value, _: style.number(f"{value:.4g}"))


def names(colours: dict[str, str]) -> list[Any]:
    """Legend entries of the populations."""
    entries = [style.key("o", name, colour=colour) for name, colour in list(colours.items())[:MOST_NAMES]]
    if len(colours) > MOST_NAMES:
        entries.append(style.key("", f"and {len(colours) - MOST_NAMES} more"))
    return entries
