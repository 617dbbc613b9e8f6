"""What differences say: whether a number clearly rises, clearly falls, or stays where it was.

A change is claimed where the 95% interval of the difference excludes 0 and its p value, adjusted for all claims that
the report may make, is below .05. An interval that includes 0 is no proof that nothing changed: a number 'stays' only
where the 90% interval of its paired difference is narrow enough.
"""

import math
from typing import Any

RISES, FALLS, SAME, UNCLEAR, OPEN = "rises", "falls", "same", "unclear", "open"
SAME_WITHIN = 0.03  # two one-sided tests at 5%: the largest difference that still counts as none

ENOUGH = 6  # replicates from which on a difference is claimed; one cohort's interval is over its test people
LEVEL = 0.05  # of a p value that is adjusted for all claims


def sign(row: Any) -> str:
    """What the 95% interval of a difference says, paired or not: rises, falls or unclear; open without an interval.

    A difference of comparisons.tsv rises or falls only if its adjusted p value says so; where there is none it is not
    claimed. One between points of a dial is no row of that table: it needs as many replicates as such a p value.
    """
    if math.isnan(row["ci_low"]):
        return OPEN
    claimed = row["p_holm"] < LEVEL if "p_holm" in row else not 1 < row["n_replicates"] < ENOUGH
    if not claimed:
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
