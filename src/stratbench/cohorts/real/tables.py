"""Tables of samples as their owners have them: a header, and tabs, commas or blanks between columns."""

import csv
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from stratbench.core import decimals, files
from stratbench.core.errors import UserError
from stratbench.core.words import counted


def read(path: str | Path) -> pd.DataFrame:
    """A table as text without surrounding blanks; the index is the line of each row in the file.

    Columns are separated by tabs if the header has one, else by commas if it has one, else by blanks. A value may
    stand in quotation marks. A header may start with ``#`` (plink2). Raises UserError for an absent or empty file,
    text that is not UTF-8, a column name that is empty or occurs twice, and a row with another number of values.
    """
    lines = files.read_text(path).split("\n")
    header = next((line for line in lines if line.strip()), None)
    if header is None:
        raise UserError(f"{path}: empty; a header and a row for each individual are wanted")
    rows = _rows(lines, next((mark for mark in "\t," if mark in header), None), path)
    names = [name.removeprefix("#") if k == 0 else name for k, name in enumerate(rows[0][1])]
    _require_names(names, path)
    for line, row in rows[1:]:
        if len(row) != len(names):
            raise UserError(
                f"{path}: line {line} has {counted(len(row), 'column')}, the header has {len(names)}"
            )
    return pd.DataFrame([row for _, row in rows[1:]], index=[line for line, _ in rows[1:]], columns=names)


def _rows(lines: list[str], mark: str | None, path: str | Path) -> list[tuple[int, list[str]]]:
    """(line number, values) of each line that is not blank; ``mark`` separates, None is any number of blanks."""
    if mark is None:
        lines = [line.replace("\t", " ").strip(" ") for line in lines]
    reader = csv.reader(
        (f"{line}\n" for line in lines), delimiter=mark or " ", skipinitialspace=True, strict=True
    )
    found, line = [], 1
    try:
        for row in reader:
            if reader.line_num > line:
                raise UserError(
                    f"{path}: line {line}: a value in quotation marks goes on in the next line; write it in one, or "
                    "look for a quotation mark without a second one"
                )
            values = [value.strip() for value in row]  # every blank that spreadsheets leave behind
            if any(values):
                found.append((line, values))
            line = reader.line_num + 1
    except csv.Error as error:
        raise UserError(
            f"{path}: line {line}: {error}; look for a quotation mark without a second one"
        ) from error
    return found


def _require_names(names: Sequence[str], path: str | Path) -> None:
    if len(names) == 1 and ";" in names[0]:
        raise UserError(f"{path}: columns are separated by semicolons; separate them by tabs or commas")
    for k, name in enumerate(names):
        if not name:
            raise UserError(f"{path}: column {k + 1} has no name; the first line has to name every column")
        if name in names[:k]:
            raise UserError(f"{path}: two columns are named '{name}'; rename one")


def minus_nine(values: pd.Series) -> pd.Series:
    """Where text is -9, however it is written (-9.0): PLINK's code for a missing value; bool, the same index."""
    return pd.Series(decimals.read(values) == -9, index=values.index)


def require_unique(iid: pd.Series, path: str | Path) -> None:
    """Raise UserError for an individual id that occurs twice in the .fam, whose iids these are."""
    twice = iid[iid.duplicated()]
    if len(twice):
        raise UserError(
            f"{path}: line {twice.index[0] + 1}: the individual id (column 2) '{twice.iloc[0]}' occurs a second "
            "time; ids must be unique, whatever the family: rename with plink2 --update-ids, or remove one"
        )
