"""What differences say: whether a number clearly rises or falls.

A change is 'clear' where the 95% interval of the difference excludes 0.
"""

import math
from collections.abc import Sequence
from typing import Any

from stratbench.report.analysis.results import Group, Results

RISES, FALLS, UNCLEAR, OPEN = "rises", "falls", "unclear", "open"


def direction(row: Any) -> str:
    """What the interval of a difference says: rises, falls or unclear; open where there is no interval."""
    if math.isnan(row["ci_low"]):
        return OPEN
    return RISES if row["ci_low"] > 0 else FALLS if row["ci_high"] < 0 else UNCLEAR


def paired_changes(
    results: Results, group: Group, model: str, metric: str, names: Sequence[str], **keys: str
) -> dict[str, list[str]]:
    """Adjustments sorted by what the paired difference from the group's baseline says.

    Args:
        results: of the study.
        group: whose baseline the adjustments are compared with.
        model: of which the metric is.
        metric: its name, without the prefix ``diff_``.
        names: the adjustments; those without a difference are left out.
        keys: further columns of comparisons.tsv, such as ``attribution``.

    Returns the names under ``rises``, ``falls``, ``unclear`` and ``open``, in this order.
    """
    found: dict[str, list[str]] = {RISES: [], FALLS: [], UNCLEAR: [], OPEN: []}
    for name in names:
        of = {"model": model, "adjustment": name, "against": group.baseline, **keys}
        row = results.value(group, f"diff_{metric}", **of)
        if row is not None:
            found[direction(row)].append(name)
    return found
