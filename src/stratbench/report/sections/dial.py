"""Every metric over the study's dial."""

from stratbench.core.words import counted
from stratbench.report.answer import brief
from stratbench.report.curves import Course, change, courses
from stratbench.report.figures.dial_more import PAGES
from stratbench.report.movement import movements, span
from stratbench.report.numbers import cell, signed
from stratbench.report.page import Block, Heading, Listing, Section, Table, Text
from stratbench.report.results import Results
from stratbench.report.sections._parts import images


def build(results: Results) -> Section | None:
    dial, shown = results.study.dial, courses(results.study, results.groups)
    if dial is None or not shown:
        return None
    first = (
        f"The same traits, splits and methods at {counted(len(dial.points), 'point')} of one axis: {dial.title}. "
        "Scenarios are never pooled; each point has its own replicates."
    )
    blocks: list[Block] = [Text(first)]
    for one in shown:
        blocks.append(Heading(f"{one.trait}, {one.split} split"))
        blocks += images(results, "dial", one.keys)
        blocks += [
            image for page in PAGES for image in images(results, "dial_more", {**one.keys, "page": page})
        ]
        blocks += images(results, "dial_tests", one.keys)
        table = _changes(results, one)
        blocks += [table] if table else []
    items = [brief(results, group) for one in shown for group in one.groups if group.models]
    if items and movements(results):  # without movements the short answer lists these items already
        blocks += [Heading("Point by point"), Listing(items)]
    return Section(f"Over the dial: {dial.title}", blocks)


def _changes(results: Results, one: Course) -> Table | None:
    """Differences between the ends of the dial's numbers, a row for each model and adjustment."""
    if one.ends is None or results.study.dial is None:
        return None
    (low, high), group = one.ends, one.ends[0]
    name = "correlation" if group.quantitative else "AUROC"
    columns: dict[str, tuple[str, dict[str, str]]] = {
        f"{name}, overall": (group.overall, {}),
        f"{name}, within": (group.within, {}),
        f"AUC_PR ({one.attribution})": ("causal_auc_pr", {"attribution": one.attribution}),
        "ancestry, hidden features": ("ancestry_linear", {}),
        "ancestry, logit": ("ancestry_logit", {}),
    }
    rows = {
        (model, adjustment): [
            change(results, low, high, metric, model=model, adjustment=adjustment, **keys)
            for metric, keys in columns.values()
        ]
        for model in one.models
        for adjustment in one.adjustments
    }
    used = [k for k in range(len(columns)) if any(row[k] is not None for row in rows.values())]
    if not used:
        return None
    caption = (
        f"Changes of {one.trait} from {results.study.dial.title} {span(one)}: differences of means, with Welch's 95% "
        "intervals over replicates."
    )
    text = [[*names, *(cell(row[k], signed) for k in used)] for names, row in rows.items()]
    return Table(caption, ["model", "adjustment", *(list(columns)[k] for k in used)], text)
