"""Islands: d populations of one size that exchange migrants at one rate, for ever.

Each population gets a fraction m of its parents from each other one every generation. Two lineages of one
population coalesce after 2Nd generations in the mean (Strobeck 1987), whatever m; two of different ones meet
first, after 1 / (2m). Hence Hudson FST F = 1 / (1 + 4Ndm), and m = (1 / F - 1) / (4Nd).
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import msprime

CITATION = (
    "Wright 1931, Genetics 16:97; Slatkin 1991, Genetical Research 58:167; Strobeck 1987, Genetics 117:149"
)
OPTIONS = {
    "populations": {
        "type": "integer",
        "minimum": 2,
        "default": 3,
        "description": "d; they are named p1 ... pd",
    },
    "fst": {
        "type": "number",
        "exclusiveMinimum": 0,
        "exclusiveMaximum": 1,
        "default": 0.05,
        "description": "Hudson FST of each pair of populations; unused where 'migration' is given",
    },
    "migration": {
        "type": ["number", "null"],
        "exclusiveMinimum": 0,
        "maximum": 1,
        "default": None,
        "description": "fraction of a population replaced from each other one a generation; null: as fst asks",
    },
    "population_size": {
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 10000,
        "description": "diploid individuals in each population",
    },
}


def problems(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Which option cannot be as it is, given the others, and what to change; nothing if all is well."""
    if options["migration"] is not None and options["fst"] != OPTIONS["fst"]["default"]:
        yield "fst", "it follows from 'migration', which is given too; leave one of them out"
    replaced = migration_rate(options) * (options["populations"] - 1)
    if replaced > 1:
        given = options["migration"] is not None
        option, remedy = ("migration", "lower it") if given else ("fst", "raise it, or 'population_size'")
        yield option, f"each generation {replaced:.3g} of a population would come from the others; {remedy}"


def migration_rate(options: Mapping[str, Any]) -> float:
    """The rate from each population to each other one."""
    fst, d, size = options["fst"], options["populations"], options["population_size"]
    rate: float = options["migration"] or (1 / fst - 1) / (4 * size * d)
    return rate


def _names(options: Mapping[str, Any]) -> list[str]:
    return [f"p{k + 1}" for k in range(options["populations"])]


def demography(options: Mapping[str, Any]) -> "msprime.Demography":
    """Populations p1 ... pd with symmetric migration between all pairs."""
    import msprime

    names = _names(options)
    result = msprime.Demography()
    for name in names:
        result.add_population(name=name, initial_size=options["population_size"])
    result.set_symmetric_migration_rate(names, migration_rate(options))
    return result


def samples(options: Mapping[str, Any]) -> dict[str, int]:
    """Diploid individuals to sample from each population."""
    return dict.fromkeys(_names(options), options["individuals"])
