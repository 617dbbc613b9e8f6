"""A cohort of 20,000 people and 100,000 SNPs passes QC and PCA, each one process on one thread, within 4 GB."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stratbench.core import files
from stratbench.genotypes import plink

PEOPLE = {"p1": 7000, "p2": 7000, "p3": 6000}
N, M = sum(PEOPLE.values()), 100_000
FST = 0.01
CHUNK = 500
PEAK_GB = 4
# SNPs that each step must remove, and people; all others have 1.2% missing genotypes
MISSING, OUT_OF_HWE, RARE, TWICE, BAD_PEOPLE = 600, 400, 500, 700, 60
START = "from stratbench.core import threads; threads.fix(1); from pathlib import Path; import sys; "
HERE = "here = Path(sys.argv[1]); "
FILES = "from stations import cohort_files, dataset_files, raw_files, structure_files, task_files; "
QC = (
    "from stratbench.cohorts.qc.run import qc; "
    "qc(raw_files(here / 'raw', here / 'raw.tsv'), cohort_files(here / 'cohort'), options={})"
)
DATASET = """
from stratbench.datasets.run import dataset; from stratbench.splits.run import split
trait = {"simulate": {"h2": 0, "causal": 0}, "snps": 1000}
inputs = task_files(here / "cohort", here / "dataset", here / "split.tsv")
dataset(inputs, dataset_files(here / "dataset"), spec=trait, names=["large"])
method = {"method": "random", "file": None, "options": {}}
split(inputs, {"split": here / "split.tsv"}, spec=method, names=["large"])
"""
STRUCTURE = (
    "from stratbench.structure.run import structure; "
    "inputs = task_files(here / 'cohort', here / 'dataset', here / 'split.tsv'); "
    "structure(inputs, structure_files(here / 'structure'))"
)


def frequencies(rng: np.random.Generator) -> np.ndarray:
    """Balding-Nichols A1 frequencies of each SNP in each population, in 256ths: uint8 (M, K)."""
    ancestral_M1 = rng.uniform(0.15, 0.85, (M, 1))
    scale = (1 - FST) / FST
    p_ML = rng.beta(ancestral_M1 * scale, (1 - ancestral_M1) * scale, (M, len(PEOPLE)))
    return np.clip(np.round(256 * p_ML), 1, 255).astype(np.uint8)


def kinds(rng: np.random.Generator) -> np.ndarray:
    """What is wrong with each SNP, text (M,); a SNP that occurs ``twice`` repeats the one before it."""
    kind_M = np.full(M, "good", dtype="U7")
    pairs = rng.permutation(np.arange(1, M, 2))
    for name, n in (("missing", MISSING), ("hwe", OUT_OF_HWE), ("rare", RARE), ("twice", TWICE)):
        kind_M[pairs[:n]] = name
        pairs = pairs[n:]
    return kind_M


def counts(p_ML: np.ndarray, kind_M: np.ndarray, bad_N: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A1 counts int8 (M, N) of some SNPs, with what is wrong with them."""
    shape = (len(p_ML), N)
    p_MN = np.repeat(p_ML, list(PEOPLE.values()), axis=1)
    count_MN = np.zeros(shape, dtype=np.int8)
    for _ in range(2):
        count_MN += rng.integers(0, 256, shape, dtype=np.uint8) < p_MN
    count_MN[kind_M == "hwe", : PEOPLE["p1"]] = 1  # nobody homozygous in p1
    for row in np.flatnonzero(kind_M == "rare"):
        count_MN[row] = 0
        count_MN[row, rng.choice(N, 20, replace=False)] = 1
    again = np.flatnonzero(kind_M == "twice")
    count_MN[again] = count_MN[again - 1]
    limit_MN = np.maximum(np.where(kind_M == "missing", 26, 3)[:, None], np.where(bad_N, 40, 3))
    count_MN[rng.integers(0, 256, shape, dtype=np.uint8) < limit_MN] = -1
    return count_MN


