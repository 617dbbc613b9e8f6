"""Numbers that somebody measured: read from text exactly or not at all, and written so that they come back the same."""

import math
import re
from collections.abc import Iterable

import numpy as np

from stratbench.core.files import FLOAT_FORMAT

NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
MARKS = {
    ",": "write numbers with a decimal point and without thousands separators",
    " ": "write numbers without blanks",
    "%": "write the number without a percent sign",
}


def read(texts: Iterable[str]) -> np.ndarray:
    """Text as float64 (N,): the nearest double, NaN for what is no finite decimal number, such as 1,5, 2O or inf.

    pandas' readers of text are one unit in the last place off at 15 digits or more.
    """
    values = [float(text) if NUMBER.fullmatch(text) else math.nan for text in texts]
    return np.array([value if math.isfinite(value) else math.nan for value in values], dtype=np.float64)


def write(values: Iterable[float]) -> list[str]:
    """Nine digits, as in every table, where these suffice; else the shortest text that is read as the same double."""
    return [_shortest(float(value)) for value in values]


def _shortest(value: float) -> str:
    if math.isnan(value):
        return ""
    text = FLOAT_FORMAT % value
    return text if float(text) == value else repr(value)


def advice(text: str) -> str:
    """Advice on a mark that many programs write into numbers, such as a decimal comma; blank if there is none."""
    return next((f"{words}, " for mark, words in MARKS.items() if mark in text), "")
