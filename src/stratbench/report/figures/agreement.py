"""Whether adjusting changes the ranking of SNPs more than training on other people does."""

from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from stratbench.core.words import counted
from stratbench.report import style
from stratbench.report.analysis.numbers import number
from stratbench.report.analysis.rankings import agreement_matrix, fall
from stratbench.report.analysis.results import Group, Results
from stratbench.report.analysis.verdicts import Remarks, remarks
from stratbench.report.figures._rows import VERDICT_BESIDE
from stratbench.study.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SECTION = "agreement"
ORDER = 150


@dataclass(frozen=True)
class AgreementMatrices:
    group: Group
    attribution: str
    matrices: dict[str, np.ndarray]
    delta: dict[tuple[str, str], Any]
    remarks: Remarks
    colours: dict[str, str]
    n: int


def pictures(study: Study, groups: list[Group]) -> list[tuple[str, Any]]:
    return [(f"agreement_{group.name}", group.keys) for group in groups if group.resampled]


def load(results: Results, subject: Any) -> AgreementMatrices:
    group = results.group(subject)
    names = [(model, adjustment) for model in group.explained for adjustment in group.adjustments]
    return AgreementMatrices(
        group,
        group.attribution,
        {model: agreement_matrix(results, group, model, group.attribution) for model in group.explained},
        {name: fall(results, group, *name, group.attribution) for name in names},
        remarks(results, group),
        style.study_colours(results.study),
        results.replicates(group, "agreement_spearman"),
    )


def draw(data: AgreementMatrices) -> "Figure":
    names, models = data.group.adjustments, list(data.matrices)
    if not any(np.isfinite(grid).any() for grid in data.matrices.values()):
        return style.message(f"{data.group.title}: no two attributions to compare.")
    size = 0.52 * len(names) + 0.7
    others = [name for name in names if name != data.group.baseline]
    low = 0.3 * len(others) + 0.9 if others else 0.01
    rows = 2 if others else 1
    figure, axes = style.canvas(
        max(3.1, size + 0.4) * len(models) + 1.9, size + low + 0.9, rows, len(models),
        height_ratios=[size, low][:rows], sharey="row", sharex="row",
    )  # fmt: skip
    finite = np.concatenate([grid[np.isfinite(grid)] for grid in data.matrices.values()])
    floor = min(0.0, float(finite.min()))
    for axis, (model, grid) in zip(axes[0], data.matrices.items(), strict=True):
        image = axis.imshow(grid, cmap="cividis", vmin=floor, vmax=1, aspect="auto")
        for first, second in np.argwhere(np.isfinite(grid)):
            value = grid[first, second]
            axis.text(
                second, first, number(f"{value:.2f}"), ha="center", va="center",
                fontsize=8, color=style.INK if value > floor + 0.6 * (1 - floor) else "white",
                fontweight="bold" if first == second else "normal",
            )  # fmt: skip
        axis.set_xticks(range(len(names)), names, rotation=40, ha="right", rotation_mode="anchor")
        axis.set_yticks(range(len(names)), names)
        axis.tick_params(length=0)
        axis.set_title(model)
        for spine in axis.spines.values():
            spine.set_visible(False)
    bar = figure.colorbar(image, ax=list(axes[0]), shrink=0.8, pad=0.02)
    bar.set_label(fill(style.metric_label("agreement_spearman"), 22))
    bar.ax.yaxis.set_major_formatter(lambda value, _: style.short(value))
    bar.outline.set_visible(False)
    if others:
        for axis, model in zip(axes[1], models, strict=True):
            for y, name in enumerate(others):
                faded = not data.remarks.keys().isdisjoint({(model, name), (model, data.group.baseline)})
                style.dot(axis, -y, data.delta.get((model, name)), data.colours[name], faded=faded)
                style.note(axis, -y, data.remarks.get((model, name), ""))
            axis.axvline(0, color=style.QUIET, lw=0.9)
            style.rows_axis(axis, [(-y, name, False) for y, name in enumerate(others)])
            style.unit_axis(axis)
        style.within(axes[1, 0], -2, 2)  # the panels of a row share their axis
        for axis in axes[1, 1:]:
            axis.tick_params(axis="y", labelleft=False)
        over = f"against '{data.group.baseline}' ({counted(data.n, data.group.unit)})"
        axes[1, 0].set_xlabel(f"{style.metric_label('agreement_delta_spearman')}, {over}", loc="left")
    return figure


def caption(results: Results, subject: Any) -> str:
    group = results.group(subject)
    placebo = (
        " The placebo shows how much any change of training does." if "placebo" in group.adjustments else ""
    )
    return (
        f"Agreement of SNP rankings ({group.attributions[0]}) for {group.title}, always between different "
        "resamples of the training people. "
        "Above: every pair; the diagonal (bold) is agreement within one adjustment. Below: how far "
        "agreement falls from within "
        "the variants to between them; right of zero, adjusting changed the ranking more than training "
        f"on other people.{placebo} Pale below: the model is not shown to have learned within populations under one of "
        f"the two, so its attributions say nothing. {VERDICT_BESIDE}"
    )
