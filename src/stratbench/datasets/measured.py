"""Measured traits: columns of samples.tsv, as a cohort file declares them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from stratbench.cohorts.real.cohort_file import trait_columns
from stratbench.cohorts.real.tables import minus_nine
from stratbench.core import decimals
from stratbench.core.errors import UserError
from stratbench.core.job import say
from stratbench.core.words import counted
from stratbench.genotypes import tables
from stratbench.methods.registry import nearest

CODED = ("missing (0)", "controls (1)", "cases (2)")
SPREAD = (1e-100, 1e100)
MISSING = (
    "",
    "NA",
)  # -9 is missing too, however it is written; the cohort file's other words for missing were blanked before


def measured(samples_tsv: str | Path, name: str, declared: Mapping[str, Any]) -> pd.Series:
    """Values of a declared trait, float64, indexed by iid in the file's order; NaN where missing.

    ``declared`` is the cohort file's ``traits``: ``{name: {kind, column | columns}}``; of several columns the
    first that is not missing counts. Blank, NA and -9 are missing. Binary traits are 0/1, or PLINK's 1/2.
    Raises UserError for an undeclared trait, an absent column, values that are not numbers, a trait without
    values, a constant one, and a binary one that is not 0/1 or has one class.
    """
    if name not in declared:
        raise UserError(f"traits: the cohort declares no trait '{name}': {nearest(name, sorted(declared))}")
    columns = trait_columns(declared[name])
    text = tables.read(samples_tsv, tables.SAMPLES, text=tuple(columns))
    for column in columns:
        if column not in text.columns:
            hint = nearest(column, [str(known) for known in text.columns])
            raise UserError(f"{samples_tsv}: trait '{name}' wants column '{column}': {hint}")
    stripped = text[columns].apply(lambda values: values.str.strip())
    coded = stripped.apply(minus_nine)
    if coded.any(axis=None):
        say(
            f"trait '{name}': {counted(int(coded.to_numpy().sum()), 'value')} of -9: missing, as PLINK has it"
        )
    raw = stripped.mask(coded, "").replace(list(MISSING), None)
    values = _numbers(raw.bfill(axis=1).iloc[:, 0].set_axis(text["iid"]), samples_tsv, name)
    if values.notna().sum() == 0:
        raise UserError(f"{samples_tsv}: trait '{name}' ({', '.join(columns)}): every value is missing")
    return (
        _binary(values, samples_tsv, name) if declared[name]["kind"] == "binary" else _varying(values, name)
    )


def _numbers(raw: pd.Series, path: str | Path, name: str) -> pd.Series:
    """The text as float64."""
    values = pd.Series(decimals.read(raw.fillna("")), index=raw.index)
    wrong = raw.notna() & values.isna()
    if wrong.any():
        iid = wrong.idxmax()
        raise UserError(
            f"{path}: trait '{name}': '{raw[iid]}' of individual {iid} is not a number; "
            f"{decimals.advice(raw[iid])}write NA if missing"
        )
    return values


def _varying(values: pd.Series, name: str) -> pd.Series:
    if values.nunique() < 2:
        raise UserError(f"traits: measured trait '{name}' is constant ({values.dropna().iloc[0]:g})")
    spread = values.max() - values.min()
    if not SPREAD[0] < spread < SPREAD[1]:  # its squares would underflow to 0 or overflow
        raise UserError(
            f"traits: the values of measured trait '{name}' span {spread:g}, which cannot be computed with; give it in "
            "other units"
        )
    return values


def _binary(values: pd.Series, path: str | Path, name: str) -> pd.Series:
    """0/1 of values coded 0/1 or, if a 2 occurs, PLINK's 0 missing, 1 control, 2 case."""
    found = sorted(values.dropna().unique())
    if not set(found) <= {0, 1, 2}:
        listed = ", ".join(f"{value:g}" for value in found[:5])
        raise UserError(
            f"{path}: binary trait '{name}' has values {listed}; code 0/1 or 1/2, or declare it quantitative"
        )
    if 2 in found:
        counts = ", ".join(f"{int((values == code).sum())} {word}" for code, word in enumerate(CODED))
        say(f"trait '{name}' is coded 1/2, as PLINK has it: {counts}")
        values = values.where(values != 0) - 1
    if values.nunique() < 2:
        raise UserError(f"{path}: binary trait '{name}' has one class only; it needs cases and controls")
    return values
