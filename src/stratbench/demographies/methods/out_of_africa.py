"""Out of Africa with three populations, as Gutenkunst et al. fitted it to the 1000 Genomes' forerunners.

Maximum likelihood values of their Table 1, a generation being 25 years; the same model as stdpopsim's
OutOfAfrica_3G09 (tested). It has no dial: parameters are the published ones. The authors' mutation rate is
2.35e-8, stdpopsim's too; the default here is that of all simulations.
"""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import msprime

CITATION = "Gutenkunst et al. 2009, PLoS Genetics 5:e1000695; Adrion et al. 2020, eLife 9:e54967 (stdpopsim)"
OPTIONS: dict[str, dict[str, Any]] = {}
YEARS = 25  # per generation
EXPANSION = 220_000 / YEARS  # the African population grows from its ancestral size
OUT_OF_AFRICA = 140_000 / YEARS
EUROPE_ASIA = 21_200 / YEARS
ANCESTRAL, AFRICA, BOTTLENECK = 7300, 12300, 2100  # diploid individuals
EUROPE, EUROPE_GROWTH = 1000, 0.004  # at the split of Europe and Asia, and a generation
ASIA, ASIA_GROWTH = 510, 0.0055


def demography(options: Mapping[str, Any]) -> "msprime.Demography":
    """YRI, CEU and CHB. CEU stands for the population out of Africa before Europe and Asia split."""
    import msprime

    result = msprime.Demography()
    result.add_population(name="YRI", initial_size=AFRICA)
    for name, size, growth in (("CEU", EUROPE, EUROPE_GROWTH), ("CHB", ASIA, ASIA_GROWTH)):
        now = size / math.exp(-growth * EUROPE_ASIA)
        result.add_population(name=name, initial_size=now, growth_rate=growth)
    result.set_symmetric_migration_rate(["YRI", "CEU"], 3e-5)
    result.set_symmetric_migration_rate(["YRI", "CHB"], 1.9e-5)
    result.set_symmetric_migration_rate(["CEU", "CHB"], 9.6e-5)

    result.add_mass_migration(EUROPE_ASIA, source="CHB", dest="CEU", proportion=1)
    result.add_migration_rate_change(EUROPE_ASIA, rate=0)
    result.add_migration_rate_change(EUROPE_ASIA, rate=25e-5, source="YRI", dest="CEU")
    result.add_migration_rate_change(EUROPE_ASIA, rate=25e-5, source="CEU", dest="YRI")
    result.add_population_parameters_change(
        EUROPE_ASIA, population="CEU", initial_size=BOTTLENECK, growth_rate=0
    )
    result.add_mass_migration(OUT_OF_AFRICA, source="CEU", dest="YRI", proportion=1)
    result.add_migration_rate_change(OUT_OF_AFRICA, rate=0)
    result.add_population_parameters_change(EXPANSION, population="YRI", initial_size=ANCESTRAL)
    return result


def samples(options: Mapping[str, Any]) -> dict[str, int]:
    """Diploid individuals to sample from each population."""
    return dict.fromkeys(("YRI", "CEU", "CHB"), options["individuals"])
