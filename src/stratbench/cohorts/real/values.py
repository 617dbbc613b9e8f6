"""Whether a column of measurements holds numbers or categories; messages name whoever has something else."""

import re

import pandas as pd

from stratbench.core import decimals
from stratbench.core.errors import UserError

CODE = re.compile(r"[+-]?0[0-9]")  # a number that begins as codes do: 01, 007
MOST_ALONE = 0.5  # a column is not categorical if a larger share of people have a value that nobody else has


def require_numbers(values: pd.Series, iid: pd.Series, column: str, remedy: str) -> None:
    """Check that a column holds numbers and blanks alone.

    Args:
        values: the column, text.
        iid: the individual of each value, with the same index.
        column: the file and the column's name, for the message.
        remedy: how the message ends.

    Raises:
        UserError: for the first value that is neither blank nor a number.
    """
    bad = pd.Series(pd.isna(decimals.read(values)), index=values.index) & (values != "")
    if bad.any():
        first = bad.idxmax()
        advice = decimals.advice(values[first])
        raise UserError(
            f"{column} of individual '{iid[first]}' is '{values[first]}', not a number; {advice}{remedy}"
        )


def require_some(values: pd.Series, column: str) -> None:
    """Raise UserError for a covariate of which every value is missing, so that nothing would be adjusted for it."""
    if not (values != "").any():
        raise UserError(
            f"{column}: every value is missing; name a column with values, or leave the covariate out"
        )


def require_groups(values: pd.Series, column: str) -> None:
    """Raise UserError for a categorical column in which every individual has a different value."""
    there = values[values != ""]
    if len(there) > 1 and there.is_unique:
        raise UserError(
            f"{column}: all of its {len(there)} values differ, such as '{there.iloc[0]}', so they are no categories; "
            "leave it out"
        )


def kind(values: pd.Series, iid: pd.Series, column: str, remedy: str) -> str:
    """Whether a column is numeric or categorical, where nobody has stated it.

    A column is numeric if every value that is not blank is a number. It is categorical if no value is a number,
    unless most values occur once.

    Args:
        values: the column, text.
        iid: the individual of each value, with the same index.
        column: the file and the column's name, for messages.
        remedy: how messages end.

    Returns:
        ``numeric`` or ``categorical``.

    Raises:
        UserError: for a column of numbers and words, for numbers that are written as codes are, such as 007, and for
            words most of which occur once.
    """
    there = values[values != ""]
    number = pd.Series(pd.notna(decimals.read(there)), index=there.index)
    if number.all():
        coded = there[there.str.match(CODE)]
        if len(coded):
            raise UserError(
                f"{column} of individual '{iid[coded.index[0]]}' is '{coded.iloc[0]}', written as a code is and yet a "
                f"number; {remedy}"
            )
        return "numeric"
    if 2 * number.sum() >= len(there):
        require_numbers(there, iid, column, f"{number.sum()} of {len(there)} values are numbers; {remedy}")
    if number.any():
        first = number.idxmax()
        raise UserError(
            f"{column} of individual '{iid[first]}' is '{there[first]}', a number, and {(~number).sum()} of "
            f"{len(there)} values are not; {remedy}"
        )
    require_groups(there, column)
    alone = int((~there.duplicated(keep=False)).sum())
    if alone > MOST_ALONE * len(there):
        raise UserError(
            f"{column}: {alone} of {len(there)} values occur once, such as '{there.iloc[0]}', so they are hardly "
            f"categories; leave it out, or {remedy}"
        )
    return "categorical"
