"""K populations that split from one ancestor at one time (a star), with a chosen Hudson FST of each pair.

Two diploid populations of size N that split T generations ago have Hudson FST F = T / (T + 2N): lineages of
one population coalesce after 2N generations in the mean, those of two after T + 2N. Hence T = 2NF / (1 -
F).
"""

from collections.abc import Mapping
from typing import Any

import msprime

from stratbench.errors import UserError

CITATION = "Hudson, Slatkin & Maddison 1992, Genetics 132:583; Slatkin 1991, Genetical Research 58:167"
OPTIONS = {
    "populations": {
        "type": "integer",
        "minimum": 2,
        "default": 3,
        "description": "K; they are named p1 ... pK",
    },
    "fst": {
        "type": "number",
        "exclusiveMinimum": 0,
        "exclusiveMaximum": 1,
        "default": 0.05,
        "description": "Hudson FST of each pair of populations",
    },
    "population_size": {
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 10000,
        "description": "diploid individuals, in each population and in the ancestor",
    },
}


def split_time(fst: float, population_size: float) -> float:
    """Generations since the split that give this Hudson FST. Raises UserError for an FST outside (0, 1)."""
    if not 0 < fst < 1:
        raise UserError(
            f"demography split: option 'fst' is {fst}: it must lie between 0 and 1, both excluded"
        )
    return 2 * population_size * fst / (1 - fst)


def _names(options: Mapping[str, Any]) -> list[str]:
    return [f"p{k + 1}" for k in range(options["populations"])]


def demography(options: Mapping[str, Any]) -> msprime.Demography:
    """A star of populations p1 ... pK, all of one size, below ``ancestral``."""
    names, size = _names(options), options["population_size"]
    if len(names) < 2:
        raise UserError("demography split: option 'populations' must be at least 2; for one, use panmictic")
    result = msprime.Demography()
    for name in [*names, "ancestral"]:
        result.add_population(name=name, initial_size=size)
    result.add_population_split(split_time(options["fst"], size), derived=names, ancestral="ancestral")
    return result


def samples(options: Mapping[str, Any]) -> dict[str, int]:
    """Diploid individuals to sample from each population."""
    return dict.fromkeys(_names(options), options["individuals"])
