"""One population that mates at random: no structure at all."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import msprime

CITATION = "Kingman 1982, Stochastic Processes and their Applications 13:235"
OPTIONS = {
    "population_size": {
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 10000,
        "description": "diploid individuals",
    },
}


def demography(options: Mapping[str, Any]) -> "msprime.Demography":
    """One population, ``all``, of constant size."""
    import msprime

    result = msprime.Demography()
    result.add_population(name="all", initial_size=options["population_size"])
    return result


def samples(options: Mapping[str, Any]) -> dict[str, int]:
    """Diploid individuals to sample from each population."""
    return {"all": options["individuals"]}
