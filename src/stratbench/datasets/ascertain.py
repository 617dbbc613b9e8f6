"""Ascertainment: which cases and controls of a cohort are in the dataset. It acts on keep.iid alone.

``cases`` and ``controls`` are numbers; ``case_share`` is a share of cases and keeps as many people as it allows. Each
is one value for everyone or one for each population, and the individuals to keep are drawn at random. ``first`` is the
reference study's quirk: the first of each class in file order, where the file is ordered by population (Dagasso et al.
2025, whose notebooks keep the first 250 rows of each).
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from stratbench.core.errors import UserError
from stratbench.datasets.populations import require_known

OPTIONS = {
    "cases": {
        "type": ["integer", "object", "null"],
        "minimum": 1,
        "minProperties": 1,
        "additionalProperties": {"type": "integer", "minimum": 0},
        "default": None,
        "description": "how many cases are kept, in all or of each population; null keeps all",
    },
    "controls": {
        "type": ["integer", "object", "null"],
        "minimum": 1,
        "minProperties": 1,
        "additionalProperties": {"type": "integer", "minimum": 0},
        "default": None,
        "description": "how many controls are kept, in all or of each population; null keeps all",
    },
    "case_share": {
        "type": ["number", "object", "null"],
        "exclusiveMinimum": 0,
        "exclusiveMaximum": 1,
        "minProperties": 1,
        "additionalProperties": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        "default": None,
        "description": "share of cases among those kept, in all or in each population; as many as allow it",
    },
    "first": {
        "type": ["integer", "object", "null"],
        "minimum": 1,
        "properties": {
            "cases": {"type": "integer", "minimum": 1},
            "controls": {"type": "integer", "minimum": 1},
        },
        "required": ["cases", "controls"],
        "additionalProperties": False,
        "default": None,
        "description": "the first so many cases and controls in file order; {cases, controls} if they differ",
    },
    "blocks": {
        "type": ["integer", "null"],
        "minimum": 1,
        "default": None,
        "description": "with first: the number of blocks of one population that the file consists of",
    },
}
CLASSES = {"controls": 0, "cases": 1}


def problems(options: Mapping[str, Any], kind: str) -> Iterator[tuple[str, str]]:
    """The options that contradict the others or the trait's kind, and what to change."""
    given = [name for name in OPTIONS if options[name] is not None]
    if given and kind != "binary":
        yield given[0], "ascertainment is by cases and controls; use a binary trait or leave it out"
    numbers = [name for name in given if name in CLASSES]
    if "first" in given and (others := [name for name in given if name not in ("first", "blocks")]):
        yield "first", f"it says who is kept, and so does {others[0]}; leave one out"
    if "case_share" in given and numbers:
        yield "case_share", f"give either case_share or numbers, not both; leave {numbers[0]} out"
    if "first" in given and "blocks" not in given:
        yield (
            "blocks",
            "state the blocks that the file is made of, e.g. blocks: 2 for two populations in a row",
        )
    if "blocks" in given and "first" not in given:
        yield "blocks", "it goes with first; give that too, or leave this out"
    for name in numbers:
        if isinstance(options[name], Mapping) and sum(options[name].values()) == 0:
            yield name, f"no {name} in any population; a dataset needs both classes"


