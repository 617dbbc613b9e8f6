"""What differences say: whether a number clearly rises, clearly falls, or stays where it was.

A change is claimed where the 95% interval of the difference excludes 0, and not from a few replicates. An interval that
includes 0 is no proof that nothing changed: a number 'stays' only where the 90% interval of its paired difference is
narrow enough.
"""

import math
from collections.abc import Sequence
from typing import Any

from stratbench.report.analysis.results import Group, Results

RISES, FALLS, SAME, UNCLEAR, OPEN = "rises", "falls", "same", "unclear", "open"
SAME_WITHIN = 0.03  # two one-sided tests at 5%: the largest difference that still counts as none

ENOUGH = 6  # replicates from which on a difference is claimed; one cohort's interval is over its test people


def sign(row: Any) -> str:
    """What the 95% interval of a difference says, paired or not: rises, falls or unclear; open without an interval.

    Two to five replicates are too few to claim a difference.
    """
    if math.isnan(row["ci_low"]):
        return OPEN
    if 1 < row["n_replicates"] < ENOUGH:
        return UNCLEAR
    return RISES if row["ci_low"] > 0 else FALLS if row["ci_high"] < 0 else UNCLEAR


def direction(row: Any) -> str:
    """What the interval of a paired difference says: rises or falls where that is clear, otherwise same or unclear.

    The number is the same where the 90% interval of the difference lies within ``SAME_WITHIN`` of 0. It is open where
    there is no interval.
    """
    found = sign(row)
    return SAME if found == UNCLEAR and _same(row) else found


def _same(row: Any) -> bool:
    from stratbench.metrics.intervals import narrower  # it imports SciPy, which names of figures do not need

    low, high = narrower(row["ci_low"], row["ci_high"], int(row["n_replicates"]))
    return max(-low, high) <= SAME_WITHIN


def paired_changes(
    results: Results, group: Group, model: str, metric: str, names: Sequence[str], **keys: str
) -> dict[str, list[str]]:
    """Sort adjustments by what their paired difference from the group's baseline says.

    Args:
        results: the results of the study.
        group: the group whose baseline the adjustments are compared with.
        model: the model of which the metric is.
        metric: the metric's name, without the prefix ``diff_``.
        names: the adjustments; those without a difference are left out.
        keys: the values of further columns of comparisons.tsv, such as ``attribution``.

    Returns:
        The names under ``rises``, ``falls``, ``same``, ``unclear`` and ``open``, in this order.

    Raises:
        UserError: if comparisons.tsv is absent or damaged.
    """
    found: dict[str, list[str]] = {kind: [] for kind in (RISES, FALLS, SAME, UNCLEAR, OPEN)}
    for name in names:
        of = {"model": model, "adjustment": name, "against": group.baseline, **keys}
        row = results.value(group, f"diff_{metric}", **of)
        if row is not None:
            found[direction(row)].append(name)
    return found
