"""Matching the rows of a table to individuals: ids match exactly or not at all, and what matches nobody is reported."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from stratbench.cohorts.real import id_hints, sex, tables
from stratbench.core import files
from stratbench.core.errors import UserError
from stratbench.genotypes.tables import MATCHED
from stratbench.methods.registry import nearest

COUNTS = MATCHED.columns  # what is kept of a match, as tables.tsv


@dataclass(frozen=True)
class Matched:
    """A table's columns for the individuals of a .fam, and who has no part in it.

    Attributes:
        values: in the .fam's order and with its index, text; blank for people without a row.
        path, fam_path: the two files.
        without: ids of the .fam that have no row.
        strangers: ids of the table that the .fam lacks.
        rows: how many rows the table has.
        hint: how those ids differ, if a pattern is found.
    """

    values: pd.DataFrame
    path: str
    fam_path: str
    without: tuple[str, ...]
    strangers: tuple[str, ...]
    rows: int
    hint: str

    @property
    def counts(self) -> dict[str, Any]:
        """A row of tables.tsv."""
        numbers = (len(self.values), len(self.without), self.rows, len(self.strangers))
        return dict(zip(COUNTS, (Path(self.path).name, *numbers), strict=True))

    def losses(self) -> list[str]:
        """A line for the ids that match nobody, of the table and of the .fam; no line if everything is matched."""
        found = []
        if self.strangers:
            found.append(
                f"{self.path}: {len(self.strangers)} of {self.rows} ids are not in {self.fam_path}, such as "
                f"'{self.strangers[0]}'; these rows are left out"
            )
        if self.without:
            found.append(
                f"{self.path}: no row for {len(self.without)} of {len(self.values)} individuals of {self.fam_path}, "
                f"such as '{self.without[0]}'; their values are blank{f' ({self.hint})' if self.hint else ''}"
            )
        return found


def matched(
    path: str | Path,
    table: Mapping[str, Any],
    fam: pd.DataFrame,
    fam_path: str | Path,
    missing: Sequence[str],
    unmatched: float,
    content: pd.DataFrame | None = None,
) -> Matched:
    """The columns that ``table`` names, for the individuals of a .fam.

    Args:
        path: the table's file.
        table: an entry of a cohort file's ``tables``: ``{id, columns}``.
        fam: what ``plink.read_fam`` returns.
        fam_path: where that was read from.
        missing: values that mean a missing one. They matter here in a column named sex alone, whose values are turned
            into PLINK's code.
        unmatched: the share of the .fam's individuals without a row at which the table is refused.
        content: what the file holds, if it was read before.

    Returns:
        The columns, and who has no part in them.

    Raises:
        UserError: for a column that is not there, an id that occurs twice, invisible characters in ids or values, and
            for a table that matches nobody or too few.
    """
    if content is None:
        content = tables.read(path)
    ids = [table["id"]] if isinstance(table["id"], str) else list(table["id"])
    known = [str(name) for name in content.columns]
    for column in [*ids, *table["columns"].values()]:
        if column not in known:
            raise UserError(f"{path}: no column '{column}': {nearest(column, known)}")
    for column in ids:
        files.require_visible(content[column], path, f"'{column}'")
    own = _keys(content[ids])
    theirs = _keys(fam[["iid"] if len(ids) == 1 else ["fid", "iid"]])
    twice = own[own.duplicated()]
    if len(twice):
        raise UserError(
            f"{path}: line {twice.index[0]}: individual '{twice.iloc[0]}' occurs a second time; keep one row each"
        )
    there = own.isin(theirs)
    values = _values(content[there], table["columns"], own[there], path, missing)
    found = values.reindex(theirs.to_numpy()).fillna("").set_axis(fam.index)
    without, strangers = tuple(theirs[~theirs.isin(own)]), tuple(own[~there])
    hint = id_hints.hint(strangers, without, fam) if without and strangers else ""
    result = Matched(found, str(path), str(fam_path), without, strangers, len(own), hint)
    if not there.any():
        raise UserError(_no_match(result, ids, own, theirs))
    if without and len(without) >= unmatched * len(fam):
        raise UserError(_too_few(result, unmatched))
    return result


def _values(
    content: pd.DataFrame,
    columns: Mapping[str, str],
    own: pd.Series,
    path: str | Path,
    missing: Sequence[str],
) -> pd.DataFrame:
    """The wanted columns under their new names, indexed by id. ``content`` and the ids ``own`` are indexed by line."""
    wanted = {}
    for new, old in columns.items():
        files.require_visible(content[old], path, f"'{old}'")
        wanted[new] = sex.of_table(content[old], missing, path, own) if sex.is_name(old) else content[old]
    return pd.DataFrame(wanted, index=content.index).set_axis(own.to_numpy())


def _keys(ids: pd.DataFrame) -> pd.Series:
    """One text for each individual: the iid, or fid and iid."""
    return ids.agg(" ".join, axis=1) if len(ids) else pd.Series(dtype=str)


def _no_match(result: Matched, ids: list[str], own: pd.Series, theirs: pd.Series) -> str:
    ours, others = (", ".join(f"'{key}'" for key in keys[:3]) or "none" for keys in (own, theirs))
    what = "iids" if len(ids) == 1 else "fids and iids"
    hint = f"{result.hint}; " if result.hint else ""
    return (
        f"{result.path}: none of its {len(own)} ids (column {' and '.join(ids)}: {ours}) is among the {what} of "
        f"{result.fam_path} ({others}); {hint}name another id column, or write the ids as the .fam does"
    )


def _too_few(result: Matched, unmatched: float) -> str:
    """A message about a table that lacks so many individuals that it may be another's."""
    of = len(result.values)
    why = f"{result.hint}; " if result.hint else ""
    stranger = (
        f", and {len(result.strangers)} of its {result.rows} ids are not there" if result.strangers else ""
    )
    return (
        f"{result.path}: no row for {len(result.without)} of {of} individuals of {result.fam_path}, such as "
        f"'{result.without[0]}'{stranger}; {why}write the ids as the .fam does, or, if these people have no row in "
        f"truth, set 'unmatched' to a larger share than {unmatched:g}"
    )
