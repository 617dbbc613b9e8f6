"""P values of association tests against those of a uniform distribution."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stratbench.report import style
from stratbench.report.analysis.genome import SMALLEST_P
from stratbench.report.analysis.numbers import MINUS, plain
from stratbench.report.analysis.results import Group, Results
from stratbench.report.analysis.top_snps import Tested, band, tested
from stratbench.study.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SECTION = "genome"
ORDER = 135
RASTERISE_FROM = 3000  # from so many points on, the points are drawn as pixels


@dataclass(frozen=True)
class QuantilePlot:
    title: str
    tests: tuple[Tested, ...]
    colours: dict[str, str]


def pictures(study: Study, groups: list[Group]) -> list[tuple[str, Any]]:
    return [(f"qq_{group.name}", group.keys) for group in groups if group.associations]


def load(results: Results, subject: Any) -> QuantilePlot:
    group = results.group(subject)
    title = f"{group.trait} in {results.study.shown(group.splits[0].cohort)}"
    return QuantilePlot(title, tuple(tested(results, group)), style.association_colours(group.associations))


def draw(data: QuantilePlot) -> "Figure":
    if not data.tests:
        return style.message(f"{data.title}: no association has a p value.")
    figure, axes = style.canvas(4.6, 4.4)
    axis = axes[0, 0]
    for count, colour in band_colours(data).items():
        expected, low, high = band(count)
        axis.fill_between(expected, low, high, color=colour, alpha=0.25, lw=0, zorder=1)
        axis.plot([0, expected[0]], [0, expected[0]], color=style.QUIET, lw=0.8, zorder=1)
    heavy = sum(len(one.p) for one in data.tests) > RASTERISE_FROM
    entries = []
    for one in data.tests:
        observed = -np.log10(np.sort(one.p.dropna().clip(lower=SMALLEST_P)))
        colour = data.colours[one.name]
        axis.scatter(band(len(observed))[0], observed, s=9, lw=0, color=colour, rasterized=heavy, zorder=2)
        entries.append(style.key("o", f"{one.name} (lambda {plain(one.lambda_gc)})", colour=colour))
    axis.set_xlim(left=0)
    axis.set_ylim(bottom=0)
    axis.set_xlabel(f"{MINUS}log10 p expected")
    axis.set_ylabel(f"{MINUS}log10 p observed")
    axis.set_title(data.title)
    axis.legend(handles=entries, loc="upper left", frameon=False)
    return figure


def band_colours(data: QuantilePlot) -> dict[int, str]:
    """The colour of the band of each number of SNPs tested: grey for a single one, else that of its first test."""
    first: dict[int, str] = {}
    for one in data.tests:
        first.setdefault(int(one.p.notna().sum()), data.colours[one.name])
    return first if len(first) > 1 else dict.fromkeys(first, style.QUIET)


def caption(results: Results, subject: Any) -> str:
    group = results.group(subject)
    return (
        f"P values of the associations with {group.trait}, cohort {results.study.shown(group.splits[0].cohort)}, in "
        "order, against those of as many SNPs without effect. A band holds 95% of each, if SNPs were independent. It "
        "depends on the number of SNPs: where tests differ in it each number has a band, in the colour of the first "
        "test of so many SNPs, by which its tests are judged. Points above the line from its beginning on mean "
        "inflation (lambda above 1), by structure or by many effects; points that leave it at its end alone "
        "are SNPs that stand out."
    )
