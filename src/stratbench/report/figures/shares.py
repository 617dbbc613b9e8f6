"""What the liability of each simulated trait is made of: realised shares of its variance, stacked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stratbench import files
from stratbench.paths import fill
from stratbench.report import style
from stratbench.report.results import Group, Results
from stratbench.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PARTS = {  # name: colour; a family of its own, neither the adjustments' nor the populations'
    "genetic, between populations": "#1b7837",
    "genetic, within populations": "#a6dba0",
    "environment": "#762a83",
    "environment of families": "#c2a5cf",
    "noise": "#d9d9d9",
    "covariance": "#4d4d4d",
}
LIGHT = ("#1b7837", "#762a83", "#4d4d4d")  # white figures are read on these
LEAST = 0.055  # a share that has room for its figure


@dataclass(frozen=True)
class Data:
    rows: tuple[tuple[str, str, dict[str, float]], ...]  # scenario, trait, shares


def _simulated(groups: list[Group]) -> list[Group]:
    """One group for each scenario and simulated trait: splits do not matter."""
    first: dict[tuple[str, str], Group] = {}
    for group in groups:
        if not group.measured:
            first.setdefault((group.scenario, group.trait), group)
    scenarios = list(dict.fromkeys(group.scenario for group in groups))
    return sorted(first.values(), key=lambda group: scenarios.index(group.scenario))


def pictures(study: Study, groups: list[Group]) -> list[tuple[str, Any]]:
    return [("shares", "shares")] if _simulated(groups) else []


def parts(shares: Mapping[str, float]) -> dict[str, float]:
    """The shares of trait.json, with the genetic one parted into between and within populations."""
    within = shares.get("genetic_within", shares["genetic"])
    values = (shares["genetic"] - within, within, shares["environment"], shares.get("environment_family", 0.0),
              shares["noise"], shares.get("covariance", 0.0))  # fmt: skip
    return dict(zip(PARTS, values, strict=True))


def load(results: Results, subject: Any) -> Data:
    rows = []
    for group in _simulated(results.groups):
        stored = [
            files.read_json(results.base / fill(results.paths.trait_json, split)) for split in group.splits
        ]
        found = [parts(one["shares"]) for one in stored if one.get("shares")]
        if found:
            mean = {name: float(np.mean([one[name] for one in found])) for name in PARTS}
            rows.append((group.scenario, group.trait, mean))
    return Data(tuple(rows))


def draw(data: Data) -> "Figure":
    if not data.rows:
        return style.message("No simulated trait stated the shares of its variance.")
    used = [name for name in PARTS if any(abs(shares[name]) > 5e-4 for _, _, shares in data.rows)]
    ticks: list[tuple[float, str]] = []
    y, last = 0.0, data.rows[0][0]
    places = []
    for scenario, trait, _ in data.rows:
        y -= 1.0 if scenario == last else 1.5
        last = scenario
        places.append(y)
        ticks.append((y, f"{scenario}: {trait}"))
    left = 0.3 + 0.068 * max(len(label) for _, label in ticks)
    tall = 0.24 * (abs(places[-1]) + 0.4)
    bottom = 0.75 + 0.19 * -(-len(used) // 2)
    figure, axes = style.canvas(left + 6.0, tall + bottom + 0.15, margins=(left, 0.2, bottom, 0.15, 0.0, 0.0))
    axis = axes[0, 0]
    for place, (_, _, shares) in zip(places, data.rows, strict=True):
        _bar(axis, place, {name: shares[name] for name in used})
    axis.axvline(0, color=style.INK, lw=0.8)
    axis.set_yticks([y for y, _ in ticks], [label for _, label in ticks])
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    axis.set_ylim(places[-1] - 0.6, places[0] + 0.6)
    axis.grid(axis="x")
    style.unit_axis(axis)
    axis.set_xlabel("share of the liability's variance", loc="left")
    axis.legend(
        handles=[style.key("s", name, colour=PARTS[name]) for name in used], loc="upper left", ncols=2,
        bbox_to_anchor=(0, -0.5 / tall), borderaxespad=0, borderpad=0,
    )  # fmt: skip
    return figure


def _bar(axis: Any, y: float, shares: Mapping[str, float]) -> None:
    """Positive shares to the right of 0, a negative covariance to its left."""
    right = left = 0.0
    for name, share in shares.items():
        start = right if share >= 0 else left
        axis.barh(y, share, left=start, color=PARTS[name], height=0.72, zorder=2)
        if abs(share) >= LEAST:
            colour = "white" if PARTS[name] in LIGHT else style.INK
            axis.text(
                start + share / 2, y, style.short(share), ha="center", va="center", fontsize=7.5, color=colour
            )
        right, left = (right + share, left) if share >= 0 else (right, left + share)


def caption(results: Results, subject: Any) -> str:
    return (
        "What the liability of each simulated trait is made of: realised variances of its parts over that of the "
        "liability, means over the replicates. All parts of a trait sum to 1. The covariance is what the parts share "
        "by chance or, as environment and genes both differ between populations, by structure; a negative one stands "
        "left of 0."
    )
