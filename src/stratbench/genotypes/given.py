"""Tables that a user wrote: tab-separated text with a header, read strictly, so that mistakes are named by line."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from stratbench.core.errors import UserError
from stratbench.core.files import read_text

Row = Mapping[str, str]
BLANK = ("", "NA", "NaN", "nan", ".")  # how programs write that there is no number


def rows(path: str | Path, columns: Sequence[str]) -> Iterator[tuple[int, Row]]:
    """Yield the number of each line after the header, from 2, and its fields by the names of their columns.

    Args:
        path: a TSV with a header.
        columns: those that it must have; it may have more.

    Raises UserError, naming the file and the line, for a file that cannot be read, a missing or repeated column, and a
    row with more or fewer fields than the header.
    """
    lines = read_text(path).removesuffix("\n").split("\n")
    header = lines[0].split("\t")
    for column in [*columns, *header]:
        if header.count(column) != 1:
            found = f"has {header.count(column)} columns '{column}'"
            wanted = " and ".join(columns)
            raise UserError(f"{path}: {found}; write a header with the columns {wanted}, parted by tabs")
    for number, line in enumerate(lines[1:], start=2):
        fields = line.split("\t")
        if len(fields) != len(header):
            raise UserError(
                f"{path}: line {number} has {len(fields)} fields, the header {len(header)}; part them by single tabs"
            )
        yield number, dict(zip(header, fields, strict=True))


def number(path: str | Path, line: int, row: Row, column: str) -> float:
    """The number in a column of a row.

    Args:
        path, line: where the row stands, for messages.
        row: what ``rows`` yields.
        column: the column's name.

    Returns:
        The number; NaN where it is blank, or where the table has no such column.

    Raises:
        UserError: naming file and line, for what is no finite number.
    """
    text = row.get(column, "").strip()
    if text in BLANK:
        return np.nan
    try:
        value = float(text)
    except ValueError:
        value = np.inf
    if not np.isfinite(value):
        raise UserError(f"{path}: line {line}: {column} is '{text}', not a finite number; correct it")
    return value


def once(path: str | Path, line: int, name: str, taken: Mapping[str, object]) -> str:
    """Require an id that no line before has.

    Args:
        path, line: where it stands, for messages.
        name: the id.
        taken: the ids of the lines before.

    Returns:
        The id.

    Raises:
        UserError: for a blank one, and for one that is listed twice.
    """
    if not name.strip():
        raise UserError(f"{path}: line {line} has no id; give one, or leave the row out")
    if name in taken:
        raise UserError(f"{path}: line {line}: '{name}' is listed before; leave one row out")
    return name


def require_all(
    path: str | Path, found: Mapping[str, object], wanted: Sequence[str], what: str, remedy: str
) -> None:
    """Check that a table has all of these ids.

    Args:
        path: the table.
        found: what it has, by id.
        wanted: the ids that it must have.
        what: of what they are the ids, as "test individual".
        remedy: what to change.

    Raises:
        UserError: naming the first that it lacks, and how many those are.
    """
    absent = [name for name in wanted if name not in found]
    if absent:
        raise UserError(
            f"{path}: has no row for {len(absent)} of {len(wanted)} {what}s, first '{absent[0]}'; {remedy}"
        )


def require_known(path: str | Path, found: Sequence[str], known: Sequence[str], where: str) -> None:
    """Check that a table has no ids but known ones.

    Args:
        path: the table.
        found: the ids that it has.
        known: those that it may have.
        where: of what the known ones are the ids, as "this split".

    Raises:
        UserError: naming the first strange one, and how many those are.
    """
    strange = sorted(set(found) - set(known))
    if strange:
        raise UserError(
            f"{path}: {len(strange)} of {len(found)} ids are not in {where}, first '{strange[0]}'; the table is of "
            "another split or cohort, or its ids were changed: write it anew for this one"
        )
