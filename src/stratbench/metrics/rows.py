"""The tidy table of docs/contracts.md: a row per number, blank where a column does not apply."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from stratbench.genotypes import tables
from stratbench.genotypes.tables import Kind
from stratbench.metrics.estimate import Estimate

Row = dict[str, Any]  # column -> value
KEYS = [
    *("study", "scenario", "replicate", "cohort", "trait", "split", "population", "model", "adjustment"),
    *("attribution", "association", "against", "k", "seed", "metric"),
]
COLUMNS = [*KEYS, "value", "n", "status", "reason"]
INTEGERS = ("replicate", "k", "seed", "n")
GROUP = [key for key in KEYS if key not in ("replicate", "cohort", "seed")]  # what is compared
MEANS = ("mean", "ci_low", "ci_high", "n_replicates")
TESTS = ("p", "p_holm")
METRICS_TABLE = Kind(
    columns=tuple(COLUMNS),
    key=tuple(KEYS),
    numbers=(*INTEGERS, "value"),
    text=tuple(column for column in COLUMNS if column not in (*INTEGERS, "value")),
    choices={"status": ("ok", "failed", "not-applicable")},
)
COMPARISONS = Kind(
    columns=(*GROUP, *MEANS, "basis", *TESTS),
    key=tuple(GROUP),
    numbers=("k", *MEANS, *TESTS),
    text=(*(key for key in GROUP if key != "k"), "basis"),
)


@dataclass(frozen=True)
class SplitPlace:
    """Which split a row is of."""

    study: str
    scenario: str
    replicate: int
    cohort: str
    trait: str
    split: str

    def keys(self, **more: Any) -> dict[str, Any]:
        """The key columns that stand in every row of the split, and more of them."""
        return {**vars(self), **more}


def rows(keys: Mapping[str, Any], metric: str, estimate: Estimate, **more: Any) -> list[Row]:
    """The row of an estimate, and the row ``<metric>_se`` where it has a standard error.

    ``keys`` and ``more`` fill key columns (study, model, seed, k, ...); the other columns stay blank.
    """
    row = {
        **keys,
        **more,
        "metric": metric,
        "value": estimate.value,
        "n": estimate.n,
        "status": estimate.status,
        "reason": " ".join(estimate.reason.split()),
    }
    if not math.isfinite(estimate.se):
        return [row]
    return [row, {**row, "metric": f"{metric}_se", "value": estimate.se}]


def tidy(table: pd.DataFrame) -> pd.DataFrame:
    """The table with the contract's columns and types: text or "", nullable integers, float values."""
    table = table.reindex(columns=COLUMNS)
    for column in COLUMNS:
        if column in INTEGERS:
            table[column] = pd.to_numeric(table[column]).astype("Int64")
        elif column == "value":
            table[column] = pd.to_numeric(table[column]).astype(float)
        else:
            table[column] = table[column].astype(object).where(table[column].notna(), "").astype(str)
    return table


def table(records: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """A tidy table of rows, in the order given."""
    return tidy(pd.DataFrame(list(records), columns=COLUMNS))


def read(path: str | Path) -> pd.DataFrame:
    """Read a metrics.tsv or probes.tsv; labels stay text even where they look like numbers.

    Raises UserError for a table that is cut or damaged.
    """
    return tidy(tables.read(path, METRICS_TABLE))


def sort(table: pd.DataFrame) -> pd.DataFrame:
    """Rows in the order of their keys, blanks first: the same rows give the same file."""
    return table.sort_values(KEYS, kind="stable", na_position="first", ignore_index=True)
