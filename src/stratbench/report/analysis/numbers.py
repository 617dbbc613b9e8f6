"""Numbers as the report prints them: .78 (.75 to .81, n = 3)."""

import math
import re
from typing import Any

NOTHING = "n/a"
MINUS = "\N{MINUS SIGN}"


def number(text: str) -> str:
    """A formatted number as the report prints it: no zero before the point, a real minus sign."""
    return re.sub(r"^(-?\+?)0\.", r"\1.", text).replace("-", MINUS)


def plain(value: float | None, digits: int = 2) -> str:
    """A number with so many digits after the point; 'n/a' where there is none."""
    return (
        NOTHING
        if value is None or math.isnan(value)
        else number(f"{_no_minus_zero(value, digits):.{digits}f}")
    )


def _no_minus_zero(value: float, digits: int) -> float:
    return round(value, digits) + 0.0


def signed(value: float) -> str:
    """A difference: its sign always stands before it, unless it rounds to 0."""
    return number(f"{value:+.2f}") if abs(value) >= 0.005 else number("0.00")


def interval(row: Any, show: Any = plain) -> str:
    """'.75 to .81', or blank where there is no interval."""
    return "" if math.isnan(row["ci_low"]) else f"{show(row['ci_low'])} to {show(row['ci_high'])}"


def estimate(row: Any, show: Any = plain) -> str:
    """For sentences: mean, 95% interval and number of replicates."""
    if row is None:
        return NOTHING
    between = interval(row, show)
    return f"{show(row['mean'])} ({between or 'no interval'}, n = {int(row['n_replicates'])})"


def cell(row: Any, show: Any = plain) -> str:
    """For tables, whose caption states n."""
    if row is None:
        return NOTHING
    between = interval(row, show)
    return f"{show(row['mean'])} ({between})" if between else show(row["mean"])


def listed(items: list[str]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + f" and {items[-1]}" if items else ""
