"""What each correction changes: all paired differences of the answer in one table a trait."""

from typing import Any

from stratbench.report.analysis.changes import FALLS, LEVEL, RISES, sign
from stratbench.report.analysis.numbers import cell, plain, signed
from stratbench.report.analysis.rankings import fall
from stratbench.report.analysis.results import Group, Results
from stratbench.report.analysis.verdicts import in_words
from stratbench.report.page import Block, Section, Table, Text
from stratbench.report.text._parts import images, over
from stratbench.report.wording import reads_labels

ORDER = 30


def build(results: Results) -> Section | None:
    blocks: list[Block] = []
    for group in results.groups:
        table = _table(results, group) if len(group.adjustments) > 1 else None
        if table is not None:
            blocks += [*images(results, "changes", group.keys), table]
    if not blocks:
        return None
    first = Text(
        "Differences between each adjustment and the uncorrected model on the same data, replicate by replicate. A "
        "star marks a change that is claimed: its p value, adjusted for all claims that this report may make, is below "
        f"{plain(LEVEL)}. An interval that includes 0 is no proof that nothing changed. Causal recovery and SNP "
        "ranking mean something only where the verdict is 'learned'."
    )
    return Section("What each correction changes", [first, *blocks])


def _table(results: Results, group: Group) -> Table | None:
    name = "correlation" if group.quantitative else "AUROC"
    by = group.attribution
    columns = [
        (f"{name} of f, overall", group.overall_f, ""),
        (f"{name} of f, within", group.within_f, ""),
        (f"{name} of f, within families", group.family_f, ""),
        ("ancestry in features", "ancestry_linear", ""),
        ("ancestry in logit", "ancestry_logit", ""),
        ("causal AUC_PR", "causal_auc_pr", by),
    ]
    grid = []
    asked = {(fit.model, fit.adjustment) for split in group.splits for fit in results.study.fits_of(split)}
    for model in group.models:
        for adjustment in group.adjustments:
            if adjustment != group.baseline and (model, adjustment) in asked:
                of = {"model": model, "adjustment": adjustment}
                values = [
                    results.value(
                        group, f"diff_{metric}", against=group.baseline, attribution=attribution, **of
                    )
                    for _, metric, attribution in columns
                ]
                values.append(fall(results, group, model, adjustment, by) if by else None)
                grid.append((model, adjustment, values))
    titles = [*(title for title, _, _ in columns), "fall of SNP agreement"]
    used = [k for k in range(len(titles)) if any(values[k] is not None for _, _, values in grid)]
    if not used:
        return None
    rows = [
        [
            m,
            f"{a} \N{DAGGER}" if reads_labels(results.study, a) else a,
            *(_starred(values[k]) for k in used),
            in_words(results, group, m, a),
        ]
        for m, a, values in grid
    ]
    head = ["model", "adjustment", *(titles[k] for k in used), "verdict"]
    attribution = f" SNPs by {by}." if by else ""
    if any(reads_labels(results.study, a) for _, a, _ in grid):
        attribution += " \N{DAGGER} reads the population labels of test individuals."
    return Table(
        f"Adjusted minus {group.baseline}, {group.title}; {over(results, group)}.{attribution}", head, rows
    )


def _starred(row: Any) -> str:
    """A difference with its interval, and a star where the change is claimed."""
    return cell(row, signed) + ("*" if row is not None and sign(row) in (RISES, FALLS) else "")
