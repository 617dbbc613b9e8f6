"""Declared covariates as numbers, standardised on a split's training individuals."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from stratbench.core import decimals
from stratbench.core.errors import UserError
from stratbench.core.job import say
from stratbench.methods.registry import nearest


def covariates(
    people: pd.DataFrame, samples_tsv: str | Path, train_N: np.ndarray, declared: Mapping[str, str]
) -> pd.DataFrame:
    """Declared covariates as numbers.

    A numeric covariate keeps its name. A categorical one has a column ``<name>=<level>`` for each level among
    training individuals but the first by name. Columns have mean 0 and standard deviation 1 over training
    individuals with a value. An individual without a value, or with a level that training lacks, has 0, the mean of
    training, and is counted in the log. What does not vary in training is left out, and the log says so.

    Args:
        people: N rows of samples.tsv, all text.
        samples_tsv: where they were read from, for messages.
        train_N: who of them trains, bool.
        declared: the kind of each covariate, ``numeric`` or ``categorical``, by its column.

    Returns:
        ``iid`` and a column for each number, float64.

    Raises:
        UserError: for a column that is not there, and for a value that is no number.
    """
    samples = people.set_index("iid")
    found: dict[str, np.ndarray] = {}
    for name, kind in declared.items():
        if name not in samples:
            raise UserError(f"{samples_tsv}: no covariate '{name}': {nearest(name, list(samples.columns))}")
        values = samples[name].mask(samples[name] == "0", "") if name == "sex" else samples[name]
        columns = _levels(name, values, train_N) if kind == "categorical" else {name: _number(name, values)}
        missing = int(np.isnan(next(iter(columns.values()))).sum()) if columns else 0
        if missing:
            say(
                f"covariate '{name}': {missing} of {len(samples)} individuals have no value and get training's mean"
            )
        scaled = {column: _standardised(number_N, train_N) for column, number_N in columns.items()}
        kept = {column: number_N for column, number_N in scaled.items() if number_N is not None}
        if not kept:
            say(f"covariate '{name}' does not vary among training individuals and is left out")
        found |= kept
    return pd.DataFrame({"iid": people["iid"].tolist(), **found})


def _number(name: str, values: pd.Series) -> np.ndarray:
    """Text as float64 (N,), NaN where blank."""
    number_N = decimals.read(values)
    wrong_N = (values != "").to_numpy() & np.isnan(number_N)
    if wrong_N.any():
        iid = values.index[wrong_N][0]
        raise UserError(
            f"covariate '{name}': '{values[iid]}' of individual '{iid}' is not a number; "
            f"{decimals.advice(values[iid])}write NA if missing, or declare it categorical"
        )
    return number_N


def _levels(name: str, values: pd.Series, train_N: np.ndarray) -> dict[str, np.ndarray]:
    """Indicators, float64 (N,), of the levels seen in training but the first; NaN for other levels and blanks."""
    levels = sorted(set(values[train_N]) - {""})
    known_N = values.isin(levels).to_numpy()
    return {
        f"{name}={level}": np.where(known_N, (values == level).to_numpy(dtype=np.float64), np.nan)
        for level in levels[1:]
    }


def _standardised(number_N: np.ndarray, train_N: np.ndarray) -> np.ndarray | None:
    """Mean 0 and sd 1 over training individuals with a value, 0 for missing; None if it does not vary there."""
    seen_T = number_N[train_N & np.isfinite(number_N)]
    if not len(seen_T) or seen_T.max() == seen_T.min():
        return None
    return np.nan_to_num((number_N - seen_T.mean()) / seen_T.std())
