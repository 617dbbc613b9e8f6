"""Controls: traits whose answer is known beforehand."""

from stratbench.report.analysis.numbers import cell
from stratbench.report.analysis.results import Group, Results
from stratbench.report.analysis.verdicts import LEARNED, NOTHING, UNDECIDED, control, verdict
from stratbench.report.page import Block, Section, Table, Text
from stratbench.report.text._parts import over
from stratbench.report.text._phrases import describe

ORDER = 80
EXPECTED = {"positive": LEARNED, "null": NOTHING}


def build(results: Results) -> Section | None:
    blocks: list[Block] = []
    for group in results.groups:
        which = control(results, group)
        if which:
            blocks.append(_table(results, group, which))
    if not blocks:
        return None
    first = Text(
        "A positive control has genetic effects and no confounding: a model that learns nothing there "
        "cannot be judged "
        "elsewhere. A null has neither: its interval should include chance, except for about one in twenty."
    )
    return Section("Positive control and pure null", [first, *blocks])


def _table(results: Results, group: Group, which: str) -> Table:
    rows = []
    for model in group.models:
        for adjustment in group.adjustments:
            row = results.value(group, group.within, model=model, adjustment=adjustment)
            found = verdict(results, group, model, adjustment)
            expected = (
                "" if found == UNDECIDED else "as expected" if found == EXPECTED[which] else "not as expected"
            )
            rows.append([model, adjustment, cell(row), found, expected])
    name = "correlation" if group.quantitative else "AUROC"
    head = ["model", "adjustment", f"{name} within populations", "verdict", f"for a {which} control"]
    return Table(f"{group.title} ({describe(results, group)}); {over(results, group)}.", head, rows)
