"""SNP scores and association tests along the genome."""

from stratbench.report.analysis.dial import courses, strongest
from stratbench.report.analysis.results import Results
from stratbench.report.page import Block, Heading, Section, Text
from stratbench.report.text._parts import images

ORDER = 90


def build(results: Results) -> Section | None:
    blocks: list[Block] = []
    for group in results.groups:
        shown = images(results, "genome", group.keys)
        if shown:
            blocks += [Heading(group.title), *shown]
    if not blocks:
        return None
    first = "The first replicate of each scenario is drawn."
    if courses(results.study, results.groups):
        first += f" Of the points of the dial, the models of {strongest(results.study)} alone are drawn."
    return Section("SNPs along the genome", [Text(first), *blocks])
