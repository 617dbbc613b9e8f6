"""How every picture of StratBench looks: colours that keep their meaning, fonts, sizes, files without dates.

matplotlib is imported inside the functions: the names of a study's figures are needed before any job runs.
"""

import colorsys
import hashlib
import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stratbench.core import files
from stratbench.report.analysis.numbers import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from stratbench.study.study import Study

FORMATS = ("svg", "pdf", "png")
Margins = tuple[float, float, float, float, float, float]

# Okabe and Ito (2008), without its yellow, which is too pale on white, and further ones for the corrections that few
# studies compare. The placebo is grey on purpose, and the oracles are nearly so.
KNOWN = {
    "none": "#1a1a1a",
    "pc-covariates": "#0072b2",
    "input-residual": "#e69f00",
    "input-residual-class": "#d55e00",
    "feature-residual": "#009e73",
    "placebo": "#999999",
    "mixed-model": "#cc79a7",
    "offset": "#3f9fd8",
    "adversarial": "#7f3c8d",
    "dependence-penalty": "#b0578d",
    "metadata-norm": "#2e7d32",
    "reweight": "#6a8d00",
    "matched": "#80551f",
    "group-dro": "#a3233a",
    "v-rex": "#e0567f",
    "population-standardise": "#a64b2a",
    "drop-aims": "#37598f",
    "oracle-causal": "#4a5a4a",
    "oracle-environment": "#6b5f78",
}
FURTHER = (
    "#7b4ab0", "#8c6d1f", "#b3003c", "#4d7c0f", "#00606b", "#d81b9a", "#5d4037", "#3949ab",
    "#9e9d24", "#ff7f6e", "#4fb3a5", "#a1779c",
)  # fmt: skip
ASSOCIATIONS = ("#5b5b5b", "#8c510a", "#01665e", "#762a83", "#4d4d00", "#003c5a")
POPULATIONS = (
    "#332288", "#44aa99", "#cc6677", "#ddaa33", "#88ccee", "#117733", "#aa4499", "#999933", "#882255",
    "#777777",
)  # fmt: skip  # Tol's muted set: another family than the adjustments'
RAISED = str.maketrans("-\N{MINUS SIGN}0123456789", "⁻⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
FLOOR, CEILING = "#8a8a8a", "#7a5195"  # the colours of floors and of chance, and of ceilings
INK, QUIET, FAINT, CAUSAL = "#222222", "#6b6b6b", "#e4e4e4", "#c2002f"

RC = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],
    "font.size": 9.0,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9.0,
    "axes.edgecolor": QUIET,
    "axes.linewidth": 0.8,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "text.color": INK,
    "text.parse_math": False,  # a $ is shown as it is: names of populations are the user's
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "grid.color": FAINT,
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.fonttype": "none",
    "svg.hashsalt": "stratbench",
    "pdf.fonttype": 42,
}


def _further(position: int) -> str:
    """An endless sequence of colours: the hand-picked ones, then hues a golden angle apart."""
    if position < len(FURTHER):
        return FURTHER[position]
    step = position - len(FURTHER)
    rgb = colorsys.hls_to_rgb((0.11 + step * 0.381966) % 1, 0.36 + 0.09 * (step % 3), 0.65)
    return "#" + "".join(f"{round(255 * part):02x}" for part in rgb)


def adjustment_colours(names: Iterable[str]) -> dict[str, str]:
    """A colour for each adjustment: always the same for those that ship; for others one that their name chooses.

    So adding or removing an adjustment leaves the other colours as they are, unless two names choose the same colour:
    then the later in the alphabet takes the next free one.
    """
    taken: dict[int, str] = {}
    for name in sorted(set(names) - set(KNOWN)):
        position = hashlib.sha256(name.encode()).digest()[0] % len(FURTHER)
        while position in taken:
            position += 1
        taken[position] = name
    return {**KNOWN, **{name: _further(position) for position, name in taken.items()}}


