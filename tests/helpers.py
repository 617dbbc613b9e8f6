"""Small cohorts for tests, written as docs/contracts.md says, with NumPy alone."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from stratbench.core import files
from stratbench.genotypes import plink


def balding_nichols(
    individuals: Sequence[int], m: int, fst: float, rng: np.random.Generator
) -> tuple[np.ndarray, list[str]]:
    """A1 counts int8 (m, sum(individuals)) of independent loci, and everyone's population p1, p2, ....

    Ancestral frequencies are U(0.1, 0.9); fst 0 is one panmictic population under several names.
    """
    ancestral_M = rng.uniform(0.1, 0.9, m)
    columns, populations = [], []
    for k, n in enumerate(individuals):
        scale = (1 - fst) / fst if fst > 0 else np.inf
        p_M = rng.beta(ancestral_M * scale, (1 - ancestral_M) * scale) if fst > 0 else ancestral_M
        columns.append(rng.binomial(2, p_M[:, None], (m, n)))
        populations += [f"p{k + 1}"] * n
    return np.concatenate(columns, axis=1).astype(np.int8), populations


def punch_missing(count_MN: np.ndarray, rate: float, rng: np.random.Generator) -> np.ndarray:
    """The same counts with a share ``rate`` of them missing (-1)."""
    return np.where(rng.random(count_MN.shape) < rate, -1, count_MN).astype(np.int8)


def write_cohort(
    directory: Path,
    count_MN: np.ndarray,
    populations: Sequence[str] | None = None,
    families: Sequence[str] | None = None,
    columns: dict[str, Sequence] | None = None,
    iids: Sequence[str] | None = None,
    structure: Sequence[int] | None = None,
    chromosomes: int = 1,
) -> Path:
    """Write genotypes.{bed,bim,fam}, samples.tsv, variants.tsv, qc.tsv into ``directory`` and return it.

    ``count_MN`` are A1 counts 0, 1, 2 with -1 for missing. ``columns`` are further columns of samples.tsv
    (covariates, traits, given splits). SNPs lie 1000 bp apart, evenly on the chromosomes, named s0001, ...
    """
    m, n = count_MN.shape
    directory = Path(directory)
    iid = list(iids) if iids is not None else [f"i{k + 1:04d}" for k in range(n)]
    family = list(families) if families is not None else iid
    population = list(populations) if populations is not None else ["all"] * n
    with plink.write_bed(directory / "genotypes.bed", n) as bed:
        bed.append(np.asarray(count_MN, dtype=np.int8))
    chrom = np.arange(m) * chromosomes // max(m, 1) + 1
    bim = pd.DataFrame(
        {
            "chrom": chrom.astype(str),
            "snp": [f"s{k + 1:04d}" for k in range(m)],
            "cm": 0.0,
            "pos": np.arange(m) * 1000 + 1000,
            "a1": "A",
            "a2": "G",
        }
    )
    plink.write_bim(bim, directory / "genotypes.bim")
    fam = pd.DataFrame(
        {"fid": family, "iid": iid, "father": "0", "mother": "0", "sex": "0", "phenotype": "-9"}
    )
    plink.write_fam(fam, directory / "genotypes.fam")
    samples = pd.DataFrame({"iid": iid, "population": population, "family": family, "sex": 0})
    files.write_tsv(samples.assign(**(columns or {})), directory / "samples.tsv")
    called_MN = np.asarray(count_MN) >= 0
    n_called_M = np.maximum(called_MN.sum(axis=1), 1)
    variants = bim[["snp", "chrom", "pos", "a1", "a2"]].assign(
        a1_freq=np.where(called_MN, count_MN, 0).sum(axis=1) / (2 * n_called_M),
        call_rate=called_MN.mean(axis=1),
        structure=1 if structure is None else list(structure),
        autosome=1,
    )
    files.write_tsv(variants, directory / "variants.tsv")
    qc = pd.DataFrame(
        {"step": "input", "unit": ["individuals", "SNPs"], "removed": 0, "left": [n, m], "threshold": ""}
    )
    files.write_tsv(qc, directory / "qc.tsv")
    return directory


def read_counts(directory: Path) -> np.ndarray:
    """A1 counts int8 (M, N) of a cohort directory, -1 for missing."""
    n = len(plink.read_fam(Path(directory) / "genotypes.fam"))
    m = len(plink.read_bim(Path(directory) / "genotypes.bim"))
    return plink.A1_COUNT[plink.unpack(plink.open_bed(Path(directory) / "genotypes.bed", n, m), n)]
