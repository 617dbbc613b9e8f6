"""Recovery of the causal SNPs."""

from stratbench.report.analysis.numbers import cell
from stratbench.report.analysis.results import Group, Results
from stratbench.report.page import Block, Heading, Section, Table, Text
from stratbench.report.text._parts import fits_table, images, over

ORDER = 110


def build(results: Results) -> Section | None:
    blocks: list[Block] = []
    for group in results.groups:
        shown = images(results, "recovery", group.keys)
        if shown:
            blocks += [Heading(group.title), *shown]
            columns = [
                (name, {"metric": "causal_auc_pr", "attribution": name}) for name in group.attributions
            ]
            table = fits_table(results, group, "AUC_PR for causal SNPs by attribution", columns)
            blocks += [part for part in (table, _tests(results, group)) if part is not None]
    if not blocks:
        return None
    first = Text(
        "Where the trait is simulated the causal SNPs are known. AUC_PR is the area under the "
        "precision-recall curve of "
        "a ranking; a random one has the share of causal SNPs. 'Ratio' divides by that share."
    )
    return Section("Recovery of causal SNPs", [first, *blocks])


def _tests(results: Results, group: Group) -> Table | None:
    rows = []
    for name in group.associations:
        values = [
            results.value(group, m, association=name)
            for m in ("causal_auc_pr", "causal_auc_pr_ratio", "lambda_gc")
        ]
        if any(value is not None for value in values):
            rows.append([name, *(cell(value) for value in values)])
    if not rows:
        return None
    head = ["association", "AUC_PR", "ratio to chance", "inflation (lambda GC)"]
    return Table(f"Association tests, {group.title}; {over(results, group)}.", head, rows)
