"""The one figure: accuracy, SNPs, causal SNPs and ancestry side by side, a row of panels for each trait."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stratbench.report import style
from stratbench.report.curves import courses, strongest
from stratbench.report.figures._rows import Layout, layout, replicates
from stratbench.report.results import Group, Results, colours
from stratbench.report.verdicts import NOTHING, UNDECIDED, verdict
from stratbench.study.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_TRAITS = 4
FLOOR, CEILING, OLS, OLS_PCS = "#8a8a8a", "#7a5195", style.ASSOCIATIONS[0], style.ASSOCIATIONS[1]


@dataclass(frozen=True)
class Facet:
    group: Group
    layout: Layout
    n: int
    nothing: frozenset[tuple[str, str]]
    undecided: frozenset[tuple[str, str]]
    values: dict[tuple[str, ...], Any]


@dataclass(frozen=True)
class HeadlineFacets:
    facets: tuple[Facet, ...]
    colours: dict[str, str]
    attribution: str


def _attribution(group: Group) -> str:
    return group.attributions[0] if group.attributions else ""


def main(study: Study, groups: list[Group]) -> list[Group]:
    """The groups of the headline: simulated traits first, then whatever was trained, a few at most.

    All are of one scenario: the first, or the one at the strong end of the study's dial.
    """
    trained = [group for group in groups if group.models]
    simulated = [group for group in trained if not group.real]
    chosen = {group.scenario for group in simulated} & {strongest(study)}
    one = chosen.pop() if chosen else simulated[0].scenario if simulated else ""
    return ([group for group in simulated if group.scenario == one] or trained)[:MOST_TRAITS]


def pictures(study: Study, groups: list[Group]) -> list[tuple[str, Any]]:
    """One picture; none if the study has a dial, for which dial_headline shows the same over all points."""
    return [("headline", "headline")] if main(study, groups) and not courses(study, groups) else []


def load(results: Results, subject: Any) -> HeadlineFacets:
    facets = []
    chosen = main(results.study, results.groups)
    for group in chosen:
        rows = layout(group)
        attribution = _attribution(group)
        values: dict[tuple[str, ...], Any] = {}
        found = {
            (row.model, row.adjustment): verdict(results, group, row.model, row.adjustment)
            for row in rows.rows
        }
        nothing, undecided = (
            frozenset(k for k, v in found.items() if v == kind) for kind in (NOTHING, UNDECIDED)
        )
        for row in rows.rows:
            of = {"model": row.model, "adjustment": row.adjustment}
            here = (row.model, row.adjustment)
            for metric in (group.overall, group.within):
                values[(*here, metric)] = results.value(group, metric, **of)
            values[(*here, "causal")] = results.value(group, "causal_auc_pr", attribution=attribution, **of)
            values[(*here, "own")] = results.value(
                group, "agreement_spearman", attribution=attribution, against=row.adjustment, **of
            )
            values[(*here, "between")] = between(
                results, group, row.model, row.adjustment, attribution=attribution
            )
            for metric in (
                "ancestry_linear",
                "ancestry_linear_untrained",
                "ancestry_logit",
                "ancestry_chance",
            ):
                values[(*here, metric)] = results.value(group, metric, **of)
        for name in ("floor-population", "ceiling-genetic"):
            for metric in (group.overall, group.within):
                values[(name, metric)] = results.value(group, metric, model=name)
        for position, name in enumerate(group.associations[:2]):
            values[(f"association {position}",)] = results.value(group, "causal_auc_pr", association=name)
        values["chance",] = chance_auc_pr(results, group)
        facets.append(Facet(group, rows, results.replicates(group), nothing, undecided, values))
    return HeadlineFacets(tuple(facets), colours(results.study), _attribution(chosen[0]) if chosen else "")


def between(
    results: Results,
    group: Group,
    model: str,
    adjustment: str,
    metric: str = "agreement_spearman",
    **keys: str,
) -> Any:
    """Agreement of the baseline's and this adjustment's rankings, in whichever order the table names the two."""
    if adjustment == group.baseline:
        return None
    found = None
    for one, other in ((adjustment, group.baseline), (group.baseline, adjustment)):
        row = results.value(group, metric, model=model, adjustment=one, against=other, **keys)
        found = found if found is not None else row
    return found


def chance_auc_pr(results: Results, group: Group) -> Any:
    """AUC_PR of a random ranking, the share of causal SNPs: a value of AUC_PR divided by its ratio to chance."""
    wanted = results.comparisons[
        (results.comparisons["scenario"] == group.scenario)
        & (results.comparisons["trait"] == group.trait)
        & (results.comparisons["split"] == group.split)
    ]
    keys = ["model", "adjustment", "attribution", "association"]
    values = wanted[wanted["metric"] == "causal_auc_pr"].set_index(keys)["mean"]
    ratios = wanted[wanted["metric"] == "causal_auc_pr_ratio"].set_index(keys)["mean"]
    share = (values / ratios).dropna()
    share = share[share > 0]
    return float(share.median()) if len(share) else None


def draw(data: HeadlineFacets) -> "Figure":
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
    questions = (
        "Does accuracy change?",
        "Do the SNPs change?",
        "Who recovers the causal SNPs?",
        "Who still encodes ancestry?",
    )
    for axis, question in zip(axes[0], questions, strict=True):
        axis.annotate(
            question, (0, 1), (0, 26), xycoords="axes fraction", textcoords="offset points", fontsize=12,
            fontweight="bold", annotation_clip=False,
        )  # fmt: skip
    _legends(axes[-1], data)
    return figure


def _legends(line: Any, data: HeadlineFacets) -> None:
    group = data.facets[-1].group
    name = "correlation" if group.quantitative else "AUROC"
    baseline = group.baseline
    first = [facet.group for facet in data.facets if facet.group.associations]
    tests = first[0].associations[:2] if first else ()
    style.below(
        line[0],
        f"{name} of test individuals",
        [
            style.key("o", "overall"),
            style.key("D", "within populations", filled=False),
            style.line_key("floor: population label alone", FLOOR, "--"),
            style.line_key("ceiling: true genetic liability, overall", CEILING),
            style.line_key("the same ceiling, within populations", CEILING, ":"),
        ],
    )
    style.below(
        line[1],
        "Spearman correlation of SNP rankings",
        [
            style.key("o", f"between it and '{baseline}'"),
            style.key("^", "within the same adjustment", filled=False),
            style.line_key(f"within '{baseline}'", style.KNOWN["none"], ":"),
        ],
    )
    style.below(
        line[2],
        "AUC_PR for causal SNPs",
        [
            style.key("o", f"attribution: {data.attribution or 'none'}"),
            *(
                style.line_key(f"association: {test}", colour)
                for test, colour in zip(tests, (OLS, OLS_PCS), strict=False)
            ),
            style.line_key("chance", FLOOR, ":"),
        ],
    )
    style.below(
        line[3],
        "balanced accuracy of decoded population",
        [
            style.key("o", "from hidden features, trained"),
            style.key("o", "from hidden features, untrained", filled=False),
            style.key("D", "from the logit, given the label"),
            style.line_key("chance", FLOOR, ":"),
        ],
    )


def _accuracy(axis: Any, facet: Facet, data: HeadlineFacets) -> None:
    group, values = facet.group, facet.values
    style.reference(axis, values["floor-population", group.overall], FLOOR, "--")
    style.reference(axis, values["ceiling-genetic", group.overall], CEILING)
    style.reference(axis, values["ceiling-genetic", group.within], CEILING, ":")
    axis.axvline(group.chance, color=style.QUIET, lw=0.9)
    for row in facet.layout.rows:
        colour = data.colours[row.adjustment]
        here = (row.model, row.adjustment)
        style.dot(axis, row.y + 0.13, values[(*here, group.overall)], colour)
        style.dot(axis, row.y - 0.16, values[(*here, group.within)], colour, "D", filled=False)
        if here in facet.nothing:
            style.note(axis, row.y, "learned nothing")
        elif values[(*here, group.overall)] is None:
            style.note(axis, row.y, "no result")
        elif here in facet.undecided:
            style.note(axis, row.y, "undecided")


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
        faded = here in facet.nothing
        for name, marker, filled, shift in (("between", "o", True, 0.13), ("own", "^", False, -0.16)):
            value = facet.values[(*here, name)]
            drawn = drawn or value is not None
            style.dot(axis, row.y + shift, value, data.colours[row.adjustment], marker, filled, faded)
    if not drawn:
        _absent(axis, "no agreement: one adjustment,\none seed, or no attribution")


def _causal(axis: Any, facet: Facet, data: HeadlineFacets) -> None:
    drawn = False
    for position, colour in enumerate((OLS, OLS_PCS)):
        drawn |= style.reference(axis, facet.values.get((f"association {position}",)), colour)
    if facet.values["chance",] is not None:
        axis.axvline(facet.values["chance",], color=FLOOR, ls=":", lw=1.3)
    for row in facet.layout.rows:
        here = (row.model, row.adjustment)
        value = facet.values[(*here, "causal")]
        drawn = drawn or value is not None
        style.dot(axis, row.y, value, data.colours[row.adjustment], faded=here in facet.nothing)
    if not drawn:
        _absent(axis, "no causal SNP is known,\nor there is none")


def _ancestry(axis: Any, facet: Facet, data: HeadlineFacets) -> None:
    chances = [
        value["mean"]
        for key, value in facet.values.items()
        if key[-1] == "ancestry_chance" and value is not None
    ]
    if not chances:
        return _absent(axis, "one population:\nno ancestry to decode")
    axis.axvline(chances[0], color=FLOOR, ls=":", lw=1.3)
    for row in facet.layout.rows:
        here, colour = (row.model, row.adjustment), data.colours[row.adjustment]
        style.dot(axis, row.y + 0.2, facet.values[(*here, "ancestry_linear_untrained")], colour, filled=False)
        style.dot(axis, row.y + 0.2, facet.values[(*here, "ancestry_linear")], colour)
        style.dot(axis, row.y - 0.2, facet.values[(*here, "ancestry_logit")], colour, "D")
    return None


def caption(results: Results, subject: Any) -> str:
    chosen = main(results.study, results.groups)
    attribution = _attribution(chosen[0]) if chosen else ""
    return (
        "Four questions, one column each; a row of panels for each trait, a row for each model and "
        "adjustment. "
        "Points are means over replicates, lines 95% intervals, bands the intervals of the reference marks; "
        "what lies outside the range of possible values is cut off. "
        f"SNP rankings come from the attribution {attribution or '(none)'}. "
        "Pale points in the second and third column: the model learned nothing within populations, "
        "so its attributions say nothing."
    )
