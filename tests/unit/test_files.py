"""Tables are written as pandas writes them, and come back."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stratbench.core import files

TABLE = pd.DataFrame(
    {
        "snp": ["NA", "", 'a"b', "tab\there", "\u00e9"],
        "share": [0.1 + 0.2, -0.0, 0.0, np.nan, np.inf],
        "small": np.array([1e-300, 1 / 3, 1 / 3, 123456789012.0, -np.inf]),
        "single": np.array([0.1, 2, np.nan, 1e10, 0.1], dtype=np.float32),
        "whole": [2**53 + 1, -1, 0, 7, 7],
        "yes": [True, False, True, True, False],
        "mixed": [1, 0.5, None, np.nan, "x"],
        "nullable": pd.array([0.5, None, 1, 2, 3], dtype="Float64"),
        "counted": pd.array([5, None, 1, 2, 3], dtype="Int64"),
        "kind": pd.Categorical(["a", "b", None, "a", "b"]),
    }
)


@pytest.mark.parametrize(
    "table", [TABLE, TABLE.iloc[:0], TABLE[["snp"]], TABLE[["share"]], TABLE.iloc[::2], TABLE.iloc[[0, 1, 4]]]
)
def test_the_bytes_are_those_of_to_csv(tmp_path: Path, table: pd.DataFrame) -> None:
    files.write_tsv(table, tmp_path / "ours.tsv")
    expected = table.to_csv(
        sep="\t", index=False, float_format=files.FLOAT_FORMAT, lineterminator="\n"
    ).encode()
    assert (tmp_path / "ours.tsv").read_bytes() == expected
    files.write_tsv(table, tmp_path / "ours.tsv.gz")
    files.write_tsv(table, tmp_path / "again.tsv.gz")
    assert gzip.decompress((tmp_path / "ours.tsv.gz").read_bytes()) == expected
    assert (tmp_path / "ours.tsv.gz").read_bytes() == (tmp_path / "again.tsv.gz").read_bytes()
