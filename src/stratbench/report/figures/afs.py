"""How common minor alleles are: the folded allele frequency spectrum of a scenario's SNPs after quality control."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stratbench.core.words import counted
from stratbench.report import style
from stratbench.report.analysis.cohorts import EDGES, WIDTH, spectrum
from stratbench.report.analysis.numbers import MINUS, number
from stratbench.report.analysis.results import Group, Results, scenarios
from stratbench.study.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SECTION = "cohorts"
ORDER = 70
BAR = "#8fb3cc"


@dataclass(frozen=True)
class FrequencySpectra:
    """Shares of SNPs in bins of minor allele frequency, with a row for each cohort.

    ``neutral_H`` has the shares that are expected of one neutral population; it is None where there are
    none, as for real cohorts.
    """

    share_RH: np.ndarray
    neutral_H: np.ndarray | None
    snps: float


def pictures(study: Study, groups: list[Group]) -> list[tuple[str, Any]]:
    return [(f"afs_{name}", name) for name in scenarios(study)]


def load(results: Results, subject: Any) -> FrequencySpectra:
    return FrequencySpectra(*spectrum(results, subject))


def draw(data: FrequencySpectra) -> "Figure":
    if not data.snps:
        return style.message("Quality control left no SNP.")
    figure, axes = style.canvas(5.4, 2.9)
    axis, middle_H = axes[0, 0], EDGES[:-1] + WIDTH / 2
    mean_H = 100 * data.share_RH.mean(axis=0)
    axis.bar(middle_H, mean_H, width=WIDTH * 0.86, color=BAR)
    entries: list[Any] = [style.key("s", "SNPs" if len(data.share_RH) == 1 else "SNPs, mean", colour=BAR)]
    if len(data.share_RH) > 1:
        low_H, high_H = 100 * data.share_RH.min(axis=0), 100 * data.share_RH.max(axis=0)
        axis.vlines(middle_H, low_H, high_H, color=style.INK, lw=1)
        entries.append(style.line_key("least to most of the cohorts", style.INK))
    if data.neutral_H is not None:
        axis.step(
            EDGES,
            [*(100 * data.neutral_H), 100 * data.neutral_H[-1]],
            where="post",
            color=style.CAUSAL,
            lw=1.3,
        )
        entries.append(style.line_key("one neutral population of constant size", style.CAUSAL))
    axis.set_xlim(0, 0.5)
    axis.set_ylim(bottom=0)
    axis.grid(axis="y")
    style.unit_axis(axis)
    axis.set_ylabel("% of SNPs")
    axis.set_xlabel(f"minor allele frequency, {counted(len(data.share_RH), 'replicate')}")
    axis.legend(handles=entries, loc="upper right")
    return figure


def caption(results: Results, subject: Any) -> str:
    cohorts = scenarios(results.study)[subject]
    text = (
        f"Allele frequency spectrum of {results.study.shown(subject)}: minor allele frequencies of the SNPs after "
        "quality control, all "
        f"populations together, in bins of {number(str(WIDTH))}."
    )
    if cohorts[0].real:
        return text
    return (
        f"{text} Red: the expectation 1/p + 1/(1 {MINUS} p) for one neutral population of constant size, from "
        "the rarest SNP that was kept; structure and changes of size bend the spectrum away from it."
    )
