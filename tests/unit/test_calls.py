"""Populations of people without a label: called from PCs, hidden labels found again, or left unassigned."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers import balding_nichols, read_counts, write_cohort
from stations import cohort_files, raw_files
from stratbench.cohorts.qc.run import qc
from stratbench.core import files
from stratbench.core.errors import UserError

SIZES = [60, 40, 80]
QC = {"maf": 0.05, "unplaced": "keep"}


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three populations at FST .05, and ten people of half p1, half p2, last."""
    rng = np.random.default_rng(3)
    count_MN, populations = balding_nichols(SIZES, 1500, 0.05, rng)
    mixed_MN = [
        sum(rng.binomial(1, count_MN[:, populations.index(p)] / 2) for p in ("p1", "p2")) for _ in range(10)
    ]
    count_MN = np.c_[count_MN, np.array(mixed_MN).T]
    return write_cohort(tmp_path_factory.mktemp("calls"), count_MN, [*populations, *["mixed"] * 10])


def run(raw: Path, out: Path, population_N: np.ndarray, **options: object) -> pd.DataFrame:
    """samples.tsv after QC with these labels."""
    samples = files.read_tsv(raw / "samples.tsv").assign(population=population_N)
    files.write_tsv(samples, out / "raw_samples.tsv")
    qc(raw_files(raw / "genotypes", out / "raw_samples.tsv"), cohort_files(out), options={**QC, **options})
    return files.read_tsv(out / "samples.tsv")


def truth(raw: Path) -> np.ndarray:
    return files.read_tsv(raw / "samples.tsv")["population"].to_numpy(dtype=str)


def test_hidden_labels_are_found_again(raw: Path, tmp_path: Path) -> None:
    true_N = truth(raw)
    hidden_N = (np.random.default_rng(4).random(len(true_N)) < 0.4) | (true_N == "mixed")
    found = run(raw, tmp_path, np.where(hidden_N, "", true_N), populations="called")
    called_N, plain_N = found["population"].to_numpy(dtype=str), hidden_N & (true_N != "mixed")
    assert (called_N[~hidden_N] == true_N[~hidden_N]).all()
    assert (called_N[plain_N] == true_N[plain_N]).mean() > 0.9
    assert set(called_N[plain_N & (called_N != true_N)]) <= {"unassigned"}
    assert (called_N[true_N == "mixed"] == "unassigned").mean() >= 0.7
    assert found["population_probability"].isna().tolist() == (~hidden_N).tolist()
    least = pd.to_numeric(found["population_probability"])[hidden_N & (called_N != "unassigned")].min()
    assert least >= 0.9
    declared_N = found["population_declared"].to_numpy(dtype=str)
    assert declared_N.tolist() == np.where(hidden_N, "", true_N).tolist()
    sure = run(raw, tmp_path, np.where(hidden_N, "", true_N), populations="called", call_probability=0)
    assert "unassigned" not in set(sure["population"])


def test_without_any_label_clusters_are_the_populations(raw: Path, tmp_path: Path) -> None:
    true_N = truth(raw)
    found = run(raw, tmp_path, np.full(len(true_N), ""), populations="clusters")
    table = pd.crosstab(true_N, found["population"].to_numpy(dtype=str), normalize="index")
    assert (table.loc[["p1", "p2", "p3"]].max(axis=1) > 0.95).all()
    assert table.loc["p3"].idxmax() == "cluster-1"  # the largest
    assert len(set(table.idxmax(axis=1))) == 4  # who is mixed is a cluster
    again = run(raw, tmp_path, np.full(len(true_N), ""), populations="clusters")
    pd.testing.assert_frame_equal(found, again)


def test_one_population_is_one_cluster(tmp_path: Path) -> None:
    count_MN, _ = balding_nichols([150], 1000, 0, np.random.default_rng(8))
    raw = write_cohort(tmp_path / "raw", count_MN)
    found = run(raw, tmp_path, np.full(150, ""), populations="clusters")
    assert set(found["population"]) == {"cluster-1"}


def test_calls_are_blind_to_the_order_of_people(raw: Path, tmp_path: Path) -> None:
    true_N = truth(raw)
    hidden_N = (np.arange(len(true_N)) % 3 == 0) | (true_N == "mixed")
    order = np.random.default_rng(0).permutation(len(true_N))
    iids = [f"i{k + 1:04d}" for k in range(len(true_N))]
    turned = write_cohort(tmp_path / "raw", read_counts(raw)[:, order], iids=np.array(iids)[order].tolist())
    label_N = np.where(hidden_N, "", true_N)
    first = run(raw, tmp_path / "a", label_N, populations="called").set_index("iid")["population"]
    second = run(turned, tmp_path / "b", label_N[order], populations="called").set_index("iid")["population"]
    pd.testing.assert_series_equal(first, second.loc[first.index])


def test_missing_labels_are_refused(raw: Path, tmp_path: Path) -> None:
    true_N = truth(raw)
    few_N = np.where(np.arange(len(true_N)) == 5, "", true_N)
    with pytest.raises(
        UserError, match=r": 1 of 190 individuals have no population, first 'i0006'; .*called .*or cl"
    ):
        run(raw, tmp_path, few_N)
    rare_N = np.where(np.arange(len(true_N)) < 5, "rare", np.where(true_N == "p3", "", true_N))
    with pytest.raises(UserError, match=r"two labelled populations of 10 .* and 'rare' has 5"):
        run(raw, tmp_path, rare_N, populations="called")
    with pytest.raises(UserError, match=r"190 of 190 individuals have no population, .*clusters"):
        run(raw, tmp_path, np.full(len(true_N), ""), populations="called")


def test_hardy_weinberg_is_not_tested_among_people_without_a_label(raw: Path, tmp_path: Path) -> None:
    """Pooled populations would lose the SNPs that tell them apart."""
    true_N = truth(raw)
    run(raw, tmp_path / "none", np.full(len(true_N), ""), populations="clusters", hwe=1e-3)
    steps = files.read_tsv(tmp_path / "none" / "qc.tsv").set_index("step")
    assert steps.loc["HWE", ["removed", "threshold"]].tolist() == [0, "not tested: nobody has a population"]
    assert files.read_tsv(tmp_path / "none" / "qc_snps.tsv.gz")["hwe_p"].isna().all()
    half_N = np.where((np.arange(len(true_N)) % 2 == 1) & (true_N != "mixed"), true_N, "")
    run(raw, tmp_path / "half", half_N, populations="called", hwe=1e-3)
    steps = files.read_tsv(tmp_path / "half" / "qc.tsv").set_index("step")
    assert steps.loc["HWE", "threshold"] == "P < 0.001"
    assert files.read_tsv(tmp_path / "half" / "qc_snps.tsv.gz")["hwe_p"].notna().all()
    asked = {"populations": "clusters", "hwe": 1e-3, "hwe_within": "pooled"}
    run(raw, tmp_path / "asked", np.full(len(true_N), ""), **asked)
    assert files.read_tsv(tmp_path / "asked" / "qc.tsv").set_index("step").loc["HWE", "removed"] > 5
    run(raw, tmp_path / "pooled", np.full(len(true_N), "all"), hwe=1e-3)
    assert files.read_tsv(tmp_path / "pooled" / "qc.tsv").set_index("step").loc["HWE", "removed"] > 5
