"""The short answer at the top of the page, from comparisons.tsv alone: what was learned, and a paragraph a trait."""

from stratbench.core.words import counted
from stratbench.report.analysis.dial import courses
from stratbench.report.analysis.results import Results
from stratbench.report.analysis.verdicts import LEARNED, NOTHING, UNDECIDED, verdicts
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
    learned, nothing, open_ = (found.count(kind) for kind in (LEARNED, NOTHING, UNDECIDED))
    text = (
        f"Of {counted(len(found), 'combination')} of trait, model and adjustment that were trained, {learned} predict "
        f"better than chance within populations and {nothing} learned nothing there"
    )
    return text + (f"; {open_} have no interval and so no verdict." if open_ else ".")


def _caution(results: Results) -> str:
    counts = [results.replicates(group) for group in results.groups if group.models]
    text = (
        "Brackets hold 95% intervals, n counts replicates, and a change is called clear where the interval of the "
        "difference excludes 0 (paired between adjustments, unpaired between points of a dial). 'Learned nothing' "
        "means that the interval of accuracy within populations includes chance: nothing is then concluded from that "
        "model's attributions. Accuracy that falls after adjustment is no failure by itself."
    )
    few = " With so few replicates only large changes can be clear, and no clear change is not proof of none."
    return text + (few if min(counts) < FEW else "")
