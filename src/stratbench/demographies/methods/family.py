"""Families of three generations in the populations of another demography: siblings, half-siblings, cousins.

Each family descends from one couple of founders. Their first child has children with one spouse, siblings of
each other, and with another, half-siblings of the former; their second child's children are cousins of all of
these. Spouses are founders. Genomes are passed down the fixed pedigree by meioses with recombination, and
founders' genomes are drawn from the coalescent of the demography ``founders``, as of two generations ago
(msprime's recapitation). Within the pedigree nobody migrates. Beside the families stand the unrelated
individuals that ``individuals`` asks for. ``family`` holds whole pedigrees, ``sibship`` those who share both
parents.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from stratbench.core.errors import UserError
from stratbench.demographies.methods import (
    american_admixture,
    island,
    out_of_africa,
    panmictic,
    split,
    stepping_stone,
)
from stratbench.methods.checked import checked, problems_of

if TYPE_CHECKING:
    import msprime

CITATION = (
    "Anderson-Trocme et al. 2023, Science 380:849; Baumdicker et al. 2022, Genetics 220:iyab229 (msprime)"
)
OPTIONS = {
    "founders": {
        "enum": ["american-admixture", "island", "out-of-africa", "panmictic", "split", "stepping-stone"],
        "default": "panmictic",
        "description": "the demography that founders come from",
    },
    "founder_options": {
        "type": "object",
        "default": {},
        "description": "options of that demography, without those common to all simulations",
    },
    "families": {
        "type": "integer",
        "minimum": 1,
        "default": 20,
        "description": "families in each population",
    },
    "siblings": {
        "type": "integer",
        "minimum": 1,
        "default": 2,
        "description": "full siblings in a family's youngest generation",
    },
    "half_siblings": {
        "type": "integer",
        "minimum": 0,
        "default": 1,
        "description": "their half-siblings, children of their father's other wife",
    },
    "cousins": {
        "type": "integer",
        "minimum": 0,
        "default": 2,
        "description": "their cousins, children of their father's sister",
    },
    "genotyped": {
        "enum": ["all", "youngest"],
        "default": "all",
        "description": "whose genotypes are written: everybody's, or the youngest generation's",
    },
}
FOUNDERS = {
    "american-admixture": american_admixture,
    "island": island,
    "out-of-africa": out_of_africa,
    "panmictic": panmictic,
    "split": split,
    "stepping-stone": stepping_stone,
}
OLDEST = 2  # generations ago
MALE, FEMALE = 1, 2  # as in a .fam


def founder_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The founders' demography's options, with those common to all simulations.

    Raises UserError for what its schemas refuse.
    """
    name = options["founders"]
    given = checked(FOUNDERS[name].OPTIONS, options["founder_options"], f"demography '{name}'")
    return {key: value for key, value in options.items() if key not in OPTIONS} | given


def problems(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What the founders' demography refuses, and one that has events within the pedigree."""
    try:
        own = founder_options(options)
    except UserError as error:
        yield "founder_options", str(error)
        return
    of_founders = problems_of(FOUNDERS[options["founders"]], own)
    yield from (("founder_options", f"'{option}': {message}") for option, message in of_founders)
    if of_founders:
        return
    first = min((event.time for event in demography(options).events), default=float("inf"))
    if first < OLDEST:
        yield (
            "founder_options",
            f"the founders' populations change {first:.3g} generations ago, but families go back {OLDEST}; "
            "leave them time (a higher 'fst')",
        )


def demography(options: Mapping[str, Any]) -> "msprime.Demography":
    """The founders' demography."""
    result: msprime.Demography = FOUNDERS[options["founders"]].demography(founder_options(options))
    return result


def samples(options: Mapping[str, Any]) -> dict[str, int]:
    """Genotyped individuals of each population: those of the families and the unrelated ones."""
    unrelated = FOUNDERS[options["founders"]].samples(founder_options(options))
    each = options["siblings"] + options["half_siblings"] + options["cousins"]
    if options["genotyped"] == "all":
        each += 4 + bool(options["half_siblings"]) + 2 * bool(options["cousins"])
    return {name: options["families"] * each + n for name, n in unrelated.items()}


def ancestry(options: Mapping[str, Any]) -> tuple[float, tuple[str, ...]] | None:
    """Where the founders' demography looks for ancestors, if it does."""
    founders = FOUNDERS[options["founders"]]
    if not hasattr(founders, "ancestry"):
        return None
    where: tuple[float, tuple[str, ...]] = founders.ancestry(founder_options(options))
    return where


def columns(options: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Generation (0 is the youngest) and sibship of each genotyped individual, and the founders' columns."""
    people = pedigree(options).query("genotyped")
    parents = people["father"] + "+" + people["mother"]
    own = {
        "generation": people["generation"].tolist(),
        "sibship": parents.where(people["father"] != "0", people["iid"]).tolist(),
    }
    founders = FOUNDERS[options["founders"]]
    if not hasattr(founders, "columns"):
        return own
    of_population = pd.DataFrame(founders.columns(founder_options(options)))
    sizes = founders.samples(founder_options(options))
    of_population.index = pd.Index([name for name, n in sizes.items() for _ in range(n)])
    first = of_population[~of_population.index.duplicated()]
    return own | {str(name): first[name].loc[people["population"]].tolist() for name in first}


def pedigree(options: Mapping[str, Any]) -> pd.DataFrame:
    """Everybody, genotyped or not, parents before children, by population in the order of ``samples``.

    Columns: iid, family, father, mother ("0" for founders), sex, generation, population, genotyped.
    """
    rows = []
    for population, unrelated in FOUNDERS[options["founders"]].samples(founder_options(options)).items():
        members: list[tuple[str | None, int, int, int | None, int | None]] = [
            (f"{population}_f{k + 1:04d}", *member)
            for k in range(options["families"])
            for member in _family(options)
        ]
        members += [(None, 0, MALE + k % 2, None, None) for k in range(unrelated)]
        iids = [f"{population}_{k + 1:05d}" for k in range(len(members))]
        size = len(_family(options))
        for k, (family, generation, sex, father, mother) in enumerate(members):
            start = k - k % size  # where the family's first member stands; unrelated people have no parents
            parents = [iids[start + parent] if parent is not None else "0" for parent in (father, mother)]
            genotyped = generation == 0 or options["genotyped"] == "all"
            rows.append((iids[k], family or iids[k], *parents, sex, generation, population, genotyped))
    names = ["iid", "family", "father", "mother", "sex", "generation", "population", "genotyped"]
    return pd.DataFrame(rows, columns=names)


def _family(options: Mapping[str, Any]) -> list[tuple[int, int, int | None, int | None]]:
    """Generation, sex, father and mother (places in this list) of each member of one family."""
    members: list[tuple[int, int, int | None, int | None]] = [
        (2, MALE, None, None),
        (2, FEMALE, None, None),
        (1, MALE, 0, 1),
        (1, FEMALE, None, None),
    ]
    members += _children(options["siblings"], 2, 3)
    if options["half_siblings"]:
        members.append((1, FEMALE, None, None))
        members += _children(options["half_siblings"], 2, len(members) - 1)
    if options["cousins"]:
        members += [(1, FEMALE, 0, 1), (1, MALE, None, None)]
        members += _children(options["cousins"], len(members) - 1, len(members) - 2)
    return members


def _children(n: int, father: int, mother: int) -> Iterator[tuple[int, int, int | None, int | None]]:
    for k in range(n):
        yield 0, MALE + k % 2, father, mother
