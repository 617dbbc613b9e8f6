"""How common minor alleles are: the folded allele frequency spectrum of a scenario's SNPs after quality control."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stratbench.genotypes import tables
from stratbench.report import style
from stratbench.report.figures._rows import replicates
from stratbench.report.results import Group, Results, scenarios
from stratbench.study.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH = 0.025
EDGES = np.linspace(0, 0.5, round(0.5 / WIDTH) + 1)
BAR = "#8fb3cc"


@dataclass(frozen=True)
class FrequencySpectra:
    """Shares of SNPs by bin of minor allele frequency, a row for each cohort; ``neutral_H`` where it applies."""

    share_RH: np.ndarray
    neutral_H: np.ndarray | None
    snps: float


def pictures(study: Study, groups: list[Group]) -> list[tuple[str, Any]]:
    return [(f"afs_{name}", name) for name in scenarios(study)]


def neutral(least: float) -> np.ndarray:
    """Expected shares of one neutral population of constant size: density 1/p + 1/(1-p) from ``least`` to .5."""
    edges_E = np.clip(EDGES, max(least, 1e-3), 0.5)
    mass_H = np.diff(np.log(edges_E / (1 - edges_E)))
    return np.asarray(mass_H / mass_H.sum())


def load(results: Results, subject: Any) -> FrequencySpectra:
    cohorts = scenarios(results.study)[subject]
    shares, least, counts = [], 0.5, []
    for cohort in cohorts:
        p_M = results.table(tables.VARIANTS, results.paths.variants, cohort)["a1_freq"].to_numpy(dtype=float)
        maf_M = np.minimum(p_M, 1 - p_M)
        counts.append(len(maf_M))
        shares.append(np.histogram(maf_M, EDGES)[0] / max(len(maf_M), 1))
        least = min(least, float(maf_M.min())) if len(maf_M) else least
    expected = neutral(least) if not cohorts[0].real and least < 0.5 else None
    return FrequencySpectra(np.array(shares), expected, float(np.mean(counts)))


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
    axis.set_xlabel(f"minor allele frequency, {replicates(len(data.share_RH))}")
    axis.legend(handles=entries, loc="upper right")
    return figure


def caption(results: Results, subject: Any) -> str:
    cohorts = scenarios(results.study)[subject]
    text = (
        f"Allele frequency spectrum of {results.study.shown(subject)}: minor allele frequencies of the SNPs after "
        "quality control, all "
        f"populations together, in bins of {style.number(str(WIDTH))}."
    )
    if cohorts[0].real:
        return text
    return (
        f"{text} Red: the expectation 1/p + 1/(1 {style.MINUS} p) for one neutral population of constant size, from "
        "the rarest SNP that was kept; structure and changes of size bend the spectrum away from it."
    )