def write_raw(directory: Path) -> None:
    """The raw cohort, a chunk of SNPs at a time."""
    rng = np.random.default_rng(20_000)
    p_ML, kind_M = frequencies(rng), kinds(rng)
    bad_N = np.zeros(N, dtype=bool)
    bad_N[rng.choice(N, BAD_PEOPLE, replace=False)] = True
    with plink.write_bed(directory / "raw.bed", N) as bed:
        for start in range(0, M, CHUNK):
            part = slice(start, start + CHUNK)
            bed.append(counts(p_ML[part], kind_M[part], bad_N, rng))
    chrom = (np.arange(M) // 2 * 44 // M + 1).astype(str)  # no pair of SNPs lies on two
    snp = [f"s{k}" for k in range(M)]
    bim = pd.DataFrame(
        {"chrom": chrom, "snp": snp, "cm": 0, "pos": np.arange(1, M + 1), "a1": "A", "a2": "G"}
    )
    plink.write_bim(bim, directory / "raw.bim")
    iid = [f"i{k}" for k in range(N)]
    fam = pd.DataFrame({"fid": iid, "iid": iid, "father": "0", "mother": "0", "sex": 0, "phenotype": "-9"})
    plink.write_fam(fam, directory / "raw.fam")
    population = np.repeat(list(PEOPLE), list(PEOPLE.values()))
    samples = pd.DataFrame({"iid": iid, "population": population, "family": iid, "sex": 0})
    files.write_tsv(samples, directory / "raw.tsv")


def run(code: str, directory: Path) -> float:
    """Run Python code on ``directory`` in a process of its own; its largest resident set, GB."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, "-c", START + HERE + FILES + code, str(directory)], env=environment
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    cpu, peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 2**20
    print(f"{cpu:.0f} CPU seconds, {peak:.2f} GB: {code.split()[1]}", flush=True)
    return peak


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The raw cohort after QC."""
    directory = tmp_path_factory.mktemp("large")
    write_raw(directory)
    assert run(QC, directory) < PEAK_GB
    return directory


@pytest.mark.slow
def test_qc_removes_what_is_wrong(large: Path) -> None:
    steps = files.read_tsv(large / "cohort" / "qc.tsv").set_index("step")["removed"]
    assert steps["sample call rate"] == BAD_PEOPLE
    assert steps["SNP call rate"] == MISSING
    by_chance = steps["HWE"] - OUT_OF_HWE  # three tests of each good SNP at 1e-6: .3 expected
    assert 0 <= by_chance <= 5
    assert steps["MAF"] == RARE
    variants = files.read_tsv(large / "cohort" / "variants.tsv")
    assert len(variants) == M - MISSING - OUT_OF_HWE - by_chance - RARE
    assert variants["structure"].sum() == len(variants) - TWICE


@pytest.mark.slow
def test_two_pcs_tell_three_populations_apart(large: Path) -> None:
    run(DATASET, large)
    assert run(STRUCTURE, large) < PEAK_GB
    pcs = files.read_tsv(large / "structure" / "pcs.tsv")
    people = files.read_tsv(large / "cohort" / "samples.tsv").set_index("iid").loc[pcs["iid"]]
    assert len(pcs) == N - BAD_PEOPLE
    axes_N2, population_N = pcs[["pc1", "pc2"]].to_numpy(), people["population"].to_numpy()
    fitted_N = pcs["fitted"].to_numpy() == 1
    centre_K2 = np.array([axes_N2[fitted_N & (population_N == name)].mean(axis=0) for name in PEOPLE])
    distance_NK = np.linalg.norm(axes_N2[:, None] - centre_K2, axis=2)
    nearest_N = np.array(list(PEOPLE))[distance_NK.argmin(axis=1)]
    assert (nearest_N == population_N)[~fitted_N].mean() > 0.999
    fst = files.read_tsv(large / "structure" / "fst.tsv")["fst"]
    assert fst.to_numpy() == pytest.approx(FST, rel=0.05)
