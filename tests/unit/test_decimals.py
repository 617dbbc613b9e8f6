"""Measured numbers come back to the last bit, and what is no number is none."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stratbench.core import decimals, files

EXACT = [
    "1700000591.8",
    "0.224991591484104",
    "-9007199254740993.5",
    "2.5e-308",
    "1.7976931348623157e308",
    "0.1",
]


@pytest.mark.parametrize(
    "text", ["1,5", "1 000", "12%", "2O", "1_000", "inf", "-Infinity", "NaN", "nan", "1e400"]
)
@pytest.mark.parametrize("also", ["0x10", "\u0661", "1d5", "", "e5", ".", "+", "1.5.2", "TRUE"])
def test_what_is_no_number_is_none(text: str, also: str) -> None:
    assert np.isnan(decimals.read([text, also])).all()


def test_numbers_are_read_as_python_reads_them() -> None:
    texts = ["1", "-1.", "+.5", "1e3", "2E-3", "007", *EXACT]
    assert decimals.read(texts).tolist() == [float(text) for text in texts]


def test_text_comes_back_as_the_same_double_and_is_as_short_as_in_every_table() -> None:
    rng = np.random.default_rng(3)
    values = [float(text) for text in EXACT] + (
        rng.normal(size=2000) * 10.0 ** rng.integers(-9, 12, 2000)
    ).tolist()
    assert [float(text) for text in decimals.write(values)] == values
    assert decimals.write([0.5, 20.0, 1e10, -0.0, math.nan, 1 / 4]) == [
        "0.5",
        "20",
        "1e+10",
        "-0",
        "",
        "0.25",
    ]
    nine = [float(files.FLOAT_FORMAT % value) for value in values]
    assert decimals.write(nine) == [files.FLOAT_FORMAT % value for value in nine]


def test_a_table_of_measured_labels_is_read_exactly(tmp_path: Path) -> None:
    """pandas' quick reader is one unit in the last place off at such numbers."""
    values = np.random.default_rng(3).normal(size=2000) * 1e5
    files.write_tsv(pd.DataFrame({"iid": "i", "y": decimals.write(values)}), tmp_path / "t.tsv")
    assert (files.read_tsv(tmp_path / "t.tsv", exact=True)["y"] == values).all()
    assert not (files.read_tsv(tmp_path / "t.tsv")["y"] == values).all()
