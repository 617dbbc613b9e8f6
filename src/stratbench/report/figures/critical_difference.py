"""Critical-difference diagrams (Demsar 2006): mean ranks of the adjustments, and which of them are not told apart."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stratbench.core.words import counted
from stratbench.report import style
from stratbench.report.analysis.numbers import plain
from stratbench.report.analysis.ranks import ACCURACY, MANY, Ranks, ranked, ties
from stratbench.report.analysis.results import Group, Results
from stratbench.study.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SECTION = "ranks"
ORDER = 175
LINE = 0.2  # inches of a line of text
ABOVE, BAR = 3.2, 0.35  # lines above the axis, and of a bar of adjustments that are not told apart
LETTER = 0.072  # inches of a letter of a label
SMALLEST = 0.0001  # the smallest p that is written out
ACROSS = 4.4  # inches of the axis


@dataclass(frozen=True)
class CriticalDifferences:
    title: str
    models: tuple[Ranks, ...]
    colours: dict[str, str]


def pictures(study: Study, groups: list[Group]) -> list[tuple[str, Any]]:
    """Scenarios of enough replicates with three adjustments or more."""
    return [
        (f"critical-difference_{group.name}", group.keys)
        for group in groups
        if group.unit == "replicate"
        and len(group.splits) >= MANY
        and len(group.adjustments) > 2
        and group.models
    ]


def load(results: Results, subject: Any) -> CriticalDifferences:
    group = results.group(subject)
    return CriticalDifferences(group.title, _known(results, group), style.study_colours(results.study))


def _known(results: Results, group: Group) -> tuple[Ranks, ...]:
    """The ranks by accuracy that have a critical difference."""
    return tuple(one for one in ranked(results, group) if one.critical is not None and one.goal == ACCURACY)


def draw(data: CriticalDifferences) -> "Figure":
    if not data.models:
        return style.message(
            f"{data.title}: fewer than {MANY} replicates, or than three adjustments, have a number."
        )
    side = 0.3 + LETTER * max(len(name) + 5 for one in data.models for name in one.mean)
    lines = max(_lines(one) for one in data.models)
    figure, axes = style.canvas(
        2 * side + ACROSS, (LINE * lines + 0.35) * len(data.models) + 0.1, len(data.models), 1,
        margins=(side, side, 0.1, 0.3, 0.0, 0.3),
    )  # fmt: skip
    for axis, one in zip(axes[:, 0], data.models, strict=True):
        _diagram(axis, one, data.colours, lines)
    return figure


def _lines(one: Ranks) -> float:
    """Lines of text that a model's diagram needs: above its axis, of bars, and of labels."""
    return ABOVE + 1 + BAR * len(ties(one)) + (len(one.mean) + 1) // 2


def _diagram(axis: "Axes", one: Ranks, colours: dict[str, str], lines: float) -> None:
    """The axis of mean ranks, the critical difference above it, and bars and labels below it; y counts lines down."""
    assert one.critical is not None
    assert one.friedman is not None
    k = len(one.mean)
    axis.set_axis_off()
    axis.set_xlim(1, k)
    axis.set_ylim(lines - ABOVE, -ABOVE)
    p = one.friedman[1]
    axis.set_title(f"{one.model} (Friedman's p {plain(p, 4) if p >= SMALLEST else 'below .0001'})")
    ink: dict[str, Any] = {"color": style.INK, "lw": 1.0, "clip_on": False}
    axis.plot([1, k], [0, 0], **ink)
    for rank in range(1, k + 1):
        axis.plot([rank, rank], [-0.25, 0], **ink)
        axis.text(rank, -0.4, str(rank), ha="center", va="bottom", fontsize=8.5)
    right = min(1 + one.critical, k)
    axis.plot([1, 1, 1, right, right, right], [-2.0, -1.6, -1.8, -1.8, -1.6, -2.0], **ink)
    said = f"critical difference {plain(one.critical)}"
    axis.text(
        1, -2.1, f"{said}, more than all ranks" if 1 + one.critical > k else said, va="bottom", fontsize=8.5
    )
    for number, (first, last) in enumerate(ties(one)):
        y = 0.5 + BAR * number
        axis.plot(
            [first - 0.03, last + 0.03], [y, y], color=style.INK, lw=3.0, solid_capstyle="butt", clip_on=False
        )
    _labels(axis, one, colours, 1 + BAR * len(ties(one)))


def _labels(axis: "Axes", one: Ranks, colours: dict[str, str], top: float) -> None:
    """Names with their mean ranks: those of the lower ranks at the left end, of the higher at the right."""
    k, names = len(one.mean), sorted(one.mean, key=lambda name: one.mean[name])
    half = (k + 1) // 2
    sides = [(name, 1.0, "right", y) for y, name in enumerate(names[:half])]
    sides += [(name, float(k), "left", y) for y, name in enumerate(names[: half - 1 : -1])]
    for name, end, towards, y in sides:
        rank, colour, outwards = one.mean[name], colours[name], -1 if towards == "right" else 1
        axis.plot([rank, rank, end], [0, top + y, top + y], color=colour, lw=1.2, clip_on=False, zorder=1)
        axis.plot([rank], [0], marker="o", ms=5, color=colour, clip_on=False, zorder=3)
        parts = (name, plain(rank)) if towards == "right" else (plain(rank), name)
        axis.annotate(
            "  ".join(parts), (end, top + y), (4 * outwards, 0), textcoords="offset points", ha=towards, va="center",
            color=colour, annotation_clip=False, fontsize=8.5,
        )  # fmt: skip


def caption(results: Results, subject: Any) -> str:
    group = results.group(subject)
    found = [one.n for one in _known(results, group)]
    n = f"; n = {counted(min(found), 'replicate')}" if found else ""
    return (
        f"Mean ranks of the adjustments of {group.title} by the accuracy of f within populations, 1 for the most "
        f"accurate{n}. A bar joins those whose mean ranks lie within the critical difference (Nemenyi, 5%): they are "
        "not told apart. Where Friedman's p is not small, no adjustment differs from another one."
    )
