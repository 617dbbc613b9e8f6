"""Accuracy of every model and adjustment with floors and ceilings, overall and within populations."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stratbench.core.words import counted
from stratbench.report import style
from stratbench.report.analysis.results import CEILINGS, FLOORS, Group, Results
from stratbench.report.analysis.verdicts import Remarks, remarks
from stratbench.report.figures._rows import VERDICT_BESIDE, Layout, layout
from stratbench.study.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SECTION = "accuracy"
ORDER = 120
NAMES = {**FLOORS, **CEILINGS}


@dataclass(frozen=True)
class AccuracyBars:
    group: Group
    panels: tuple[tuple[str, Layout], ...]
    values: dict[tuple[str, ...], Any]
    remarks: Remarks
    colours: dict[str, str]
    n: int


def pictures(study: Study, groups: list[Group]) -> list[tuple[str, Any]]:
    return [(f"accuracy_{group.name}", group.keys) for group in groups if group.models]


def load(results: Results, subject: Any) -> AccuracyBars:
    group = results.group(subject)
    values: dict[tuple[str, ...], Any] = {}
    for metric in (group.overall, group.within):
        for model in group.models:
            for adjustment in group.adjustments:
                of = {"model": model, "adjustment": adjustment}
                values[(model, adjustment, metric)] = results.value(group, metric, **of)
        for name, words in NAMES.items():
            values[(words, "", metric)] = results.value(group, metric, model=name)
    marks = tuple(
        words for words in NAMES.values()
        if any(values[(words, "", metric)] is not None for metric in (group.overall, group.within))
    )  # fmt: skip
    panels = tuple(
        (model, layout(group, (model,), marks, "floors and ceilings", heading=False))
        for model in group.models
    )
    return AccuracyBars(
        group, panels, values, remarks(results, group), style.study_colours(results.study),
        results.replicates(group),
    )  # fmt: skip


def draw(data: AccuracyBars) -> "Figure":
    group = data.group
    if not data.panels:
        return style.message("No model was trained on this trait.")
    rows, count = data.panels[0][1], len(data.panels)
    margins = (rows.left, 0.95, 1.1, 0.4, 0.95, 0.0)
    width = rows.left + 0.95 + count * 2.9 + (count - 1) * 0.95
    figure, axes = style.canvas(width, rows.height + 1.5, 1, count, margins=margins, sharex=True, sharey=True)
    for axis, (model, rows) in zip(axes[0], data.panels, strict=True):
        axis.axvline(group.chance, color=style.QUIET, lw=0.9)
        for row in rows.rows:
            colour, here = data.colours[row.adjustment], (model, row.adjustment)
            style.dot(axis, row.y + 0.13, data.values[(*here, group.overall)], colour)
            style.dot(axis, row.y - 0.16, data.values[(*here, group.within)], colour, "D", filled=False)
            style.note(axis, row.y, data.remarks.get(here, ""))
        for y, name in rows.extra:
            style.dot(axis, y + 0.13, data.values[(name, "", group.overall)], style.QUIET)
            style.dot(axis, y - 0.16, data.values[(name, "", group.within)], style.QUIET, "D", filled=False)
        style.rows_axis(axis, rows.ticks)
        style.unit_axis(axis)
        axis.set_title(model)
    style.within(axes[0, 0], -1 if group.quantitative else 0, 1)  # the panels share their axis
    for axis in axes[0, 1:]:
        axis.tick_params(axis="y", labelleft=False)
    style.below(
        axes[0, 0],
        f"{style.metric_label(group.overall)}, test individuals, {counted(data.n, data.group.unit)}",
        [
            style.key("o", "overall"),
            style.key("D", "within populations", filled=False),
            style.line_key("chance", style.QUIET),
        ],
    )
    return figure


def caption(results: Results, subject: Any) -> str:
    group = results.group(subject)
    metric = "Correlation" if group.quantitative else "AUROC"
    return (
        f"{metric} of {group.title}: all test individuals (filled) and within populations (open), with 95% "
        "intervals. Floors know only what they are named after; ceilings know what nobody can know. "
        f"{VERDICT_BESIDE}"
    )
