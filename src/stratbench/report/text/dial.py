"""A study's results over its dial: how they change from the smallest number to the largest, and every metric.

A number rises or falls where the 95% interval of the difference of the two scenarios' means excludes 0.
"""

from stratbench.core.words import counted
from stratbench.report.analysis.changes import FALLS, RISES, UNCLEAR, sign
from stratbench.report.analysis.dial import Course, change, courses, span
from stratbench.report.analysis.numbers import cell, interval, listed, signed
from stratbench.report.analysis.results import Results
from stratbench.report.page import Block, Heading, Listing, Section, Table, Text
from stratbench.report.text._parts import images
from stratbench.report.text._phrases import brief

ORDER = 10
VERBS = {RISES: "rises", FALLS: "falls", UNCLEAR: "may or may not change"}


def build(results: Results) -> Section | None:
    dial, shown = results.study.dial, courses(results.study, results.groups)
    if dial is None or not shown:
        return None
    first = (
        f"The same traits, splits and methods at {counted(len(dial.points), 'point')} of one axis: {dial.title}. "
        "Scenarios are never pooled; each point has its own replicates."
    )
    moved = movements(results)
    blocks: list[Block] = [Text(first), *([Listing(moved)] if moved else [])]
    for one in shown:
        blocks.append(Heading(f"{one.trait}, {one.split} split"))
        blocks += images(results, "dial", one.keys)
        table = _changes(results, one)
        blocks += [table] if table else []
    items = [brief(results, group) for one in shown for group in one.groups if group.models]
    if items:
        blocks += [Heading("Point by point"), Listing(items)]
    return Section(f"Over the dial: {dial.title}", blocks)


def _changes(results: Results, one: Course) -> Table | None:
    """Differences between the ends of the dial's numbers, a row for each model and adjustment."""
    if one.ends is None or results.study.dial is None:
        return None
    (low, high), group = one.ends, one.ends[0]
    name = "correlation" if group.quantitative else "AUROC"
    columns: dict[str, tuple[str, dict[str, str]]] = {
        f"{name} of f, overall": (group.overall_f, {}),
        f"{name} of f, within": (group.within_f, {}),
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


def movements(results: Results) -> list[Text]:
    """An item for each trait with two numbers on the dial: what moves without adjustment, and under each."""
    return [_about(results, one) for one in courses(results.study, results.groups) if one.models and one.ends]


def _about(results: Results, one: Course) -> Text:
    name = "correlation" if one.groups[0].quantitative else "AUROC"
    overall, within = one.groups[0].overall_f, one.groups[0].within_f
    baseline = one.groups[0].baseline
    asked = {
        f"{name} over all people": overall,
        "within populations it": within,
        "how well ancestry can be read from the output": "ancestry_logit",
    }
    moved = {what: _moves(results, one, baseline, metric) for what, metric in asked.items()}
    first = "; ".join(f"{what} {text}" for what, text in moved.items() if text)
    sentences = [f"{_under(baseline)}, {first}."] if first else []
    for adjustment in one.adjustments:
        text = _moves(results, one, adjustment, overall) if adjustment != baseline else ""
        sentences += [f"{_under(adjustment)}, {name} over all people {text}."] if text else []
    said = " ".join(sentences)
    return Text(
        said or "No two replicates at both ends: no move has an interval.", strong=_title(results, one)
    )


def _under(adjustment: str) -> str:
    return "Without correction" if adjustment == "none" else f"Under {adjustment}"


def _title(results: Results, one: Course) -> str:
    assert one.ends is not None
    assert results.study.dial is not None
    counts = [results.replicates(group) for group in one.ends]
    n = (
        counted(counts[0], "replicate")
        if counts[0] == counts[1]
        else f"{counts[0]} and {counts[1]} replicates"
    )
    return f"{one.trait}, {results.study.dial.title} {span(one)} ({one.split} split, n = {n} each)."


def _moves(results: Results, one: Course, adjustment: str, metric: str) -> str:
    """'clearly rises for a (+.13, +.06 to +.20)' and what else intervals say; blank without any.

    The replicates of two points are not paired, so that nothing is said to stay where it was.
    """
    assert one.ends is not None
    low, high = one.ends
    rows = {m: change(results, low, high, metric, model=m, adjustment=adjustment) for m in one.models}
    parts = []
    for kind in (RISES, FALLS, UNCLEAR):
        of = [
            f"{model} ({signed(row['mean'])}, {interval(row, signed)})"
            for model, row in rows.items()
            if row is not None and sign(row) == kind
        ]
        parts += [f"{VERBS[kind]} for {listed(of)}"] if of else []
    return listed(parts)
