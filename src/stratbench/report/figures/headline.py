"""The one figure: accuracy, SNPs, causal SNPs and ancestry side by side, a column for each of the four questions.

A study without a dial is shown as points, a row of panels for each trait; one with a dial as curves over its points, a
row for each trait and model.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stratbench.report import style
from stratbench.report.analysis.dial import Course
from stratbench.report.analysis.headline import headline_courses, headline_groups
from stratbench.report.analysis.rankings import between, chance_auc_pr
from stratbench.report.analysis.results import Group, Results
from stratbench.report.analysis.verdicts import Remarks, remarks
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
from stratbench.report.figures._rows import VERDICT_BESIDE, Layout, layout, replicates
from stratbench.study.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SECTION = "answer"
ORDER = 10
QUESTIONS = (
    "Does accuracy change?", "Do the SNPs change?", "Who recovers the causal SNPs?", "Who still encodes ancestry?",
)  # fmt: skip
ANCESTRY = ("ancestry_linear", "ancestry_linear_untrained", "ancestry_logit", "ancestry_chance")
LEFT, TOP, ACROSS, DOWN = 0.55, 0.85, 0.45, 0.45  # inches around the panels of curves, and between them


@dataclass(frozen=True)
class Facet:
    group: Group
    layout: Layout
    n: int
    remarks: Remarks
    values: dict[tuple[str, ...], Any]


@dataclass(frozen=True)
class HeadlineFacets:
    facets: tuple[Facet, ...]
    colours: dict[str, str]
    attribution: str


@dataclass(frozen=True)
class HeadlineCurves:
    courses: tuple[Course, ...]
    places: Places
    rows: tuple[tuple[str, str, tuple[Panel, ...]], ...]  # trait, model, a panel for each question
    title: str
    n: str
    colours: dict[str, str]


def pictures(study: Study, groups: list[Group]) -> list[tuple[str, Any]]:
    return [("headline", "headline")] if headline_groups(study, groups) else []


def load(results: Results, subject: Any) -> HeadlineFacets | HeadlineCurves:
    turned = headline_courses(results.study, results.groups)
    return _curves(results, turned) if turned else _facets(results)


def draw(data: HeadlineFacets | HeadlineCurves) -> "Figure":
    return _draw_curves(data) if isinstance(data, HeadlineCurves) else _draw_facets(data)


def caption(results: Results, subject: Any) -> str:
    turned = headline_courses(results.study, results.groups)
    return _caption_of_curves(results, turned) if turned else _caption_of_facets(results)


def _ask(axes: Any) -> None:
    """Write the questions above the first row of panels."""
    for axis, question in zip(axes, QUESTIONS, strict=True):
        axis.annotate(
            question, (0, 1), (0, 26), xycoords="axes fraction", textcoords="offset points", fontsize=12,
            fontweight="bold", annotation_clip=False,
        )  # fmt: skip


def _facets(results: Results) -> HeadlineFacets:
    chosen = headline_groups(results.study, results.groups)
    facets = tuple(_facet(results, group) for group in chosen)
    return HeadlineFacets(facets, style.study_colours(results.study), chosen[0].attribution if chosen else "")


def _facet(results: Results, group: Group) -> Facet:
    rows, by = layout(group), {"attribution": group.attribution}
    values: dict[tuple[str, ...], Any] = {}
    for row in rows.rows:
        of = {"model": row.model, "adjustment": row.adjustment}
        here = (row.model, row.adjustment)
        for metric in (group.overall, group.within, *ANCESTRY):
            values[(*here, metric)] = results.value(group, metric, **of)
        values[(*here, "causal")] = results.value(group, "causal_auc_pr", **by, **of)
        values[(*here, "own")] = results.value(
            group, "agreement_spearman", against=row.adjustment, **by, **of
        )
        values[(*here, "between")] = between(results, group, row.model, row.adjustment, **by)
    for name in ("floor-population", "ceiling-genetic"):
        for metric in (group.overall, group.within):
            values[(name, metric)] = results.value(group, metric, model=name)
    for position, name in enumerate(group.associations[:2]):
        values[(f"association {position}",)] = results.value(group, "causal_auc_pr", association=name)
    values["chance",] = chance_auc_pr(results, group)
    return Facet(group, rows, results.replicates(group), remarks(results, group), values)


def _draw_facets(data: HeadlineFacets) -> "Figure":
    if not data.facets:
        return style.message("No model was trained in this study.")
    heights = [facet.layout.height for facet in data.facets]
    left = max(facet.layout.left for facet in data.facets)
    margins = (left, 0.4, 1.55, 0.8, 0.95, 0.65)
    height = sum(heights) + margins[2] + margins[3] + margins[5] * (len(heights) - 1)
    figure, axes = style.canvas(
        14.4, height, len(data.facets), 4, margins=margins, height_ratios=heights, sharey="row"
    )
    for line, facet in zip(axes, data.facets, strict=True):
        _accuracy(line[0], facet, data)
        _snps(line[1], facet, data)
        _causal(line[2], facet, data)
        _ancestry(line[3], facet, data)
        for axis in line:
            style.rows_axis(axis, facet.layout.ticks)
            style.unit_axis(axis)
        for axis, low in zip(line, (-1 if facet.group.quantitative else 0, -1, 0, 0), strict=True):
            style.within(axis, low, 1)
        for axis in line[1:]:
            axis.tick_params(axis="y", labelleft=False)
        line[0].set_title(f"{facet.group.trait}", loc="left")
        line[1].set_title(
            f"{facet.group.shown}, {facet.group.split} split, {replicates(facet.n)}",
            loc="left", fontweight="normal", color=style.QUIET,
        )  # fmt: skip
    _ask(axes[0])
    _legends_of_facets(axes[-1], data)
    return figure


def _legends_of_facets(line: Any, data: HeadlineFacets) -> None:
    group = data.facets[-1].group
    baseline = group.baseline
    first = [facet.group for facet in data.facets if facet.group.associations]
    tests = first[0].associations[:2] if first else ()
    style.below(
        line[0],
        f"{style.metric_label(group.overall)}, test individuals",
        [
            style.key("o", "overall"),
            style.key("D", "within populations", filled=False),
            style.line_key("floor: population label alone", style.FLOOR, "--"),
            style.line_key("ceiling: true genetic liability, overall", style.CEILING),
            style.line_key("the same ceiling, within populations", style.CEILING, ":"),
        ],
    )
    style.below(
        line[1],
        style.metric_label("agreement_spearman"),
        [
            style.key("o", f"between it and '{baseline}'"),
            style.key("^", "within the same adjustment", filled=False),
            style.line_key(f"within '{baseline}'", style.KNOWN["none"], ":"),
        ],
    )
    style.below(
        line[2],
        style.metric_label("causal_auc_pr"),
        [
            style.key("o", f"attribution: {data.attribution or 'none'}"),
            *(
                style.line_key(f"association: {test}", colour)
                for test, colour in zip(tests, style.ASSOCIATIONS[:2], strict=False)
            ),
            style.line_key("chance", style.FLOOR, ":"),
        ],
    )
    style.below(
        line[3],
        "balanced accuracy of decoded population",  # by several metrics, which the legend tells apart
        [
            style.key("o", "from hidden features, trained"),
            style.key("o", "from hidden features, untrained", filled=False),
            style.key("D", "from the logit, given the label"),
            style.line_key("chance", style.FLOOR, ":"),
        ],
    )


def _accuracy(axis: Any, facet: Facet, data: HeadlineFacets) -> None:
    group, values = facet.group, facet.values
    style.reference(axis, values["floor-population", group.overall], style.FLOOR, "--")
    style.reference(axis, values["ceiling-genetic", group.overall], style.CEILING)
    style.reference(axis, values["ceiling-genetic", group.within], style.CEILING, ":")
    axis.axvline(group.chance, color=style.QUIET, lw=0.9)
    for row in facet.layout.rows:
        colour = data.colours[row.adjustment]
        here = (row.model, row.adjustment)
        style.dot(axis, row.y + 0.13, values[(*here, group.overall)], colour)
        style.dot(axis, row.y - 0.16, values[(*here, group.within)], colour, "D", filled=False)
        style.note(axis, row.y, facet.remarks.get(here, ""))


def _absent(axis: Any, text: str) -> None:
    axis.text(
        0.5, 0.5, text, transform=axis.transAxes, ha="center", va="center", color=style.QUIET, fontsize=8.5,
        bbox={"facecolor": "white", "edgecolor": "none"},
    )  # fmt: skip
    axis.set_xlim(0, 1)
    axis.set_xticks([])


def _snps(axis: Any, facet: Facet, data: HeadlineFacets) -> None:
    drawn = False
    for model in facet.group.models:
        own = facet.values.get((model, facet.group.baseline, "own"))
        lines = [row.y for row in facet.layout.rows if row.model == model]
        if own is not None and lines:
            axis.plot(
                [own["mean"]] * 2, [min(lines) - 0.4, max(lines) + 0.4], ls=":", lw=1.3,
                color=style.KNOWN["none"], zorder=1,
            )  # fmt: skip
    for row in facet.layout.rows:
        here = (row.model, row.adjustment)
        own = here in facet.remarks
        either = own or (row.model, facet.group.baseline) in facet.remarks
        for name, marker, filled, shift, faded in (
            ("between", "o", True, 0.13, either), ("own", "^", False, -0.16, own)
        ):  # fmt: skip
            value = facet.values[(*here, name)]
            drawn = drawn or value is not None
            style.dot(axis, row.y + shift, value, data.colours[row.adjustment], marker, filled, faded)
    if not drawn:
        _absent(axis, "no agreement: one adjustment,\none seed, or no attribution")


def _causal(axis: Any, facet: Facet, data: HeadlineFacets) -> None:
    drawn = False
    for position, colour in enumerate(style.ASSOCIATIONS[:2]):
        drawn |= style.reference(axis, facet.values.get((f"association {position}",)), colour)
    if facet.values["chance",] is not None:
        axis.axvline(facet.values["chance",], color=style.FLOOR, ls=":", lw=1.3)
    for row in facet.layout.rows:
        here = (row.model, row.adjustment)
        value = facet.values[(*here, "causal")]
        drawn = drawn or value is not None
        style.dot(axis, row.y, value, data.colours[row.adjustment], faded=here in facet.remarks)
    if not drawn:
        _absent(axis, "no causal SNP is known,\nor there is none")


def _ancestry(axis: Any, facet: Facet, data: HeadlineFacets) -> None:
    chances = [
        value["mean"]
        for key, value in facet.values.items()
        if key[-1] == "ancestry_chance" and value is not None
    ]
    if not chances:
        return _absent(axis, "no ancestry decoded: one\npopulation, or no probes")
    axis.axvline(chances[0], color=style.FLOOR, ls=":", lw=1.3)
    for row in facet.layout.rows:
        here, colour = (row.model, row.adjustment), data.colours[row.adjustment]
        style.dot(axis, row.y + 0.2, facet.values[(*here, "ancestry_linear_untrained")], colour, filled=False)
        style.dot(axis, row.y + 0.2, facet.values[(*here, "ancestry_linear")], colour)
        style.dot(axis, row.y - 0.2, facet.values[(*here, "ancestry_logit")], colour, "D")
    return None


def _caption_of_facets(results: Results) -> str:
    chosen = headline_groups(results.study, results.groups)
    attribution = chosen[0].attribution if chosen else ""
    return (
        "Four questions, one column each; a row of panels for each trait, a row for each model and "
        "adjustment. "
        "Points are means over replicates, lines 95% intervals, bands the intervals of the reference marks; "
        "what lies outside the range of possible values is cut off. "
        f"SNP rankings come from the attribution {attribution or '(none)'}. "
        "Pale points in the second and third column: the model is not shown to have learned within populations, "
        f"so its attributions say nothing. {VERDICT_BESIDE}"
    )


def _curves(results: Results, chosen: list[tuple[Course, str]]) -> HeadlineCurves:
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


def _draw_curves(data: HeadlineCurves) -> "Figure":
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


def _caption_of_curves(results: Results, chosen: list[tuple[Course, str]]) -> str:
    dial = results.study.dial
    assert dial is not None
    return (
        f"Four questions over {dial.title}, one column each; a row for each trait and model. "
        f"{intervals(results, *dict.fromkeys(one for one, _ in chosen))}. Numbers are joined by lines; points "
        "without a number stand to the right and are not. Pale in the second and third column: the model is not "
        "shown to have learned within populations there, so its attributions say nothing."
    )