def by_population(options: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """The options that have a value for each population, with the names of these."""
    for name in ("cases", "controls", "case_share"):
        if isinstance(options[name], Mapping):
            yield name, list(options[name])


def ascertain(
    y_N: np.ndarray, population_N: np.ndarray, options: Mapping[str, Any], rng: np.random.Generator
) -> np.ndarray:
    """Which individuals are in the dataset.

    Args:
        y_N: labels 0 and 1, in file order.
        population_N: populations, text.
        options: those of OPTIONS.
        rng: draws the individuals to keep.

    Returns:
        Whether each individual is kept, bool (N,).

    Raises:
        UserError: for populations that do not exist, fewer cases or controls than asked for, a number of blocks other
            than the stated one, and a dataset of one class.
    """
    for name, message in problems(options, "binary"):
        raise UserError(f"ascertain: {name}: {message}")
    for name, named in by_population(options):
        require_known(f"ascertain: {name}", named, population_N, every=True)
    if options["first"] is not None:
        return first(y_N, population_N, options["first"], options["blocks"])
    if options["case_share"] is not None:
        kept_N = _by_share(y_N, population_N, options["case_share"], rng)
    else:
        kept_N = np.ones(len(y_N), dtype=bool)
        for name, label in CLASSES.items():
            if options[name] is not None:
                kept_N &= (y_N != label) | _drawn(y_N == label, population_N, options[name], name, rng)
    for name, label in CLASSES.items():
        if not (y_N[kept_N] == label).any():
            raise UserError(f"ascertain: no {name} are left; a dataset needs both classes: keep more of them")
    return kept_N


def first(
    y_N: np.ndarray, population_N: np.ndarray, wanted: int | Mapping[str, int], blocks: int
) -> np.ndarray:
    """The first cases and controls in file order.

    Args:
        y_N: labels 0 and 1, in file order.
        population_N: populations, text.
        wanted: how many of each class, or ``{cases: number, controls: number}``.
        blocks: how many blocks of one population the file consists of, as the config states it.

    Returns:
        Whether each individual is kept, bool (N,).

    Raises:
        UserError: if there are fewer cases or controls, or another number of blocks.
    """
    found = 1 + int((population_N[1:] != population_N[:-1]).sum())
    if found != blocks:
        raise UserError(
            f"ascertain: blocks: {blocks} stated, but the file consists of {found} blocks of one population; "
            f"state {found}, or use a cohort of {blocks} populations in a row"
        )
    kept_N = np.zeros(len(y_N), dtype=bool)
    for name, label in CLASSES.items():
        n = wanted[name] if isinstance(wanted, Mapping) else wanted
        at = np.flatnonzero(y_N == label)
        _require(n, len(at), name, "", f"first: lower it, or state both: {_counts(y_N)}")
        kept_N[at[:n]] = True
    return kept_N


def _counts(y_N: np.ndarray) -> str:
    return f"{{cases: {int((y_N == 1).sum())}, controls: {int((y_N == 0).sum())}}} are there"


def _require(wanted: int, there: int, name: str, of: str, remedy: str) -> None:
    if wanted > there:
        raise UserError(f"ascertain: {name}: {wanted}{of} asked for, but there are {there}; {remedy}")


def _groups(population_N: np.ndarray, values: Any) -> Iterator[tuple[str, np.ndarray, Any]]:
    """Each population that has a value of its own, or everyone: its name in words, members bool (N,), value."""
    if not isinstance(values, Mapping):
        yield "", np.ones(len(population_N), dtype=bool), values
        return
    for name in sorted(values):
        yield f" of {name}", population_N == name, values[name]


def _drawn(
    class_N: np.ndarray, population_N: np.ndarray, wanted: Any, name: str, rng: np.random.Generator
) -> np.ndarray:
    """The stated number of a class at random, in all or of each population: bool (N,)."""
    kept_N = np.zeros(len(class_N), dtype=bool)
    for of, member_N, n in _groups(population_N, wanted):
        at = np.flatnonzero(class_N & member_N)
        _require(n, len(at), name, of, "ask for fewer, raise prevalence, or take a larger cohort")
        kept_N[rng.choice(at, size=n, replace=False)] = True
    return kept_N


def _by_share(y_N: np.ndarray, population_N: np.ndarray, share: Any, rng: np.random.Generator) -> np.ndarray:
    """The whole scarcer class, and as many of the other at random as give cases their share: bool (N,)."""
    kept_N = np.zeros(len(y_N), dtype=bool)
    for of, member_N, s in _groups(population_N, share):
        case, control = (np.flatnonzero(member_N & (y_N == label)) for label in (1, 0))
        n_case = min(len(case), round(len(control) * s / (1 - s)))
        n_control = min(len(control), round(len(case) * (1 - s) / s))
        if min(n_case, n_control) == 0:
            raise UserError(
                f"ascertain: case_share: {s:g}{of} cannot be had of {len(case)} cases and {len(control)} "
                "controls; choose one nearer their own, or take a larger cohort"
            )
        kept_N[rng.choice(case, size=n_case, replace=False)] = True
        kept_N[rng.choice(control, size=n_control, replace=False)] = True
    return kept_N
