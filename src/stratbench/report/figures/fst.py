"""Differentiation of each pair of populations, averaged over a scenario's replicates."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from stratbench.report import style
from stratbench.report.analysis.cohorts import first_splits, fst_pairs
from stratbench.report.analysis.numbers import number
from stratbench.report.analysis.results import Group, Results
from stratbench.study.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SECTION = "cohorts"
ORDER = 50
MOST_ANNOTATED = 12


@dataclass(frozen=True)
class FstPairs:
    table: pd.DataFrame
    cohorts: int


def pictures(study: Study, groups: list[Group]) -> list[tuple[str, Any]]:
    return [(f"fst_{scenario}", scenario) for scenario in first_splits(study)]


def load(results: Results, subject: Any) -> FstPairs:
    return FstPairs(fst_pairs(results, subject), len(first_splits(results.study)[subject]))


def draw(data: FstPairs) -> "Figure":
    if data.table.empty:
        return style.message("One population: there is no pair to compare.")
    names = list(dict.fromkeys([*data.table["population_1"], *data.table["population_2"]]))
    grid = np.full((len(names), len(names)), np.nan)
    for row in data.table.to_dict("records"):
        first, second = names.index(row["population_1"]), names.index(row["population_2"])
        grid[first, second] = grid[second, first] = row["mean"]
    size = max(2.2, 0.55 * len(names))
    figure, axes = style.canvas(size + 2.4, size + 0.6)
    axis = axes[0, 0]
    top = max(float(np.nanmax(grid)), 0.01)
    image = axis.imshow(grid, cmap="cividis_r", vmin=0, vmax=top)
    for first, second in zip(*np.nonzero(np.isfinite(grid)), strict=True):
        if len(names) <= MOST_ANNOTATED:
            value = grid[first, second]
            text = number(f"{value:.3f}")
            colour = "white" if value > 0.55 * top else style.INK
            axis.text(second, first, text, ha="center", va="center", color=colour, fontsize=8.5)
    axis.set_xticks(
        range(len(names)),
        names,
        rotation=35 if len(names) > 3 else 0,
        ha="right" if len(names) > 3 else "center",
    )
    axis.set_yticks(range(len(names)), names)
    for spine in axis.spines.values():
        spine.set_visible(False)
    axis.tick_params(length=0)
    bar = figure.colorbar(image, ax=axis, shrink=0.8)
    bar.set_label("FST (Hudson)")
    digits = 3 if top < 0.1 else 2
    bar.ax.yaxis.set_major_formatter(lambda value, _: number(f"{value:.{digits}f}"))
    bar.outline.set_visible(False)
    return figure


def caption(results: Results, subject: Any) -> str:
    count = len(first_splits(results.study)[subject])
    over = f", mean of {count} replicates" if count > 1 else ""
    return (
        f"Hudson's FST between the populations of {results.study.shown(subject)}, training individuals{over}. "
        "Weir and Cockerham's "
        "stands beside it in fst.tsv."
    )
