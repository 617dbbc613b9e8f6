"""The history that a scenario is simulated from: populations as bands over time, or many similar ones as a map.

The figure does not use demesdraw, which cannot show lattices of many demes, independent loci and pedigrees. Every
report would depend on it for the sake of the other demographies alone.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stratbench.core.words import counted
from stratbench.methods import registry
from stratbench.report import style
from stratbench.report.analysis.numbers import number
from stratbench.report.analysis.results import Group, Results, scenarios
from stratbench.report.figures._pedigree import Member, draw_family, family
from stratbench.study.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SECTION = "cohorts"
ORDER = 30
MOST_BANDS = 8
MOST_RATES = 6
MAP = 5.6  # the width of a map in inches
STEPS = 24  # the outline of a population in one epoch is drawn through one point more than this
OTHER = "#b9b9bd"
FIGURES = 3  # significant digits of a migration rate
INDEPENDENT = "Independent loci, drawn from the populations' allele frequencies: no history to draw."


@dataclass(frozen=True)
class DrawnHistory:
    """What the figure shows.

    Attributes:
        graph: the history, a demes.Graph; None where there is no history to draw.
        why: the reason why there is none.
        colours: the colour of each population that was sampled.
        places: the coordinates of each of them on a map.
        pedigree: the members of one family; empty without a pedigree.
    """

    graph: Any
    why: str
    colours: dict[str, str]
    places: dict[str, tuple[float, float]]
    pedigree: tuple[Member, ...]


def pictures(study: Study, groups: list[Group]) -> list[tuple[str, Any]]:
    simulated = (name for name, cohorts in scenarios(study).items() if not cohorts[0].real)
    return [(f"demography_{name}", name) for name in simulated]


def load(results: Results, subject: Any) -> DrawnHistory:
    spec = results.study.config["cohorts"][subject]["simulate"]
    method, options = registry.load("demography", spec["demography"], spec["file"]), spec["options"]
    sampled = method.samples(options)
    graph, why = _graph(method.demography(options)) if hasattr(method, "demography") else (None, INDEPENDENT)
    members = family(method.pedigree(options)) if hasattr(method, "pedigree") else ()
    return DrawnHistory(graph, why, style.population_colours(sampled), _places(method, options), members)


def _graph(model: Any) -> tuple[Any, str]:
    """Convert a msprime.Demography to a demes.Graph; None and the reason where demes cannot express it.

    Mass migrations that move nobody are left out, because msprime allows them and demes refuses them.
    """
    kept, emptied = [], set()
    for event in model.events:
        share = getattr(event, "proportion", None)
        if share is not None:
            if share == 0 or (event.time, event.source) in emptied:
                continue
            if share == 1:
                emptied.add((event.time, event.source))
        kept.append(event)
    model.events = kept
    try:
        return model.to_demes(), ""
    except ValueError as error:
        return None, f"This history cannot be drawn: {error}"


def _places(method: Any, options: Any) -> dict[str, tuple[float, float]]:
    """Place each population where the demography says it lies on a map, or on a circle if it does not say so."""
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


def draw(data: DrawnHistory) -> "Figure":
    if data.graph is None:
        return style.message(data.why)
    panels = 2 if data.pedigree else 1
    is_map = _is_map(data.graph)
    wide = MAP if is_map else max(3.2, 1.15 * min(len(_alive(data.graph)), MOST_BANDS) + 1.4)
    figure, axes = style.canvas(
        wide + 0.5 + 4.2 * (panels - 1), 3.6, 1, panels, width_ratios=[wide, 4.2][:panels]
    )
    title = (_map if is_map else _bands)(axes[0, 0], data)
    if data.pedigree:
        title = f"where founders come from\n{title}".rstrip()
        draw_family(axes[0, 1], data.pedigree)
    axes[0, 0].set_title(title)
    return figure


def _alive(graph: Any) -> list[Any]:
    """The populations that exist today."""
    return [deme for deme in graph.demes if deme.end_time == 0]


def _is_map(graph: Any) -> bool:
    """Whether there are too many populations for bands, and these exchange migrants or all split at one time."""
    alive = _alive(graph)
    at_once = len({(deme.start_time, *deme.ancestors) for deme in alive}) == 1
    return len(alive) > MOST_BANDS and (bool(graph.migrations) or at_once)


def _columns(graph: Any) -> dict[str, float]:
    """Place today's populations side by side, and each ancestor in the middle of its descendants."""
    found = {deme.name: float(k) for k, deme in enumerate(_alive(graph))}
    for deme in sorted(graph.demes, key=lambda deme: deme.end_time):
        if deme.name not in found:
            below = [found[child.name] for child in graph.demes if deme.name in child.ancestors]
            found[deme.name] = sum(below) / len(below) if below else float(len(found))
    return found


def _bands(axis: Any, data: DrawnHistory) -> str:
    """Draw populations over time, side by side. Returns a blank title."""
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
                axis.annotate(number(f"{share:.2f}"), (origin, deme.start_time), (0, 3), fontsize=7.5,
                              textcoords="offset points", ha="center", color=style.INK)  # fmt: skip
    _time_axis(axis, times, top)
    _migrations(axis, graph, columns, top)
    alive = _alive(graph)
    labels = [f"{deme.name}\n{deme.epochs[-1].end_size:,.0f}" for deme in alive]
    axis.set_xticks([columns[deme.name] for deme in alive], labels)
    axis.tick_params(axis="x", length=0)
    axis.spines["bottom"].set_visible(False)
    axis.set_xlim(-0.6, max(columns.values()) + 0.6)
    return ""


