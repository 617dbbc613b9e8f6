"""An American population that Africans, Europeans and Asians founded 12 generations ago: continuous ancestry.

Browning et al. extended the model of Gravel et al. by an admixed population of 30,000 that grows by 5% a
generation; the same model as stdpopsim's AmericanAdmixture_4B18 (tested). Each individual's true shares of
ancestry, ``ancestry_AFR``, ``ancestry_EUR`` and ``ancestry_ASIA``, are the parts of its genome whose ancestors
lived in that population just before the admixture. The authors' mutation rate is 1.25e-8; the default here is
that of all simulations.
"""

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import msprime

CITATION = (
    "Browning et al. 2018, PLoS Genetics 14:e1007385; Gravel et al. 2011, PNAS 108:11983; "
    "Adrion et al. 2020, eLife 9:e54967 (stdpopsim)"
)
OPTIONS = {
    "proportions": {
        "type": "array",
        "items": {"type": "number", "minimum": 0, "maximum": 1},
        "minItems": 3,
        "maxItems": 3,
        "default": [0.16666666666666666, 0.3333333333333333, 0.5],
        "description": "founders of the admixed population from AFR, EUR and ASIA; they sum to 1",
    },
    "generations": {
        "type": "number",
        "exclusiveMinimum": 2,
        "exclusiveMaximum": 920,
        "default": 12,
        "description": "generations since the admixture: the fewer, the more ancestry differs between people",
    },
    "references": {
        "type": "integer",
        "minimum": 0,
        "default": 0,
        "description": "diploid individuals sampled from each of AFR, EUR and ASIA; 'individuals' are from ADMIX",
    },
}
SOURCES = ("AFR", "EUR", "ASIA")
EUROPE_ASIA, OUT_OF_AFRICA, EXPANSION = 920, 2040, 5920  # generations
ANCESTRAL, AFRICA, BOTTLENECK = 7310, 14474, 1861  # diploid individuals
EUROPE, EUROPE_GROWTH = 1032, 0.0038  # at the split of Europe and Asia, and a generation
ASIA, ASIA_GROWTH = 554, 0.0048
ADMIXED, ADMIXED_GROWTH = 30000, 0.05  # at the admixture, and a generation


def problems(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Which option cannot be as it is, given the others, and what to change; nothing if all is well."""
    if abs(sum(options["proportions"]) - 1) > 1e-6:
        yield "proportions", f"they sum to {sum(options['proportions']):g}; make them sum to 1"


def demography(options: Mapping[str, Any]) -> "msprime.Demography":
    """AFR, EUR, ASIA and ADMIX. EUR stands for the population out of Africa before Europe and Asia split."""
    import msprime

    admixture = options["generations"]
    african, european, _ = options["proportions"]
    result = msprime.Demography()
    result.add_population(name="AFR", initial_size=AFRICA)
    for name, size, growth, since in (
        ("EUR", EUROPE, EUROPE_GROWTH, EUROPE_ASIA),
        ("ASIA", ASIA, ASIA_GROWTH, EUROPE_ASIA),
        ("ADMIX", ADMIXED, ADMIXED_GROWTH, admixture),
    ):
        now = size * math.exp(growth * since)
        result.add_population(name=name, initial_size=now, growth_rate=growth)
    result.set_symmetric_migration_rate(["AFR", "EUR"], 2.5e-5)
    result.set_symmetric_migration_rate(["AFR", "ASIA"], 7.8e-6)
    result.set_symmetric_migration_rate(["EUR", "ASIA"], 3.11e-5)

    # one event after another: each takes its share of the lineages that are left
    left = european / (1 - african) if african < 1 else 0
    result.add_mass_migration(admixture, source="ADMIX", dest="AFR", proportion=african)
    result.add_mass_migration(admixture, source="ADMIX", dest="EUR", proportion=min(left, 1))
    result.add_mass_migration(admixture, source="ADMIX", dest="ASIA", proportion=1)
    result.add_migration_rate_change(EUROPE_ASIA, rate=0)
    result.add_mass_migration(EUROPE_ASIA, source="ASIA", dest="EUR", proportion=1)
    result.add_population_parameters_change(
        EUROPE_ASIA, population="EUR", initial_size=BOTTLENECK, growth_rate=0
    )
    result.add_migration_rate_change(EUROPE_ASIA, rate=1.5e-4, source="AFR", dest="EUR")
    result.add_migration_rate_change(EUROPE_ASIA, rate=1.5e-4, source="EUR", dest="AFR")
    result.add_migration_rate_change(OUT_OF_AFRICA, rate=0)
    result.add_mass_migration(OUT_OF_AFRICA, source="EUR", dest="AFR", proportion=1)
    result.add_population_parameters_change(EXPANSION, population="AFR", initial_size=ANCESTRAL)
    return result


def samples(options: Mapping[str, Any]) -> dict[str, int]:
    """Diploid individuals to sample from each population."""
    references = dict.fromkeys(SOURCES, options["references"]) if options["references"] else {}
    return {"ADMIX": options["individuals"], **references}


def ancestry(options: Mapping[str, Any]) -> tuple[float, tuple[str, ...]]:
    """When, generations ago, and in which populations the ancestors of each genome are looked for."""
    return options["generations"], SOURCES