def study_colours(study: "Study") -> dict[str, str]:
    """The one colour of each of the study's adjustments."""
    return adjustment_colours(fit.adjustment for fit in study.fits)


def population_colours(names: Iterable[str]) -> dict[str, str]:
    """A colour for each population, in the order of their names."""
    ordered = sorted(set(names))
    if len(ordered) <= len(POPULATIONS):
        return dict(zip(ordered, POPULATIONS, strict=False))
    return {name: _further(len(FURTHER) + position) for position, name in enumerate(ordered)}


def association_colours(names: Sequence[str]) -> dict[str, str]:
    """A colour for each association, in this order."""
    return {name: ASSOCIATIONS[position % len(ASSOCIATIONS)] for position, name in enumerate(names)}


def canvas(
    width: float,
    height: float,
    rows: int = 1,
    columns: int = 1,
    margins: Margins | None = None,
    **options: Any,
) -> "tuple[Figure, Any]":
    """Make a figure in StratBench's style with a grid of axes.

    Args:
        width, height: the size of the figure in inches.
        rows, columns: the numbers of rows and columns of the grid.
        margins: the spaces in inches at the left, right, bottom and top, between columns and between rows. Without
            them matplotlib arranges the axes so that labels fit.
        options: further arguments of matplotlib's ``Figure.subplots``.

    Returns:
        The figure, and its axes as an array of objects (rows, columns), also where there is only one.
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    matplotlib.rcParams.update(RC)  # type: ignore[arg-type]
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    if margins:
        left, right, bottom, top, across, down = margins
        wide = (width - left - right - across * (columns - 1)) / columns
        high = (height - bottom - top - down * (rows - 1)) / rows
        figure.subplots_adjust(
            left / width, bottom / height, 1 - right / width, 1 - top / height, across / wide, down / high
        )
    else:
        figure.set_layout_engine("constrained", w_pad=0.08, h_pad=0.06, wspace=0.02, hspace=0.03)
    return figure, figure.subplots(rows, columns, squeeze=False, **options)


def message(text: str) -> "Figure":
    """A figure that says why there is nothing to draw."""
    figure, axes = canvas(7.5, 1.1)
    axes[0, 0].axis("off")
    axes[0, 0].text(0.5, 0.5, text, ha="center", va="center", color=QUIET, wrap=True)
    return figure


def save(figure: "Figure", stem: str | Path) -> None:
    """Write ``stem``.svg, .pdf and .png; the same figure gives the same bytes (no dates, no random ids)."""
    import matplotlib

    metadata: dict[str, dict[str, Any]] = {
        "svg": {"Date": None, "Creator": "StratBench", "Format": None, "Type": None},
        "pdf": {"CreationDate": None, "Producer": None, "Creator": "StratBench"},
        "png": {"Software": None},
    }
    with matplotlib.rc_context(RC):  # type: ignore[arg-type]
        for kind in FORMATS:
            with files.whole(f"{stem}.{kind}") as path:
                figure.savefig(path, format=kind, dpi=170, metadata=metadata[kind])


def clip(value: float) -> bool:
    """Whether a number can be drawn: it is neither None nor NaN."""
    return value is not None and not math.isnan(float(value))


def dot(
    axis: "Axes", y: float, row: Any, colour: str, marker: str = "o", filled: bool = True, faded: bool = False
) -> None:
    """Draw an estimate and its interval along a horizontal axis.

    Args:
        axis: matplotlib's axes.
        y: the place on the vertical axis.
        row: a mapping with ``mean``, ``ci_low`` and ``ci_high`` in units of the horizontal axis; no interval is drawn
            where its ends are NaN. Nothing is drawn if the row is None or the mean is NaN.
        colour: '#rrggbb'.
        marker: matplotlib's name of the marker.
        filled: whether the marker is filled.
        faded: whether marker and interval are pale.
    """
    if row is None or not clip(row["mean"]):
        return
    alpha = 0.3 if faded else 1.0
    if clip(row["ci_low"]) and clip(row["ci_high"]):
        axis.plot(
            [row["ci_low"], row["ci_high"]], [y, y], color=colour, lw=1.4, alpha=alpha, zorder=2,
            solid_capstyle="butt",
        )  # fmt: skip
    face = colour if filled else "white"
    if faded and filled:
        face = _pale(colour)
    edge = _pale(colour) if faded else colour
    axis.plot([row["mean"]], [y], marker=marker, ms=5.5, mfc=face, mec=edge, mew=1.3, ls="none", zorder=3)


def bar(
    axis: "Axes", x: float, row: Any, colour: str, marker: str = "o", filled: bool = True, faded: bool = False
) -> None:
    """Draw an estimate and its interval along a vertical axis.

    Args:
        axis: matplotlib's axes.
        x: the place on the horizontal axis.
        row: a mapping with ``mean``, ``ci_low`` and ``ci_high`` in units of the vertical axis; no interval is drawn
            where its ends are NaN.
        colour: '#rrggbb'.
        marker: matplotlib's name of the marker.
        filled: whether the marker is filled.
        faded: whether marker and interval are pale.
    """
    if clip(row["ci_low"]) and clip(row["ci_high"]):
        axis.plot(
            [x, x], [row["ci_low"], row["ci_high"]], color=colour, lw=1.2, alpha=0.3 if faded else 1.0,
            zorder=2, solid_capstyle="butt",
        )  # fmt: skip
    edge = _pale(colour) if faded else colour
    axis.plot([x], [row["mean"]], marker=marker, ms=4.6, mfc=edge if filled else "white", mec=edge, mew=1.2,
              ls="none", zorder=3)  # fmt: skip


def _pale(colour: str) -> str:
    parts = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return "#" + "".join(f"{round(part * 0.3 + 255 * 0.7):02x}" for part in parts)


def key(marker: str, label: str, filled: bool = True, colour: str = INK) -> Any:
    """Make a legend entry for a point.

    Args:
        marker: matplotlib's name of the marker.
        label: the entry's text.
        filled: whether the marker is filled.
        colour: '#rrggbb'.

    Returns:
        The handle for matplotlib's ``legend``.
    """
    from matplotlib.lines import Line2D

    return Line2D(
        [], [], marker=marker, color=colour, mfc=colour if filled else "white", ms=5.5, mew=1.3, ls="none",
        label=label,
    )  # fmt: skip


def line_key(label: str, colour: str, style: Any = "-") -> Any:
    """An entry of a legend: a line."""
    from matplotlib.lines import Line2D

    return Line2D([], [], color=colour, ls=style, lw=1.4, label=label)


def reference(axis: "Axes", row: Any, colour: str, style: Any = "-") -> bool:
    """Draw a vertical line at an estimate, with its interval as a band.

    Args:
        axis: matplotlib's axes.
        row: a mapping with ``mean``, ``ci_low`` and ``ci_high`` in units of the horizontal axis; no band is drawn
            where the ends of the interval are NaN. Nothing is drawn if the row is None or the mean is NaN.
        colour: '#rrggbb'.
        style: matplotlib's style of the line.

    Returns:
        Whether there was something to draw.
    """
    if row is None or not clip(row["mean"]):
        return False
    if clip(row["ci_low"]) and clip(row["ci_high"]):
        axis.axvspan(row["ci_low"], row["ci_high"], color=colour, alpha=0.12, lw=0, zorder=0)
    axis.axvline(row["mean"], color=colour, ls=style, lw=1.3, zorder=1)
    return True


def rows_axis(axis: "Axes", ticks: Sequence[tuple[float, str, bool]], labels: bool = True) -> None:
    """Names at the rows of a dot plot; ``ticks`` are (y, label, heading)."""
    axis.set_yticks([y for y, _, _ in ticks], [label if labels else "" for _, label, _ in ticks])
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    axis.grid(axis="x")
    for text, (_, _, heading) in zip(row_labels(axis), ticks, strict=True):
        if heading:
            text.set_fontweight("bold")
    for y, _, heading in ticks:
        if not heading:
            axis.axhline(y, color=FAINT, lw=0.8, zorder=0)
    if ticks:
        axis.set_ylim(min(y for y, _, _ in ticks) - 0.7, max(y for y, _, _ in ticks) + 0.7)


def metric_label(name: str, k: str = "") -> str:
    """What an axis of a metric says, with its k where it has one: 'Jaccard index of the first 12 SNPs'."""
    from stratbench.metrics.catalogue import (
        label,  # the metrics import SciPy, which figures' names do not need
    )

    text = label(name)
    said = re.sub(r"\bk\b", k, text) if k else text
    return f"{text} of {k}" if k and said == text else said


def row_labels(axis: "Axes") -> list[Any]:
    """The texts of all rows, also of those that an axis beside this one shows."""
    return [tick.label1 for tick in axis.yaxis.get_major_ticks()]


def unit_axis(axis: "Axes", which: str = "x") -> None:
    """Tick labels as the report writes numbers: .65, not 0.65."""
    from matplotlib.ticker import FuncFormatter

    line = axis.xaxis if which == "x" else axis.yaxis
    line.set_major_formatter(FuncFormatter(lambda value, _: short(value)))


def log_axis(axis: "Axes", which: str) -> None:
    """A logarithmic axis, whose powers of ten are text (matplotlib writes them as mathematics)."""
    from matplotlib.ticker import LogFormatterSciNotation

    class Powers(LogFormatterSciNotation):
        def __call__(self, x: float, pos: int | None = None) -> str:
            text = re.sub(r"\$|\\mathdefault|[{}]", "", super().__call__(x, pos)).replace(
                r"\times", "\N{MULTIPLICATION SIGN}"
            )
            return re.sub(r"\^(\S+)", lambda power: power[1].translate(RAISED), text)

    (axis.set_xscale if which == "x" else axis.set_yscale)("log")
    line = axis.xaxis if which == "x" else axis.yaxis
    line.set_major_formatter(Powers())
    line.set_minor_formatter(Powers())


def within(axis: "Axes", low: float, high: float, which: str = "x") -> None:
    """Cut an axis off at the limits of what a metric can be.

    A t interval of few replicates may reach far beyond these limits, and would press the points together.

    Args:
        axis: matplotlib's axes.
        low, high: the limits, in units of the axis; a margin of 2% of their distance is left beyond each.
        which: the axis: 'x' or 'y'.
    """
    least, most = axis.get_xlim() if which == "x" else axis.get_ylim()
    margin = 0.02 * (high - low)
    limit = axis.set_xlim if which == "x" else axis.set_ylim
    limit(max(least, low - margin), min(most, high + margin))


def short(value: float) -> str:
    """A tick label: .5, -.1, 0, 1."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    if text in ("-0", ""):
        text = "0"
    return number(text)


def below(axis: "Axes", label: str, entries: Sequence[Any], drop: float = 0.44) -> None:
    """Write the label of the horizontal axis and, below it, the legend of a column of panels.

    Args:
        axis: matplotlib's axes of the lowest panel.
        label: the label of the axis.
        entries: matplotlib's handles of the legend's entries.
        drop: the distance of the legend from the axis, in inches.
    """
    from matplotlib.transforms import ScaledTranslation

    axis.set_xlabel(label, loc="left")
    figure = axis.get_figure()
    assert figure is not None
    axis.legend(
        handles=list(entries), loc="upper left", bbox_to_anchor=(0, 0), borderaxespad=0, borderpad=0,
        bbox_transform=axis.transAxes + ScaledTranslation(0, -drop, figure.dpi_scale_trans), handlelength=1.6,
    )  # fmt: skip


def note(axis: "Axes", y: float, text: str) -> None:
    """A small remark at the right end of a row, outside the panel."""
    axis.annotate(
        text, (1, y), (4, 0), xycoords=axis.get_yaxis_transform(), textcoords="offset points", ha="left",
        va="center", fontsize=7.5, color=QUIET, annotation_clip=False,
    )  # fmt: skip
