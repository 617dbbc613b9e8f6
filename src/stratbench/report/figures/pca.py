"""The first two axes of ancestry of each cohort of a scenario, coloured by population."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from stratbench.report import style
from stratbench.report.analysis.cohorts import axes, first_splits
from stratbench.report.analysis.results import Group, Results
from stratbench.study.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SECTION = "cohorts"
ORDER = 40
MOST_PANELS = 6
RASTERISE_FROM = 1500
MOST_NAMES = 12


@dataclass(frozen=True)
class AncestryAxes:
    panels: tuple[tuple[str, pd.DataFrame], ...]
    colours: dict[str, str]


def pictures(study: Study, groups: list[Group]) -> list[tuple[str, Any]]:
    return [(f"pca_{scenario}", scenario) for scenario in first_splits(study)]


def load(results: Results, subject: Any) -> AncestryAxes:
    panels, labels = [], set()
    for split in first_splits(results.study)[subject][:MOST_PANELS]:
        panel, populations = axes(results, split)
        labels |= populations
        panels.append((results.study.shown(split.cohort), panel))
    names = {name for _, panel in panels for name in panel["population"]}
    colours = style.population_colours(labels)  # colours are those of the whole cohort, as in QC's pictures
    return AncestryAxes(tuple(panels), {name: colour for name, colour in colours.items() if name in names})


def draw(data: AncestryAxes) -> "Figure":
    columns = min(3, len(data.panels))
    rows = -(-len(data.panels) // columns)
    # a single panel is a square and needs no more width
    figure, grid = style.canvas(3.5 * columns + 1.9, 3.3 * rows + 0.2, rows, columns)
    for axis in grid.flat[len(data.panels) :]:
        axis.axis("off")
    for axis, (cohort, panel) in zip(grid.flat, data.panels, strict=False):
        _panel(axis, cohort, panel, data.colours)
    shown = list(data.colours)[:MOST_NAMES]
    entries = [style.key("o", name, colour=data.colours[name]) for name in shown]
    if len(data.colours) > MOST_NAMES:
        entries.append(style.key("", f"and {len(data.colours) - MOST_NAMES} more"))
    entries += [style.key("o", "fitted (training)"), style.key("o", "projected", filled=False)]
    figure.legend(handles=entries, loc="outside right upper", title="population", alignment="left")
    return figure


def _panel(axis: Any, cohort: str, panel: pd.DataFrame, colours: dict[str, str]) -> None:
    axis.set_title(f"{cohort} (n = {len(panel)})")
    if "pc1" not in panel:
        axis.axis("off")
        axis.text(0.5, 0.5, "no axis of ancestry", ha="center", va="center", color=style.QUIET)
        return
    second = "pc2" if "pc2" in panel else None
    heavy = len(panel) > RASTERISE_FROM
    for fitted, layer in ((1, 2), (0, 3)):
        for name, rows in panel[panel["fitted"] == fitted].groupby("population"):
            colour = colours[str(name)]
            axis.scatter(
                rows["pc1"], rows[second] if second else rows["pc1"] * 0, s=13, lw=0.8, edgecolors=colour,
                facecolors=colour if fitted else "white", alpha=0.8, zorder=layer, rasterized=heavy,
            )  # fmt: skip
    axis.set_xlabel("PC 1")
    axis.set_ylabel("PC 2" if second else "(one axis only)")
    axis.locator_params(nbins=5)


def caption(results: Results, subject: Any) -> str:
    cohorts = first_splits(results.study)[subject]
    shown = f" The first {MOST_PANELS} of {len(cohorts)} cohorts." if len(cohorts) > MOST_PANELS else ""
    return (
        f"Principal components of {results.study.shown(subject)}, fitted on the unrelated training individuals "
        "(filled) of the "
        f"{cohorts[0].split} split of {cohorts[0].trait}; everyone else is projected (open). Arbitrary "
        f"units.{shown}"
    )
