"""A trait over the study's dial, on up to four pages: headline metrics, further ones, SNP rankings, association tests.

A page of metrics has a row of panels for each metric and a column for each model; that of the association tests has a
panel for each metric.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from textwrap import fill
from typing import TYPE_CHECKING, Any

from stratbench.report import style
from stratbench.report.analysis.dial import Course, course, courses
from stratbench.report.analysis.results import Group, Results
from stratbench.report.figures._curves import (
    HIGH,
    MOST,
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
from stratbench.study.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SECTION = "dial"
ORDER = 20
LEFT, TOP, ACROSS, DOWN = 0.85, 0.4, 0.25, 0.22
COLUMNS = 3  # columns of the legend
WRAPPED = 22  # characters of a label that fit beside the height of a panel
TESTS = ("causal_auc_pr", "lambda_gc")

Rows = dict[
    tuple[str, str], Callable[[str], Panel]
]  # of a page: a metric and its k, and its panel of a model


@dataclass(frozen=True)
class DialPage:
    page: str
    course: Course
    places: Places
    rows: tuple[
        tuple[str, tuple[Panel, ...]], ...
    ]  # a metric's label, a panel for each model, or one of the tests
    title: str
    n: str
    colours: dict[str, str]  # of the adjustments, or of the tests


def pictures(study: Study, groups: list[Group]) -> list[tuple[str, Any]]:
    return [
        (f"dial{'' if page == 'headline' else f'-{page}'}_{one.name}", {**one.keys, "page": page})
        for one in courses(study, groups)
        for page in _pages(one)
    ]


def _pages(one: Course) -> list[str]:
    """The pages that a trait has, which are known from the config alone."""
    pages = ["headline", "prediction"] if one.models else []
    pages += ["snps"] if one.models and one.attribution else []
    return pages + (["tests"] if one.associations else [])


def load(results: Results, subject: Any) -> DialPage:
    page, dial = subject["page"], results.study.dial
    one = _course(results, subject)
    assert dial is not None
    where = places(dial)
    colours = (
        style.association_colours(one.associations) if page == "tests" else style.study_colours(results.study)
    )
    read = CurveReader(results, one, where, colours)
    rows: list[tuple[str, tuple[Panel, ...]]]
    if page == "tests":
        rows = [(style.metric_label(metric), (read.tests(metric, colours),)) for metric in TESTS]
    else:
        made = {"headline": _headline, "prediction": _prediction, "snps": _snps}[page](read)
        rows = [
            (style.metric_label(*metric), tuple(panel(model) for model in one.models))
            for metric, panel in made.items()
        ]
    kept = [(name, row) for name, row in rows if any(line.drawn for panel in row for line in panel.lines)]
    return DialPage(page, one, where, tuple(kept), dial_title(dial, where), spread(results, one), colours)


def _course(results: Results, subject: Any) -> Course:
    return course(results, {key: subject[key] for key in ("trait", "split")})


def _headline(read: CurveReader) -> Rows:
    group = read.course.groups[0]
    return {
        (group.overall, ""): read.overall,
        (group.within, ""): read.within,
        ("causal_auc_pr", ""): read.causal,
        ("agreement_spearman", ""): read.snps,
        ("ancestry_linear", ""): read.hidden,
        ("ancestry_logit", ""): read.logit,
    }


def _prediction(read: CurveReader) -> Rows:
    """Metrics that the headline figure leaves out: other scores, f without the offset, the other probe."""
    # It imports SciPy, which is not needed where figures are only named, before any job runs.
    from stratbench.metrics.prediction import MEASURES

    group = read.course.groups[0]
    scores = [metric for metric in MEASURES[group.kind] if metric != group.overall]
    rows: Rows = {(metric, ""): partial(read.score, metric=metric) for metric in scores}
    for metric in (f"{group.overall}_f", f"{group.within}_f"):
        rows[metric, ""] = partial(read.of_f, metric=metric)
    rows["pcs_partial_r2", ""] = read.beyond_truth
    rows["between_share", ""] = partial(read.score, metric="between_share")
    rows["ancestry_nonlinear", ""] = partial(read.hidden, metric="ancestry_nonlinear")
    return rows


def _snps(read: CurveReader) -> Rows:
    """Recovery of causal SNPs beyond AUC_PR, agreement beyond Spearman's, and scores of SNPs without effect."""
    sizes = read.numbers.sizes
    rows: Rows = {}
    ratio, delta = "causal_auc_pr_ratio", "agreement_delta_spearman"
    rows[ratio, ""] = partial(read.causal, metric=ratio, chance=1.0, high=MOST)
    for k in sizes("precision_at_k"):
        rows["precision_at_k", k] = partial(read.causal, metric="precision_at_k", k=k)
    for k in sizes("agreement_jaccard"):
        chance = read.numbers.chance_jaccard(k)
        rows["agreement_jaccard", k] = partial(read.snps, metric="agreement_jaccard", chance=chance, k=k)
    rows[delta, ""] = partial(read.falls, metric=delta)
    for k in sizes("agreement_delta_jaccard"):
        rows["agreement_delta_jaccard", k] = partial(read.falls, metric="agreement_delta_jaccard", k=k)
    rows["fst_mass_share", ""] = partial(read.causal, metric="fst_mass_share", chance=0.5)
    return rows


