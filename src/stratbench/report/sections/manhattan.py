"""SNP scores and association tests along the genome."""

from stratbench.report.curves import courses, strongest
from stratbench.report.page import Block, Heading, Section, Text
from stratbench.report.results import Results
from stratbench.report.sections._parts import images


def build(results: Results) -> Section | None:
    blocks: list[Block] = []
    for group in results.groups:
        shown = images(results, "associations", group.keys)
        for model in group.models:
            shown += images(results, "manhattan", {**group.keys, "model": model})
        if shown:
            blocks += [Heading(group.title), *shown]
    if not blocks:
        return None
    first = "The first replicate of each scenario is drawn."
    if courses(results.study, results.groups):
        first += f" Of the points of the dial, the models of {strongest(results.study)} alone are drawn."
    return Section("SNPs along the genome", [Text(first), *blocks])
