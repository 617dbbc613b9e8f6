"""Controls: traits whose answer is known beforehand."""

from stratbench.report.analysis.numbers import cell
from stratbench.report.analysis.results import Group, Results
from stratbench.report.analysis.verdicts import (
    ANCESTRY,
    LEARNED,
    NOT_SHOWN,
    NOTHING,
    NULL,
    POSITIVE,
    SHORTCUT,
    WIDE,
    control,
    in_words,
    verdict,
    why_not_shown,
)
from stratbench.report.page import Block, Section, Table, Text
from stratbench.report.text._parts import over
from stratbench.report.text._phrases import describe

ORDER = 80
EXPECTED = {POSITIVE: (LEARNED,), NULL: (NOTHING, NOT_SHOWN), SHORTCUT: (ANCESTRY,)}


def build(results: Results) -> Section | None:
    tables = [_table(results, group, control(results, group)) for group in results.groups]
    blocks: list[Block] = [table for table in tables if table is not None]
    if not blocks:
        return None
    first = Text(
        "A positive control has genetic effects and no confounding, and 'learned' is expected: a model that does not "
        "learn there cannot be judged elsewhere. A pure null has neither: 'learned nothing' is expected, or 'not "
        "shown' where the interval is wide. By chance alone, one interval in forty lies above chance all the same. A "
        "pure shortcut has no genetic effects but an environment that differs between populations: without adjustment, "
        "'ancestry only' is expected."
    )
    return Section("Controls", [first, *blocks])


def _table(results: Results, group: Group, which: str) -> Table | None:
    """Make the table of a control's verdicts, and of whether they are as expected.

    The pure shortcut is a control only without adjustment and where there are several populations.
    """
    shortcut = which == SHORTCUT
    adjustments = [name for name in group.adjustments if name == "none" or not shortcut]
    if not which or not adjustments or (shortcut and not results.several_populations(group)):
        return None
    rows = []
    for model in group.models:
        for adjustment in adjustments:
            of = {"model": model, "adjustment": adjustment}
            cells = [cell(results.value(group, metric, **of)) for metric in (group.overall_f, group.within_f)]
            said = in_words(results, group, model, adjustment)
            rows.append([model, adjustment, *cells, said, _expected(results, group, model, adjustment)])
    name = "correlation" if group.quantitative else "AUROC"
    head = ["model", "adjustment", f"{name} of f overall", f"{name} of f within populations", "verdict"]
    caption = f"{group.title} ({describe(results, group)}); {over(results, group)}."
    return Table(caption, [*head, f"for a {which}"], rows)


def _expected(results: Results, group: Group, model: str, adjustment: str) -> str:
    """Whether the verdict is what the control should have; blank where there is no interval."""
    found = verdict(results, group, model, adjustment)
    if found == NOT_SHOWN and why_not_shown(results, group, model, adjustment) != WIDE:
        return ""
    return "as expected" if found in EXPECTED[control(results, group)] else "not as expected"
