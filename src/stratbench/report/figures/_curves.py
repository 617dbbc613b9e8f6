"""Panels over the dial that the figures of curves share: estimates with intervals, a colour for each adjustment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from stratbench.core.words import counted
from stratbench.report import style
from stratbench.report.analysis.dial import Course, CourseNumbers, Rows, label, replicates
from stratbench.report.analysis.rankings import chance_auc_pr
from stratbench.report.analysis.results import Results
from stratbench.study.study import Dial

CROWDED = 0.1  # numbers that lie closer than this share of their range need a logarithmic scale
GAP = 0.35  # slots that are added between the last number and the first word
SLOT = 0.46  # the width of a tick label in inches
LEAST = 2.5  # the smallest width of a panel in inches
HIGH = 1.5  # the height of a panel in inches
LEAST_SPAN = 0.1  # the smallest range of a y axis, in units of the metric
DODGE = 0.13  # slots between the adjustments of one point
MOST = 1e9  # stands for the limit of a metric that has no upper or no lower limit
ABSENT = {
    "accuracy": "no model",
    "snps": "no agreement: one adjustment,\none seed, or no attribution",
    "causal": "no causal SNP is known,\nor there is none",
    "ancestry": "no ancestry decoded: one\npopulation, or no probes",
    "hidden": "no ancestry decoded: one\npopulation, or no probes",
}


@dataclass(frozen=True)
class Places:
    """Where the dial's points stand on the x axis, which is measured in slots of one tick label.

    Attributes:
        x: the place of each scenario, in slots; numbers come before words.
        labels: the tick label of each scenario.
        numbers: how many of the points are numbers.
        scale: what is said of the numbers' scale; blank if it is linear.
    """

    x: dict[str, float]
    labels: dict[str, str]
    numbers: int
    scale: str

    @property
    def wall(self) -> float | None:
        """The place where the numbers end and the words begin; None if there is only one kind."""
        xs = list(self.x.values())
        if not 0 < self.numbers < len(xs):
            return None
        return (xs[self.numbers - 1] + xs[self.numbers]) / 2


def places(dial: Dial) -> Places:
    """Numbers on a linear scale or, where they would crowd, on one that is logarithmic except near 0."""
    values = np.array([point.value for point in dial.numbers], dtype=float)
    scale, span = "", len(values) - 1
    if len(values) > 2 and np.diff(values).min() < CROWDED * np.ptp(values):
        values = np.arcsinh(values / np.abs(values[values != 0]).min())
        scale = "logarithmic scale, linear near 0"
    if len(values) > 1:
        values = (values - values[0]) / (values[-1] - values[0]) * span
    elif len(values):
        values = np.zeros(1)
    start = span + 1 + GAP if len(values) else 0.0
    words = [point for point in dial.points if point.value is None]
    x = dict(zip((point.scenario for point in dial.numbers), map(float, values), strict=True))
    x |= {point.scenario: start + k for k, point in enumerate(words)}
    return Places(x, {point.scenario: label(point) for point in dial.points}, len(values), scale)


@dataclass(frozen=True)
class Line:
    """One quantity over the dial.

    Attributes:
        values: x in slots and the row of comparisons.tsv for each point; None in place of a row without a number.
        colour: the colour of line and points, as '#rrggbb'.
        marker: matplotlib's name of the marker of the points.
        filled: whether the markers are filled.
        dashed: whether the line is dashed.
        pale: the places in ``values`` whose model is not shown to have learned, which are drawn pale.
        mark: whether this is a reference, such as a floor, which is drawn without points and intervals.
    """

    values: tuple[tuple[float, Any], ...]
    colour: str
    marker: str = "o"
    filled: bool = True
    dashed: bool = False
    pale: frozenset[int] = frozenset()
    mark: bool = False

    @property
    def drawn(self) -> bool:
        return any(row is not None for _, row in self.values)


@dataclass(frozen=True)
class Panel:
    """The content of one panel.

    Attributes:
        kind: what the panel shows, a key of ``ABSENT``.
        lines: its lines.
        chance: the level of chance, which is drawn as a dotted line; None draws none.
        low, high: the smallest and the largest value that the metric can have.
    """

    kind: str
    lines: tuple[Line, ...]
    chance: float | None = None
    low: float = 0.0
    high: float = 1.0


def panel_width(places: Places) -> float:
    """Inches that the tick labels of the dial's points need."""
    xs = list(places.x.values())
    return max(LEAST, SLOT * (max(xs) - min(xs) + 1.2))


