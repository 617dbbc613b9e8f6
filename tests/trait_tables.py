"""Traits for tests: a simulated trait's tables, and small cohorts that traits ask for."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from helpers import balding_nichols, write_cohort
from stations import cohort_files, dataset_files
from stratbench.core import files
from stratbench.datasets import keep
from stratbench.datasets.run import dataset


class Tables(NamedTuple):
    trait: pd.DataFrame
    truth: pd.DataFrame
    parts: pd.DataFrame
    about: dict[str, Any]
    snps: list[str]


def simulated(
    cohort: Path,
    out: Path,
    snps: int | None = None,
    names: Sequence[object] = ("cohort", "trait"),
    ascertain: Mapping[str, Any] | None = None,
    **options: Any,
) -> Tables:
    """The tables of a simulated trait: trait, truth and liability, trait.json and keep.snp."""
    dataset(
        cohort_files(cohort),
        dataset_files(out),
        spec={"simulate": options, "snps": snps, "ascertain": ascertain},
        names=names,
    )
    return read(out)


def read(out: Path) -> Tables:
    tables = [files.read_tsv(out / f"{name}.tsv") for name in ("trait", "truth", "liability")]
    return Tables(*tables, files.read_json(out / "trait.json"), keep.read_snps(out / "keep.snp"))


def lattice(directory: Path, rows: int, each: int, m: int, rng: np.random.Generator) -> Path:
    """A cohort of rows x rows demes r1c1, r1c2, ..., with columns row, column, flat and half (half is known)."""
    n = rows * rows * each
    count_MN, _ = balding_nichols([n], m, 0, rng)
    row_N, column_N = (np.repeat(k, each) for k in np.divmod(np.arange(rows * rows), rows))
    columns = {
        "row": (row_N + 1).astype(str),
        "column": (column_N + 1).astype(str),
        "flat": ["2"] * n,
        "half": ["1"] * (n // 2) + [""] * (n - n // 2),
        "negative": (-row_N).astype(str),
    }
    populations = [f"r{r + 1}c{c + 1}" for r, c in zip(row_N, column_N, strict=True)]
    return write_cohort(directory, count_MN, populations, columns=columns)


def sibships(directory: Path, families: int, size: int, m: int, rng: np.random.Generator) -> Path:
    """A cohort as the mice are: one population of full sibs, independent loci, some genotypes missing."""
    p_M = rng.uniform(0.1, 0.9, m)
    parts = []
    for _ in range(families):
        parents_M22 = rng.random((m, 2, 2)) < p_M[:, None, None]  # SNP, parent, haplotype
        passed_MS2 = rng.integers(0, 2, (m, size, 2))
        haplotype_MS = [
            np.take_along_axis(parents_M22[:, parent], passed_MS2[:, :, parent], axis=1) for parent in (0, 1)
        ]
        parts.append(haplotype_MS[0].astype(np.int8) + haplotype_MS[1])
    count_MN = np.concatenate(parts, axis=1).astype(np.int8)
    count_MN[rng.random(count_MN.shape) < 0.01] = -1
    return write_cohort(directory, count_MN, families=[f"f{k // size:03d}" for k in range(families * size)])
