"""The verdict on one model and adjustment of a group, for the figures and the text."""

from stratbench.metrics import verdict as rule
from stratbench.metrics.verdict import LEARNED, NOTHING, UNDECIDED
from stratbench.report.results import Group, Results

__all__ = ["LEARNED", "NOTHING", "UNDECIDED", "verdict"]


def verdict(results: Results, group: Group, model: str, adjustment: str) -> str:
    """The verdict by the interval of the accuracy within populations; undecided if there is no such number."""
    row = results.value(group, group.within, model=model, adjustment=adjustment)
    return UNDECIDED if row is None else rule.verdict(row["ci_low"], row["ci_high"], group.chance)
