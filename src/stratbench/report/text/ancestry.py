"""Ancestry that the networks still encode."""

from stratbench.report.analysis.results import Results
from stratbench.report.page import Block, Heading, Section, Text
from stratbench.report.text._parts import fits_table, images

ORDER = 120
COLUMNS = [
    ("linear probe", {"metric": "ancestry_linear"}),
    ("linear, untrained", {"metric": "ancestry_linear_untrained"}),
    ("nonlinear probe", {"metric": "ancestry_nonlinear"}),
    ("nonlinear, untrained", {"metric": "ancestry_nonlinear_untrained"}),
    ("logit given label", {"metric": "ancestry_logit"}),
    ("chance", {"metric": "ancestry_chance"}),
]


def build(results: Results) -> Section | None:
    blocks: list[Block] = []
    without = []
    for group in results.groups:
        table = fits_table(results, group, "Balanced accuracy of decoded population", COLUMNS, verdicts=False)
        if table is not None:
            blocks += [Heading(group.title), *images(results, "ancestry", group.keys), table]
        elif group.models:
            without.append(group.title)
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
        "the label."
    )
    return Section("Ancestry in the networks", [first, *blocks])
