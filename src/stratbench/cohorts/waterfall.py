"""What each step of quality control removed."""

from dataclasses import dataclass, field
from typing import Any

from stratbench.errors import UserError
from stratbench.job import say


@dataclass
class Waterfall:
    """What each step removed; ``left`` counts individuals and SNPs."""

    left: dict[str, int]
    source: str
    rows: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for unit in self.left:
            self.add("input", unit, 0)

    def add(self, step: str, unit: str, removed: int, threshold: str = "") -> None:
        """Record a step. Raises UserError if it leaves no individuals or SNPs; those for structure may be none."""
        self.left[unit] -= removed
        self.rows.append(
            {"step": step, "unit": unit, "removed": removed, "left": self.left[unit], "threshold": threshold}
        )
        say(f"{step}: {removed} {unit} removed, {self.left[unit]} left")
        if self.left[unit] == 0 and unit in ("individuals", "SNPs"):
            raise UserError(f"{self.source}: no {unit} left after the step '{step}' of QC ({threshold})")
