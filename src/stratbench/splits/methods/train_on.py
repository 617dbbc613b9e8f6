"""Some populations train, and people of every population are tested: the same people, whoever trains."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from stratbench.core.errors import UserError
from stratbench.core.seeds import seed
from stratbench.core.words import counted
from stratbench.methods.registry import nearest
from stratbench.popgen.sampling import UNASSIGNED, stratified, with_validation

OPTIONS = {
    "populations": {
        "type": "array",
        "items": {"type": "string"},
        "minItems": 1,
        "uniqueItems": True,
        "description": "who trains and validates",
    },
    "people": {
        "type": ["integer", "null"],
        "minimum": 2,
        "default": None,
        "description": "how many train and validate, in equal parts from these populations; null: all not tested",
    },
    "test": {
        "type": "number",
        "exclusiveMinimum": 0,
        "exclusiveMaximum": 1,
        "default": 0.3,
        "description": "share of everyone, in proportion to populations and classes",
    },
    "validation": {
        "type": "number",
        "exclusiveMinimum": 0,
        "exclusiveMaximum": 1,
        "default": 0.2,
        "description": "share of those who are drawn to train",
    },
    "draw": {
        "type": "integer",
        "minimum": 1,
        "default": 1,
        "description": "splits of one draw and one test share test the same people",
    },
    "against": {
        "type": "array",
        "items": {"type": "string"},
        "uniqueItems": True,
        "default": [],
        "description": "labels of splits of the same draw that this one is compared with, row by row",
    },
    "keep_families": {
        "type": "boolean",
        "default": False,
        "description": "draw validation as whole families",
    },
}
CITATION = ""


def assign(people: pd.DataFrame, options: Mapping[str, Any], rng: np.random.Generator) -> np.ndarray:
    """See the package's docstring. ``unassigned`` people, who may be of any population, are left out.

    Raises UserError for a population that does not exist, or has fewer people than are asked for.
    """
    population_N = people["population"].replace(UNASSIGNED, "").to_numpy(dtype=str)
    known = sorted(set(population_N) - {""})
    set_N = np.full(len(people), "", dtype=object)
    known_R = np.flatnonzero(population_N != "")
    tests = np.random.default_rng(seed("train-on", options["draw"]))
    set_N[known_R[stratified(people["stratum"].to_numpy()[known_R], options["test"], tests)]] = "test"
    for name in options["populations"]:
        if name not in known:
            raise UserError(f"splits: there is no population '{name}' to train on: {nearest(name, known)}")
        left_R = np.flatnonzero((population_N == name) & (set_N != "test"))
        set_N[_drawn(left_R, name, people, options, rng)] = "train"
    return with_validation(set_N, people, options, rng)


def _drawn(
    left_R: np.ndarray, name: str, people: pd.DataFrame, options: Mapping[str, Any], rng: np.random.Generator
) -> np.ndarray:
    """Those of a population who train and validate: all who are not tested, or its part of ``people``."""
    if options["people"] is None:
        return left_R
    part = options["people"] // len(options["populations"])
    if part == 0:
        raise UserError(
            f"splits: people is {options['people']} for {counted(len(options['populations']), 'population')}; "
            "give at least one each"
        )
    if len(left_R) < part:
        raise UserError(
            f"splits: {part} people of '{name}' are to train, and it has {len(left_R)} who are not tested; lower "
            "'people' or 'test'"
        )
    return left_R[stratified(people["stratum"].to_numpy()[left_R], part / len(left_R), rng)]
