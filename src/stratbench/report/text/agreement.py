"""Agreement of attributions between adjustments, beside agreement within one."""

from stratbench.report.analysis.numbers import cell, listed, signed
from stratbench.report.analysis.rankings import between, fall
from stratbench.report.analysis.results import Group, Results
from stratbench.report.analysis.verdicts import in_words
from stratbench.report.page import Block, Heading, Section, Table, Text
from stratbench.report.text._parts import images, over

ORDER = 100
MEASURE = "agreement_spearman"


def build(results: Results) -> Section | None:
    blocks: list[Block] = []
    for group in results.groups:
        shown = images(results, "agreement", group.keys)
        if shown:
            blocks += [Heading(group.title), *shown]
            for attribution in group.attributions:
                table = _table(results, group, attribution)
                blocks += [table] if table else []
    if not blocks:
        return None
    first = Text(
        "The same network, trained on another 80% of the training people, ranks the SNPs differently already. The "
        "question is whether adjusting changes the ranking more than that, and more than the placebo, whose "
        "adjustment holds no information. Agreement is always between networks of different resamples. Beside it "
        "stands that of networks whose labels were permuted within populations: no SNP has an effect there, and "
        "what agreement is left comes from the genotypes."
        f"{left_out(results)}"
    )
    return Section("Agreement of SNP rankings", [first, *blocks])


def left_out(results: Results) -> str:
    """A sentence on the networks whose SNPs at the ends of the input are not compared; blank without such networks."""
    rows = results.comparisons[results.comparisons["metric"] == "agreement_left_out"]
    models = list(dict.fromkeys(rows["model"]))
    if not models:
        return ""
    share = " to ".join(dict.fromkeys(f"{value:.0%}" for value in (rows["mean"].min(), rows["mean"].max())))
    return (
        f" The convolutions of {listed(models)} stop at the ends of the input, so that fewer units see the SNPs there "
        f"and their attributions are smaller for that alone: they are left out ({share} of all SNPs)."
    )


def _table(results: Results, group: Group, attribution: str) -> Table | None:
    rows = []
    for model in group.models:
        for adjustment in group.adjustments:
            of = {"model": model, "adjustment": adjustment, "attribution": attribution}
            own = results.value(group, MEASURE, against=adjustment, **of)
            other = between(results, group, model, adjustment, attribution=attribution)
            null = between(
                results, group, model, adjustment, "agreement_permuted_spearman", attribution=attribution
            )
            lower = fall(results, group, model, adjustment, attribution) if other is not None else None
            if own is not None or other is not None:
                cells = [cell(own), cell(other), cell(lower, signed), cell(null)]
                rows.append([model, adjustment, *cells, in_words(results, group, model, adjustment)])
    if not rows:
        return None
    base = group.baseline
    head = [
        "model",
        "adjustment",
        "within itself",
        f"with {base}",
        "fall (within minus between)",
        f"with {base}, labels permuted",
        "verdict",
    ]
    return Table(
        f"Spearman correlation of rankings by {attribution}, {group.title}; {over(results, group, MEASURE)}.",
        head,
        rows,
    )
