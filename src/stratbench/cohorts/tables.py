"""Tables of samples as their owners have them: a header, and tabs, commas or blanks between columns."""

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from stratbench import files
from stratbench.errors import UserError
from stratbench.job import say
from stratbench.registry import nearest


def read(path: str | Path) -> pd.DataFrame:
    """A table as text without surrounding blanks; the index is the line of each row in the file.

    Columns are separated by tabs if the header has one, else by commas if it has one, else by blanks. A
    header may start with ``#`` (plink2). Raises UserError for an absent or empty file, text that is not
    UTF-8, a column name that is empty or occurs twice, and a row with another number of values.
    """
    lines = files.read_text(path).split("\n")
    header = next((line for line in lines if line.strip()), None)
    if header is None:
        raise UserError(f"{path}: empty; a header and a row for each individual are wanted")
    rows = list(_rows(lines, next((mark for mark in "\t," if mark in header), None), path))
    names = [name.removeprefix("#") if k == 0 else name for k, name in enumerate(rows[0][1])]
    _require_names(names, path)
    for line, row in rows[1:]:
        if len(row) != len(names):
            raise UserError(f"{path}: line {line} has {len(row)} columns, the header has {len(names)}")
    return pd.DataFrame([row for _, row in rows[1:]], index=[line for line, _ in rows[1:]], columns=names)


def _rows(lines: list[str], mark: str | None, path: str | Path) -> list[tuple[int, list[str]]]:
    """(line number, values) of each line that is not blank."""
    if mark is None:
        blanks = re.compile("[ \t]+")
        return [(k, blanks.split(line.strip(" \t"))) for k, line in enumerate(lines, 1) if line.strip(" \t")]
    reader = csv.reader(lines, delimiter=mark, strict=True)
    found, line = [], 1
    try:
        for row in reader:
            if reader.line_num > line:
                raise UserError(
                    f"{path}: line {line}: a value in quotation marks goes on in the next line; write it in one, or "
                    "look for a quotation mark without a second one"
                )
            values = [value.strip(" \t") for value in row]
            if any(values):
                found.append((line, values))
            line = reader.line_num + 1
    except csv.Error as error:
        raise UserError(
            f"{path}: line {line}: {error}; look for a quotation mark without a second one"
        ) from error
    return found


def _require_names(names: Sequence[str], path: str | Path) -> None:
    for k, name in enumerate(names):
        if not name:
            raise UserError(f"{path}: column {k + 1} has no name; the first line has to name every column")
        if name in names[:k]:
            raise UserError(f"{path}: two columns are named '{name}'; rename one")


def minus_nine(values: pd.Series) -> pd.Series:
    """Where text is -9, however it is written (-9.0): PLINK's code for a missing value; bool, the same index."""
    return pd.to_numeric(values, errors="coerce") == -9


def require_unique(iid: pd.Series, path: str | Path) -> None:
    """Raise UserError for an individual id that occurs twice in the .fam, whose iids these are."""
    twice = iid[iid.duplicated()]
    if len(twice):
        raise UserError(
            f"{path}: line {twice.index[0] + 1}: the individual id (column 2) '{twice.iloc[0]}' occurs a second "
            "time; ids must be unique, whatever the family: rename with plink2 --update-ids, or remove one"
        )


def matched(
    path: str | Path,
    table: Mapping[str, Any],
    fam: pd.DataFrame,
    fam_path: str | Path,
    content: pd.DataFrame | None = None,
    tell: Callable[[str], object] = say,
) -> pd.DataFrame:
    """The columns that ``table`` names, in the .fam's order and with its index; blank for people without a row.

    ``table`` is an entry of a cohort file's ``tables``: ``{id, columns}``; ``content`` is what the file holds, if it
    was read before. Rows of people who are not in the .fam are counted and told. Raises UserError for absent
    columns, an id that occurs twice, and a table that matches nobody.
    """
    if content is None:
        content = read(path)
    ids = [table["id"]] if isinstance(table["id"], str) else list(table["id"])
    known = [str(name) for name in content.columns]
    for column in [*ids, *table["columns"].values()]:
        if column not in known:
            raise UserError(f"{path}: no column '{column}': {nearest(column, known)}")
    own = _keys(content[ids])
    theirs = _keys(fam[["iid"] if len(ids) == 1 else ["fid", "iid"]])
    twice = own[own.duplicated()]
    if len(twice):
        raise UserError(
            f"{path}: line {twice.index[0]}: individual '{twice.iloc[0]}' occurs a second time; keep one row each"
        )
    strangers = own[~own.isin(theirs)]
    if len(strangers) == len(own):
        raise UserError(_no_match(path, ids, own, fam_path, theirs))
    if len(strangers):
        tell(
            f"{path}: {len(strangers)} of {len(own)} ids are not in {fam_path}, such as '{strangers.iloc[0]}'"
        )
    without = int((~theirs.isin(own)).sum())
    if without:
        tell(f"{path}: no row for {without} of {len(fam)} individuals; their values are blank")
    wanted = content.set_axis(own.to_numpy())[list(table["columns"].values())]
    found = wanted.reindex(theirs.to_numpy()).fillna("")
    return found.set_axis(list(table["columns"]), axis=1).set_axis(fam.index)


def _keys(ids: pd.DataFrame) -> pd.Series:
    """One text for each individual: the iid, or fid and iid."""
    return ids.agg(" ".join, axis=1) if len(ids) else pd.Series(dtype=str)


def _no_match(
    path: str | Path, ids: Sequence[str], own: pd.Series, fam_path: str | Path, theirs: pd.Series
) -> str:
    ours, others = (", ".join(f"'{key}'" for key in keys[:3]) or "none" for keys in (own, theirs))
    what = "iids" if len(ids) == 1 else "fids and iids"
    return (
        f"{path}: none of its {len(own)} ids (column {' and '.join(ids)}: {ours}) is among the {what} of "
        f"{fam_path} ({others}); name another id column, or write the ids as the .fam does"
    )