class CurveReader:
    """A maker of the panels of one course from its numbers."""

    def __init__(self, results: Results, course: Course, places: Places, colours: Mapping[str, str]) -> None:
        self.results, self.course, self.places, self.colours = results, course, places, colours
        self.numbers = CourseNumbers(results, course)

    def line(self, rows: Rows, colour: str, shift: float = 0.0, **look: Any) -> Line:
        """Make a line of one row for each point, moved to the right by ``shift`` slots.

        ``look`` has further fields of ``Line``.
        """
        xs = [self.places.x[group.scenario] + shift for group in self.course.groups]
        return Line(tuple(zip(xs, rows, strict=True)), colour, **look)

    def shift(self, adjustment: str) -> float:
        """How many slots the points of an adjustment are moved, so that adjustments do not cover each other."""
        return dodge(adjustment, self.course.adjustments)

    def each(self, metric: str, model: str, marker: str = "o", filled: bool = True, fade: bool = False,
             **keys: str) -> list[Line]:  # fmt: skip
        """Make a line for each adjustment.

        Args:
            metric: the metric's name, or a key of ``OWN`` for the group's own measure of accuracy.
            model: the model of which the metric is.
            marker: matplotlib's name of the marker of the points.
            filled: whether the markers are filled; lines with open markers are dashed.
            fade: whether points are pale where the model is not shown to have learned, because the metric says
                nothing there.
            keys: the values of further columns of comparisons.tsv, such as ``attribution``.

        Returns:
            The lines in the order of the course's adjustments.

        Raises:
            UserError: if comparisons.tsv is absent or damaged.
        """
        other = [keys["against"]] if "against" in keys else []
        return [
            self.line(
                self.numbers.of(metric, model, name, **keys), self.colours[name], self.shift(name),
                marker=marker, filled=filled, dashed=not filled,
                pale=self.numbers.not_learned(model, name, *other) if fade else frozenset(),
            )
            for name in self.course.adjustments
        ]  # fmt: skip

    def mark(self, metric: str, model: str, colour: str, dashed: bool = False) -> Line:
        """Make a reference line of a floor or a ceiling.

        Args:
            metric: the metric's name, or a key of ``OWN`` for the group's own measure of accuracy.
            model: the name of the floor or ceiling.
            colour: the line's colour, as '#rrggbb'.
            dashed: whether the line is dashed.

        Returns:
            The line, which is drawn without points and intervals.

        Raises:
            UserError: if comparisons.tsv is absent or damaged.
        """
        return self.line(self.numbers.of(metric, model, ""), colour, dashed=dashed, mark=True)

    def overall(self, model: str) -> Panel:
        """Accuracy with its floor and its ceiling."""
        return self._accuracy([*self._marks("overall"), *self.each("overall", model)])

    def within(self, model: str) -> Panel:
        """Accuracy within populations with its ceiling."""
        marks = [self.mark("within", "ceiling-genetic", style.CEILING)]
        return self._accuracy([*marks, *self.each("within", model, "D", False)])

    def accuracy(self, model: str) -> Panel:
        """Of f, over all people and within populations in one panel."""
        lines = [*self.each("overall_f", model), *self.each("within_f", model, "D", False)]
        return self._accuracy([*self._marks("overall"), *lines])

    def score(self, model: str, metric: str) -> Panel:
        """A score of the predictions with its floor and ceiling. R2 and adjusted R2 may be negative."""
        lines = [*self._marks(metric), *self.each(metric, model)]
        return Panel("accuracy", tuple(lines), low=-MOST if metric in ("r2", "between_share") else 0)

    def of_f(self, model: str, metric: str) -> Panel:
        """Accuracy of the network's own output."""
        return self._accuracy(self.each(metric, model))

    def _marks(self, metric: str) -> list[Line]:
        return [
            self.mark(metric, "floor-population", style.FLOOR, True),
            self.mark(metric, "ceiling-genetic", style.CEILING),
        ]

    def _accuracy(self, lines: Sequence[Line]) -> Panel:
        first = self.course.groups[0]
        return Panel("accuracy", tuple(lines), first.chance, -1 if first.quantitative else 0)

    def snps(
        self, model: str, metric: str = "agreement_spearman", chance: float | None = None, k: str = ""
    ) -> Panel:
        """Make the panel of how rankings of SNPs agree, with the baseline's and between resamples of one adjustment.

        Args:
            model: the model whose attributions rank the SNPs.
            metric: the name of the measure of agreement.
            chance: the agreement of random rankings; None draws no line for it.
            k: the number of first SNPs that are compared, as text; blank for metrics without one.

        Returns:
            The panel, with two lines for each adjustment: dashed for the agreement of its own seeds, solid for its
            agreement with the baseline.

        Raises:
            UserError: if comparisons.tsv is absent or damaged.
        """
        lines = []
        for name in self.course.adjustments:
            look: dict[str, Any] = {"pale": self.numbers.not_learned(model, name), "shift": self.shift(name)}
            keys = {"attribution": self.course.attribution, "against": name, "k": k}
            own = self.numbers.of(metric, model, name, **keys)
            other = self.numbers.between(metric, model, name, k)
            lines.append(self.line(own, self.colours[name], marker="^", filled=False, dashed=True, **look))
            look["pale"] = self.numbers.not_learned(model, name, self.course.groups[0].baseline)
            lines.append(self.line(other, self.colours[name], **look))
        return Panel("snps", tuple(lines), chance, -1)

    def falls(self, model: str, metric: str, k: str = "") -> Panel:
        """By how much agreement between an adjustment and the baseline is lower than agreement within the two."""
        keys = {"attribution": self.course.attribution, "against": self.course.groups[0].baseline, "k": k}
        return Panel("snps", tuple(self.each(metric, model, "o", True, True, **keys)), 0.0, -1.0)

    def causal(
        self, model: str, metric: str = "causal_auc_pr", chance: float | None = None, high: float = 1.0,
        k: str = "",
    ) -> Panel:  # fmt: skip
        """Make the panel of how attributions and association tests recover causal SNPs.

        Args:
            model: the model whose attributions rank the SNPs.
            metric: the name of the measure of recovery.
            chance: the value that a random ranking reaches. If it is None, it is the share of causal SNPs, which is
                the AUC_PR and the precision of a random ranking.
            high: the largest value that the metric can have.
            k: the number of first SNPs that count, as text; blank for metrics without one.

        Returns:
            The panel: a reference line for each of the first two association tests, and a line for each adjustment.

        Raises:
            UserError: if comparisons.tsv is absent or damaged.
        """
        tests = zip(self.course.associations, style.ASSOCIATIONS[:2], strict=False)
        lines = [self.line(self.numbers.test(metric, name, k), colour, mark=True) for name, colour in tests]
        attribution = self.course.attribution
        lines += self.each(metric, model, fade=True, attribution=attribution, k=k) if attribution else []
        chance = chance_auc_pr(self.results, self.course.groups[0]) if chance is None else chance
        return Panel("causal", tuple(lines), chance, high=high)

    def tests(self, metric: str, colours: Mapping[str, str]) -> Panel:
        """A metric of every association test, each in its colour."""
        lines = [
            self.line(self.numbers.test(metric, name), colour, dodge(name, list(colours)), marker="s")
            for name, colour in colours.items()
        ]
        inflation = metric == "lambda_gc"
        return Panel("causal", tuple(lines), 1.0 if inflation else None, high=MOST if inflation else 1.0)

    def hidden(self, model: str, metric: str = "ancestry_linear") -> Panel:
        """Ancestry decoded from hidden features, beside the untrained network."""
        untrained = self.numbers.of(f"{metric}_untrained", model, self.course.groups[0].baseline)
        lines = [self.line(untrained, style.FLOOR, dashed=True, mark=True), *self.each(metric, model)]
        return Panel("hidden", tuple(lines), self.numbers.chance_ancestry(model))

    def logit(self, model: str) -> Panel:
        """Ancestry decoded from the logit given the label."""
        lines = self.each("ancestry_logit", model)
        return Panel("ancestry", tuple(lines), self.numbers.chance_ancestry(model))

    def beyond_truth(self, model: str) -> Panel:
        """How much of f PCs explain beyond the true genetic liability."""
        return Panel("ancestry", tuple(self.each("pcs_partial_r2", model)), 0.0, -MOST)

    def ancestry(self, model: str) -> Panel:
        """From the logit given the label, and from hidden features, in one panel."""
        lines = [*self.each("ancestry_linear", model, "o", False), *self.each("ancestry_logit", model, "D")]
        return Panel("ancestry", tuple(lines), self.numbers.chance_ancestry(model))


