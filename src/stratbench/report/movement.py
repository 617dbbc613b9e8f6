"""Sentences on how a study's results change over its dial, from the smallest number to the largest.

A move is 'clear' where the 95% interval of the difference of the two scenarios' means excludes 0.
"""

import math
from typing import Any

from stratbench.core.words import counted
from stratbench.report.curves import Course, change, courses, label
from stratbench.report.numbers import interval, listed, signed
from stratbench.report.page import Text
from stratbench.report.results import Results

VERBS = {"rises": "clearly rises", "falls": "clearly falls", "unclear": "does not clearly change"}


def movements(results: Results) -> list[Text]:
    """An item for each trait with two numbers on the dial: what moves without adjustment, and under each."""
    return [_about(results, one) for one in courses(results.study, results.groups) if one.models and one.ends]


def direction(row: Any) -> str:
    """rises, falls, unclear; open where there is no interval."""
    if math.isnan(row["ci_low"]):
        return "open"
    return "rises" if row["ci_low"] > 0 else "falls" if row["ci_high"] < 0 else "unclear"


def _about(results: Results, one: Course) -> Text:
    name = "correlation" if one.groups[0].quantitative else "AUROC"
    overall, within = one.groups[0].overall, one.groups[0].within
    baseline = one.groups[0].baseline
    asked = {
        f"{name} overall": overall,
        "within populations it": within,
        "ancestry decoded from the logit given the label": "ancestry_logit",
    }
    moved = {what: _moves(results, one, baseline, metric) for what, metric in asked.items()}
    first = "; ".join(f"{what} {text}" for what, text in moved.items() if text)
    sentences = [f"{_under(baseline)}, {first}."] if first else []
    for adjustment in one.adjustments:
        text = _moves(results, one, adjustment, overall) if adjustment != baseline else ""
        sentences += [f"{_under(adjustment)}, {name} overall {text}."] if text else []
    said = " ".join(sentences)
    return Text(
        said or "No two replicates at both ends: no move has an interval.", strong=_title(results, one)
    )


def _under(adjustment: str) -> str:
    return "Without adjustment" if adjustment == "none" else f"Under {adjustment}"


def span(one: Course) -> str:
    """'0 to .1'."""
    assert one.ends is not None
    numbers = [point for point in one.points if point.value is not None]
    return f"{label(numbers[0])} to {label(numbers[-1])}"


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
    """'clearly rises for a (+.13, +.06 to +.20) and does not clearly change for b (...)'; blank without intervals."""
    assert one.ends is not None
    low, high = one.ends
    rows = {m: change(results, low, high, metric, model=m, adjustment=adjustment) for m in one.models}
    parts = []
    for kind, verb in VERBS.items():
        of = [
            f"{model} ({signed(row['mean'])}, {interval(row, signed)})"
            for model, row in rows.items()
            if row is not None and direction(row) == kind
        ]
        parts += [f"{verb} for {listed(of)}"] if of else []
    return listed(parts)
