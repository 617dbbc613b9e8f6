"""No correction: f(x)."""

from typing import Any

from stratbench.adjustments.contract import Adjustment

OPTIONS: dict[str, Any] = {}
CITATION = "the unadjusted model"


def build(options: dict[str, Any]) -> Adjustment:
    return Adjustment()
