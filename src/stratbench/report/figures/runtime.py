"""Where the time and the memory went."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from stratbench.core.words import counted
from stratbench.report import style
from stratbench.report.analysis.results import Group, Results
from stratbench.report.analysis.runtime import by_rule
from stratbench.study.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SECTION = "runtime"
ORDER = 180


@dataclass(frozen=True)
class RuntimeByRule:
    table: pd.DataFrame


def pictures(study: Study, groups: list[Group]) -> list[tuple[str, Any]]:
    return [("runtime", "runtime")]


def load(results: Results, subject: Any) -> RuntimeByRule:
    return RuntimeByRule(by_rule(results))


def draw(data: RuntimeByRule) -> "Figure":
    if data.table.empty:
        return style.message("No run times were recorded.")
    table = data.table.sort_values("total", kind="stable")
    figure, axes = style.canvas(9.5, 0.27 * len(table) + 0.9, 1, 2, sharey=True)
    left, right = axes[0]
    y = range(len(table))
    left.barh(y, table["total"], color="#8fb3cc")
    for position, row in enumerate(table.to_dict("records")):
        left.text(
            row["total"], position, f" {row['total']:,.0f} s, {counted(row['jobs'], 'job')}",
            va="center", fontsize=8,
        )  # fmt: skip
    left.set_yticks(y, table["rule"])
    left.set_xlim(0, float(table["total"].max()) * 1.35)
    left.set_xlabel("seconds, all jobs of the rule together")
    right.barh(y, table["memory"], color="#b9b9b9")
    right.set_xlabel("largest memory of a job (MB)")
    for axis in (left, right):
        axis.tick_params(axis="y", length=0)
        axis.spines["left"].set_visible(False)
    return figure


def caption(results: Results, subject: Any) -> str:
    return "Wall-clock seconds of all jobs of a rule, and the largest memory of any of its jobs."