def dodge(name: str, names: Sequence[str]) -> float:
    """How many slots the points of one of several names are moved, so that they do not cover each other."""
    return DODGE * (names.index(name) - (len(names) - 1) / 2)


def draw_panel(axis: Any, panel: Panel, places: Places) -> None:
    """Draw all lines of a panel, or write why there are none."""
    if not any(line.drawn for line in panel.lines):
        axis.text(0.5, 0.5, ABSENT[panel.kind], transform=axis.transAxes, ha="center", va="center",
                  color=style.QUIET, fontsize=8.5)  # fmt: skip
        axis.set_ylim(panel.low, panel.high)
    for line in panel.lines:
        _line(axis, line, places)
    if panel.chance is not None:
        axis.axhline(panel.chance, color=style.QUIET, ls=":", lw=1.2, zorder=0.5)
    from matplotlib.ticker import MaxNLocator

    style.unit_axis(axis, "y")
    axis.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))  # labels have two digits
    low, high = axis.get_ylim()
    if high - low < LEAST_SPAN:  # a curve that hardly moves should look flat
        axis.set_ylim((low + high - LEAST_SPAN) / 2, (low + high + LEAST_SPAN) / 2)
    axis.grid(axis="y")


def draw_row(
    axes: Sequence[Any], panels: Sequence[Panel], places: Places, labels: bool, shared: bool
) -> None:
    """Draw a row of panels over the dial.

    Args:
        axes: matplotlib's axes, one for each panel.
        panels: the panels from left to right.
        places: where the dial's points stand.
        labels: whether the points' names stand below the row.
        shared: whether all axes of the row share one y axis. The first panel's limits then hold for all.
    """
    for axis, panel in zip(axes, panels, strict=True):
        draw_panel(axis, panel, places)
        dial_axis(axis, places, labels)
    for axis, panel in list(zip(axes, panels, strict=True))[: 1 if shared else None]:
        style.within(axis, panel.low, panel.high, "y")


