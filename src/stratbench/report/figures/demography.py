"""The history that a scenario is simulated from: populations as bands over time, or as a map if they are many.

Drawn here and not by demesdraw: lattices of many demes, independent loci and pedigrees are no tubes, and every
report would carry one more dependency for the others.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stratbench import registry
from stratbench.report import style
from stratbench.report.figures._pedigree import Member, draw_family, family
from stratbench.report.results import Group, Results, scenarios
from stratbench.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_BANDS = 8
MOST_RATES = 6
STEPS = 24  # points along a growing population
OTHER = "#b9b9bd"
FIGURES = 3  # significant, of a migration rate


@dataclass(frozen=True)
class Data:
    """``graph`` is a demes.Graph, or None where loci are independent and have no history."""

    graph: Any
    name: str
    colours: dict[str, str]
    places: dict[str, tuple[float, float]]
    pedigree: tuple[Member, ...]


def pictures(study: Study, groups: list[Group]) -> list[tuple[str, Any]]:
    simulated = (name for name, cohorts in scenarios(study).items() if not cohorts[0].real)
    return [(f"demography_{name}", name) for name in simulated]


def load(results: Results, subject: Any) -> Data:
    spec = results.study.config["cohorts"][subject]["simulate"]
    method, options = registry.load("demography", spec["demography"], spec["file"]), spec["options"]
    sampled = method.samples(options)
    graph = method.demography(options).to_demes() if hasattr(method, "demography") else None
    members = family(method.pedigree(options)) if hasattr(method, "pedigree") else ()
    return Data(
        graph, spec["demography"], style.population_colours(sampled), _places(method, options), members
    )


def _places(method: Any, options: Any) -> dict[str, tuple[float, float]]:
    """Where each population lies on a map, if the demography says so; else on a circle."""
    sampled = method.samples(options)
    starts, total = {}, 0
    for name, count in sampled.items():
        starts[name] = total
        total += count
    own = method.columns(options) if hasattr(method, "columns") else {}
    if {"row", "column"} <= own.keys():
        return {name: (float(own["column"][k]), -float(own["row"][k])) for name, k in starts.items()}
    turn = 2 * math.pi / max(len(sampled), 1)
    return {name: (math.cos(k * turn), math.sin(k * turn)) for k, name in enumerate(sampled)}


def draw(data: Data) -> "Figure":
    if data.graph is None:
        return style.message(
            "Independent loci, drawn from the populations' allele frequencies: no history to draw."
        )
    alive = [deme for deme in data.graph.demes if deme.end_time == 0]
    panels, wide = (2 if data.pedigree else 1), max(3.2, 1.15 * min(len(alive), MOST_BANDS) + 1.4)
    figure, axes = style.canvas(
        wide + 0.5 + 4.2 * (panels - 1), 3.6, 1, panels, width_ratios=[wide, 4.2][:panels]
    )
    (_map if len(alive) > MOST_BANDS else _bands)(axes[0, 0], data)
    if data.pedigree:
        axes[0, 0].set_title("where founders come from")
        draw_family(axes[0, 1], data.pedigree)
    return figure


def _columns(graph: Any) -> dict[str, float]:
    """A column for each deme: today's side by side, an ancestor amid its descendants."""
    found = {deme.name: float(k) for k, deme in enumerate(d for d in graph.demes if d.end_time == 0)}
    for deme in sorted(graph.demes, key=lambda deme: deme.end_time):
        if deme.name not in found:
            below = [found[child.name] for child in graph.demes if deme.name in child.ancestors]
            found[deme.name] = sum(below) / len(below) if below else float(len(found))
    return found


def _bands(axis: Any, data: Data) -> None:
    graph, columns = data.graph, _columns(data.graph)
    times = sorted(
        {t for deme in graph.demes for e in deme.epochs for t in (e.start_time, e.end_time)} - {0, math.inf}
    )
    top = 1.25 * times[-1] if times else 1.0
    largest = max(size for deme in graph.demes for e in deme.epochs for size in (e.start_size, e.end_size))
    for deme in graph.demes:
        colour = data.colours.get(deme.name, OTHER)
        for epoch in deme.epochs:
            end, start = epoch.end_time, min(epoch.start_time, top)
            at = [end + (start - end) * k / STEPS for k in range(STEPS + 1)]
            half = [0.4 * math.sqrt(_size(epoch, t) / largest) for t in at]
            x = columns[deme.name]
            axis.fill_betweenx(
                at, [x - w for w in half], [x + w for w in half], color=colour, lw=0, alpha=0.85
            )
        for ancestor, share in zip(deme.ancestors, deme.proportions, strict=True):
            x, origin = columns[deme.name], columns[ancestor]
            axis.plot([origin, x], [deme.start_time] * 2, color=style.INK, lw=1.1)
            if len(deme.ancestors) > 1:
                axis.annotate(style.number(f"{share:.2f}"), (origin, deme.start_time), (0, 3), fontsize=7.5,
                              textcoords="offset points", ha="center", color=style.INK)  # fmt: skip
    _time_axis(axis, times, top)
    _migrations(axis, graph, columns, top)
    alive = [deme for deme in graph.demes if deme.end_time == 0]
    labels = [f"{deme.name}\n{deme.epochs[-1].end_size:,.0f}" for deme in alive]
    axis.set_xticks([columns[deme.name] for deme in alive], labels)
    axis.tick_params(axis="x", length=0)
    axis.spines["bottom"].set_visible(False)
    axis.set_xlim(-0.6, max(columns.values()) + 0.6)


