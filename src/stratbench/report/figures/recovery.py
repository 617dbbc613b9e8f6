"""Who ranks the causal SNPs first: attributions of the networks, and classical association tests."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stratbench.core.words import counted
from stratbench.report import style
from stratbench.report.analysis.rankings import chance_auc_pr
from stratbench.report.analysis.results import Group, Results
from stratbench.report.analysis.verdicts import Remarks, remarks
from stratbench.report.figures._rows import VERDICT_BESIDE, Layout, layout
from stratbench.study.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SECTION = "recovery"
ORDER = 160
MARKERS = ("o", "D", "^", "s", "v", "P", "X", "*", "<", ">")


@dataclass(frozen=True)
class RecoveryPanels:
    group: Group
    panels: tuple[tuple[str, Layout], ...]
    values: dict[tuple[str, ...], Any]
    remarks: Remarks
    chance: float | None
    colours: dict[str, str]
    n: int


def pictures(study: Study, groups: list[Group]) -> list[tuple[str, Any]]:
    """Simulated traits with causal SNPs: nothing is known of the others."""
    return [
        (f"recovery_{group.name}", group.keys)
        for group in groups
        if group.causal_snps(study) and (group.associations or group.attributions)
    ]


def load(results: Results, subject: Any) -> RecoveryPanels:
    group = results.group(subject)
    values: dict[tuple[str, ...], Any] = {}
    for model in group.explained:
        for adjustment in group.adjustments:
            for attribution in group.attributions:
                values[model, adjustment, attribution] = results.value(
                    group, "causal_auc_pr", model=model, adjustment=adjustment, attribution=attribution
                )
    for association in group.associations:
        values[association,] = results.value(group, "causal_auc_pr", association=association)
    panels = tuple(
        (model, layout(group, (model,), group.associations, "associations", heading=False))
        for model in group.explained
    )
    panels = panels or (("", layout(group, (), group.associations, "associations", heading=False)),)
    return RecoveryPanels(
        group, panels, values, remarks(results, group), chance_auc_pr(results, group),
        style.study_colours(results.study), results.replicates(group),
    )  # fmt: skip


def draw(data: RecoveryPanels) -> "Figure":
    group = data.group
    if not any(value is not None for value in data.values.values()):
        return style.message(f"{group.title}: no causal SNP to recover.")
    shapes = dict(zip(group.attributions, MARKERS * 3, strict=False))
    shift = {
        name: 0.24 - 0.48 * position / max(len(shapes) - 1, 1) if len(shapes) > 1 else 0.0
        for position, name in enumerate(shapes)
    }
    rows, count = data.panels[0][1], len(data.panels)
    bottom, tall = 0.75 + 0.19 * (len(shapes) + 1), rows.height * (1.0 if len(shapes) < 3 else 1.15)
    width = rows.left + 0.95 + count * 2.9 + (count - 1) * 0.95
    figure, axes = style.canvas(
        width, tall + bottom + 0.4, 1, count, margins=(rows.left, 0.95, bottom, 0.4, 0.95, 0.0), sharex=True,
        sharey=True,
    )  # fmt: skip
    grey = style.association_colours(group.associations)
    for axis, (model, rows) in zip(axes[0], data.panels, strict=True):
        for row in rows.rows:
            for name, marker in shapes.items():
                style.dot(
                    axis, row.y + shift[name], data.values.get((model, row.adjustment, name)),
                    data.colours[row.adjustment], marker, faded=(model, row.adjustment) in data.remarks,
                )  # fmt: skip
            style.note(axis, row.y, data.remarks.get((model, row.adjustment), ""))
        for y, name in rows.extra:
            style.dot(axis, y, data.values.get((name,)), grey[name], "s")
        if data.chance is not None:
            axis.axvline(data.chance, color=style.QUIET, ls=":", lw=1.3)
        style.rows_axis(axis, rows.ticks)
        style.unit_axis(axis)
        axis.set_title(model)
    style.within(axes[0, 0], 0, 1)  # the panels share their axis
    for axis in axes[0, 1:]:
        axis.tick_params(axis="y", labelleft=False)
    style.below(
        axes[0, 0],
        f"{style.metric_label('causal_auc_pr')}, {counted(data.n, data.group.unit)}",
        [
            *(style.key(marker, f"attribution: {name}") for name, marker in shapes.items()),
            style.line_key("chance", style.QUIET, ":"),
        ],
    )
    return figure


def caption(results: Results, subject: Any) -> str:
    group = results.group(subject)
    return (
        f"Recovery of the causal SNPs of {group.title}: area under the precision-recall curve of the "
        "ranking by each "
        "attribution (shapes) and association test, with 95% intervals. Pale: the model is not shown to have "
        f"learned within populations, so its attributions say nothing. {VERDICT_BESIDE}"
    )
