"""A lattice of demes that exchange migrants with their neighbours, since 100 generations or for ever.

Restates Zaidi & Mathieson: 6 x 6 demes of 10,000, each replaced at rate m from each deme above, below, left
and right of it. ``recent``: m = .05, and before generation 100 all were one population of the size of one
deme (as in the authors' script). ``perpetual``: m = .07 and no beginning. They chose the rates so that FST and
inflation match those of the UK Biobank. Individuals carry their deme's ``row`` and ``column``, from 1, for
environments that vary smoothly over the lattice.

A perpetual lattice is followed until no lineage remembers where it was, for 20 times the slowest relaxation of
the migration between demes, 1 / (2m (1 - cos(pi / longest side))) generations; before that all demes together
are one population of their total size, the strong-migration limit (Nagylaki 1980). 6 x 6 demes: 53 and 1066
generations. Following every migration until the last coalescence would take hours. FST is the same, to one in a
hundred million for 6 x 6 demes, and all coalescence times are a little shorter: .02% (closed forms, tested).
"""

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import msprime

CITATION = "Zaidi & Mathieson 2020, eLife 9:e61548; Nagylaki 1980, Journal of Mathematical Biology 9:101"
OPTIONS: dict[str, dict[str, Any]] = {
    "rows": {"type": "integer", "minimum": 1, "default": 6, "description": "rows of demes"},
    "columns": {"type": "integer", "minimum": 1, "default": 6, "description": "columns of demes"},
    "history": {
        "enum": ["recent", "perpetual"],
        "default": "recent",
        "description": "recent: one population before 'panmixia' generations; perpetual: always a lattice",
    },
    "migration": {
        "type": ["number", "null"],
        "exclusiveMinimum": 0,
        "maximum": 0.25,
        "default": None,
        "description": "fraction of a deme replaced from each neighbour; null: .05 (recent), .07 (perpetual)",
    },
    "panmixia": {
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 100,
        "description": "generations ago when the demes began; for history recent",
    },
    "horizon": {
        "type": ["number", "null"],
        "exclusiveMinimum": 0,
        "default": None,
        "description": "generations that a perpetual lattice is followed; null: 20 times its relaxation",
    },
    "population_size": {
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 10000,
        "description": "diploid individuals in each deme",
    },
    "ancestral_size": {
        "type": ["number", "null"],
        "exclusiveMinimum": 0,
        "default": None,
        "description": "diploid individuals before a recent lattice's demes began; null: as many as in one deme",
    },
}
MIGRATION = {"recent": 0.05, "perpetual": 0.07}
FORGOTTEN = 20  # relaxation times


def problems(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Which option cannot be as it is, given the others, and what to change; nothing if all is well."""
    if options["rows"] * options["columns"] < 2:
        yield "rows", "1 row of 1 column is no lattice; raise one of them, or use demography panmictic"
    unused = {"recent": ["horizon"], "perpetual": ["panmixia", "ancestral_size"]}[options["history"]]
    for option in unused:
        if options[option] != OPTIONS[option]["default"]:
            other = "perpetual" if options["history"] == "recent" else "recent"
            yield option, f"it is for history {other}, but that is {options['history']}; leave it out"


def migration_rate(options: Mapping[str, Any]) -> float:
    """The rate from a deme to its neighbour."""
    return options["migration"] or MIGRATION[options["history"]]


def relaxation(options: Mapping[str, Any]) -> float:
    """Generations in which a lineage's memory of its deme falls to 1 / e: of the slowest mode of migration."""
    longest = max(options["rows"], options["columns"])
    return 1 / (2 * migration_rate(options) * (1 - math.cos(math.pi / longest)))


def _places(options: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Row and column of each deme, from 1, row by row."""
    return [(r + 1, c + 1) for r in range(options["rows"]) for c in range(options["columns"])]


def _name(place: tuple[int, int]) -> str:
    return f"r{place[0]}c{place[1]}"


def demography(options: Mapping[str, Any]) -> "msprime.Demography":
    """Demes r1c1, r1c2, ..., below ``ancestral``."""
    import msprime

    places, size = _places(options), options["population_size"]
    names, rate = [_name(place) for place in places], migration_rate(options)
    if options["history"] == "recent":
        beginning, ancestors = options["panmixia"], options["ancestral_size"] or size
    else:
        beginning, ancestors = options["horizon"] or FORGOTTEN * relaxation(options), size * len(places)
    result = msprime.Demography()
    for name in names:
        result.add_population(name=name, initial_size=size)
    result.add_population(name="ancestral", initial_size=ancestors)
    for row, column in places:
        for neighbour in ((row + 1, column), (row, column + 1)):
            if neighbour in places:
                result.set_symmetric_migration_rate([_name((row, column)), _name(neighbour)], rate)
    result.add_population_split(beginning, derived=names, ancestral="ancestral")
    return result


def samples(options: Mapping[str, Any]) -> dict[str, int]:
    """Diploid individuals to sample from each deme."""
    return {_name(place): options["individuals"] for place in _places(options)}


def columns(options: Mapping[str, Any]) -> dict[str, list[int]]:
    """The place of each sampled individual's deme."""
    each = [place for place in _places(options) for _ in range(options["individuals"])]
    return {"row": [row for row, _ in each], "column": [column for _, column in each]}
