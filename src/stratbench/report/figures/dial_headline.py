"""The one figure of a study with a dial: the four questions, each answered by curves over the dial."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stratbench.report import style
from stratbench.report.curves import Course, Places, courses, places
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

MOST_ROWS = 6
QUESTIONS = (
    "Does accuracy change?", "Do the SNPs change?", "Who recovers the causal SNPs?", "Who still encodes ancestry?",
)  # fmt: skip
LEFT, TOP, ACROSS, DOWN = 0.55, 0.85, 0.45, 0.45


@dataclass(frozen=True)
class DialHeadline:
    courses: tuple[Course, ...]
    places: Places
    rows: tuple[tuple[str, str, tuple[Panel, ...]], ...]  # trait, model, a panel for each question
    title: str
    n: str
    colours: dict[str, str]


def main(study: Study, groups: list[Group]) -> list[tuple[Course, str]]:
    """All models of the first trait, and the first model of each other one, a few at most."""
    trained = [one for one in courses(study, groups) if one.models]
    rows = [
        (one, model) for k, one in enumerate(trained) for model in (one.models if k == 0 else one.models[:1])
    ]
    return rows[:MOST_ROWS]


def pictures(study: Study, groups: list[Group]) -> list[tuple[str, Any]]:
    return [("headline", "dial")] if main(study, groups) else []


def load(results: Results, subject: Any) -> DialHeadline:
    dial, chosen = results.study.dial, main(results.study, results.groups)
    assert dial is not None
    where, paint, rows = places(dial), colours(results.study), []
    for one, model in chosen:
        read = CurveReader(results, one, where, paint)
        panels = (read.accuracy(model), read.snps(model), read.causal(model), read.ancestry(model))
        rows.append((one.trait, model, panels))
    title = f"{dial.title} ({where.scale})" if where.scale else dial.title
    shown = tuple(dict.fromkeys(one for one, _ in chosen))
    return DialHeadline(shown, where, tuple(rows), title, spread(results, *shown), paint)


def draw(data: DialHeadline) -> "Figure":
    wide, count = max(panel_width(data.places), 2.9), len(data.rows)
    width = LEFT + 0.15 + 4 * wide + 3 * ACROSS
    legends = _legends(data)
    bottom = foot_height(data.places, max(map(len, legends)))
    height = bottom + TOP + HIGH * count + DOWN * (count - 1)
    figure, axes = style.canvas(width, height, count, 4, margins=(LEFT, 0.15, bottom, TOP, ACROSS, DOWN))
    for k, (line, (trait, model, panels)) in enumerate(zip(axes, data.rows, strict=True)):
        draw_row(line, panels, data.places, labels=k == len(axes) - 1, shared=False)
        line[0].set_title(f"{trait}, {model}")
    for axis, question in zip(axes[0], QUESTIONS, strict=True):
        axis.annotate(
            question, (0, 1), (0, 26), xycoords="axes fraction", textcoords="offset points", fontsize=12,
            fontweight="bold", annotation_clip=False,
        )  # fmt: skip
    titles = (f"{data.title}, {data.n}", "", "", "")
    for axis, title, entries in zip(axes[-1], titles, legends, strict=True):
        foot(axis, data.places, title, entries)
    return figure


def _legends(data: DialHeadline) -> list[list[Any]]:
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


def caption(results: Results, subject: Any) -> str:
    dial, chosen = results.study.dial, main(results.study, results.groups)
    assert dial is not None
    return (
        f"Four questions over {dial.title}, one column each; a row for each trait and model. "
        f"{intervals(results, *dict.fromkeys(one for one, _ in chosen))}. Numbers are joined by lines; points "
        "without a number stand to the right and are not. Pale in the second and third column: the model learned "
        "nothing within populations there, so its attributions say nothing."
    )
