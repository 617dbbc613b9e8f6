"""What a cohort's mating, as its file declares it, means for QC.

outbred: all steps are taken. pedigree: the design decides who is related and how genotypes are distributed, so HWE and
duplicates are tested only if the config asks for it. inbred: hardly anyone is heterozygous, so HWE, heterozygosity and
KING say nothing and are refused; kinship is read from the GRM.
"""

from collections.abc import Iterator, Mapping
from typing import Any

AUTO = {"hwe": 1e-6, "duplicates": 0.354}  # 2^-1.5, the border between duplicates and first degree
STEPS = {"hwe": "HWE", "duplicates": "duplicates"}
OF_OUTBRED = ("hwe", "heterozygosity", "duplicates", "relatives")


def forbidden(options: Mapping[str, Any], mating: str) -> Iterator[tuple[str, str]]:
    """Options of QC that this mating forbids, each with the reason."""
    if mating == "inbred":
        for name in OF_OUTBRED:
            if options[name] not in (None, "auto"):
                reason = (
                    "the cohort is declared inbred: HWE, heterozygosity and KING mean nothing; set it to null"
                )
                yield name, f"{options[name]!r}, but {reason}"


def settle(options: Mapping[str, Any], mating: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The options with ``auto`` replaced, and the reason for each step that is left out, as ``not tested: inbred``."""
    settled, notes = dict(options), {}
    for name, value in AUTO.items():
        if options[name] == "auto":
            settled[name] = value if mating == "outbred" else None
            if mating != "outbred":
                notes[STEPS[name]] = f"not tested: {mating}"
    return settled, notes
