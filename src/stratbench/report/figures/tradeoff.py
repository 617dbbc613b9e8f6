"""What adjustments trade: ancestry that is left in the logit against accuracy within populations, a point for each."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stratbench.core.words import counted
from stratbench.report import style
from stratbench.report.analysis.results import Group, Results
from stratbench.study.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SECTION = "changes"
ORDER = 25
LEAST = 3  # adjustments that make a picture
LEFT = "ancestry_logit"
PANEL, ACROSS = 3.1, 2  # inches of a panel's width, and panels in a row
MARGIN, SMALLEST = 0.25, 0.02  # beyond the outermost points: of their distance, and at least
LINE, LETTER = 0.155, 0.068  # inches: the height of a label, and the width of a letter of it


@dataclass(frozen=True)
class TradeOff:
    """The points of one trait.

    Attributes:
        group: the trait's group.
        points: by model and adjustment, the rows of comparisons.tsv of the ancestry left and of the accuracy.
        chance: the ancestry that guessing decodes; None where it is not known.
        colours: of each adjustment.
        n: how many replicates or splits the numbers are over.
    """

    group: Group
    points: dict[str, dict[str, tuple[Any, Any]]]
    chance: float | None
    colours: dict[str, str]
    n: int


def pictures(study: Study, groups: list[Group]) -> list[tuple[str, Any]]:
    """One for each trait under so many adjustments whose networks are probed."""
    return [
        (f"tradeoff_{group.name}", group.keys)
        for group in groups
        if group.models and len(group.adjustments) >= LEAST and any(map(study.is_probed, group.splits))
    ]


def load(results: Results, subject: Any) -> TradeOff:
    group = results.group(subject)
    points: dict[str, dict[str, tuple[Any, Any]]] = {}
    chance = None
    for model in group.models:
        for adjustment in group.adjustments:
            of = {"model": model, "adjustment": adjustment}
            left, kept = (results.value(group, metric, **of) for metric in (LEFT, group.within_f))
            guessed = results.value(group, "ancestry_chance", **of)
            if left is not None and kept is not None:
                points.setdefault(model, {})[adjustment] = (left, kept)
                chance = chance if guessed is None else float(guessed["mean"])
    several = {model: found for model, found in points.items() if len(found) >= LEAST}
    n = results.replicates(group, LEFT)
    return TradeOff(group, several, chance, style.study_colours(results.study), n)


def draw(data: TradeOff) -> "Figure":
    if not data.points:
        return style.message(
            f"{data.group.title}: no {LEAST} adjustments of a model have both numbers (one population, or no probes)."
        )
    models = list(data.points)
    columns = min(len(models), ACROSS)
    rows = -(-len(models) // columns)
    names = {name for found in data.points.values() for name in found}
    beside = 0.3 + LETTER * max(map(len, names))
    high = max(2.4, LINE * max(map(len, data.points.values())) + 0.3)
    figure, axes = style.canvas(
        0.7 + columns * PANEL + (columns - 1) * (beside + 0.15) + beside, rows * high + (rows - 1) * 0.65 + 1.3,
        rows, columns, margins=(0.7, beside, 0.95, 0.35, beside + 0.15, 0.65), sharex=True, sharey=True,
    )  # fmt: skip
    for axis, model in zip(axes.flat, models, strict=False):
        _points(axis, data.points[model], data.colours)
        axis.set_title(model)
        axis.axhline(data.group.chance, color=style.QUIET, ls=":", lw=1.1)
        if data.chance is not None:
            axis.axvline(data.chance, color=style.QUIET, ls=":", lw=1.1)
        axis.tick_params(labelbottom=True)  # below it there may be no panel
        style.unit_axis(axis)
        style.unit_axis(axis, "y")
        axis.locator_params(nbins=5, steps=[1, 2, 5, 10])
    for axis in axes.flat[len(models) :]:
        axis.axis("off")
    every = [point for found in data.points.values() for point in found.values()]
    for which, place, chance in (("x", 0, data.chance), ("y", 1, data.group.chance)):
        ends = [point[place]["mean"] for point in every] + ([] if chance is None else [chance])
        margin = max(SMALLEST, MARGIN * (max(ends) - min(ends)))
        style.within(axes[0, 0], min(ends) - margin, max(ends) + margin, which)  # the panels share their axes
    for axis, model in zip(axes.flat, models, strict=False):
        _labels(axis, data.points[model], data.colours, high, data.group.baseline)
    for axis in axes[:, 0]:
        axis.set_ylabel(f"{'correlation' if data.group.quantitative else 'AUROC'} of f within populations")
    style.below(
        axes[-1, 0],
        f"ancestry decoded from f given the label (balanced accuracy), {counted(data.n, data.group.unit)}",
        [style.line_key("chance", style.QUIET, ":")],
    )
    return figure


def _points(axis: "Axes", found: dict[str, tuple[Any, Any]], colours: dict[str, str]) -> None:
    """A point for each adjustment, and its two intervals as a cross."""
    for name, (left, kept) in found.items():
        x, y = left["mean"], kept["mean"]
        for row, across in ((left, True), (kept, False)):
            if style.clip(row["ci_low"]) and style.clip(row["ci_high"]):
                ends = [row["ci_low"], row["ci_high"]]
                at = (ends, [y, y]) if across else ([x, x], ends)
                axis.plot(*at, color=colours[name], lw=0.9, alpha=0.45, zorder=2, solid_capstyle="butt")
        axis.plot([x], [y], marker="o", ms=5, mfc=colours[name], mec="white", mew=0.7, ls="none", zorder=3)


def _labels(
    axis: "Axes", found: dict[str, tuple[Any, Any]], colours: dict[str, str], high: float, bold: str
) -> None:
    """The adjustments' names beside the panel in the order of their points, each led to its point by a line.

    Args:
        axis: the panel, with its final limits.
        found: the points.
        colours: of each adjustment.
        high: the height of the panel in inches.
        bold: the adjustment that others are compared with.
    """
    low, top = axis.get_ylim()
    order = sorted(found, key=lambda name: (found[name][1]["mean"], -found[name][0]["mean"]))
    wanted = np.array([(found[name][1]["mean"] - low) / (top - low) for name in order])
    for name, place in zip(order, spread(wanted, LINE / high), strict=True):
        left, kept = found[name]
        line = {
            "arrowstyle": "-",
            "color": colours[name],
            "lw": 0.6,
            "alpha": 0.4,
            "shrinkA": 2,
            "shrinkB": 2,
        }
        axis.annotate(
            name, (left["mean"], kept["mean"]), (1.03, place), textcoords="axes fraction", ha="left", va="center",
            fontsize=8, color=colours[name], annotation_clip=False, fontweight="bold" if name == bold else "normal",
            arrowprops={**line, "relpos": (0, 0.5)},
        )  # fmt: skip


def spread(wanted: np.ndarray, gap: float) -> np.ndarray:
    """Places near those that are wanted, in their order, at least ``gap`` apart, and between 0 and 1 if there is room.

    Args:
        wanted: rising places, float64.
        gap: the least distance.

    Returns:
        float64, as many places.
    """
    up, down = (np.array(wanted, dtype=float) for _ in range(2))
    for k in range(1, len(up)):
        up[k] = max(up[k], up[k - 1] + gap)
    for k in range(len(down) - 2, -1, -1):
        down[k] = min(down[k], down[k + 1] - gap)
    room = np.arange(len(up)) * gap
    highest = 1 - room[::-1]
    return np.maximum(np.minimum((up + down) / 2, highest), np.minimum(room, highest))


def caption(results: Results, subject: Any) -> str:
    group = results.group(subject)
    return (
        f"What adjustments trade in {group.title}: left is less ancestry in the network's own output f, up is more "
        "accuracy of f within populations. Crosses are 95% intervals of each number by itself, cut at the edge of the "
        "panel; the paired differences in the table are what is compared. Fits without a number are left out."
    )
