"""What each step of quality control left of a scenario's cohorts."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from stratbench.report import style
from stratbench.report.results import Group, Results, scenarios
from stratbench.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

UNITS = ("individuals", "SNPs")


@dataclass(frozen=True)
class Data:
    steps: pd.DataFrame
    cohorts: int


def pictures(study: Study, groups: list[Group]) -> list[tuple[str, Any]]:
    return [(f"qc_{scenario}", scenario) for scenario in scenarios(study)]


def steps(results: Results, scenario: str) -> pd.DataFrame:
    """A row for each step and unit: threshold, and mean, least and most removed and left over the cohorts."""
    tables = [
        results.table(results.paths.qc, cohort).assign(order=lambda table: range(len(table)))
        for cohort in scenarios(results.study)[scenario]
    ]
    together = pd.concat(tables, ignore_index=True)
    together["threshold"] = together["threshold"].astype(str).replace("nan", "")
    return (
        together.groupby(["unit", "step"], sort=False)
        .agg(
            order=("order", "min"),
            threshold=("threshold", "first"),
            removed=("removed", "mean"),
            least=("removed", "min"),
            most=("removed", "max"),
            left=("left", "mean"),
        )
        .reset_index()
        .sort_values("order", kind="stable")
    )


def load(results: Results, subject: Any) -> Data:
    return Data(steps(results, subject), len(scenarios(results.study)[subject]))


def draw(data: Data) -> "Figure":
    tables = [(unit, data.steps[data.steps["unit"] == unit]) for unit in UNITS]
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
    for y, row in enumerate(table.to_dict("records")):
        removed = 0.0 if pd.isna(row["removed"]) else float(row["removed"])
        axis.barh(-y, row["left"], color="#8fb3cc", height=0.66)
        axis.barh(-y, removed, left=row["left"], color=style.CAUSAL, height=0.66)
        spread = f" ({row['least']:,.0f} to {row['most']:,.0f})" if row["least"] != row["most"] else ""
        text = f"{row['left']:,.0f}" + (f"   {style.MINUS}{removed:,.0f}{spread}" if removed else "")
        axis.text(start * 1.03, -y, text, va="center", fontsize=8)
    labels = [_label(row["step"], row["threshold"]) for row in table.to_dict("records")]
    axis.set_yticks([-y for y in range(len(table))], labels)
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    axis.set_xlim(0, start * 1.75)  # the numbers stand behind the bars
    axis.set_title(unit)
    axis.set_xlabel(f"{unit} left (blue) and removed (red)")
    axis.locator_params(axis="x", nbins=5)


def _label(step: str, threshold: str) -> str:
    """The step with its threshold, which may name the step itself."""
    if threshold in ("", "0") or threshold.startswith(step):
        return threshold if threshold.startswith(step) else step
    return f"{step}: {threshold}"


def caption(results: Results, subject: Any) -> str:
    count = len(scenarios(results.study)[subject])
    over = f" Means of {count} cohorts, with the range of what was removed." if count > 1 else ""
    return (
        f"Quality control of {results.study.shown(subject)}: what each step left and removed, with its "
        f"threshold.{over}"
    )
