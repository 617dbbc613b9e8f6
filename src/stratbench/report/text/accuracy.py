"""Accuracy with its floors and ceilings."""

from stratbench.report.analysis.results import CEILINGS, FLOORS, Group, Results
from stratbench.report.page import Block, Heading, Section, Text
from stratbench.report.text._parts import fits_table, images

ORDER = 60
MARKS = [
    *((f"floor: {words}", name) for name, words in FLOORS.items()),
    *((f"ceiling: {words}", name) for name, words in CEILINGS.items()),
]


def columns(group: Group) -> list[tuple[str, dict[str, str]]]:
    """Titles and keys of the measures of accuracy for this kind of trait."""
    if group.quantitative:
        return [
            ("correlation, overall", {"metric": "pearson"}),
            ("correlation, within", {"metric": "pearson_stratified"}),
            ("overall, network alone", {"metric": "pearson_f"}),
            ("within, network alone", {"metric": "pearson_stratified_f"}),
            ("R2, overall", {"metric": "r2"}),
        ]
    return [
        ("AUROC, overall", {"metric": "auroc"}),
        ("AUROC, within", {"metric": "auroc_stratified"}),
        ("overall, network alone", {"metric": "auroc_f"}),
        ("within, network alone", {"metric": "auroc_stratified_f"}),
        ("AUPRC", {"metric": "auprc"}),
        ("accuracy", {"metric": "accuracy"}),
        ("Brier", {"metric": "brier"}),
    ]


def build(results: Results) -> Section | None:
    blocks: list[Block] = [
        Text(
            "All numbers are of test individuals. A floor knows only what it is named after; a ceiling "
            "uses the true "
            "liability, which no model can know. 'Within' compares only people of one population. "
            "'Network alone' is f, the network's own output without what its adjustment adds; verdicts are taken on "
            "it. Accuracy that falls after adjustment is no failure by itself."
        )
    ]
    for group in results.groups:
        table = fits_table(results, group, "Accuracy", columns(group), MARKS)
        if table is not None and group.models:
            blocks += [Heading(group.title), *images(results, "accuracy", group.keys), table]
    return Section("Accuracy, with floors and ceilings", blocks) if len(blocks) > 1 else None
