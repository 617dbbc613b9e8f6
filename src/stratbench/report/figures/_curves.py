"""Panels over the dial that the figures of curves share: estimates with intervals, a colour for each adjustment."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stratbench.core.words import counted
from stratbench.report import style
from stratbench.report.curves import Course, Places
from stratbench.report.figures.headline import CEILING, FLOOR, OLS, OLS_PCS, between, chance_auc_pr
from stratbench.report.results import Group, Results
from stratbench.report.verdicts import NOTHING, verdict

SLOT, LEAST = 0.46, 2.5  # inches that a tick label needs, and a panel
HIGH = 1.5  # inches of a panel
LEAST_SPAN = 0.1  # of a y axis
DODGE = 0.13  # slots between the adjustments of one point
ABSENT = {
    "accuracy": "no model",
    "snps": "no agreement: one adjustment,\none seed, or no attribution",
    "causal": "no causal SNP is known,\nor there is none",
    "ancestry": "one population:\nno ancestry to decode",
    "hidden": "one population:\nno ancestry to decode",
}


@dataclass(frozen=True)
class Line:
    """One quantity over the dial: (x, row of comparisons.tsv) of each point, None where there is no number."""

    values: tuple[tuple[float, Any], ...]
    colour: str
    marker: str = "o"
    filled: bool = True
    dashed: bool = False
    pale: frozenset[int] = frozenset()  # places in ``values`` whose model learned nothing
    mark: bool = False  # a reference beside the adjustments: a line without points and intervals

    @property
    def drawn(self) -> bool:
        return any(row is not None for _, row in self.values)


@dataclass(frozen=True)
class Panel:
    kind: str
    lines: tuple[Line, ...]
    chance: float | None = None
    low: float = 0.0
    high: float = 1.0


def panel_width(places: Places) -> float:
    xs = list(places.x.values())
    return max(LEAST, SLOT * (max(xs) - min(xs) + 1.2))


class CurveReader:
    """Reads the panels of one course and model from a study's results."""

    def __init__(self, results: Results, course: Course, places: Places, colours: Mapping[str, str]) -> None:
        self.results, self.course, self.places, self.colours = results, course, places, colours

    def values(self, read: Callable[[Group], Any], shift: float = 0.0) -> tuple[tuple[float, Any], ...]:
        return tuple((self.places.x[group.scenario] + shift, read(group)) for group in self.course.groups)

    def shift(self, adjustment: str) -> float:
        names = self.course.adjustments
        return DODGE * (names.index(adjustment) - (len(names) - 1) / 2)

    def of(self, metric: str | None, model: str, adjustment: str, shift: float = 0.0, **keys: str) -> Any:
        """Values of a model under an adjustment; the metric None is the group's own overall accuracy."""

        def read(group: Group) -> Any:
            name = {None: group.overall, "within": group.within}.get(metric, metric)
            return self.results.value(group, str(name), model=model, adjustment=adjustment, **keys)

        return self.values(read, shift)

    def pale(self, model: str, adjustment: str) -> frozenset[int]:
        found = [verdict(self.results, group, model, adjustment) for group in self.course.groups]
        return frozenset(k for k, kind in enumerate(found) if kind == NOTHING)

    def test(
        self, metric: str, association: str, shift: float = 0.0, k: str = ""
    ) -> tuple[tuple[float, Any], ...]:
        """Values of an association test."""
        return self.values(
            lambda group: self.results.value(group, metric, association=association, k=k), shift
        )

    def each(self, metric: str | None, model: str, marker: str = "o", filled: bool = True, fade: bool = False,
             **keys: str) -> list[Line]:  # fmt: skip
        return [
            Line(
                self.of(metric, model, name, self.shift(name), **keys), self.colours[name], marker, filled,
                not filled, self.pale(model, name) if fade else frozenset(),
            )
            for name in self.course.adjustments
        ]  # fmt: skip

    def mark(self, metric: str | None, model: str, colour: str, dashed: bool = False) -> Line:
        return Line(self.of(metric, model, ""), colour, dashed=dashed, mark=True)

    def overall(self, model: str) -> Panel:
        marks = [
            self.mark(None, "floor-population", FLOOR, True),
            self.mark(None, "ceiling-genetic", CEILING),
        ]
        return self._accuracy([*marks, *self.each(None, model)])

    def within(self, model: str) -> Panel:
        marks = [self.mark("within", "ceiling-genetic", CEILING)]
        return self._accuracy([*marks, *self.each("within", model, "D", False)])

    def accuracy(self, model: str) -> Panel:
        """Overall and within populations in one panel."""
        lines = [*self.overall(model).lines, *self.each("within", model, "D", False)]
        return self._accuracy(lines)

    def _accuracy(self, lines: Sequence[Line]) -> Panel:
        first = self.course.groups[0]
        return Panel("accuracy", tuple(lines), first.chance, -1 if first.quantitative else 0)

    def snps(
        self, model: str, metric: str = "agreement_spearman", chance: float | None = None, k: str = ""
    ) -> Panel:
        """Agreement with the baseline's ranking, and within an adjustment."""
        keys, lines = {"attribution": self.course.attribution, "k": k}, []
        for name in self.course.adjustments:

            def other(group: Group, name: str = name) -> Any:
                return between(self.results, group, model, name, metric, **keys)

            pale, colour = self.pale(model, name), self.colours[name]
            own = self.of(metric, model, name, self.shift(name), against=name, **keys)
            lines.append(Line(own, colour, "^", False, True, pale))
            lines.append(Line(self.values(other, self.shift(name)), colour, pale=pale))
        return Panel("snps", tuple(lines), chance, -1)

    def causal(
        self, model: str, metric: str = "causal_auc_pr", chance: float | None = None, high: float = 1.0,
        k: str = "",
    ) -> Panel:  # fmt: skip
        """Recovery of causal SNPs; unless given, chance is the AUC_PR and precision of a random ranking."""
        tests = zip(self.course.associations, (OLS, OLS_PCS), strict=False)
        lines = [Line(self.test(metric, name, k=k), colour, mark=True) for name, colour in tests]
        attribution = self.course.attribution
        lines += self.each(metric, model, fade=True, attribution=attribution, k=k) if attribution else []
        chance = chance_auc_pr(self.results, self.course.groups[0]) if chance is None else chance
        return Panel("causal", tuple(lines), chance, high=high)

    def hidden(self, model: str, metric: str = "ancestry_linear") -> Panel:
        untrained = self.of(f"{metric}_untrained", model, self.course.groups[0].baseline)
        lines = [Line(untrained, FLOOR, dashed=True, mark=True), *self.each(metric, model)]
        return Panel("hidden", tuple(lines), self._chance(model))

    def logit(self, model: str) -> Panel:
        return Panel("ancestry", tuple(self.each("ancestry_logit", model)), self._chance(model))

    def ancestry(self, model: str) -> Panel:
        """From the logit given the label, and from hidden features, in one panel."""
        lines = [*self.each("ancestry_linear", model, "o", False), *self.each("ancestry_logit", model, "D")]
        return Panel("ancestry", tuple(lines), self._chance(model))

    def _chance(self, model: str) -> float | None:
        found = {row["mean"] for name in self.course.adjustments
                 for _, row in self.of("ancestry_chance", model, name) if row is not None}  # fmt: skip
        return float(found.pop()) if len(found) == 1 else None


