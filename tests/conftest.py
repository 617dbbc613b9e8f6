"""Fixtures for all tests: a peer and a small fileset, made once."""

from stations import raw_files
from stratbench.core import threads

threads.fix(1)  # as every job does, before numpy is imported

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import peers
from helpers import read_counts
from stratbench.core import files
from stratbench.genotypes import plink
from stratbench.cohorts.simulated.simulate import simulate


@pytest.fixture(scope="session")
def plink2() -> Callable[..., str]:
    """plink2 as a function of its arguments; a test that needs it fails where it cannot be had."""
    peers.plink2("--version")
    return peers.plink2


@pytest.fixture(scope="session")
def tiny_fileset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A raw cohort to be read only: genotypes.{bed,bim,fam} and samples.tsv, 2 x 60 people, some 2000 SNPs.

    It has linkage, structure, missing genotypes (some SNPs and people above the usual limits), rare SNPs,
    SNPs out of Hardy-Weinberg proportions in one population, SNPs without position, and an unsorted .bim.
    """
    directory = tmp_path_factory.mktemp("tiny")
    prefix = directory / "genotypes"
    options = {"populations": 2, "fst": 0.1, "individuals": 60, "chromosomes": 2, "length": 500_000}
    simulate(
        {}, raw_files(prefix, directory / "samples.tsv"), demography="split", options=options, names=["tiny"]
    )
    count_MN, rng = read_counts(directory), np.random.default_rng(1)
    m, n = count_MN.shape
    rate_M = np.where(np.arange(m) % 10 == 0, 0.08, 0.01)
    rate_N = np.where(np.arange(n) % 40 == 7, 0.2, 0.01)
    count_MN[rng.random((m, n)) < np.maximum(rate_M[:, None], rate_N)] = -1
    excess = (np.arange(m) % 25 == 3)[:, None] & (np.arange(n) < 60) & (count_MN >= 0)
    count_MN[excess] = 1
    order = np.r_[np.arange(m // 2, m), np.arange(m // 2)]
    bim = plink.read_bim(f"{prefix}.bim").iloc[order].reset_index(drop=True)
    bim.loc[::50, "pos"] = -9
    with plink.write_bed(f"{prefix}.bed", n) as bed:
        bed.append(count_MN[order])
    plink.write_bim(bim, f"{prefix}.bim")
    return directory


@pytest.fixture
def one_population(tiny_fileset: Path, tmp_path: Path) -> Path:
    """samples.tsv of the small fileset with everybody in one population."""
    samples: pd.DataFrame = files.read_tsv(tiny_fileset / "samples.tsv")
    files.write_tsv(samples.assign(population="all"), tmp_path / "one_population.tsv")
    return tmp_path / "one_population.tsv"