def _line(axis: Any, line: Line, places: Places) -> None:
    """Join numbers but not words, as nothing lies between words. A line does not bridge a gap."""
    look: dict[str, Any] = {"color": line.colour, "ls": "--" if line.dashed else "-", "zorder": 1.5}
    shown = [row is not None and style.clip(row["mean"]) for _, row in line.values]
    for k, (x, row) in enumerate(line.values):
        if not shown[k]:
            continue
        if k and shown[k - 1] and not _is_word(x, places):
            before, value = line.values[k - 1]
            axis.plot([before, x], [value["mean"], row["mean"]], lw=1.2, alpha=0.65, **look)
        if not line.mark:
            style.bar(axis, x, row, line.colour, line.marker, line.filled, k in line.pale)
        elif _is_word(x, places) or places.numbers == 1:
            axis.plot([x - 0.3, x + 0.3], [row["mean"]] * 2, lw=1.4, alpha=0.65, **look)


def _is_word(x: float, places: Places) -> bool:
    return places.numbers == 0 or (places.wall is not None and x > places.wall)


def dial_axis(axis: Any, places: Places, labels: bool) -> None:
    """Ticks at the dial's points, and a wall between numbers and words."""
    xs = list(places.x.values())
    axis.set_xlim(min(xs) - 0.6, max(xs) + 0.6)
    axis.set_xticks(xs, [places.labels[name] if labels else "" for name in places.x])
    if places.wall is not None:
        axis.axvline(places.wall, color=style.FAINT, lw=5, zorder=0)
    for text, x in zip(axis.get_xticklabels(), xs, strict=True):
        if _is_word(x, places):
            text.set(rotation=35, ha="right", rotation_mode="anchor")


