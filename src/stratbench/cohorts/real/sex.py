"""Sex as people write it, turned into PLINK's code, 1 for male and 2 for female; other values are refused."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from stratbench.core import decimals
from stratbench.core.errors import UserError

CODES = {"m": "1", "male": "1", "1": "1", "f": "2", "female": "2", "2": "2"}
MISSING = ("", "-9", "na")
REMEDY = "write 1 or M, 2 or F, or 0 if it is unknown"


def is_name(column: str) -> bool:
    """Whether a table's column of this name holds sexes."""
    return column.casefold() == "sex"


def of_fam(fam: pd.DataFrame, missing: Sequence[str], path: str | Path) -> pd.Series:
    """Column five of a .fam as 1, 2, or 0 for unknown. Raises UserError for other values."""
    plain = _plain(fam["sex"], missing)
    codes = plain.map({**CODES, "": "0", "0": "0"})
    if codes.isna().any():
        row = codes.isna().to_numpy().argmax()
        raise UserError(f"{path}: line {row + 1}: sex (column 5) is '{fam['sex'].iloc[row]}'; {REMEDY}")
    return codes


def of_table(values: pd.Series, missing: Sequence[str], path: str | Path, ids: pd.Series) -> pd.Series:
    """A table's column of sexes in PLINK's code.

    Args:
        values: the column as text, indexed by the line of the table.
        missing: values that mean a missing one.
        path: the table, for messages.
        ids: the individual of each line, for messages.

    Returns:
        1, 2, or blank for unknown. Values of 0 and 1 alone stay as they are, because nobody knows which of the two is
        male.

    Raises:
        UserError: for any other value.
    """
    plain = _plain(values, missing)
    unknown = "0" if {"0", "1"} <= set(plain) <= {"", "0", "1"} else ""
    codes = plain.map({**CODES, "": "", "0": unknown})
    if codes.isna().any():
        line = codes.isna().idxmax()
        raise UserError(
            f"{path}: line {line}: '{values.name}' of individual '{ids[line]}' is '{values[line]}'; {REMEDY}, or give "
            "the column another name if it holds something else"
        )
    return codes


def _plain(values: pd.Series, missing: Sequence[str]) -> pd.Series:
    """The values in lower case, numbers without decimals (a spreadsheet writes 1.0 for 1), and blank where missing."""
    numbers = dict(zip(values, decimals.read(values), strict=True))
    known = {text: text.casefold() if number != number else f"{number:g}" for text, number in numbers.items()}
    return values.map(
        {text: "" if text in missing or word in MISSING else word for text, word in known.items()}
    )