def draw(data: DialPage) -> "Figure":
    if data.rows:
        return _side_by_side(data) if data.page == "tests" else _grid(data)
    nothing = (
        "no association test gave a number" if data.page == "tests" else "no number at any point of the dial"
    )
    return style.message(f"{data.course.trait}: {nothing}.")


def _grid(data: DialPage) -> "Figure":
    """The rows of panels above the legend."""
    one, count = data.course, len(data.course.models)
    wide = panel_width(data.places)
    entries = _entries(data)
    bottom = foot_height(data.places, -(-len(entries) // COLUMNS))
    width = max(LEFT + 0.15 + wide * count + ACROSS * (count - 1), 8.6)
    height = bottom + TOP + HIGH * len(data.rows) + DOWN * (len(data.rows) - 1)
    figure, axes = style.canvas(
        width, height, len(data.rows), count, margins=(LEFT, 0.15, bottom, TOP, ACROSS, DOWN), sharey="row"
    )
    for k, (line, (name, panels)) in enumerate(zip(axes, data.rows, strict=True)):
        draw_row(line, panels, data.places, labels=k == len(axes) - 1, shared=True)
        line[0].set_ylabel(fill(name, WRAPPED), fontsize=8.5)
    for axis, model in zip(axes[0], one.models, strict=True):
        axis.set_title(model)
    foot(axes[-1, 0], data.places, f"{data.title}, {data.n}", entries, COLUMNS)
    return figure


def _side_by_side(data: DialPage) -> "Figure":
    """A panel for each metric of the association tests, above one legend."""
    entries = [style.key("s", f"association: {name}", colour=colour) for name, colour in data.colours.items()]
    panels = [panel for _, (panel,) in data.rows]
    if any(panel.chance is not None for panel in panels):
        entries.append(style.line_key("no inflation", style.QUIET, ":"))
    count, wide = len(panels), max(panel_width(data.places), 3.4)
    bottom = foot_height(data.places, len(entries))
    figure, axes = style.canvas(
        0.75 + wide * count + 0.55 * (count - 1), HIGH + 0.5 + 0.35 + bottom, 1, count,
        margins=(0.6, 0.15, bottom, 0.35, 0.55, 0.0),
    )  # fmt: skip
    draw_row(axes[0], panels, data.places, labels=True, shared=False)
    for axis, (name, _) in zip(axes[0], data.rows, strict=True):
        axis.set_title(name)
    foot(axes[0, 0], data.places, f"{data.title}, {data.n}", entries)
    return figure


def _entries(data: DialPage) -> list[Any]:
    """Lines of the legend of a page of metrics, the adjustments first."""
    one = data.course
    ranked = data.page == "snps" or (data.page == "headline" and bool(one.attribution))
    own = [
        style.key("o", f"agreement with '{one.groups[0].baseline}'"),
        style.key("^", "agreement within the same adjustment", filled=False),
    ]
    untrained = style.line_key("hidden features, untrained", style.QUIET, "--")
    chance = "chance, or no difference" if data.page == "snps" else "chance"
    return [
        *adjustment_keys(one, data.colours),
        *([] if data.page == "snps" else accuracy_keys()),
        *([*test_keys(one), *own] if ranked else []),
        *([] if data.page == "snps" else [untrained]),
        style.line_key(chance, style.QUIET, ":"),
    ]


def caption(results: Results, subject: Any) -> str:
    one, dial, page = _course(results, subject), results.study.dial, subject["page"]
    assert dial is not None
    if page == "tests":
        return (
            f"Association tests of {one.trait}, {one.split} split, over {dial.title}: recovery of the causal SNPs, "
            f"and inflation of the test statistics. {intervals(results, one)}."
        )
    what = {
        "headline": "headline metrics by model and adjustment",
        "prediction": "further metrics of prediction and ancestry",
        "snps": "further metrics of SNP rankings",
    }
    return (
        f"{one.trait}, {one.split} split, over {dial.title}: {what[page]}. {intervals(results, one)}. "
        f"{_meaning(one, page)}"
    )


def _meaning(one: Course, page: str) -> str:
    if page == "headline":
        return (
            "Numbers are joined by lines; points without a number stand to the right and are not. Grey and purple: "
            "floors, ceilings, the untrained network and the association tests. Pale: the model is not shown to have "
            "learned within populations there, so its attributions say nothing."
        )
    if page == "snps":
        return (
            f"SNP rankings come from the attribution {one.attribution}; lines without points are association tests. "
            f"Agreement within is that of trainings on other resamples of people, the mean of an adjustment's and of "
            f"'{one.groups[0].baseline}': where it is larger than agreement between the two, the adjustment changes "
            "the ranking more than a new draw of people does. Pale: the "
            "model is not shown to have learned within populations there."
        )
    return (
        "f is the network's own output, before an adjustment's offset is added. The partial R2 of PCs is 0 for a "
        "network that predicts the genetic liability alone. Brier score and calibration error are better the lower "
        "they are."
    )
