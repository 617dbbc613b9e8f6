"""Corrections by their rank in each replicate, for readers who want no normal distribution."""

from itertools import groupby

from stratbench.core.words import counted
from stratbench.report.analysis.numbers import NOTHING, plain
from stratbench.report.analysis.ranks import MANY, Ranks, ranked
from stratbench.report.analysis.results import Group, Results
from stratbench.report.page import Block, Section, Table, Text
from stratbench.report.text._parts import images

ORDER = 65


def build(results: Results) -> Section | None:
    blocks: list[Block] = []
    for group in results.groups:
        blocks += images(results, "ranks", group.keys)
        of_models = groupby(ranked(results, group), key=lambda one: one.model)
        blocks += [_table(group, list(of_model)) for _, of_model in of_models]
    if not blocks:
        return None
    first = Text(
        "Each replicate ranks the adjustments of a model, by each goal that the study has numbers of; 1 is the best. "
        "Goals differ, and no rank sums them up. "
        "Wilcoxon's signed-rank test compares each with no correction; its p values are adjusted by Holm "
        "within a goal of a table. Friedman's test of all adjustments, and the critical difference of two mean ranks "
        f"(Nemenyi), need {MANY} replicates. No claim of this report rests on ranks."
    )
    return Section("Corrections by rank", [first, *blocks])


def _table(group: Group, goals: list[Ranks]) -> Table:
    """A row for each adjustment of one model, a pair of columns for each goal; the first goal orders the rows."""
    order = {name: place for one in goals for name, place in one.mean.items()}
    order |= goals[0].mean
    unranked = len(order)
    rows = []
    for name in sorted(order, key=lambda name: goals[0].mean.get(name, unranked)):
        row = [name]
        for one in goals:
            row.append(plain(one.mean.get(name)))
            row.append(plain(one.wilcoxon[name], 4) if name in one.wilcoxon else NOTHING)
        rows.append(row)
    head = ["adjustment"]
    for one in goals:
        head += [f"mean rank by {one.goal}", f"Wilcoxon's p against {group.baseline}"]
    said = " ".join(_said(one, len(goals) > 1) for one in goals)
    return Table(f"{goals[0].model}, {group.title}; {said}", head, rows)


def _said(one: Ranks, named: bool) -> str:
    """What holds of all adjustments by one goal, in sentences."""
    said = f"Friedman's test needs {MANY} replicates and three adjustments"
    if one.friedman is not None and one.critical is not None:
        chi2, p = one.friedman
        said = (
            f"Friedman's chi-squared {plain(chi2, 1)}, p {plain(p, 4)}; mean ranks further apart than "
            f"{plain(one.critical)} differ (Nemenyi, 5%)"
        )
    n = f"n = {counted(one.n, 'replicate')}"
    said = f"By {one.goal} ({n}): {said}." if named else f"{n}. {said}."
    if one.left_out:
        said += f" Not ranked, as too few replicates have a number: {', '.join(one.left_out)}."
    return said
