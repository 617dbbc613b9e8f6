"""A study's dial as figures and text show it: where its points stand, and how a metric moves between two of them."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from stratbench.report.results import Group, Results
from stratbench.report.style import number
from stratbench.study.study import Dial, Point, Study

CROWDED = 0.1  # numbers that lie closer than this share of their range need a logarithmic scale
GAP = 0.35  # between the last number and the first word, in slots, beyond the usual one


@dataclass(frozen=True)
class Course:
    """One trait and split over the dial: the groups of the points that have it, in the dial's order."""

    trait: str
    split: str
    points: tuple[Point, ...]
    groups: tuple[Group, ...]

    @property
    def name(self) -> str:
        return f"{self.trait}_{self.split}"

    @property
    def keys(self) -> dict[str, str]:
        return {"trait": self.trait, "split": self.split}

    @property
    def models(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(model for group in self.groups for model in group.models))

    @property
    def adjustments(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for group in self.groups for name in group.adjustments))

    @property
    def associations(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for group in self.groups for name in group.associations))

    @property
    def attribution(self) -> str:
        """The attribution that is shown: the first that any point has."""
        return next((group.attributions[0] for group in self.groups if group.attributions), "")

    @property
    def ends(self) -> tuple[Group, Group] | None:
        """The groups at the smallest and the largest number; None where there are no two."""
        numbers = [
            group for point, group in zip(self.points, self.groups, strict=True) if point.value is not None
        ]
        return (numbers[0], numbers[-1]) if len(numbers) > 1 else None


@dataclass(frozen=True)
class Places:
    """Where the dial's points stand, in slots of one tick label, and what the numbers' scale is."""

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


def courses(study: Study, groups: list[Group]) -> list[Course]:
    """The courses that can be shown over the dial: each trait and split that at least two points have."""
    if study.dial is None:
        return []
    by = {(group.trait, group.split, group.scenario): group for group in groups}
    made = []
    for trait, split in dict.fromkeys((group.trait, group.split) for group in groups):
        found = [point for point in study.dial.points if (trait, split, point.scenario) in by]
        if len(found) > 1:
            of = tuple(by[trait, split, point.scenario] for point in found)
            made.append(Course(trait, split, tuple(found), of))
    return made


def course(results: Results, subject: Any) -> Course:
    """The course with these keys."""
    return next(one for one in courses(results.study, results.groups) if one.keys == subject)


def strongest(study: Study) -> str:
    """The scenario at the dial's largest number, else at its last word; blank without a dial."""
    if study.dial is None:
        return ""
    return (study.dial.numbers or study.dial.points)[-1].scenario


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


def label(point: Point) -> str:
    """A point's name as the report writes it: .05, families."""
    return point.text if point.value is None else number(point.text)


def change(results: Results, low: Group, high: Group, metric: str, **keys: str) -> dict[str, Any] | None:
    """The difference of a metric's means, ``high`` - ``low``, with Welch's 95% interval over replicates.

    Replicates of two scenarios are independent draws. The interval needs two replicates of each scenario, the
    difference one value of each.
    """
    from scipy import stats

    before, after = (results.per_replicate(group, metric, **keys) for group in (low, high))
    if not len(before) or not len(after):
        return None
    mean, n = float(after.mean() - before.mean()), min(len(before), len(after))
    found = {"mean": mean, "ci_low": math.nan, "ci_high": math.nan, "n_replicates": n}
    if n > 1:
        parts = [values.var(ddof=1) / len(values) for values in (before, after)]
        half = 0.0
        if sum(parts) > 0:
            spread = zip(parts, (before, after), strict=True)
            freedom = sum(parts) ** 2 / sum(part**2 / (len(values) - 1) for part, values in spread)
            half = float(stats.t.ppf(0.975, freedom) * math.sqrt(sum(parts)))
        found |= {"ci_low": mean - half, "ci_high": mean + half}
    return found