def _size(epoch: Any, time: float) -> float:
    """Diploid individuals at a time within an epoch: constant or growing exponentially."""
    if epoch.start_size == epoch.end_size or math.isinf(epoch.start_time):
        return float(epoch.start_size)
    passed = (epoch.start_time - time) / (epoch.start_time - epoch.end_time)
    return float(epoch.start_size * (epoch.end_size / epoch.start_size) ** passed)


def _time_axis(axis: Any, times: list[float], top: float) -> None:
    """Generations ago, on a logarithmic scale where events lie far apart; events are the ticks."""
    if not times:
        axis.set_yticks([])
        axis.set_ylabel("no event, for ever")
        axis.set_ylim(0, top)
        return
    if times[0] < top / 8:
        axis.set_yscale("asinh", linear_width=times[0])
        axis.minorticks_off()
    axis.set_ylim(0, top)
    spaced = [times[-1]]
    for time in reversed(times[:-1]):  # no two ticks on top of each other
        if abs(axis.transData.transform((0, spaced[-1]))[1] - axis.transData.transform((0, time))[1]) > 14:
            spaced.append(time)
    axis.set_yticks(
        [0, *spaced], ["now", *(f"{time:,.3g}" if time < 1 else f"{time:,.0f}" for time in spaced)]
    )
    axis.set_ylabel("generations ago")


def _pairs(graph: Any) -> dict[tuple[float, float, float], list[tuple[str, str]]]:
    """Pairs of demes by since when, until when and at what rate they exchange migrants."""
    found: dict[tuple[float, float, float], list[tuple[str, str]]] = {}
    for flow in graph.migrations:
        pairs = found.setdefault((flow.start_time, flow.end_time, flow.rate), [])
        if (flow.dest, flow.source) not in pairs:
            pairs.append((flow.source, flow.dest))
    return found


def _migrations(axis: Any, graph: Any, columns: dict[str, float], top: float) -> None:
    """A double arrow for each pair that exchanges migrants, at heights of their own, with the rate."""
    pairs = _pairs(graph)
    flows = [(start, end, rate, pair) for (start, end, rate), of in pairs.items() for pair in of]
    for k, (start, end, rate, (one, other)) in enumerate(flows):
        low, high = (axis.transData.transform((0, time))[1] for time in (end, min(start, top)))
        place = low + (high - low) * (0.15 + 0.7 * (k + 0.5) / len(flows))
        height = axis.transData.inverted().transform((0, place))[1]
        axis.annotate(
            "", (columns[one], height), (columns[other], height),
            arrowprops={"arrowstyle": "<->", "color": style.INK, "lw": 0.9, "shrinkA": 3, "shrinkB": 3},
        )  # fmt: skip
        if len(flows) <= MOST_RATES:
            middle = (columns[one] + columns[other]) / 2
            text = axis.annotate(_rate(rate), (middle, height), (0, 2), ha="center",
                                 textcoords="offset points", fontsize=7.5)  # fmt: skip
            text.set_bbox({"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.6})


def _rate(rate: float) -> str:
    return style.number(f"{rate:.{FIGURES}g}".replace("e-0", "e-"))


def _map(axis: Any, data: Data) -> None:
    """Today's populations and who exchanges migrants with whom."""
    places, rates = data.places, sorted({rate for _, _, rate in _pairs(data.graph)})
    for pairs in _pairs(data.graph).values():
        for one, other in pairs:
            if one in places and other in places:
                (x, y), (u, v) = places[one], places[other]
                axis.plot([x, u], [y, v], color=style.QUIET, lw=1.2, zorder=1)
    for name, (x, y) in places.items():
        axis.plot([x], [y], "o", ms=13, color=data.colours[name], zorder=2)
        axis.annotate(name, (x, y), (0, -13), textcoords="offset points", ha="center", fontsize=6.5)
    began = max((deme.start_time for deme in data.graph.demes if deme.name in places), default=math.inf)
    since = "" if math.isinf(began) else f"\nfor {began:,.0f} generations; before that, one population"
    ends = [_rate(rate) for rate in sorted({rates[0], rates[-1]})] if rates else []
    rate = f"migration {' to '.join(ends)} a generation" if ends else "no migration"
    axis.set_title(f"{len(places)} populations, {rate}{since}", fontsize=8.5, fontweight="normal")
    axis.set_aspect("equal")
    axis.margins(0.12)
    axis.axis("off")


def caption(results: Results, subject: Any) -> str:
    made = results.study.config["cohorts"][subject]["simulate"]
    kind, history = made["demography"], made["options"].get("history")
    endless = (
        " A perpetual history is followed back until nothing before it matters, and ends in one population."
    )
    return (
        f"The demography of {subject} ({kind}). Widths "
        "of bands grow with the square root of the number of diploid individuals, which stands below each for the "
        "present; colours are populations that were sampled, grey are ancestors. Lines join a population to its "
        "ancestors, arrows exchange migrants at the rate a generation that is written on them."
        f"{endless if history == 'perpetual' else ''}"
    )
