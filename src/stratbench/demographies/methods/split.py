"""K populations that split from one ancestor, all at once (star) or one after another (tree), at a chosen FST.

Two diploid populations of size N that split T generations ago have Hudson FST F = T / (T + 2N): lineages of
one population coalesce after 2N generations in the mean, those of two after T + 2N. Hence T = 2NF / (1 -
F). In a star every pair has the FST asked for. In a tree p1 and p2 split last, and p3, p4, ... pK left before
them at equal intervals; the FST asked for is that of the deepest pairs, those with pK. Pairs with pj, j the
later of the two, split j - 1 intervals ago (``pair_fst``).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import msprime

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
        "description": "Hudson FST of each pair of populations (star), of the pairs with pK (tree)",
    },
    "shape": {
        "enum": ["star", "tree"],
        "default": "star",
        "description": "star: all split at once; tree: one after another, at equal intervals, pK first",
    },
    "population_size": {
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 10000,
        "description": "diploid individuals, in each population and in each ancestor",
    },
}


def split_time(fst: float, population_size: float) -> float:
    """Generations since the split that give this Hudson FST, between 0 and 1, both excluded."""
    return 2 * population_size * fst / (1 - fst)


def pair_fst(options: Mapping[str, Any], one: int, other: int) -> float:
    """The expected Hudson FST of populations p<one> and p<other>, numbered from 1."""
    size = options["population_size"]
    time = split_time(options["fst"], size)
    if options["shape"] == "tree":
        time *= (max(one, other) - 1) / (options["populations"] - 1)
    return time / (time + 2 * size)


def _names(options: Mapping[str, Any]) -> list[str]:
    return [f"p{k + 1}" for k in range(options["populations"])]


def demography(options: Mapping[str, Any]) -> "msprime.Demography":
    """Populations p1 ... pK, all of one size, below ``ancestral``.

    In a tree the ancestor of p1 ... pj, j < K, is ``ancestralj``.
    """
    import msprime

    names, size = _names(options), options["population_size"]
    time = split_time(options["fst"], size)
    if options["shape"] == "star":
        splits = [(time, names, "ancestral")]
    else:
        ancestors = [f"ancestral{j}" for j in range(2, len(names))] + ["ancestral"]
        older = [names[0], *ancestors[:-1]]
        splits = [
            (time * (j + 1) / len(ancestors), [older[j], names[j + 1]], ancestors[j])
            for j in range(len(ancestors))
        ]
    result = msprime.Demography()
    for name in [*names, *(ancestor for *_, ancestor in splits)]:
        result.add_population(name=name, initial_size=size)
    for when, derived, ancestor in splits:
        result.add_population_split(when, derived=derived, ancestral=ancestor)
    return result


def samples(options: Mapping[str, Any]) -> dict[str, int]:
    """Diploid individuals to sample from each population."""
    return dict.fromkeys(_names(options), options["individuals"])
