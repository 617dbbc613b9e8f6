"""What the liability of each simulated trait is made of: realised shares of its variance, of all and within."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stratbench.report import style
from stratbench.report.analysis.results import Group, Results
from stratbench.report.analysis.traits import PARTS, mean_shares, simulated
from stratbench.study.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SECTION = "cohorts"
ORDER = 110
# From a palette that neither adjustments nor populations use.
COLOURS = dict(zip(PARTS, ("#1b7837", "#a6dba0", "#762a83", "#c2a5cf", "#d9d9d9", "#4d4d4d"), strict=True))
LIGHT = ("#1b7837", "#762a83", "#4d4d4d")  # parts whose colours are dark enough for white figures
LEAST = 0.055  # the smallest share that has room for its number
WITHIN = "within populations"
HIGH, LOW = 0.62, 0.44  # the heights of a trait's bar and of the bar within populations; rows stand 1 apart


@dataclass(frozen=True)
class VarianceShares:
    rows: tuple[
        tuple[str, str, dict[str, float], dict[str, float] | None], ...
    ]  # scenario, trait, shares, within


def pictures(study: Study, groups: list[Group]) -> list[tuple[str, Any]]:
    return [("shares", "traits")] if simulated(groups) else []


def load(results: Results, subject: Any) -> VarianceShares:
    return VarianceShares(tuple(mean_shares(results)))


def draw(data: VarianceShares) -> "Figure":
    if not data.rows:
        return style.message("No simulated trait stated the shares of its variance.")
    shown = [shares for row in data.rows for shares in row[2:] if shares]
    used = [name for name in PARTS if any(abs(shares[name]) > 5e-4 for shares in shown)]
    bars = _places(data)
    left = 0.3 + 0.068 * max(len(label) for _, label, _, _ in bars)
    top, low = bars[0][0], bars[-1][0]
    tall = 0.27 * (top - low + 1.2)
    bottom = 0.75 + 0.19 * -(-len(used) // 2)
    figure, axes = style.canvas(left + 6.0, tall + bottom + 0.15, margins=(left, 0.2, bottom, 0.15, 0.0, 0.0))
    axis = axes[0, 0]
    for place, _, shares, high in bars:
        _bar(axis, place, {name: shares[name] for name in used}, high)
    axis.axvline(0, color=style.INK, lw=0.8)
    axis.set_yticks([y for y, *_ in bars], [label for _, label, *_ in bars])
    for text, (_, label, _, _) in zip(axis.get_yticklabels(), bars, strict=True):
        if label == WITHIN:
            text.set(fontsize=7.5, color=style.QUIET)
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    axis.set_ylim(low - 0.6, top + 0.6)
    axis.grid(axis="x")
    style.unit_axis(axis)
    axis.set_xlabel("share of the liability's variance, of all or within populations", loc="left")
    axis.legend(
        handles=[style.key("s", name, colour=COLOURS[name]) for name in used], loc="upper left", ncols=2,
        bbox_to_anchor=(0, -0.5 / tall), borderaxespad=0, borderpad=0,
    )  # fmt: skip
    return figure


def _places(data: VarianceShares) -> list[tuple[float, str, dict[str, float], float]]:
    """Place the bars from the top down: the y coordinate, label, shares and height of each.

    The bar of the shares within populations stands below that of all shares.
    """
    bars: list[tuple[float, str, dict[str, float], float]] = []
    y, last = 0.0, data.rows[0][0]
    for scenario, trait, shares, within in data.rows:
        y -= 1.0 if scenario == last else 1.4
        last = scenario
        bars.append((y, f"{scenario}: {trait}", shares, HIGH))
        if within:
            y -= (HIGH + LOW) / 2 + 0.04
            bars.append((y, WITHIN, within, LOW))
    return bars


def _bar(axis: Any, y: float, shares: Mapping[str, float], high: float) -> None:
    """Draw a bar, with positive shares to the right of 0 and a negative covariance to its left."""
    right = left = 0.0
    for name, share in shares.items():
        start = right if share >= 0 else left
        axis.barh(y, share, left=start, color=COLOURS[name], height=high, zorder=2)
        if abs(share) >= LEAST:
            axis.text(
                start + share / 2, y, style.short(share), ha="center", va="center_baseline",
                fontsize=7.5 if high == HIGH else 6.5, color="white" if COLOURS[name] in LIGHT else style.INK,
            )  # fmt: skip
        right, left = (right + share, left) if share >= 0 else (right, left + share)


def caption(results: Results, subject: Any) -> str:
    specs = {group.trait: results.study.spec("traits", group.trait) for group in simulated(results.groups)}
    ascertained = ", ".join(trait for trait, spec in specs.items() if spec.get("ascertain"))
    words = (
        "What the liability of each simulated trait is made of: realised variances of its parts over that of the "
        "liability, means over the replicates. All parts of a bar sum to 1. The covariance is what the parts share "
        "by chance or, as environment and genes both differ between populations, by structure; a negative one stands "
        f"left of 0. Thin bars: the same {WITHIN}, around the means of these; there is none in one population."
    )
    if ascertained:
        words += (
            f" Shares of {ascertained} are those of the cases and controls kept, not of the whole cohort."
        )
    return words
