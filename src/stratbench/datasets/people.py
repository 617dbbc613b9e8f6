"""The people of a dataset: those of the cohort's samples who are kept, and the set that a split puts each into."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from stratbench.datasets import keep
from stratbench.genotypes import tables
from stratbench.genotypes.tables import Ids


def read_kept(path: str | Path) -> Ids:
    """The ids of a keep.iid, in order. Raises UserError for a file that is damaged."""
    return Ids(keep.read_iids(path), path)


def read_people(files: Mapping[str, Any], kept: Ids) -> pd.DataFrame:
    """The rows of samples.tsv, all text, of the individuals of a dataset.

    Args:
        files: the paths of the cohort's ``samples`` and ``fam``, by these names.
        kept: who is in the dataset, in the cohort's order.

    Returns:
        A row for each id in ``kept``, in that order.

    Raises UserError where samples.tsv does not follow the .fam, or lacks somebody who is kept.
    """
    return select(tables.read_samples(files, texts=True), files["samples"], kept)


def select(samples: pd.DataFrame, path: str | Path, kept: Ids) -> pd.DataFrame:
    """The rows of these individuals in a table of samples.

    Args:
        samples: what was read from ``path``, a row for each individual of the cohort.
        path: the path of samples.tsv, for messages.
        kept: who is wanted, in the table's order.

    Raises UserError for an id that the table lacks, and for ids in another order.
    """
    row_N = tables.positions(kept.names, kept.source, Ids(samples["iid"].tolist(), path))
    return samples.iloc[row_N].reset_index(drop=True)


def read_sets(path: str | Path, kept: Ids) -> pd.Series:
    """The set of each individual of a split, indexed by iid in the order of ``kept``, some of whom it may leave out."""
    return tables.read(path, tables.SPLIT, among=kept).set_index("iid")["set"]
