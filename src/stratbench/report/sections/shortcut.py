"""The pure shortcut: a trait without any genetic effect, caused by the environment of the populations."""

from stratbench.report.answer import Phrases
from stratbench.report.numbers import estimate
from stratbench.report.page import Block, Section, Text
from stratbench.report.results import Group, Results
from stratbench.report.sections._parts import fits_table
from stratbench.report.sections.accuracy import MARKS, columns


def is_shortcut(results: Results, group: Group) -> bool:
    spec = results.study.spec("traits", group.trait).get("simulate") or {}
    return not group.measured and spec.get("h2") == 0 and (spec.get("environment") or 0) > 0


def build(results: Results) -> Section | None:
    blocks: list[Block] = []
    for group in results.groups:
        if is_shortcut(results, group) and group.models:
            table = fits_table(results, group, "Pure shortcut", columns(group)[:3], MARKS)
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
        row = results.value(group, group.overall, model=model, adjustment=group.baseline)
        if row is not None:
            parts.append(f"{model} under {group.baseline} {estimate(row)}")
    words = Phrases(results, group)
    levels = f"{group.title}. Overall {words.metric}: {', '.join(parts) or 'no result'}."
    return f"{levels} {words.learned_nothing()}".strip()
