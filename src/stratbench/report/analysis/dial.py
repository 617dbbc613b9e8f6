"""A study's dial: which traits can be followed over it, their numbers at its points, and how far a metric moves."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from stratbench.report.analysis import rankings
from stratbench.report.analysis.numbers import number
from stratbench.report.analysis.results import Group, Results, select
from stratbench.report.analysis.verdicts import LEARNED, verdict
from stratbench.study.study import Point, Study

OWN = ("overall", "within", "overall_f", "within_f")  # names that a group resolves by the kind of its trait
Rows = tuple[Any, ...]  # a row of comparisons.tsv for each point of a course, None where there is no number


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


def label(point: Point) -> str:
    """A point's name as the report writes it: .05, families."""
    return point.text if point.value is None else number(point.text)


def span(one: Course) -> str:
    """The smallest and the largest number of a course that has two: '0 to .1'."""
    numbers = [point for point in one.points if point.value is not None]
    return f"{label(numbers[0])} to {label(numbers[-1])}"


def change(results: Results, low: Group, high: Group, metric: str, **keys: str) -> dict[str, Any] | None:
    """Compute the difference of a metric's means, ``high`` - ``low``, with Welch's 95% interval over replicates.

    Replicates of two scenarios are independent draws. The difference needs one replicate of each scenario, and the
    interval needs two.

    Args:
        results: the results of the study.
        low, high: the groups at two points of the dial.
        metric: the metric's name.
        keys: the values of further columns of metrics.tsv, such as ``model`` and ``adjustment``.

    Returns:
        ``mean``, ``ci_low`` and ``ci_high`` in the metric's unit, and ``n_replicates``, the smaller of the two numbers
        of replicates. The ends of the interval are NaN if there is none. The result is None if there is no difference.

    Raises:
        UserError: if the study's metrics.tsv is absent or damaged.
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


class CourseNumbers:
    """A reader of one course's numbers, which returns a row for each of its points."""

    def __init__(self, results: Results, course: Course) -> None:
        self.results, self.course = results, course

    def each(self, read: Callable[[Group], Any]) -> Rows:
        """Call ``read`` with the group of each point."""
        return tuple(read(group) for group in self.course.groups)

    def of(self, metric: str, model: str, adjustment: str, **keys: str) -> Rows:
        """Look up a metric of a model under an adjustment.

        Args:
            metric: the metric's name, or one of ``OWN`` for the group's own measure of accuracy.
            model: the name of a model, a floor or a ceiling.
            adjustment: the adjustment's name; blank for floors and ceilings.
            keys: the values of further columns of comparisons.tsv, such as ``attribution`` and ``k``.

        Returns:
            A row of comparisons.tsv for each point of the course; None at points without this number.

        Raises:
            UserError: if comparisons.tsv is absent or damaged.
        """

        def read(group: Group) -> Any:
            name = getattr(group, metric) if metric in OWN else metric
            return self.results.value(group, name, model=model, adjustment=adjustment, **keys)

        return self.each(read)

    def test(self, metric: str, association: str, k: str = "") -> Rows:
        """A metric of an association test."""
        return self.each(lambda group: self.results.value(group, metric, association=association, k=k))

    def between(self, metric: str, model: str, adjustment: str, k: str = "") -> Rows:
        """Look up how an adjustment's rankings agree with those of the baseline, by the attribution that is shown.

        Args:
            metric: the name of the measure of agreement.
            model: the model whose attributions rank the SNPs.
            adjustment: the adjustment whose rankings are compared with the baseline's.
            k: the number of first SNPs that are compared, as text; blank for metrics without one.

        Returns:
            A row of comparisons.tsv for each point of the course; None at points without this number.

        Raises:
            UserError: if comparisons.tsv is absent or damaged.
        """
        keys = {"attribution": self.course.attribution, "k": k}
        return self.each(
            lambda group: rankings.between(self.results, group, model, adjustment, metric, **keys)
        )

    def not_learned(self, model: str, *adjustments: str) -> frozenset[int]:
        """The places in the course at which a model is not shown to have learned under one of these adjustments."""
        return frozenset(
            place
            for place, group in enumerate(self.course.groups)
            if any(verdict(self.results, group, model, name) != LEARNED for name in adjustments)
        )

    def chance_ancestry(self, model: str) -> float | None:
        """The chance level of decoded ancestry, if it is the same number at all points."""
        rows = [row for name in self.course.adjustments for row in self.of("ancestry_chance", model, name)]
        found = {row["mean"] for row in rows if row is not None}
        return float(found.pop()) if len(found) == 1 else None

    def chance_jaccard(self, k: str) -> float | None:
        """The Jaccard index of two random sets of k SNPs, if it is the same number at all points."""
        return rankings.chance_jaccard(self._table, k)

    def sizes(self, metric: str) -> list[str]:
        """The k of a metric at any point, ascending."""
        return rankings.sizes(self._table, metric)

    @property
    def _table(self) -> pd.DataFrame:
        table, scenarios = self.results.comparisons, {group.scenario for group in self.course.groups}
        return select(table[table["scenario"].isin(scenarios)], **self.course.keys)


def replicates(results: Results, *shown: Course) -> tuple[int, int]:
    """The fewest and the most replicates behind the points of these courses."""
    counts = {results.replicates(group) for one in shown for group in one.groups}
    return min(counts), max(counts)
