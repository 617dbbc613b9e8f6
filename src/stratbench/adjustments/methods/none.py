"""No correction: f(x).

Known failure: where ancestry predicts the trait, it is the shortcut that a network takes.
"""

from typing import Any

from stratbench.adjustments.contract import Adjustment

OPTIONS: dict[str, Any] = {}
CITATION = "the unadjusted model"


def build(options: dict[str, Any]) -> Adjustment:
    return Adjustment()
