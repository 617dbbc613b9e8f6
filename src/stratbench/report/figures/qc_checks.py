"""What quality control of a real cohort looked at: missing genotypes, heterozygosity, HWE, relatedness."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from stratbench.genotypes import tables
from stratbench.report import style
from stratbench.report.analysis import qc
from stratbench.report.analysis.numbers import MINUS, number
from stratbench.report.analysis.results import Group, Results, scenarios
from stratbench.report.figures import _qc
from stratbench.study.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SECTION = "cohorts"
ORDER = 90
BINS = 40
RASTERISE_FROM = 1500
BOUNDS = tuple(2.0**-power for power in (4.5, 3.5, 2.5, 1.5))  # KING's limits between degrees of relationship
DEGREES = ("3rd degree", "2nd degree", "1st degree", "same")
MOST_P = 20.0  # -log10 P: smaller P values share the last bar


@dataclass(frozen=True)
class QcChecks:
    """What QC saw of a cohort.

    Attributes:
        steps: the table of QC's steps.
        people: all individuals of the source.
        snps: all SNPs of the source, as QC wrote them.
        pairs: the pairs of relatives, as QC wrote them.
        tests: the number of P values of Hardy-Weinberg equilibrium of which each SNP has the smallest.
        mating: the mating system of the cohort, such as ``outbred``.
    """

    steps: pd.DataFrame
    people: _qc.People
    snps: pd.DataFrame
    pairs: pd.DataFrame
    tests: int
    mating: str


def pictures(study: Study, groups: list[Group]) -> list[tuple[str, Any]]:
    return [(f"qc-checks_{scenario}", scenario) for scenario in qc.real_scenarios(study)]


def load(results: Results, subject: Any) -> QcChecks:
    (cohort,) = scenarios(results.study)[subject]
    people = _qc.people(results, cohort)
    return QcChecks(
        qc.waterfall(results, cohort),
        people,
        qc.snps(results, cohort),
        results.table(tables.KINSHIP, results.paths.kinship, cohort),
        qc.hwe_tests(results, cohort, people.table),
        str(results.cohort_file(subject).get("mating", "outbred")),
    )


def draw(data: QcChecks) -> "Figure":
    figure, axes = style.canvas(11.4, 6.0, 2, 3)
    first, second, third, fourth, fifth, last = axes.flat
    people, steps = data.people.table, data.steps
    _missing(first, "individuals", people, steps, "sample call rate")
    _missing(second, "SNPs", data.snps, steps, "SNP call rate")
    _heterozygosity(third, data)
    _hwe(fourth, data)
    _kinship(fifth, data)
    last.axis("off")
    entries = [
        style.key("s", "left by the panel's step", colour=_qc.LEFT),
        style.key("s", "removed by it", colour=_qc.REMOVED),
        style.line_key("threshold", style.INK, "--"),
        *([style.key("x", "individual removed by any step")] if (people["removed_by"] != "").any() else []),
    ]
    bars = last.legend(handles=entries, loc="upper left", alignment="left")
    last.add_artist(bars)
    last.legend(handles=_qc.names(data.people.colours), loc="upper left", bbox_to_anchor=(0, 0.64), alignment="left",
                title="population", ncols=1 + (len(data.people.colours) > 6))  # fmt: skip
    return figure


def _missing(axis: Any, unit: str, table: pd.DataFrame, steps: pd.DataFrame, step: str) -> None:
    table = qc.seen(table, steps, unit, step)
    text = qc.threshold(steps, step)
    share = table["missing"].to_numpy(dtype=float)
    limit = qc.limit(text)
    top = max(float(np.nanmax(share, initial=0.0)), 1.15 * (limit or 0), 1e-3)
    edges = bins(top, limit or 0.0, qc.counted(steps, unit, step))
    _stacked(axis, share, (table["removed_by"] == step).to_numpy(), edges, unit)
    axis.set_xlim(-0.015 * top, edges[edges >= top][0])  # the last bin whole
    if limit is not None:
        _line(axis, limit, qc.shown(text))
    axis.set_title(f"Missing per {unit.removesuffix('s')} (n = {len(table):,})")
    axis.set_xlabel(f"share of {'SNPs' if unit == 'individuals' else 'individuals'} not called")
    axis.xaxis.set_major_formatter(lambda value, _: number(f"{value:.4g}"))


def bins(top: float, limit: float, n: int) -> np.ndarray:
    """Compute the edges of the bins of a histogram of shares, from 0 to ``top``.

    A share is a count over ``n``, so only a few values occur. Each bin covers the same number of counts, because
    bins that cover different numbers look like a comb. If a width near the wanted one allows it, an edge lies
    between the shares that ``limit`` keeps and those that it removes.
    """
    wanted = max(int(np.ceil(top * n / BINS)), 1)
    above = int(limit * n * (1 + 1e-9)) + 1  # the first count that is removed
    widths = [width for width in range(max(wanted // 2, 1), 2 * wanted + 1) if above % width == 0]
    width = min(widths, key=lambda width: abs(width - wanted), default=wanted)
    return (np.arange(0, top * n + width + 1, width) - 0.5) / n


def _stacked(axis: Any, value_R: np.ndarray, removed_R: np.ndarray, edges: np.ndarray, what: str) -> None:
    """Draw a histogram on a logarithmic scale, which shows even a single value; removed values are red."""
    every_H = np.histogram(value_R, edges)[0]
    removed_H = np.histogram(value_R[removed_R], edges)[0]
    for count_H, colour in ((every_H, _qc.LEFT), (np.where(removed_H == every_H, removed_H, 0), _qc.REMOVED)):
        axis.bar(edges[:-1], count_H, np.diff(edges), align="edge", color=colour, lw=0)
    mixed_H = (removed_H > 0) & (
        removed_H < every_H
    )  # bars stand side by side, as stacks on a logarithmic scale mislead
    axis.bar(
        edges[:-1][mixed_H], removed_H[mixed_H], np.diff(edges)[mixed_H] / 2, align="edge", color=_qc.REMOVED
    )
    axis.set_ylim(0.6, 4.0 * max(int(every_H.max(initial=1)), 1))  # before the scale, which may see no bar
    style.log_axis(axis, "y")
    axis.set_ylabel(f"{what} (log scale)")


def _line(axis: Any, x: float, text: str) -> None:
    """Draw a threshold, with its text on the side that has more room."""
    low, high = axis.get_xlim()
    right = x < (low + high) / 2
    axis.axvline(x, color=style.INK, ls="--", lw=1.2)
    axis.annotate(text, (x, 0.98), (4 if right else -4, 0), xycoords=axis.get_xaxis_transform(), va="top",
                  textcoords="offset points", ha="left" if right else "right", fontsize=8)  # fmt: skip


def _heterozygosity(axis: Any, data: QcChecks) -> None:
    people = data.people.table[data.people.table["f"].notna()]
    title = "Heterozygosity against missingness"
    if people.empty:
        _qc.nothing(axis, title, "no heterozygosity: no SNP was left for it")
        return
    axis.set_title(title)
    text = qc.threshold(data.steps, "heterozygosity")
    for name, rows in people.groupby("population"):
        colour = data.people.colours[str(name)]
        gone = (rows["removed_by"] != "").to_numpy()
        axis.scatter(rows["missing"], rows["f"], s=11, lw=0, color=colour, alpha=0.7,
                     rasterized=len(people) > RASTERISE_FROM)  # fmt: skip
        axis.scatter(
            rows["missing"][gone], rows["f"][gone], s=34, lw=1.2, marker="x", color=style.INK, zorder=4
        )
    limit = qc.limit(text)
    for name, f in people.groupby("declared")["f"]:
        if limit is not None and len(f) > 1:
            colour = data.people.colours.get(str(name), style.QUIET)
            for bound in (f.mean() - limit * f.std(), f.mean() + limit * f.std()):
                axis.axhline(bound, color=colour, ls="--", lw=1.1)
    said = f"threshold: {text}" if limit is not None else "no threshold"
    axis.text(0.98, 0.98, said, ha="right", va="top", fontsize=8, transform=axis.transAxes)
    axis.set_xlabel("share of SNPs not called")
    axis.set_ylabel(f"F: 1 {MINUS} observed / expected")
    axis.margins(y=0.14)
    most = max(1.06 * float(people["missing"].max()), 0.01)
    axis.set_xlim(-0.03 * most, most)
    axis.locator_params(nbins=6)
    _qc.small_numbers(axis)


def _hwe(axis: Any, data: QcChecks) -> None:
    text, p_M = qc.threshold(data.steps, "HWE"), data.snps["hwe_p"]
    table = data.snps[p_M.notna()]
    if table.empty:
        _qc.nothing(axis, "Hardy-Weinberg equilibrium", _qc.reason(text, data.mating))
        return
    x_M = -np.log10(np.maximum(table["hwe_p"].to_numpy(dtype=float), 10**-MOST_P))
    limit = qc.limit(text)
    cut = -np.log10(limit) if limit else 0.0
    top = min(np.ceil(max(x_M.max(), cut + 2)), MOST_P)
    edges = np.arange(0, top + 0.75, 0.5)
    x_M = np.minimum(x_M, top + 0.25)
    _stacked(axis, x_M, (table["removed_by"] == "HWE").to_numpy(), edges, "SNPs")
    axis.set_xlim(0, edges[-1])
    expected = len(table) * -np.diff(1 - (1 - 10.0**-edges) ** data.tests)
    seen = expected >= 0.6
    axis.stairs(expected[seen], edges[: seen.sum() + 1], color=style.INK, lw=1.3, baseline=None)
    axis.annotate("uniform P", (edges[1], expected[1]), (7, 4), textcoords="offset points", fontsize=8)
    if limit:
        _line(axis, float(cut), qc.shown(text))
    axis.set_title(f"Hardy-Weinberg equilibrium (n = {len(table):,})")
    beyond = f" (last bar: {top:.0f} or more)" if x_M.max() >= MOST_P else ""
    axis.set_xlabel(f"{MINUS}log\N{SUBSCRIPT ONE}\N{SUBSCRIPT ZERO} of the exact P value{beyond}")


def _kinship(axis: Any, data: QcChecks) -> None:
    title = "Relatedness of pairs"
    texts = [qc.threshold(data.steps, step) for step in ("duplicates", "relatives")]
    limits = [limit for text in texts if (limit := qc.limit(text)) is not None]
    if not limits and data.pairs.empty:
        said = next((text for text in texts if text != qc.NOT_ASKED), texts[0])
        _qc.nothing(axis, title, _qc.reason(said, data.mating))
        return
    phi = data.pairs["kinship"].to_numpy(dtype=float)
    phi = phi[phi >= BOUNDS[0]]
    edges = 2.0 ** np.arange(-4.5, -0.74, 0.125)
    count_H = np.histogram(np.minimum(phi, edges[-1] * 0.999), edges)[0]
    above = phi[phi > min(limits, default=np.inf)]
    removed_H = np.histogram(np.minimum(above, edges[-1] * 0.999), edges)[0]
    for counts_H, colour in ((count_H, _qc.LEFT), (removed_H, _qc.REMOVED)):
        axis.bar(edges[:-1], counts_H, np.diff(edges) * 0.92, align="edge", color=colour)
    axis.set_xlim(edges[0], edges[-1])
    axis.set_ylim(0.6, 30.0 * max(int(count_H.max(initial=1)), 1))  # before the scales, which may see no bar
    style.log_axis(axis, "x")
    style.log_axis(axis, "y")
    of_degree = np.histogram(phi, [*BOUNDS, 1.0])[0]
    ends = [*BOUNDS, edges[-1]]
    for k, (name, count) in enumerate(zip(DEGREES, of_degree, strict=True)):
        axis.axvline(BOUNDS[k], color=style.QUIET, ls=":", lw=1)
        axis.text((ends[k] * ends[k + 1]) ** 0.5, 0.98, f"{name}\n{count:,}", ha="center", va="top", fontsize=8,
                  transform=axis.get_xaxis_transform())  # fmt: skip
    for limit in limits:
        axis.axvline(limit, color=style.INK, ls="--", lw=1.2)
    if not limits:
        axis.text(0.98, 0.82, "no threshold", ha="right", va="top", fontsize=8, transform=axis.transAxes)
    axis.set_xticks([*BOUNDS, 0.5], [number(f"{x:.3g}") for x in (*BOUNDS, 0.5)])
    axis.minorticks_off()
    earlier = ["population", "sample call rate", "heterozygosity"]
    tested = int((~data.people.table["removed_by"].isin(earlier)).sum())
    axis.set_title(f"{title} ({len(phi):,} of {tested * (tested - 1) // 2:,})")
    axis.set_xlabel("KING kinship (log scale)")
    axis.set_ylabel("pairs (log scale)")


def caption(results: Results, subject: Any) -> str:
    return (
        f"What quality control of {results.study.shown(subject)} looked at. Missing genotypes of all individuals, and "
        "of each SNP among those who passed. F = 1 - observed / expected heterozygotes of the individual's "
        "population; whoever failed the call rate has none. HWE: the smallest P value over the populations; the line "
        "is what uniform P values would give, and exact ones of rare alleles are larger. Kinship: pairs up to the "
        "third degree, with how many there are of each; 'same' are duplicates and identical twins. Dotted lines end "
        "the degrees."
    )
