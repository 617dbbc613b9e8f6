"""The headline of a study with a dial: four questions as curves over its points, a row for each trait and model."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stratbench.report import style
from stratbench.report.analysis.dial import Course
from stratbench.report.analysis.results import Results
from stratbench.report.figures._curves import (
    HIGH,
    CurveReader,
    Panel,
    Places,
    accuracy_keys,
    adjustment_keys,
    dial_title,
    draw_row,
    foot,
    foot_height,
    intervals,
    panel_width,
    places,
    spread,
    test_keys,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

QUESTIONS = (
    "Does accuracy change?", "Do the SNPs change?", "Who recovers the causal SNPs?", "Who still encodes ancestry?",
)  # fmt: skip
LEFT, TOP, ACROSS, DOWN = 0.55, 0.85, 0.45, 0.45  # inches around the panels of curves, and between them


@dataclass(frozen=True)
class HeadlineCurves:
    courses: tuple[Course, ...]
    places: Places
    rows: tuple[tuple[str, str, tuple[Panel, ...]], ...]  # trait, model, a panel for each question
    title: str
    n: str
    colours: dict[str, str]


def _ask(axes: Any) -> None:
    """Write the questions above the first row of panels."""
    for axis, question in zip(axes, QUESTIONS, strict=True):
        axis.annotate(
            question, (0, 1), (0, 26), xycoords="axes fraction", textcoords="offset points", fontsize=12,
            fontweight="bold", annotation_clip=False,
        )  # fmt: skip


def load(results: Results, chosen: list[tuple[Course, str]]) -> HeadlineCurves:
    dial, colours, rows = results.study.dial, style.study_colours(results.study), []
    assert dial is not None
    where = places(dial)
    for one, model in chosen:
        read = CurveReader(results, one, where, colours)
        panels = (read.accuracy(model), read.snps(model), read.causal(model), read.ancestry(model))
        rows.append((one.trait, model, panels))
    shown = tuple(dict.fromkeys(one for one, _ in chosen))
    return HeadlineCurves(
        shown, where, tuple(rows), dial_title(dial, where), spread(results, *shown), colours
    )


def draw(data: HeadlineCurves) -> "Figure":
    """Draw a panel for each question and row."""
    wide, count = max(panel_width(data.places), 2.9), len(data.rows)
    width = LEFT + 0.15 + 4 * wide + 3 * ACROSS
    legends = _legends_of_curves(data)
    bottom = foot_height(data.places, max(map(len, legends)))
    height = bottom + TOP + HIGH * count + DOWN * (count - 1)
    figure, axes = style.canvas(width, height, count, 4, margins=(LEFT, 0.15, bottom, TOP, ACROSS, DOWN))
    for k, (line, (trait, model, panels)) in enumerate(zip(axes, data.rows, strict=True)):
        draw_row(line, panels, data.places, labels=k == len(axes) - 1, shared=False)
        line[0].set_title(f"{trait}, {model}")
    _ask(axes[0])
    titles = (f"{data.title}, {data.n}", "", "", "")
    for axis, title, entries in zip(axes[-1], titles, legends, strict=True):
        foot(axis, data.places, title, entries)
    return figure


def _legends_of_curves(data: HeadlineCurves) -> list[list[Any]]:
    """Lines of the legend below each column."""
    first = next((one for one in data.courses if one.attribution), data.courses[0])
    name = "correlation" if first.groups[0].quantitative else "AUROC"
    return [
        [
            *adjustment_keys(first, data.colours),
            style.key("o", f"{name}, overall"),
            style.key("D", f"{name} within populations", filled=False),
            *accuracy_keys(),
        ],
        [
            style.key("o", f"Spearman correlation with '{first.groups[0].baseline}'"),
            style.key("^", "within the same adjustment", filled=False),
        ],
        [
            style.key("o", f"AUC_PR, attribution: {first.attribution or 'none'}"),
            *test_keys(first),
            style.line_key("chance", style.QUIET, ":"),
        ],
        [
            style.key("D", "balanced accuracy, from the logit given y"),
            style.key("o", "from hidden features", filled=False),
            style.line_key("chance", style.QUIET, ":"),
        ],
    ]


def caption(results: Results, chosen: list[tuple[Course, str]]) -> str:
    dial = results.study.dial
    assert dial is not None
    return (
        f"Four questions over {dial.title}, one column each; a row for each trait and model. "
        f"{intervals(results, *dict.fromkeys(one for one, _ in chosen))}. Numbers are joined by lines; points "
        "without a number stand to the right and are not. Pale in the second and third column: the model is not "
        "shown to have learned within populations there, so its attributions say nothing."
    )
