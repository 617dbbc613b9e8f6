"""What quality control is asked to do: its options, checked and complete, and what the cohort file says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stratbench.cohorts.qc.options import OPTIONS
from stratbench.cohorts.real.mating import AUTO, forbidden, settle
from stratbench.core.errors import UserError
from stratbench.methods.checked import checked
from stratbench.popgen.chromosomes import Species


@dataclass(frozen=True)
class QCOptions:
    """The options that ``options.OPTIONS`` declares and explains, with a number or None in place of ``auto``.

    ``auto`` holds the names of the options that were ``auto``.
    """

    unplaced: str
    sex_chromosomes: str
    ambiguous: str
    mind: float
    geno: float
    heterozygosity: float | None
    duplicates: float | None
    relatives: float | None
    individual_snps: int | None
    hwe: float | None
    hwe_within: str
    maf: float
    thin: int | None
    structure_maf: float
    long_range_ld: str | Sequence[str] | None
    ld_window: int
    ld_step: int
    ld_r2: float
    populations: str
    call_probability: float
    auto: frozenset[str]

    @classmethod
    def of(cls, given: Mapping[str, Any], mating: str) -> tuple["QCOptions", dict[str, str]]:
        """The given options over the defaults, and by step the reason why this mating leaves it out.

        Raises UserError for options that do not exist, that have a value they cannot have, or that the mating forbids.
        """
        asked = checked(OPTIONS, given, "qc")
        for name, reason in forbidden(asked, mating):
            raise UserError(f"qc: option '{name}' is {reason}")
        settled, notes = settle(asked, mating)
        return cls(**settled, auto=frozenset(name for name in AUTO if asked[name] == "auto")), notes


@dataclass(frozen=True)
class CohortFacts:
    """What the cohort file says that QC depends on; simulated people mate at random and are of no species.

    Attributes:
        mating: outbred, pedigree or inbred.
        species: the genome's build and its autosomes.
        labels: the file and column that populations come from; blank for samples.tsv itself.
    """

    mating: str
    species: Species
    labels: str

    @classmethod
    def of(cls, about: Mapping[str, Any]) -> "CohortFacts":
        """From what a rule's ``params`` or a cohort file hold; further keys are left aside."""
        return cls(about.get("mating", "outbred"), Species.of(about), about.get("labels", ""))
