"""How well ancestry can be decoded from what the networks compute."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stratbench.core.words import counted
from stratbench.report import style
from stratbench.report.analysis.results import Group, Results
from stratbench.report.figures._rows import Layout, layout
from stratbench.study.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SECTION = "ancestry"
ORDER = 170
PROBES = (
    ("linear probe of\nhidden features", "ancestry_linear", "ancestry_linear_untrained"),
    ("nonlinear probe of\nhidden features", "ancestry_nonlinear", "ancestry_nonlinear_untrained"),
    ("the logit,\ngiven the label", "ancestry_logit", ""),
)


@dataclass(frozen=True)
class AncestryScores:
    group: Group
    layout: Layout
    values: dict[tuple[str, ...], Any]
    chance: float | None
    colours: dict[str, str]
    n: int


def pictures(study: Study, groups: list[Group]) -> list[tuple[str, Any]]:
    return [(f"ancestry_{group.name}", group.keys) for group in groups if group.models]


def load(results: Results, subject: Any) -> AncestryScores:
    group = results.group(subject)
    values: dict[tuple[str, ...], Any] = {}
    rows, chance = layout(group), None
    for row in rows.rows:
        of = {"model": row.model, "adjustment": row.adjustment}
        for _, trained, untrained in PROBES:
            for metric in filter(None, (trained, untrained)):
                values[row.model, row.adjustment, metric] = results.value(group, metric, **of)
        found = results.value(group, "ancestry_chance", **of)
        chance = chance if found is None else float(found["mean"])
    return AncestryScores(
        group, rows, values, chance, style.study_colours(results.study), results.replicates(group)
    )


def draw(data: AncestryScores) -> "Figure":
    if not any(value is not None for value in data.values.values()):
        return style.message(
            f"{data.group.title}: no ancestry was decoded (there is one population, or the study asks for no probes)."
        )
    count, left = len(PROBES), data.layout.left
    figure, axes = style.canvas(
        left + 0.2 + 2.9 * count + 0.3 * (count - 1), data.layout.height + 1.85, 1, count,
        margins=(left, 0.2, 1.3, 0.55, 0.3, 0.0), sharex=True, sharey=True,
    )  # fmt: skip
    for axis, (title, trained, untrained) in zip(axes[0], PROBES, strict=True):
        for row in data.layout.rows:
            colour = data.colours[row.adjustment]
            if untrained:
                style.dot(
                    axis, row.y, data.values[row.model, row.adjustment, untrained], colour, filled=False
                )
            style.dot(axis, row.y, data.values[row.model, row.adjustment, trained], colour)
        if data.chance is not None:
            axis.axvline(data.chance, color=style.QUIET, ls=":", lw=1.3)
        style.rows_axis(axis, data.layout.ticks)
        style.unit_axis(axis)
        axis.set_title(title)
    style.within(axes[0, 0], 0, 1)  # the panels share their axis
    for axis, (_, trained, _) in zip(axes[0, 1:], PROBES[1:], strict=True):
        axis.tick_params(axis="y", labelleft=False)
        axis.set_xlabel(style.metric_label(trained), loc="left")
    style.below(
        axes[0, 0],
        f"{style.metric_label(PROBES[0][1])}, {counted(data.n, data.group.unit)}",
        [
            style.key("o", "trained network"),
            style.key("o", "the same network, untrained", filled=False),
            style.line_key("chance", style.QUIET, ":"),
        ],
    )
    return figure


def caption(results: Results, subject: Any) -> str:
    group = results.group(subject)
    return (
        f"Balanced accuracy of the population decoded from the networks of {group.title}, with 95% "
        "intervals. Random "
        "features also carry ancestry, so compare with the untrained network; what reaches the prediction is "
        "in the right panel."
    )
