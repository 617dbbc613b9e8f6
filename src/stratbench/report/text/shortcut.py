"""The pure shortcut: a trait without any genetic effect, caused by the environment of the populations."""

from stratbench.report.analysis.numbers import estimate
from stratbench.report.analysis.results import Group, Results
from stratbench.report.analysis.verdicts import SHORTCUT, control
from stratbench.report.page import Block, Section, Text
from stratbench.report.text._parts import fits_table
from stratbench.report.text._phrases import Phrases
from stratbench.report.text.accuracy import MARKS, columns

ORDER = 70


def build(results: Results) -> Section | None:
    blocks: list[Block] = []
    for group in results.groups:
        if control(results, group) == SHORTCUT:
            table = fits_table(results, group, "Pure shortcut", columns(group)[:4], MARKS)
            blocks += [Text(_words(results, group)), *([table] if table else [])]
    if not blocks:
        return None
    first = Text(
        "Here no SNP has any effect: cases differ from controls only by the environment of their "
        "population. Whatever "
        "a model predicts beyond chance, it predicts from ancestry."
    )
    return Section("The pure shortcut", [first, *blocks])


def _words(results: Results, group: Group) -> str:
    parts = []
    floor = results.value(group, group.overall, model="floor-population")
    if floor is not None:
        parts.append(f"the population label alone {estimate(floor)}")
    for model in group.models:
        row = results.value(group, group.overall_f, model=model, adjustment=group.baseline)
        if row is not None:
            parts.append(f"{model} under {group.baseline} {estimate(row)}")
    words = Phrases(results, group)
    levels = f"{group.title}. {words.metric} over all people: {', '.join(parts) or 'no result'}."
    return f"{levels} {words.not_learned()}".strip()
