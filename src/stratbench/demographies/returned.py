"""What a user's demography returns: who is sampled, their history or genotypes, and further columns."""

import re
from collections.abc import Iterable, Iterator, Mapping
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from stratbench.cohorts.real.cohort_file import TAKEN
from stratbench.methods.guard import Guard, Words

PEDIGREE = ("iid", "family", "father", "mother", "sex", "generation", "population", "genotyped")
MOST = 10_000_000  # individuals of a population
END = object()
COLUMN = re.compile(r"[a-z][a-z0-9_]*")
Options = Mapping[str, Any]


def samples(guard: Guard, found: Any, options: Options) -> dict[str, int]:
    """How many individuals of each population, by its name."""
    wanted = f"a dict from population to how many individuals, 1 to {MOST}"
    guard.require(isinstance(found, Mapping) and len(found) > 0, "samples", found, wanted)
    for name, count in found.items():
        guard.require(_is_name(name), "samples", Words(f"the population {name!r}"), "names without blanks")
        whole = (
            isinstance(count, int | np.integer) and not isinstance(count, bool) and 1 <= int(count) <= MOST
        )
        guard.require(whole, f"samples: '{name}'", count, wanted)
    return {name: int(count) for name, count in found.items()}


def _is_name(name: Any) -> bool:
    """Whether it can be a part of an id in a .fam."""
    return isinstance(name, str) and name != "" and name.isprintable() and not re.search(r"[\s\"']", name)


def demography(guard: Guard, found: Any, options: Options) -> Any:
    """A msprime.Demography that has the populations of ``samples``."""
    import msprime

    guard.require(isinstance(found, msprime.Demography), "demography", found, "a msprime.Demography")
    there = [population.name for population in found.populations]
    for name in _samples(guard, options):
        wanted = f"the population '{name}' of samples among them"
        guard.require(
            name in there, "demography", Words(f"the populations {', '.join(map(str, there))}"), wanted
        )
    return found


def problems(guard: Guard, found: Any, options: Options) -> list[tuple[str, str]]:
    """Pairs of an option and a message."""
    wanted = "pairs of an option and a message (none if all is well)"
    guard.require(
        isinstance(found, Iterable) and not isinstance(found, str | Mapping), "problems", found, wanted
    )
    with guard.calling("problems(options)"):
        listed = list(found)
    for pair in listed:
        good = isinstance(pair, tuple | list) and len(pair) == 2 and all(isinstance(x, str) for x in pair)
        guard.require(good and pair[0] in options, "problems", pair, wanted)
    return [(option, " ".join(message.split())) for option, message in listed]


def columns(guard: Guard, found: Any, options: Options) -> dict[str, Any]:
    """Columns of samples.tsv: a text or a number for each individual."""
    guard.require(isinstance(found, Mapping), "columns", found, "a dict from column to values")
    n = _people(guard, options)
    for name, values in found.items():
        good = isinstance(name, str) and COLUMN.fullmatch(name) is not None and name not in TAKEN
        wanted = f"names of small letters, digits and _, and none of {', '.join(TAKEN)}"
        guard.require(good, "columns", Words(f"a column of the name {name!r}"), wanted)
        wanted = f"a text or a number for each of {n} individuals"
        with guard.calling(f"columns: '{name}'"):
            value_N = np.asarray(values, dtype=object)
        guard.require(value_N.shape == (n,), f"columns: '{name}'", value_N, wanted)
        for value in value_N.tolist():
            good = value.isprintable() if isinstance(value, str) else isinstance(value, Real)
            guard.require(good, f"columns: '{name}'", value, wanted)
    return dict(found)


def _people(guard: Guard, options: Options) -> int:
    """How many individuals are genotyped."""
    if hasattr(guard.module, "pedigree"):
        with guard.calling("pedigree(options)"):
            made = guard.module.pedigree(options)
        return int(pedigree(guard, made, options)["genotyped"].sum())
    return sum(_samples(guard, options).values())


def _samples(guard: Guard, options: Options) -> dict[str, int]:
    with guard.calling("samples(options)"):
        made = guard.module.samples(options)
    return samples(guard, made, options)


def ancestry(guard: Guard, found: Any, options: Options) -> tuple[float, list[str]] | None:
    """When and in which populations ancestors are looked for."""
    if found is None:
        return None
    wanted = "None, or (generations ago, names of populations)"
    guard.require(isinstance(found, tuple | list) and len(found) == 2, "ancestry", found, wanted)
    time, names = found
    guard.require(isinstance(time, Real) and 0 < float(time) < float("inf"), "ancestry", time, wanted)
    good = isinstance(names, Iterable) and not isinstance(names, str) and all(map(_is_name, names))
    guard.require(good and len(set(names)) == len(list(names)) > 0, "ancestry", names, wanted)
    return float(time), list(names)


def pedigree(guard: Guard, found: Any, options: Options) -> pd.DataFrame:
    """Everyone of the pedigree, parents before their children."""
    guard.require(isinstance(found, pd.DataFrame), "pedigree", found, "a pandas table")
    absent = [name for name in PEDIGREE if name not in found.columns]
    wanted = f"the columns {' '.join(PEDIGREE)}"
    guard.require(not absent, "pedigree", Words(f"a table without the column {' '.join(absent[:1])}"), wanted)
    seen: set[str] = {"0"}
    for person in found.itertuples():
        wanted = "ids without blanks, each once, and 0 for nobody"
        guard.require(
            _is_name(person.iid) and person.iid not in seen,
            "pedigree",
            Words(f"the iid {person.iid!r}"),
            wanted,
        )
        for parent in (person.father, person.mother):
            guard.require(
                parent in seen,
                "pedigree",
                Words(f"the parent {parent!r} of {person.iid}"),
                "parents in earlier rows, or '0'",
            )
        seen.add(person.iid)
        guard.require(
            _is_name(person.family),
            "pedigree",
            Words(f"the family {person.family!r}"),
            "names without blanks",
        )
    some = found["genotyped"].dtype == bool and found["genotyped"].any()
    guard.require(
        some, "pedigree: genotyped", found["genotyped"], "True or False for each, and True for some"
    )
    return found


def genotypes(guard: Guard, found: Any, options: Options, rng: Any) -> Iterator[np.ndarray]:
    """Chunks of A1 counts, int8 (loci, individuals)."""
    n = _people(guard, options)
    wanted = f"arrays of integers of shape (loci, {n}), with the values 0, 1, 2 and -1 for missing"
    guard.require(isinstance(found, Iterable), "genotypes", found, f"an iterator over {wanted}")
    chunks = iter(found)
    while True:
        with guard.calling("genotypes(options, rng)"):
            chunk = next(chunks, END)
        if chunk is END:
            return
        with guard.calling("genotypes(options, rng)"):
            count_MN = np.asarray(chunk)
        good = count_MN.ndim == 2 and count_MN.shape[1] == n and count_MN.dtype.kind in "iu"
        guard.require(good, "genotypes", count_MN, wanted)
        low, high = (int(count_MN.min()), int(count_MN.max())) if count_MN.size else (0, 0)
        guard.require(low >= -1 and high <= 2, "genotypes", Words(f"counts from {low} to {high}"), wanted)
        yield count_MN.astype(np.int8)
