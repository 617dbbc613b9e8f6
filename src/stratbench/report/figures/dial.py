"""Every headline metric of a trait over the study's dial: a row of panels for each metric, a column for each model."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stratbench.report import style
from stratbench.report.curves import Course, Places, course, courses, places
from stratbench.report.figures._curves import (
    HIGH,
    CurveReader,
    Panel,
    accuracy_keys,
    adjustment_keys,
    draw_row,
    foot,
    foot_height,
    intervals,
    panel_width,
    spread,
    test_keys,
)
from stratbench.report.results import Group, Results, colours
from stratbench.study.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEFT, TOP, ACROSS, DOWN = 0.85, 0.4, 0.25, 0.22
COLUMNS = 3  # of the legend


@dataclass(frozen=True)
class DialPanels:
    course: Course
    places: Places
    rows: tuple[tuple[str, tuple[Panel, ...]], ...]  # the metric's name, a panel for each model
    title: str
    n: str
    colours: dict[str, str]


def pictures(study: Study, groups: list[Group]) -> list[tuple[str, Any]]:
    return [(f"dial_{one.name}", one.keys) for one in courses(study, groups) if one.models]


def load(results: Results, subject: Any) -> DialPanels:
    one, read = reader(results, subject)
    accuracy = "correlation" if one.groups[0].quantitative else "AUROC"
    panels = {
        f"{accuracy},\noverall": read.overall,
        f"{accuracy},\nwithin populations": read.within,
        "AUC_PR for\ncausal SNPs": read.causal,
        "agreement of\nSNP rankings": read.snps,
        "ancestry from\nhidden features": read.hidden,
        "ancestry from\nthe logit given y": read.logit,
    }
    return collect(read, panels)


def reader(results: Results, subject: Mapping[str, str]) -> tuple[Course, CurveReader]:
    """The course of a subject, and the reader of its panels."""
    one, dial = course(results, {key: subject[key] for key in ("trait", "split")}), results.study.dial
    assert dial is not None
    return one, CurveReader(results, one, places(dial), colours(results.study))


def collect(read: CurveReader, panels: Mapping[str, Callable[[str], Panel]]) -> DialPanels:
    """A row for each name of a metric, a panel for each model; rows without any number are left out."""
    one, dial, where = read.course, read.results.study.dial, read.places
    assert dial is not None
    rows = [(name, tuple(panel(model) for model in one.models)) for name, panel in panels.items()]
    kept = [(name, row) for name, row in rows if any(line.drawn for panel in row for line in panel.lines)]
    title = f"{dial.title} ({where.scale})" if where.scale else dial.title
    return DialPanels(one, where, tuple(kept), title, spread(read.results, one), dict(read.colours))


def draw(data: DialPanels) -> "Figure":
    return grid(data, _entries) if data.rows else nothing(data)


def nothing(data: DialPanels) -> "Figure":
    return style.message(f"{data.course.trait}: no number at any point of the dial.")


def grid(data: DialPanels, legend: Callable[[DialPanels], list[Any]]) -> "Figure":
    """The rows of panels above the legend."""
    one, count = data.course, len(data.course.models)
    wide = panel_width(data.places)
    entries = legend(data)
    bottom = foot_height(data.places, -(-len(entries) // COLUMNS))
    width = max(LEFT + 0.15 + wide * count + ACROSS * (count - 1), 8.6)
    height = bottom + TOP + HIGH * len(data.rows) + DOWN * (len(data.rows) - 1)
    figure, axes = style.canvas(
        width, height, len(data.rows), count, margins=(LEFT, 0.15, bottom, TOP, ACROSS, DOWN), sharey="row"
    )
    for k, (line, (name, panels)) in enumerate(zip(axes, data.rows, strict=True)):
        draw_row(line, panels, data.places, labels=k == len(axes) - 1, shared=True)
        line[0].set_ylabel(name, fontsize=8.5)
    for axis, model in zip(axes[0], one.models, strict=True):
        axis.set_title(model)
    foot(axes[-1, 0], data.places, f"{data.title}, {data.n}", entries, COLUMNS)
    return figure


def _entries(data: DialPanels) -> list[Any]:
    """Lines of the legend, the adjustments first."""
    one = data.course
    own = [
        style.key("o", f"agreement with '{one.groups[0].baseline}'"),
        style.key("^", "agreement within the same adjustment", filled=False),
    ]
    return [
        *adjustment_keys(one, data.colours), *accuracy_keys(), *(test_keys(one) if one.attribution else []),
        *(own if one.attribution else []), style.line_key("hidden features, untrained", style.QUIET, "--"),
        style.line_key("chance", style.QUIET, ":"),
    ]  # fmt: skip


def caption(results: Results, subject: Any) -> str:
    one, dial = course(results, subject), results.study.dial
    assert dial is not None
    return (
        f"{one.trait}, {one.split} split, over {dial.title}: headline metrics by model and adjustment. "
        f"{intervals(results, one)}. Numbers are joined by lines; points without a number stand to the right and are "
        "not. Grey and purple: floors, ceilings, the untrained network and the association tests. Pale: the model "
        "learned nothing within populations there, so its attributions say nothing."
    )
