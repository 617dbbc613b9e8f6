"""What each step of quality control removed."""

from dataclasses import dataclass, field

from stratbench.core.errors import UserError
from stratbench.core.job import say
from stratbench.core.words import counted

LEAST = {"individuals": 2, "SNPs": 1}  # that a step must leave; there may be no SNPs for structure


@dataclass(frozen=True)
class QCStep:
    """A row of qc.tsv: how many of a unit a step has removed and left, and the threshold that it applied."""

    step: str
    unit: str
    removed: int
    left: int
    threshold: str


@dataclass
class Waterfall:
    """The rows of qc.tsv, one a step.

    Attributes:
        left: how many individuals and SNPs no step has removed.
        source: the file that errors name.
        rows: the steps so far, in their order.
    """

    left: dict[str, int]
    source: str
    rows: list[QCStep] = field(default_factory=list)

    def __post_init__(self) -> None:
        for unit in self.left:
            self.add("input", unit, 0)

    def add(self, step: str, unit: str, removed: int, threshold: str = "") -> None:
        """Record a step.

        Args:
            step: its name.
            unit: what it removes, ``individuals``, ``SNPs`` or ``structure SNPs``.
            removed: how many of these.
            threshold: the threshold that it applied, in words.

        Raises:
            UserError: if the step leaves no SNP, or fewer than two individuals.
        """
        self.left[unit] -= removed
        self.rows.append(QCStep(step, unit, removed, self.left[unit], threshold))
        say(f"{step}: {counted(removed, unit.removesuffix('s'))} removed, {self.left[unit]:,} left")
        if self.left[unit] < LEAST.get(unit, 0):
            left = (
                f"only {counted(self.left[unit], unit.removesuffix('s'))}"
                if self.left[unit]
                else f"no {unit}"
            )
            raise UserError(
                f"{self.source}: {left} left after the step '{step}' of QC{f' ({threshold})' if threshold else ''}; "
                "change the option of that step under qc, or look at what the data hold"
            )
