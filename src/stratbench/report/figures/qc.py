"""What each step of quality control left of a scenario's cohorts."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from stratbench.report import style
from stratbench.report.analysis import qc
from stratbench.report.analysis.numbers import MINUS
from stratbench.report.analysis.results import Group, Results, scenarios
from stratbench.report.figures import _qc
from stratbench.study.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SECTION = "cohorts"
ORDER = 80
STRUCTURE = "structure SNPs"
PALE = "#c9dcea"
UNITS = {
    "individuals": ("individuals",),
    "SNPs": ("SNPs", STRUCTURE),
}  # the steps that choose structure SNPs begin where QC of SNPs ends


@dataclass(frozen=True)
class QcSteps:
    steps: pd.DataFrame
    cohorts: int


def pictures(study: Study, groups: list[Group]) -> list[tuple[str, Any]]:
    return [(f"qc_{scenario}", scenario) for scenario in scenarios(study)]


def load(results: Results, subject: Any) -> QcSteps:
    return QcSteps(qc.steps(results, subject), len(scenarios(results.study)[subject]))


def draw(data: QcSteps) -> "Figure":
    tables = [(title, data.steps[data.steps["unit"].isin(units)]) for title, units in UNITS.items()]
    tables = [(unit, table) for unit, table in tables if len(table)]
    if not tables:
        return style.message("Quality control reported no steps.")
    rows = max(len(table) for _, table in tables)
    figure, axes = style.canvas(5.4 * len(tables), 0.34 * rows + 1.0, 1, len(tables))
    for axis, (unit, table) in zip(axes[0], tables, strict=True):
        _waterfall(axis, unit, table)
        axis.set_ylim(0.6 - rows, 0.6)
    return figure


def _waterfall(axis: Any, unit: str, table: pd.DataFrame) -> None:
    start = float((table["left"] + table["removed"].fillna(0)).max())
    rows = table.to_dict("records")
    for y, row in enumerate(rows):
        removed = 0.0 if pd.isna(row["removed"]) else float(row["removed"])
        untested = row["threshold"].startswith(qc.NOT_TESTED)
        axis.barh(-y, row["left"], color=PALE if row["unit"] == STRUCTURE else _qc.LEFT, height=0.66)
        axis.barh(-y, removed, left=row["left"], color=_qc.REMOVED, height=0.66)
        spread = f" ({row['least']:,.0f} to {row['most']:,.0f})" if row["least"] != row["most"] else ""
        text = f"{row['left']:,.0f}" + (f"   {MINUS}{removed:,.0f}{spread}" if removed else "")
        text = row["threshold"] if untested else text
        axis.text(
            start * 1.03, -y, text, va="center", fontsize=8, color=style.QUIET if untested else style.INK
        )
    axis.set_yticks([-y for y in range(len(rows))], [_label(row["step"], row["threshold"]) for row in rows])
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    axis.set_xlim(0, start * 1.75)  # the numbers stand to the right of the bars
    axis.spines["bottom"].set_bounds(0, start)
    axis.set_title(unit)
    further = "; pale: for PCs and GRM" if (table["unit"] == STRUCTURE).any() else ""
    axis.set_xlabel(f"left (blue{further}) and removed (red)", loc="left")
    axis.locator_params(axis="x", nbins=5)
    axis.set_xticks([tick for tick in axis.get_xticks() if tick <= start])
    axis.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")


def _label(step: str, threshold: str) -> str:
    """The step with its threshold, which may name the step itself."""
    if threshold in ("", "0") or threshold.startswith(qc.NOT_TESTED):
        return step
    return qc.shown(threshold if threshold.startswith(step) else f"{step}: {threshold}")


def caption(results: Results, subject: Any) -> str:
    count = len(scenarios(results.study)[subject])
    over = f" Means of {count} cohorts, with the range of what was removed." if count > 1 else ""
    return (
        f"Quality control of {results.study.shown(subject)}: what each step left and removed, with its "
        "threshold. Pale: the SNPs that PCs and GRM may use, of those that QC left; the others stay in the cohort."
        f"{over}"
    )
