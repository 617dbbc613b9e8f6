"""Whether a model learned anything within populations, asked once for the figures and the words."""

import math
from typing import Any

from stratbench.report.results import Group, Results

LEARNED, NOTHING, UNKNOWN = "learned", "nothing", "unknown"


def judge(row: Any, chance: float) -> str:
    """A row of comparisons.tsv: an interval that includes chance, or lies below it, is 'nothing'."""
    if row is None or math.isnan(row["ci_low"]):
        return UNKNOWN
    return LEARNED if row["ci_low"] > chance else NOTHING


def verdict(results: Results, group: Group, model: str, adjustment: str) -> str:
    row = results.value(group, group.within, model=model, adjustment=adjustment)
    return judge(row, group.chance)
