"""The first two axes of a real cohort before and after quality control removed individuals and SNPs."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stratbench.report import style
from stratbench.report.analysis import qc
from stratbench.report.analysis.results import Group, Results, scenarios
from stratbench.report.figures import _qc
from stratbench.report.figures.qc_checks import RASTERISE_FROM
from stratbench.study.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SECTION = "cohorts"
ORDER = 100
WHEN = ("before", "after")


@dataclass(frozen=True)
class AxesUnderQc:
    people: _qc.People


def pictures(study: Study, groups: list[Group]) -> list[tuple[str, Any]]:
    return [(f"qc-pca_{scenario}", scenario) for scenario in qc.real_scenarios(study)]


def load(results: Results, subject: Any) -> AxesUnderQc:
    (cohort,) = scenarios(results.study)[subject]
    people = _qc.people(results, cohort)
    return AxesUnderQc(_qc.People(qc.turned(people.table), people.colours))


def draw(data: AxesUnderQc) -> "Figure":
    table = data.people.table
    if table[[f"pc1_{when}" for when in WHEN]].isna().all(axis=None):
        return style.message("Too few SNPs or individuals for axes before and after quality control.")
    figure, axes = style.canvas(9.0, 3.6, 1, 2)
    for axis, when in zip(axes[0], WHEN, strict=True):
        _panel(axis, data, when)
    entries = _qc.names(data.people.colours)
    if (table["pc1_before"].notna() & (table["removed_by"] != "")).any():
        entries.append(style.key("x", "removed"))
    figure.legend(handles=entries, loc="outside right upper", title="population", alignment="left")
    return figure


def _panel(axis: Any, data: AxesUnderQc, when: str) -> None:
    one, two = f"pc1_{when}", f"pc2_{when}"
    table = data.people.table
    table = table[table[one].notna()]
    title = f"{when.capitalize()} quality control (n = {len(table):,})"
    if table.empty:
        _qc.nothing(axis, title, "too few SNPs or individuals for two axes")
        return
    axis.set_title(title)
    colour_N = table["population"].map(data.people.colours)
    order = np.random.default_rng(0).permutation(
        len(table)
    )  # drawn in mixed order, so that no population hides another
    axis.scatter(table[one].iloc[order], table[two].iloc[order], c=colour_N.iloc[order], s=11, lw=0, alpha=0.7,
                 rasterized=len(table) > RASTERISE_FROM)  # fmt: skip
    gone = table[table["removed_by"] != ""]
    axis.scatter(gone[one], gone[two], s=34, lw=1.2, marker="x", color=style.INK, zorder=4)
    axis.set_xlabel("PC 1")
    axis.set_ylabel("PC 2")
    axis.locator_params(nbins=5)
    _qc.small_numbers(axis)


def caption(results: Results, subject: Any) -> str:
    return (
        f"Principal components of {results.study.shown(subject)} before and after quality control, of everyone "
        "together: scores of unit length, of at most 2000 evenly spaced SNPs. Before: everyone who passed the call "
        "rate, at autosomal SNPs that passed call rate and MAF, neither pruned nor tested for HWE. After: who and "
        "what is left, at the pruned SNPs that PCs may use. Signs after are turned to those before."
    )
