"""The one figure: on one axis, what of each model's accuracy is biology, what is ancestry, and what corrections change.

Rows are models and their corrections; panels are a pure shortcut, a confounded trait and a real cohort, as far as the
study has them. A study with a dial is shown as curves over its points instead.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stratbench.core.words import counted
from stratbench.report import style
from stratbench.report.analysis.findings import PLACEBO, Controls, Findings, findings
from stratbench.report.analysis.headline import (
    headline_courses,
    headline_groups,
    headline_models,
    headline_panels,
)
from stratbench.report.analysis.numbers import interval, plain
from stratbench.report.analysis.rankings import fall
from stratbench.report.analysis.results import Group, Results
from stratbench.report.analysis.verdicts import LEARNED as HAS_LEARNED
from stratbench.report.analysis.verdicts import NULL, POSITIVE, control, verdict
from stratbench.report.figures import _headline_curves
from stratbench.report.wording import LEARNED, SIMULATED, begun, correction, fates, few
from stratbench.study.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SECTION = "answer"
ORDER = 10
PANEL, MARGIN, ROW = 2.1, 1.2, 0.25  # inches: a panel's width, the margin beside it, a row's height
LINE, LARGE, LETTERS = (
    80,
    7.6,
    16,
)  # letters of the title on a line and on an inch; of the controls on an inch
NARROW = 0.25  # of the axis: a bar that is not wider has no room for its name
UNBROKEN = "\N{NO-BREAK SPACE}"
HOW = {  # how a control came out: as it should not, as it should, not known
    POSITIVE: ("FAILED", "passed", "not known"),
    NULL: ("FOUND SOMETHING", "found nothing", "not known"),
}


@dataclass(frozen=True)
class HeadlineLine:
    """A row: its height on the vertical axis, and the model and adjustment; a heading has no adjustment."""

    y: float
    model: str
    adjustment: str


@dataclass(frozen=True)
class HeadlinePanel:
    """One trait: rows of comparisons.tsv by model and adjustment.

    ``within`` and ``overall`` are of f; in one population ``within`` is within families, where there are any, and
    otherwise without numbers. ``lost`` is the fall of the agreement of SNP rankings, where both models have
    learned; ``floor`` is what the population label alone reaches.
    """

    group: Group
    title: tuple[str, str]
    within: dict[tuple[str, str], Any]
    overall: dict[tuple[str, str], Any]
    lost: dict[tuple[str, str], Any]
    floor: Any
    several: bool


@dataclass(frozen=True)
class HeadlineRows:
    """What the figure shows: its title, rows, panels, and a line for each control."""

    title: str
    lines: tuple[HeadlineLine, ...]
    panels: tuple[HeadlinePanel, ...]
    controls: tuple[str, ...]
    colours: dict[str, str]


def pictures(study: Study, groups: list[Group]) -> list[tuple[str, Any]]:
    return [("headline", "headline")] if headline_groups(study, groups) else []


def load(results: Results, subject: Any) -> HeadlineRows | _headline_curves.HeadlineCurves:
    turned = headline_courses(results.study, results.groups)
    if turned:
        return _headline_curves.load(results, turned)
    found, groups = findings(results), headline_panels(results)
    models = headline_models(results, found, groups)
    return HeadlineRows(
        title(results, found),
        lines(results, groups, models),
        tuple(_panel(results, group, models) for group in groups),
        tuple(strip(results, found.controls)),
        style.study_colours(results.study),
    )


def draw(data: HeadlineRows | _headline_curves.HeadlineCurves) -> "Figure":
    return _headline_curves.draw(data) if isinstance(data, _headline_curves.HeadlineCurves) else _draw(data)


def title(results: Results, found: Findings) -> str:
    """The result in a sentence: what corrections did with ancestry; else what was learned, or why nothing is said."""
    clauses = fates(results, found.removals, short=True)
    if clauses:
        return begun(results.study, "; ".join(clauses[:2]))
    if found.lessons:
        what = found.lessons[0].what
        names = few(one.model for one in found.lessons if one.what == what)
        return begun(results.study, f"{names} learned {LEARNED[what]}")
    if found.controls.failed:
        return f"No model passed its positive control: {few(found.controls.failed)} failed it"
    return "What networks learned is not shown"


def lines(results: Results, groups: list[Group], models: list[str]) -> tuple[HeadlineLine, ...]:
    """Rows from the top down: a heading for each model, and below it every adjustment that any panel has of it."""
    found, y = [], 0.0
    for model in models:
        asked = [
            fit.adjustment
            for group in groups
            for split in group.splits
            for fit in results.study.fits_of(split)
            if fit.model == model
        ]
        names = sorted(dict.fromkeys(asked), key=lambda name: (name != "none", name == PLACEBO))
        found.append(HeadlineLine(y, model, ""))
        found += [HeadlineLine(y - 1 - k, model, name) for k, name in enumerate(names)]
        y -= len(names) + 1.3
    return tuple(found)


def _panel(results: Results, group: Group, models: list[str]) -> HeadlinePanel:
    within, overall, lost = {}, {}, {}
    several = results.several_populations(group)
    for model in models:
        for name in group.adjustments:
            of = {"model": model, "adjustment": name}
            within[model, name] = results.value(group, group.within_f if several else group.family_f, **of)
            overall[model, name] = results.value(group, group.overall_f, **of)
            both = all(verdict(results, group, model, one) == HAS_LEARNED for one in (name, group.baseline))
            if group.attribution and both and name != group.baseline:
                lost[model, name] = fall(results, group, model, name, group.attribution)
    what = group.shown if group.measured else SIMULATED[control(results, group)]
    n = results.replicates(group)
    open_ = "open: within families" if not several and any(within.values()) else ""
    many = counted(n, group.unit) if n > 1 else open_ or "one cohort"
    return HeadlinePanel(
        group, (group.trait, f"{what}; {many}"), within, overall, lost,
        results.value(group, group.overall, model="floor-population"), several,
    )  # fmt: skip


def strip(results: Results, controls: Controls) -> list[str]:
    """A line for each kind of control: every model, its accuracy of f within populations, and how it came out."""
    kinds = {POSITIVE: "Positive control (strong genes alone)", NULL: "Null (noise alone)"}
    said = []
    for kind, words in kinds.items():
        parts = {}
        for group in (group for group in results.groups if control(results, group) == kind):
            for model in group.models:
                row = results.value(group, group.within_f, model=model, adjustment=group.baseline)
                bad = model in (controls.failed if kind == POSITIVE else controls.alarms)
                good = model in (controls.passed if kind == POSITIVE else controls.quiet)
                how = HOW[kind][0 if bad else 1 if good else 2]
                if row is not None and model not in parts:
                    number = f"{plain(row['mean'])} ({interval(row) or 'no interval'})"
                    parts[model] = f"{model} {number}, {how}".replace(" ", UNBROKEN)
        if parts:
            said.append(f"{words}:  {';  '.join(parts.values())}")
    return said


def _draw(data: HeadlineRows) -> "Figure":
    if not data.panels or not data.lines:
        return style.message("No model was trained in this study on a trait that is no control.")
    deep = 0.25 + max(line.y for line in data.lines) - min(line.y for line in data.lines) + 1
    left = 0.3 + 0.075 * max(len(line.adjustment or line.model) for line in data.lines)
    beside = [MARGIN if any(panel.lost.values()) else 0.3 for panel in data.panels]
    width = left + sum(beside) + PANEL * len(data.panels) + 0.1
    text = _wrapped(data.title, min(LINE, int(width * LARGE)))
    top = 0.7 + 0.22 * (text.count("\n") + 1)
    controls = [line for said in data.controls for line in _wrapped(said, int(width * LETTERS)).split("\n")]
    bottom = 0.65 + 0.2 * len(controls)
    height = ROW * deep + top + bottom
    figure, _ = style.canvas(width, height, margins=(0, 0, 0, 0, 0, 0))
    figure.clear()
    low, high = _limits(data)
    x = left
    for k, (panel, margin) in enumerate(zip(data.panels, beside, strict=True)):
        axis = figure.add_axes((x / width, bottom / height, PANEL / width, ROW * deep / height))
        axis.set_xlim(low, high) if panel.group.kind == data.panels[0].group.kind else None
        _draw_panel(axis, panel, data, k == 0)
        x += PANEL + margin
    figure.text(0.1 / width, 1 - 0.1 / height, text, ha="left", va="top", fontsize=12.5, fontweight="bold")
    _draw_strip(figure, controls, width, height)
    return figure


def _draw_strip(figure: Any, controls: list[str], width: float, height: float) -> None:
    """The controls below the panels, a line each, on a band of their own."""
    from matplotlib.patches import Rectangle

    if controls:
        high = 0.2 * len(controls) + 0.1
        figure.add_artist(Rectangle((0, 0), 1, high / height, facecolor="#f1f1f4", lw=0, zorder=0))
    for k, said in enumerate(controls):
        y = (0.08 + 0.2 * (len(controls) - 1 - k)) / height
        figure.text(0.1 / width, y, said, ha="left", va="bottom", fontsize=8, color=style.INK)


def _wrapped(text: str, letters: int) -> str:
    from textwrap import fill

    return fill(text, letters, break_on_hyphens=False)


def _limits(data: HeadlineRows) -> tuple[float, float]:
    """The ends of the one axis: all that is drawn, and chance."""
    kind = data.panels[0].group.kind
    found = [data.panels[0].group.chance]
    for panel in data.panels:
        if panel.group.kind == kind:
            rows = [*panel.within.values(), *panel.overall.values(), panel.floor]
            found += [row[end] for row in rows if row is not None for end in ("mean", "ci_low", "ci_high")]
    known = [value for value in found if style.clip(value)]
    least, most = (-1.0, 1.0) if kind == "quantitative" else (0.0, 1.0)
    return max(min(known) - 0.08, least), min(max(known) + 0.05, most)


def _draw_panel(axis: Any, panel: HeadlinePanel, data: HeadlineRows, first: bool) -> None:
    group = panel.group
    style.rows_axis(
        axis, [(line.y, line.adjustment or line.model, not line.adjustment) for line in data.lines], first
    )
    style.unit_axis(axis)
    axis.axvline(group.chance, color=style.QUIET, lw=0.9)
    labelled = False
    for line in data.lines:
        here = (line.model, line.adjustment)
        if not line.adjustment or panel.overall.get(here) is None:
            continue
        _draw_row(axis, line.y, panel, here, data.colours[line.adjustment])
        if first and not labelled and panel.several:
            _label_marks(axis, line.y, panel.within.get(here), panel.overall[here])
            labelled = True
    if panel.floor is not None and panel.several:
        top = max(line.y for line in data.lines) + 0.7
        axis.plot([panel.floor["mean"]] * 2, [top - 0.75, top], color=style.FLOOR, lw=2.4, zorder=2)
        axis.annotate(
            f"population label alone {plain(panel.floor['mean'])}", (panel.floor["mean"], top), (0, 2),
            textcoords="offset points", ha="center", va="bottom", fontsize=7, color=style.QUIET, annotation_clip=False,
        )  # fmt: skip
    axis.set_title(panel.title[0], loc="left", pad=24)
    axis.annotate(
        panel.title[1], (0, 1), (0, 13), xycoords="axes fraction", textcoords="offset points", fontsize=8,
        color=style.QUIET, annotation_clip=False,
    )  # fmt: skip
    axis.set_xlabel(
        f"{style.metric_label(group.overall)} ({plain(group.chance)}: guessing)", loc="left", fontsize=8
    )
    _draw_lost(axis, panel, data)


def _draw_row(axis: Any, y: float, panel: HeadlinePanel, here: tuple[str, str], colour: str) -> None:
    """An open mark within populations, a filled one overall, and the bar of ancestry between them."""
    within, overall = panel.within.get(here), panel.overall[here]
    if not panel.several and within is None:
        style.dot(axis, y, overall, colour)
        return
    if within is not None and style.clip(within["mean"]):
        axis.barh(
            y, overall["mean"] - within["mean"], 0.5, within["mean"], color=colour, alpha=0.22, lw=0, zorder=1
        )
        style.dot(axis, y + 0.14, within, colour, filled=False)
    style.dot(axis, y - 0.14, overall, colour)


def _label_marks(axis: Any, y: float, within: Any, overall: Any) -> None:
    """Say above the first row what the marks are, so that there is no legend."""
    if within is None or not style.clip(within["mean"]):
        return
    middle = (within["mean"] + overall["mean"]) / 2
    low, high = axis.get_xlim()
    roomy = overall["mean"] - within["mean"] > NARROW * (high - low)
    for x, text, ha in (
        (within["mean"], "biology ", "right"),
        (middle, "ancestry" if roomy else "", "center"),
        (overall["mean"], " all people", "left"),
    ):
        axis.annotate(
            text, (x, y), (0, 7), textcoords="offset points", ha=ha, va="bottom", fontsize=7.5,
            color=style.INK, style="italic",
        )  # fmt: skip


def _draw_lost(axis: Any, panel: HeadlinePanel, data: HeadlineRows) -> None:
    """The agreement of SNP rankings that is lost, as numbers in the margin."""
    if not any(panel.lost.values()):
        return
    place: dict[str, Any] = {
        "xycoords": axis.get_yaxis_transform(), "textcoords": "offset points", "fontsize": 7.5,
        "annotation_clip": False,
    }  # fmt: skip
    top = max(line.y for line in data.lines)
    axis.annotate("SNP agreement lost", (1, top), (6, 0), va="center", color=style.QUIET, **place)
    for line in data.lines:
        row = panel.lost.get((line.model, line.adjustment))
        if row is not None:
            text = (
                f"{plain(row['mean'])} ({interval(row)})"
                if interval(row)
                else f"{plain(row['mean'])}, no interval"
            )
            axis.annotate(text, (1, line.y), (6, 0), va="center", color=style.INK, **place)


def caption(results: Results, subject: Any) -> str:
    turned = headline_courses(results.study, results.groups)
    if turned:
        return _headline_curves.caption(results, turned)
    groups = headline_panels(results)
    names = dict.fromkeys(name for group in groups for name in group.adjustments)
    words = {name: correction(results.study, name) for name in names}
    said = "; ".join(f"{name} is {word}" for name, word in words.items() if word != name)
    return (
        "How well each model's own output ranks test people: open, only people of one population compared, where "
        "ancestry cannot help ('biology'); filled, all people; the bar between them is what ancestry adds. In a cohort "
        "of one population the open mark is within families, if it has any. The tick is what the population label "
        "alone reaches. Lines are 95% intervals, over replicates or, of one cohort, over its splits or test people. "
        "'SNP agreement lost' is by how much two rankings of SNPs agree less between the row and no correction than "
        f"within the two; 0 is no more than training on other people does. {f'Rows: {said}.' if said else ''}".rstrip()
    )
