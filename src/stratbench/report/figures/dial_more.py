"""The further metrics of a trait over the study's dial: a page of predictions and ancestry, one of SNP rankings."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from stratbench.report import style
from stratbench.report.curves import Course, courses
from stratbench.report.figures._curves import (
    CurveReader,
    Panel,
    accuracy_keys,
    adjustment_keys,
    intervals,
    test_keys,
)
from stratbench.report.figures.dial import DialPanels, collect, grid, nothing, reader
from stratbench.report.figures.headline import CEILING, FLOOR
from stratbench.report.results import Group, Results
from stratbench.study.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Panels = dict[str, Callable[[str], Panel]]
PAGES = {"prediction": "prediction and ancestry", "snps": "SNP rankings"}
NAMES = {
    "auprc": "AUPRC\nof cases", "brier": "Brier score", "ece": "calibration error\n(ECE)", "r2": "R\N{SUPERSCRIPT TWO}"
}  # fmt: skip
MOST = 1e9  # axis limits of metrics without an upper, or without a lower limit


def pictures(study: Study, groups: list[Group]) -> list[tuple[str, Any]]:
    return [
        (f"dial-{page}_{one.name}", {**one.keys, "page": page})
        for one in courses(study, groups)
        for page in PAGES
        if one.models and (page != "snps" or one.attribution)
    ]


def load(results: Results, subject: Any) -> DialPanels:
    _, read = reader(results, subject)
    return collect(read, _snps(read) if subject["page"] == "snps" else _prediction(read))


def _prediction(read: CurveReader) -> Panels:
    """Metrics that the headline figure leaves out: other scores, f without the offset, the other probe."""
    # It imports SciPy, which is not needed where figures are only named, before any job runs.
    from stratbench.metrics.prediction import MEASURES

    group = read.course.groups[0]
    word, low = ("correlation", -1.0) if group.quantitative else ("AUROC", 0.0)
    panels: Panels = {}
    for metric in MEASURES[group.kind]:
        if metric != group.overall:
            panels[NAMES.get(metric, metric)] = partial(_score, read, metric)
    for metric, what in ((group.overall, "overall"), (group.within, "within populations")):
        panels[f"{word} of f alone,\n{what}"] = partial(_of_f, read, f"{metric}_f", group.chance, low)
    panels["ancestry from hidden\nfeatures, nonlinear"] = partial(read.hidden, metric="ancestry_nonlinear")
    return panels


def _score(read: CurveReader, metric: str, model: str) -> Panel:
    """A score of the predictions with its floor and ceiling. R2 of a useless model is negative."""
    marks = [
        read.mark(metric, "floor-population", FLOOR, True),
        read.mark(metric, "ceiling-genetic", CEILING),
    ]
    return Panel("accuracy", (*marks, *read.each(metric, model)), low=-MOST if metric == "r2" else 0)


def _of_f(read: CurveReader, metric: str, chance: float, low: float, model: str) -> Panel:
    return Panel("accuracy", tuple(read.each(metric, model)), chance, low)


def _snps(read: CurveReader) -> Panels:
    """Recovery of causal SNPs beyond AUC_PR, and agreement beyond Spearman's."""
    panels: Panels = {
        "AUC_PR over that of\na random ranking": partial(
            read.causal, metric="causal_auc_pr_ratio", chance=1.0, high=MOST
        )
    }
    for k in _sizes(read, "precision_at_k"):
        panels[f"causal SNPs among\nthe first {k}"] = partial(read.causal, metric="precision_at_k", k=k)
    for k in _sizes(read, "agreement_jaccard"):
        chance = _chance(read, k)
        panels[f"Jaccard index of\nthe first {k}"] = partial(
            read.snps, metric="agreement_jaccard", chance=chance, k=k
        )
    panels["own agreement minus\nthat with baseline,\nSpearman"] = partial(
        _delta, read, "agreement_delta_spearman", ""
    )
    for k in _sizes(read, "agreement_delta_jaccard"):
        panels[f"own agreement minus\nthat with baseline,\nJaccard of {k}"] = partial(
            _delta, read, "agreement_delta_jaccard", k
        )
    return panels


def _sizes(read: CurveReader, metric: str) -> list[str]:
    """The k of a metric at any point of the dial, ascending."""
    table, scenarios = read.results.comparisons, {group.scenario for group in read.course.groups}
    mine = (table["trait"] == read.course.trait) & (table["split"] == read.course.split)
    found = table[mine & (table["metric"] == metric) & table["scenario"].isin(scenarios)]["k"]
    return sorted(set(found), key=int)


def _chance(read: CurveReader, k: str) -> float | None:
    """The Jaccard index of two random sets, if it is the same number at all points of the dial."""
    table, course = read.results.comparisons, read.course
    mine = (table["trait"] == course.trait) & (table["split"] == course.split) & (table["k"] == k)
    found = set(table[mine & (table["metric"] == "agreement_jaccard_chance")]["mean"].dropna())
    return float(found.pop()) if len(found) == 1 else None


def _delta(read: CurveReader, metric: str, k: str, model: str) -> Panel:
    keys = {"attribution": read.course.attribution, "against": read.course.groups[0].baseline, "k": k}
    lines = read.each(metric, model, "o", True, True, **keys)
    return Panel("snps", tuple(lines), 0.0, -1.0)


def draw(data: DialPanels) -> "Figure":
    if not data.rows:
        return nothing(data)
    return grid(data, _ranking_entries if data.rows[0][1][0].kind in ("causal", "snps") else _entries)


def _entries(data: DialPanels) -> list[Any]:
    return [
        *adjustment_keys(data.course, data.colours), *accuracy_keys(),
        style.line_key("hidden features, untrained", style.QUIET, "--"), style.line_key("chance", style.QUIET, ":"),
    ]  # fmt: skip


def _ranking_entries(data: DialPanels) -> list[Any]:
    one = data.course
    return [
        *adjustment_keys(one, data.colours), *test_keys(one),
        style.key("o", f"agreement with '{one.groups[0].baseline}'"),
        style.key("^", "agreement within the same adjustment", filled=False),
        style.line_key("chance, or no difference", style.QUIET, ":"),
    ]  # fmt: skip


def caption(results: Results, subject: Any) -> str:
    one, _ = reader(results, subject)
    assert results.study.dial is not None
    return (
        f"{one.trait}, {one.split} split, over {results.study.dial.title}: further metrics of "
        f"{PAGES[subject['page']]}. {intervals(results, one)}. {_meaning(one, subject['page'])}"
    )


def _meaning(one: Course, page: str) -> str:
    if page == "snps":
        return (
            f"SNP rankings come from the attribution {one.attribution}; lines without points are association tests. "
            f"Own agreement is that of trainings with other seeds, the mean of an adjustment's and of "
            f"'{one.groups[0].baseline}': above 0, the adjustment changes the ranking more than a seed does. Pale: the "
            "model learned nothing within populations there."
        )
    return (
        "f is the network's own output, before an adjustment's offset is added. Brier score and calibration error are "
        "better the lower they are."
    )
