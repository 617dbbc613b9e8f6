"""The short answer at the top of the page, from comparisons.tsv alone: what was learned, and a paragraph a trait."""

from stratbench.core.words import counted
from stratbench.report.analysis.changes import SAME_WITHIN
from stratbench.report.analysis.dial import courses
from stratbench.report.analysis.numbers import plain
from stratbench.report.analysis.results import Results
from stratbench.report.analysis.verdicts import ANCESTRY, LEARNED, NOT_SHOWN, NOTHING, verdicts
from stratbench.report.page import Block, Listing, Text
from stratbench.report.text._phrases import brief
from stratbench.report.text.dial import movements

FEW = 6


def answer(results: Results) -> list[Block]:
    """The short answer: what was learned, and a paragraph for each trait."""
    blocks: list[Block] = [Text(_count(results))]
    if any(group.models for group in results.groups):
        blocks.append(Listing(_items(results)))
        blocks.append(Text(_caution(results)))
    return blocks


def _items(results: Results) -> list[Text]:
    """A sentence on each trait over the dial, then one on every group that is not on it."""
    moved = movements(results)
    over = {group.name for one in courses(results.study, results.groups) if moved for group in one.groups}
    return moved + [brief(results, g) for g in results.groups if g.models and g.name not in over]


def _count(results: Results) -> str:
    found = [value for group in results.groups for value in verdicts(results, group).values()]
    if not found:
        return "No model of this study was trained with success: there is no answer."
    learned, ancestry, nothing, open_ = map(found.count, (LEARNED, ANCESTRY, NOTHING, NOT_SHOWN))
    text = (
        f"Of {counted(len(found), 'combination')} of trait, model and adjustment that were trained, {learned} are "
        f"shown to have learned something within populations, {ancestry} to predict from ancestry only and {nothing} "
        "to have learned nothing"
    )
    return text + (f"; of {open_} none of this is shown." if open_ else ".")


def _caution(results: Results) -> str:
    counts = [results.replicates(group) for group in results.groups if group.models]
    text = (
        "Brackets hold 95% intervals, n counts replicates, and a change is called clear where the interval of the "
        "difference excludes 0 (paired between adjustments, unpaired between points of a dial). A number is said to "
        f"stay where it was only if the 90% interval of the paired difference lies within {plain(SAME_WITHIN)} of 0. "
        "Verdicts are taken on f, the network's own output, which attributions explain; the glossary says when each "
        "is given. Nothing is concluded from the attributions of a model that is not shown to have learned within "
        "populations. Accuracy that falls after adjustment is no failure by itself."
    )
    few = " With so few replicates only large changes can be clear."
    return text + (few if min(counts) < FEW else "")