def intervals(results: Results, *shown: Course) -> str:
    """What the bars of a figure mean, for its caption."""
    said = f"Means and 95% intervals over {spread(results, *shown)}"
    if said.endswith("over 1 replicate a point"):
        return "One replicate a point: 95% intervals are over test individuals, where known"
    return said


def spread(results: Results, *shown: Course) -> str:
    """'3 replicates a point', or from how many to how many."""
    low, high = replicates(results, *shown)
    if low == high:
        return f"{counted(low, 'replicate')} a point"
    return f"{low} to {high} replicates a point"


def dial_title(dial: Dial, places: Places) -> str:
    """The dial's name, with its scale where that is not linear."""
    return f"{dial.title} ({places.scale})" if places.scale else dial.title


def drop(places: Places) -> float:
    """Inches below the axis that tick labels need: words are slanted and need more."""
    words = [places.labels[name] for name, x in places.x.items() if _is_word(x, places)]
    return 0.28 + 0.045 * max(map(len, words), default=0)


def foot_height(places: Places, entries: int) -> float:
    """Inches below the axis for tick labels, the dial's name and a legend of this many lines."""
    return drop(places) + 0.3 + 0.19 * entries


def foot(axis: Any, places: Places, title: str, entries: Sequence[Any], columns: int = 1) -> None:
    """Write the dial's name below the tick labels, and the legend below the name.

    Args:
        axis: matplotlib's axes of the panel at the lower left.
        places: where the dial's points stand.
        title: the dial's name.
        entries: matplotlib's handles of the legend's entries.
        columns: the number of columns of the legend.
    """
    from matplotlib.transforms import ScaledTranslation

    figure = axis.get_figure()
    place = axis.transAxes + ScaledTranslation(0, -drop(places), figure.dpi_scale_trans)
    axis.text(0, 0, title, transform=place, va="top", fontsize=9)
    under = axis.transAxes + ScaledTranslation(0, -drop(places) - 0.24, figure.dpi_scale_trans)
    axis.legend(
        handles=list(entries), loc="upper left", bbox_to_anchor=(0, 0), borderaxespad=0, borderpad=0,
        bbox_transform=under, handlelength=1.6, ncols=columns, columnspacing=1.6,
    )  # fmt: skip


def adjustment_keys(course: Course, colours: Mapping[str, str]) -> list[Any]:
    return [style.line_key(name, colours[name]) for name in course.adjustments]


def accuracy_keys() -> list[Any]:
    return [
        style.line_key("floor: population label alone", style.FLOOR, "--"),
        style.line_key("ceiling: true genetic liability", style.CEILING),
    ]


def test_keys(course: Course) -> list[Any]:
    tests = zip(course.associations, style.ASSOCIATIONS[:2], strict=False)
    return [style.line_key(f"association: {name}", colour) for name, colour in tests]
