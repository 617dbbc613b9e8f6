"""Genetic relationship of everyone with everyone: the GRM that corrections use, populations and families together."""

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from stratbench.core.words import counted
from stratbench.report import style
from stratbench.report.analysis.cohorts import MOST_RELATED, first_splits, relationship
from stratbench.report.analysis.numbers import number
from stratbench.report.analysis.results import Group, Results
from stratbench.study.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SECTION = "cohorts"
ORDER = 60
MOST_NAMES = 12
LEAST = 0.05  # the smallest end of the colour scale, in units of relationship


@dataclass(frozen=True)
class KinshipMatrix:
    grm_NN: np.ndarray
    population: tuple[str, ...]
    everyone: int
    cohort: str


def pictures(study: Study, groups: list[Group]) -> list[tuple[str, Any]]:
    return [(f"kinship_{scenario}", scenario) for scenario in first_splits(study)]


def load(results: Results, subject: Any) -> KinshipMatrix:
    split = first_splits(results.study)[subject][0]
    return KinshipMatrix(*relationship(results, split), results.study.shown(split.cohort))


def draw(data: KinshipMatrix) -> "Figure":
    n = len(data.grm_NN)
    if n == 0:
        return style.message(f"No GRM of {data.everyone} individuals is stored (the config's grm_most).")
    if n < 2:
        return style.message("Fewer than two individuals: there is no relationship to draw.")
    figure, axes = style.canvas(5.6, 4.4)
    axis = axes[0, 0]
    apart = np.abs(data.grm_NN[~np.eye(n, dtype=bool)])
    top = max(float(np.percentile(apart, 99.5)), LEAST)
    image = axis.imshow(data.grm_NN, cmap="PuOr_r", vmin=-top, vmax=top, interpolation="nearest")
    names = list(dict.fromkeys(data.population))
    edges = [data.population.index(name) for name in names] + [n]
    if len(names) <= MOST_NAMES:
        for edge in edges[1:-1]:
            axis.axhline(edge - 0.5, color=style.INK, lw=0.7)
            axis.axvline(edge - 0.5, color=style.INK, lw=0.7)
        middles = [(a + b - 1) / 2 for a, b in pairwise(edges)]
        slant = {"rotation": 35, "ha": "right", "rotation_mode": "anchor"} if len(names) > 5 else {}
        axis.set_xticks(middles, names, **slant)
        axis.set_yticks(middles, names)
    else:
        axis.set_xticks([])
        axis.set_yticks([])
        axis.set_xlabel(f"{counted(len(names), 'population')}, in order")
    axis.tick_params(length=0)
    for spine in axis.spines.values():
        spine.set_visible(False)
    bar = figure.colorbar(image, ax=axis, shrink=0.8, extend="both")
    bar.set_label("genomic relationship (0: an average pair)")
    bar.ax.yaxis.set_major_formatter(lambda value, _: number(f"{value:.2f}"))
    bar.outline.set_visible(False)
    return figure


def caption(results: Results, subject: Any) -> str:
    split = first_splits(results.study)[subject][0]
    return (
        f"Genomic relationship matrix of {results.study.shown(split.cohort)} ({split.trait}, {split.split} split), "
        f"sorted by population, then family; of more than {MOST_RELATED} people, the first of each population in "
        "proportion. Frequencies are those "
        "of the unrelated training individuals. Children and parents, and siblings, stand near .5 in an unstructured "
        "cohort, cousins near .125, oneself near 1; the colour scale ends where half a percent of the pairs lies "
        "beyond it."
    )
