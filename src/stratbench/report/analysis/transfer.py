"""What adjustments change of the accuracy within a population of which nobody trained: one that a network never saw."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from stratbench.report.analysis.results import Group, Results, select
from stratbench.splits import LEAVE_OUT, TRAIN_ON


@dataclass(frozen=True)
class Place:
    """A population that is tested where others train.

    Attributes:
        group: the group whose split it is.
        population: its name.
        metric: its accuracy in metrics.tsv.
        column: what the column ``population`` holds: the name, or blank where nobody else is tested.
        against: the splits that it is compared with on the same test people.
    """

    group: Group
    population: str
    metric: str
    column: str
    against: tuple[str, ...]

    def value(self, results: Results, prefix: str, model: str, adjustment: str, against: str = "") -> Any:
        """The row of comparisons.tsv of this accuracy, or of a difference of it.

        Args:
            results: the results of the study.
            prefix: of the metric: blank, ``diff_``, ``transfer_`` or ``transfer_diff_``.
            model: the model's label.
            adjustment: the adjustment's label.
            against: what it is compared with; blank for the accuracy itself.

        Returns:
            The row, or None if there is none.
        """
        keys = {"population": self.column, "model": model, "adjustment": adjustment, "against": against}
        return results.value(self.group, prefix + self.metric, **keys)

    def change(self, results: Results, model: str, adjustment: str) -> Any:
        """The row of the paired difference from the group's baseline."""
        return self.value(results, "diff_", model, adjustment, self.group.baseline)


def places(results: Results) -> Iterator[Place]:
    """Every population of a study that is tested where others train, and under adjustments that are compared.

    Raises UserError if comparisons.tsv is absent or damaged.
    """
    for group in results.groups:
        spec = results.study.spec("splits", group.split)
        options = spec.get("options") or {}
        if len(group.adjustments) < 2:
            continue
        if spec.get("method") == LEAVE_OUT:
            yield Place(group, str(options["population"]), group.within, "", ())
        if spec.get("method") == TRAIN_ON:
            rows = select(results.comparisons, **group.keys, metric=f"diff_{group.overall}")
            for name in sorted({*rows["population"]} - {""}):
                yield Place(group, name, group.overall, name, tuple(options["against"]))