def draw_panel(axis: Any, panel: Panel, places: Places) -> None:
    """Draw all lines of a panel, or write a word where there are none."""
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
    if high - low < LEAST_SPAN:  # a curve that hardly moves should look flat, and tick labels have two digits
        axis.set_ylim((low + high - LEAST_SPAN) / 2, (low + high + LEAST_SPAN) / 2)
    axis.grid(axis="y")


def draw_row(
    axes: Sequence[Any], panels: Sequence[Panel], places: Places, labels: bool, shared: bool
) -> None:
    """A row of panels, with the dial's names below where ``labels`` says so; ``shared``: all have one y axis."""
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
    counts = {results.replicates(group) for one in shown for group in one.groups}
    low, high = min(counts), max(counts)
    if low == high:
        return f"{counted(low, 'replicate')} a point"
    return f"{low} to {high} replicates a point"


def drop(places: Places) -> float:
    """Inches below the axis that tick labels need: words are slanted and need more."""
    words = [places.labels[name] for name, x in places.x.items() if _is_word(x, places)]
    return 0.28 + 0.045 * max(map(len, words), default=0)


def foot_height(places: Places, entries: int) -> float:
    """Inches below the axis for tick labels, the dial's name and a legend of this many lines."""
    return drop(places) + 0.3 + 0.19 * entries


def foot(axis: Any, places: Places, title: str, entries: Sequence[Any], columns: int = 1) -> None:
    """The dial's name below the tick labels, and the legend below that."""
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
        style.line_key("floor: population label alone", FLOOR, "--"),
        style.line_key("ceiling: true genetic liability", CEILING),
    ]


def test_keys(course: Course) -> list[Any]:
    tests = zip(course.associations, (OLS, OLS_PCS), strict=False)
    return [style.line_key(f"association: {name}", colour) for name, colour in tests]
