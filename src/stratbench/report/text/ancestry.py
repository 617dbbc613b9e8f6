"""Ancestry that the networks still encode."""

from stratbench.report.analysis.numbers import cell
from stratbench.report.analysis.results import Group, Results
from stratbench.report.page import Block, Heading, Section, Table, Text
from stratbench.report.text._parts import fits_table, images, over

ORDER = 120
COLUMNS = [
    ("linear probe", {"metric": "ancestry_linear"}),
    ("linear, untrained", {"metric": "ancestry_linear_untrained"}),
    ("linear, permuted", {"metric": "ancestry_linear_permuted"}),
    ("nonlinear probe", {"metric": "ancestry_nonlinear"}),
    ("nonlinear, untrained", {"metric": "ancestry_nonlinear_untrained"}),
    ("nonlinear, permuted", {"metric": "ancestry_nonlinear_permuted"}),
    ("logit given label", {"metric": "ancestry_logit"}),
    ("logit, permuted", {"metric": "ancestry_logit_permuted"}),
    ("chance", {"metric": "ancestry_chance"}),
]
TRUTH = (("true genetic liability", "ceiling-genetic"), ("with environment", "ceiling-genetic-environment"))


def _given_truth(results: Results, group: Group) -> list[Block]:
    """Tables of what the truth behind a simulated trait says of the logit, and of the rankings of SNPs."""
    columns = [("partial R2 of PCs", {"metric": "pcs_partial_r2"})]
    columns += [
        (f"{metric}, {name}", {"metric": f"fst_{column}", "attribution": name})
        for name in group.attributions
        for metric, column in (("mass on high FST", "mass"), ("share of high FST", "mass_share"))
    ]
    table = fits_table(results, group, "Shortcuts, given the truth", columns, TRUTH, verdicts=False)
    rows = []
    for name in group.associations:
        values = [results.value(group, metric, association=name) for metric in ("fst_mass", "fst_mass_share")]
        if any(value is not None for value in values):
            rows.append([name, *map(cell, values)])
    head = ["association", "mass on high FST", "share of high FST"]
    tests = [Table(f"Association tests, {group.title}; {over(results, group)}.", head, rows)] if rows else []
    if table is None:
        return []
    words = Text(
        "Partial R2: the share of f that ten PCs explain beyond the true genetic liability (chance: 0; a network "
        "that leaves out genetic differences between populations has some, too). Mass on high "
        "FST: the mean score of SNPs without effect, linked to no causal SNP, whose frequencies differ most between "
        "populations, over that of all SNPs (random scores: 1, the truth: 0). Share of high FST: their part of the "
        "scores of themselves and of SNPs of low FST of the same frequency and LD score (random scores: .5)."
    )
    return [words, table, *tests]


def build(results: Results) -> Section | None:
    blocks: list[Block] = []
    without = []
    for group in results.groups:
        table = fits_table(results, group, "Balanced accuracy of decoded population", COLUMNS, verdicts=False)
        given = _given_truth(results, group)
        if table is not None:
            blocks += [Heading(group.title), *images(results, "ancestry", group.keys), table, *given]
        elif group.models:
            without.append(group.title)
            blocks += [Heading(group.title), *given] if given else []
    if without:
        blocks.append(
            Text(
                "No ancestry was decoded (there is one population, the study asks for no probes, or there is no "
                f"result): {'; '.join(without)}."
            )
        )
    if not blocks:
        return None
    first = Text(
        "A probe is a classifier that is trained to read the population from what the network computes. "
        "Even an untrained "
        "network passes much ancestry on; what matters for prediction is what the logit reveals beyond "
        "the label. 'Permuted' is what the same probe reaches when populations are permuted (for the logit within "
        "classes of the label): what does not exceed it is no sign of ancestry."
    )
    return Section("Ancestry in the networks", [first, *blocks])