def _size(epoch: Any, time: float) -> float:
    """The number of diploid individuals at a time within an epoch, constant or exponentially growing."""
    if epoch.start_size == epoch.end_size or math.isinf(epoch.start_time):
        return float(epoch.start_size)
    passed = (epoch.start_time - time) / (epoch.start_time - epoch.end_time)
    return float(epoch.start_size * (epoch.end_size / epoch.start_size) ** passed)


def _time_axis(axis: Any, times: list[float], top: float) -> None:
    """Draw the time axis, with a tick at each event, and a logarithmic scale where events lie far apart."""
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
    for time in reversed(times[:-1]):  # ticks must not overlap
        if abs(axis.transData.transform((0, spaced[-1]))[1] - axis.transData.transform((0, time))[1]) > 14:
            spaced.append(time)
    axis.set_yticks(
        [0, *spaced], ["now", *(f"{time:,.3g}" if time < 1 else f"{time:,.0f}" for time in spaced)]
    )
    axis.set_ylabel("generations ago")


def _pairs(graph: Any) -> dict[tuple[float, float, float], list[tuple[str, str]]]:
    """Pairs of demes, grouped by the start, end and rate of their exchange of migrants."""
    found: dict[tuple[float, float, float], list[tuple[str, str]]] = {}
    for flow in graph.migrations:
        pairs = found.setdefault((flow.start_time, flow.end_time, flow.rate), [])
        if (flow.dest, flow.source) not in pairs:
            pairs.append((flow.source, flow.dest))
    return found


def _migrations(axis: Any, graph: Any, columns: dict[str, float], top: float) -> None:
    """Draw a double arrow with the rate for each pair that exchanges migrants, each arrow at its own height."""
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
    return number(f"{rate:.{FIGURES}g}".replace("e-0", "e-"))


def _map(axis: Any, data: DrawnHistory) -> str:
    """Draw today's populations on a map, and lines between those that exchange migrants.

    Returns the title, which says how many populations there are and since when.
    """
    places, rates = data.places, sorted({rate for _, _, rate in _pairs(data.graph)})
    for pairs in _pairs(data.graph).values():
        for one, other in pairs:
            if one in places and other in places:
                (x, y), (u, v) = places[one], places[other]
                axis.plot([x, u], [y, v], color=style.QUIET, lw=1.2, zorder=1)
    for name, (x, y) in places.items():
        axis.plot([x], [y], "o", ms=13, color=data.colours[name], zorder=2)
        text = axis.annotate(name, (x, y), (0, -14), textcoords="offset points", ha="center", fontsize=6.5)
        text.set_bbox({"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.3})
    ends = [_rate(rate) for rate in sorted({rates[0], rates[-1]})] if rates else []
    rate = f"migration {' to '.join(ends)} a generation" if ends else "no migration"
    axis.set_aspect("equal")
    axis.margins(0.12)
    axis.axis("off")
    return f"{counted(len(places), 'population')}, {rate}{_since(data.graph, places.keys())}"


def _since(graph: Any, names: Collection[str]) -> str:
    """Say in a line of a title how long these populations have been separate; blank if they always were."""
    began = {(deme.start_time, *deme.ancestors) for deme in graph.demes if deme.name in names}
    times = sorted(time for time, *_ in began if not math.isinf(time))
    if not times:
        return ""
    if len(began) == 1:
        return f"\nfor {times[0]:,.0f} generations; before that, one population"
    return f"\nwhich began {times[0]:,.0f} to {times[-1]:,.0f} generations ago"


def caption(results: Results, subject: Any) -> str:
    made = results.study.config["cohorts"][subject]["simulate"]
    data, history = load(results, subject), made["options"].get("history")
    if data.graph is None:
        shown = data.why
    elif _is_map(data.graph):
        lines = ", lines join those that exchange migrants" if data.graph.migrations else ""
        shown = f"Each dot is a population that was sampled{lines}."
    else:
        shown = _caption_of_bands(data.graph)
    family = " Beside it stands one family: squares are male, circles female." if data.pedigree else ""
    endless = (
        " A perpetual history is followed back until nothing before it matters, and ends in one population."
    )
    return (
        f"The demography of {subject} ({made['demography']}). {shown}"
        f"{family if data.graph else ''}{endless if history == 'perpetual' else ''}"
    )


def _caption_of_bands(graph: Any) -> str:
    flows = sum(len(pairs) for pairs in _pairs(graph).values())
    rates = " at the rate a generation that is written on them" if flows <= MOST_RATES else ""
    arrows = f", arrows exchange migrants{rates}" if flows else ""
    return (
        "Widths of bands grow with the square root of the number of diploid individuals, which stands below each "
        "for the present. Colours are populations that were sampled; grey: ancestors and populations not sampled. "
        f"Lines join a population to its ancestors{arrows}."
    )
