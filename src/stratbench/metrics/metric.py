"""The declaration of a metric: its family's file states it once, and tables, report and pages take it from there."""

import math
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Metric:
    """One metric, as a file of metrics/ declares it in its ``METRICS``.

    Attributes:
        name: as in the column ``metric`` of metrics.tsv.
        says: what a value means, in a phrase for docs/contracts.md.
        low, high: the range of its values; infinite where it has no end.
        better: which direction is better, for a model or an attribution.
        source: where the formula comes from.
        label: the label of an axis that shows it.
        term: the word of the report's glossary that explains it; metrics may share one.
        meaning: what the glossary says of the term; ``says`` where it is blank.
        chance: what guessing gives: a number, a rule in words, or None where guessing has no meaning.
        paired: whether comparisons.tsv has ``diff_<name>``, the paired difference between adjustments.
        claimed: whether reports claim changes of it: its differences (or, of a metric that is a difference, its own
            rows) belong to the family over which p values are adjusted.
        nothing_below: for a metric on which verdicts are taken against ``chance``, which is then a number: a model
            whose interval includes chance and ends below this level has learned nothing; None for other metrics.
        by_population: whether it also has a row for each population.
        over: what its standard error in one cohort is taken over.
    """

    name: str
    says: str
    low: float
    high: float
    better: Literal["higher", "lower", "neither"]
    source: str
    label: str
    term: str
    meaning: str = ""
    chance: float | str | None = None
    paired: bool = False
    claimed: bool = False
    nothing_below: float | None = None
    by_population: bool = False
    over: str = "test people"

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"{self.name}: low {self.low} is not below high {self.high}")
        if self.nothing_below is None:
            return
        if not isinstance(self.chance, float):
            raise ValueError(f"{self.name}: a metric with nothing_below needs a number as chance")
        if not self.chance < self.nothing_below <= self.high:
            raise ValueError(
                f"{self.name}: nothing_below {self.nothing_below} is not above chance {self.chance} and in the range"
            )

    @property
    def range(self) -> str:
        """The range in words, such as ``0 to 1`` or ``up to 1``."""
        low, high = (f"{end:g}" if math.isfinite(end) else "" for end in (self.low, self.high))
        return f"{low} to {high}" if low and high else f"from {low}" if low else f"up to {high or 'any'}"
