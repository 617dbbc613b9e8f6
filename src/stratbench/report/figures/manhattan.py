"""SNP scores along the genome: unadjusted above, each adjustment mirrored below it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from stratbench.report import style
from stratbench.report.analysis.dial import courses, strongest
from stratbench.report.analysis.genome import Genome, genome, scores_of_model
from stratbench.report.analysis.results import Group, Results
from stratbench.report.analysis.verdicts import remarks
from stratbench.study.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SECTION = "genome"
ORDER = 140
RASTERISE_FROM = 3000  # from so many points in all rows on, the points are drawn as pixels


@dataclass(frozen=True)
class GenomeScores:
    genome: Genome
    title: str
    baseline: str
    scores: dict[str, pd.Series]
    colours: dict[str, str]
    remarks: dict[str, str]  # of the adjustments under which the model is not shown to have learned
    unit: str


def pictures(study: Study, groups: list[Group]) -> list[tuple[str, Any]]:
    """Pictures of every model that is explained.

    In a study with a dial they are made only at its strong end, because curves show the other points.
    """
    turned = {group.name for one in courses(study, groups) for group in one.groups}
    return [
        (f"manhattan_{group.name}_{model}", {**group.keys, "model": model})
        for group in groups
        for model in group.explained
        if group.name not in turned or group.scenario == strongest(study)
    ]


def load(results: Results, subject: Any) -> GenomeScores:
    group = results.group(subject)
    split, model, attribution = group.splits[0], subject["model"], group.attribution
    found = scores_of_model(results, split, model, attribution)
    said = {name: text for (of, name), text in remarks(results, group).items() if of == model}
    title = f"{model} on {group.trait} in {results.study.shown(split.cohort)}"
    unit = f"{attribution},\nlargest = 1"
    return GenomeScores(
        genome(results, group, split),
        title,
        group.baseline,
        found,
        style.study_colours(results.study),
        said,
        unit,
    )


def draw(data: GenomeScores) -> "Figure":
    return mirrored(data)


def mirrored(data: GenomeScores, line: float | None = None, line_label: str = "") -> "Figure":
    """Draw a panel for each set of scores other than the baseline's.

    The baseline's scores point up in every panel, and the others point down. ``line`` is the height of a dashed line,
    and ``line_label`` is its name in the legend.
    """
    if not data.scores:
        return style.message(f"{data.title}: no scores, every fit failed.")
    others = [name for name in data.scores if name != data.baseline] or [""]
    height = 2.0 if len(others) < 3 else 1.7
    figure, axes = style.canvas(10.5, height * len(others) + 0.9, len(others), 1, sharex=True)
    for axis, other in zip(axes[:, 0], others, strict=True):
        tops = []
        for name, sign in ((data.baseline, 1), (other, -1)):
            if name in data.scores:
                tops.append(_half(axis, data, name, sign))
        top = max([*tops, line or 0]) * 1.12 or 1
        one_sided = other == "" or data.baseline not in data.scores
        axis.set_ylim(0 if other == "" else -top, top if data.baseline in data.scores else 0)
        axis.axhline(0, color=style.INK, lw=0.8)
        for sign in (1,) if one_sided else (1, -1):
            if line is not None:
                axis.axhline(sign * line, color=style.QUIET, lw=0.8, ls="--")
        _names(axis, data, other)
        _furniture(axis, data.genome, last=axis is axes[-1, 0])
        axis.set_ylabel(data.unit)
        axis.yaxis.set_major_formatter(lambda value, _: style.short(abs(value)))
        axis.locator_params(axis="y", nbins=5)
    axes[0, 0].set_title(data.title, pad=16 if data.genome.loci else 6)
    for gene, start, end in data.genome.loci:
        axes[0, 0].annotate(
            gene, ((start + end) / 2, 1), (0, 3), xycoords=axes[0, 0].get_xaxis_transform(),
            textcoords="offset points", ha="center", fontsize=8, fontstyle="italic", color=style.CAUSAL,
        )  # fmt: skip
    entries = []
    if data.genome.causal:
        entries.append(style.key("o", "causal SNP", filled=False, colour=style.CAUSAL))
    if data.genome.loci:
        entries.append(style.line_key("known locus", style.CAUSAL, ":"))
    if line is not None:
        entries.append(style.line_key(line_label, style.QUIET, "--"))
    if entries:
        figure.legend(handles=entries, loc="outside upper right", ncols=len(entries))
    return figure


def _half(axis: "Axes", data: GenomeScores, name: str, sign: int) -> float:
    snps = data.genome.snps
    values = snps["snp"].map(data.scores[name]).to_numpy(dtype=float)
    heavy, fade = 2 * len(snps) * len(data.scores) > RASTERISE_FROM, 0.5 if name in data.remarks else 1.0
    colour = data.colours[name]
    for position, (chromosome, _, _) in enumerate(data.genome.chromosomes):
        here = (snps["chrom"] == chromosome).to_numpy()
        axis.scatter(
            snps["x"][here], sign * values[here], s=5, lw=0, color=colour, rasterized=heavy, zorder=2,
            alpha=(0.85, 0.45)[position % 2] * fade,
        )  # fmt: skip
    causal = snps["snp"].isin(data.genome.causal).to_numpy()
    if causal.any():
        axis.scatter(
            snps["x"][causal],
            sign * values[causal],
            s=26,
            lw=1.1,
            facecolors="none",
            edgecolors=style.CAUSAL,
            zorder=3,
        )
    return float(np.nanmax(values)) if np.isfinite(values).any() else 1.0


def _names(axis: "Axes", data: GenomeScores, other: str) -> None:
    for name, y, side in ((data.baseline, 1.0, "top"), (other, 0.0, "bottom")):
        if name not in data.scores:
            text = f"{name}: failed" if name else ""
        else:
            text = f"{name} ({data.remarks[name]})" if name in data.remarks else name
        axis.text(
            1.005, y, text.replace(" (", "\n("), transform=axis.transAxes, va=side, ha="left", fontsize=8.5,
            color=data.colours.get(name, style.INK), fontweight="bold",
        )  # fmt: skip


def _furniture(axis: "Axes", genome: Genome, last: bool) -> None:
    for position, (_, start, end) in enumerate(genome.chromosomes):
        if position % 2:
            axis.axvspan(start, end, color="#f5f5f5", lw=0, zorder=0)
    for _, start, end in genome.loci:
        axis.axvspan(start, end, color=style.CAUSAL, alpha=0.1, lw=0, zorder=0)
        for edge in (start, end):
            axis.axvline(edge, color=style.CAUSAL, lw=0.9, ls=":", zorder=1)
    many = len(genome.chromosomes) > 12
    axis.set_xticks(
        [(start + end) / 2 for _, start, end in genome.chromosomes],
        [
            "" if many and position % 2 and position > 10 else name
            for position, (name, _, _) in enumerate(genome.chromosomes)
        ],
    )  # fmt: skip
    axis.tick_params(axis="x", length=0)
    axis.spines["bottom"].set_visible(False)
    if genome.chromosomes:
        span = genome.chromosomes[-1][2]
        axis.set_xlim(-0.01 * span, 1.01 * span)
    if last:
        axis.set_xlabel("chromosome")


def caption(results: Results, subject: Any) -> str:
    group = results.group(subject)
    circles = "" if group.measured else " Red circles are causal SNPs."
    loci = " The red band is where the literature finds the signal." if results.known_loci(group) else ""
    return (
        f"SNP scores ({group.attributions[0]}, mean over seeds, each fit's largest set to 1) of "
        f"{subject['model']} on "
        f"{group.trait}, cohort {results.study.shown(group.splits[0].cohort)}: {group.baseline} above, each "
        "adjustment mirrored below."
        f"{circles}{loci} Pale, with the verdict in brackets: the model is not shown to have learned within "
        "populations, so its peaks mean nothing."
    )
