"""The association tests over the study's dial: what they recover, and how much they are inflated."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stratbench.report import style
from stratbench.report.curves import Places, course, courses, places
from stratbench.report.figures._curves import (
    DODGE,
    HIGH,
    CurveReader,
    Line,
    Panel,
    draw_row,
    foot,
    foot_height,
    intervals,
    panel_width,
    spread,
)
from stratbench.report.results import Group, Results, colours
from stratbench.study.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

METRICS = {"causal_auc_pr": "AUC_PR for causal SNPs", "lambda_gc": "inflation (lambda GC)"}


@dataclass(frozen=True)
class AssociationCurves:
    places: Places
    panels: tuple[tuple[str, Panel], ...]
    names: dict[str, str]
    title: str
    trait: str


def pictures(study: Study, groups: list[Group]) -> list[tuple[str, Any]]:
    return [(f"dial-tests_{one.name}", one.keys) for one in courses(study, groups) if one.associations]


def load(results: Results, subject: Any) -> AssociationCurves:
    one, dial = course(results, subject), results.study.dial
    assert dial is not None
    where = places(dial)
    read, names = (
        CurveReader(results, one, where, colours(results.study)),
        style.association_colours(one.associations),
    )
    panels = []
    for metric, name in METRICS.items():
        shifts = {test: DODGE * (k - (len(names) - 1) / 2) for k, test in enumerate(names)}
        lines = [Line(read.test(metric, test, shifts[test]), names[test], "s") for test in names]
        limits = (0.0, 1.0) if metric == "causal_auc_pr" else (0.0, 1e9)
        panels.append((name, Panel("causal", tuple(lines), 1.0 if metric == "lambda_gc" else None, *limits)))
    kept = tuple((name, panel) for name, panel in panels if any(line.drawn for line in panel.lines))
    title = f"{dial.title} ({where.scale})" if where.scale else dial.title
    return AssociationCurves(where, kept, names, f"{title}, {spread(results, one)}", one.trait)


def draw(data: AssociationCurves) -> "Figure":
    if not data.panels:
        return style.message(f"{data.trait}: no association test gave a number.")
    entries = [style.key("s", f"association: {name}", colour=colour) for name, colour in data.names.items()]
    if any(panel.chance is not None for _, panel in data.panels):
        entries.append(style.line_key("no inflation", style.QUIET, ":"))
    count, wide = len(data.panels), max(panel_width(data.places), 3.4)
    bottom = foot_height(data.places, len(entries))
    figure, axes = style.canvas(
        0.75 + wide * count + 0.55 * (count - 1), HIGH + 0.5 + 0.35 + bottom, 1, count,
        margins=(0.6, 0.15, bottom, 0.35, 0.55, 0.0),
    )  # fmt: skip
    draw_row(axes[0], [panel for _, panel in data.panels], data.places, labels=True, shared=False)
    for axis, (name, _) in zip(axes[0], data.panels, strict=True):
        axis.set_title(name)
    foot(axes[0, 0], data.places, data.title, entries)
    return figure


def caption(results: Results, subject: Any) -> str:
    one, dial = course(results, subject), results.study.dial
    assert dial is not None
    return (
        f"Association tests of {one.trait}, {one.split} split, over {dial.title}: recovery of the causal SNPs, and "
        f"inflation of the test statistics. {intervals(results, one)}."
    )
