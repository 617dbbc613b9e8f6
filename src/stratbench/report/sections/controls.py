"""Controls: traits whose answer is known beforehand."""

from stratbench.report.answer import describe
from stratbench.report.numbers import cell
from stratbench.report.page import Block, Section, Table, Text
from stratbench.report.results import Group, Results
from stratbench.report.sections._parts import over
from stratbench.report.verdicts import LEARNED, NOTHING, UNDECIDED, verdict

EXPECTED = {"positive": LEARNED, "null": NOTHING}


def kind(results: Results, group: Group) -> str:
    """'positive': genetic effects and no environment; 'null': neither; otherwise blank."""
    spec = results.study.spec("traits", group.trait).get("simulate") or {}
    if group.measured or not group.models or (spec.get("environment") or 0) > 0 or "h2" not in spec:
        return ""
    return "positive" if spec["h2"] > 0 else "null"


def build(results: Results) -> Section | None:
    blocks: list[Block] = []
    for group in results.groups:
        which = kind(results, group)
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
