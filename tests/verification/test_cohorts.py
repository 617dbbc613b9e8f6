"""The cohorts that ship: fetched, converted and filtered, with the figures that others find on the same files."""

import os
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import peers
from stations import raw_files
from stratbench.cohorts.real import cohort_file
from stratbench.cohorts.real.fetch import PLACES, fetch
from stratbench.cohorts.real.read_cohort import read_cohort
from stratbench.core import files
from stratbench.genotypes import plink

ROOT = Path(__file__).resolve().parents[2]


def raw(name: str, out: Path) -> Path:
    """A raw cohort; what is fetched is kept in .cache for the next run. Fails where no source works."""
    source = ROOT / "config" / "cohorts" / f"{name}.yaml"
    declared, folder = cohort_file.read(source), peers.CACHE / name
    fetch({"cohort_file": source}, {"folder": folder})
    paths = {key: folder / entry["name"] for key, entry in declared["files"].items()}
    read_cohort(paths, raw_files(out / "genotypes", out / "samples.tsv"), declared=declared)
    return out


def counts(directory: Path) -> np.ndarray:
    """A1 counts float32 (M, N), NaN where missing."""
    n, m = (
        len(read(directory / f"genotypes.{end}"))
        for end, read in (("fam", plink.read_fam), ("bim", plink.read_bim))
    )
    code_MN = plink.unpack(np.asarray(plink.open_bed(directory / "genotypes.bed", n, m)), n)
    count_MN = plink.A1_COUNT[code_MN].astype(np.float32)
    count_MN[count_MN < 0] = np.nan
    return count_MN


@pytest.fixture(scope="module")
def hapmap(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return raw("hapmap-chr10", tmp_path_factory.mktemp("hapmap"))


def trend(count_MN: np.ndarray, y_N: np.ndarray, strata_N: np.ndarray) -> np.ndarray:
    """Mantel's extension of the trend test, 1 df (M,), as snpStats' single.snp.tests; without who is missing."""
    score_M, variance_M = 0.0, 0.0
    for stratum in np.unique(strata_N):
        x_MN, y = count_MN[:, strata_N == stratum], y_N[strata_N == stratum]
        seen_MN = ~np.isnan(x_MN)
        x_MN, n_M = np.where(seen_MN, x_MN, 0), seen_MN.sum(1)
        x_M, y_M = x_MN.sum(1), seen_MN @ y
        score_M = score_M + x_MN @ y - x_M * y_M / n_M
        spread_M = ((x_MN**2).sum(1) - x_M**2 / n_M) * (seen_MN @ y**2 - y_M**2 / n_M)
        variance_M = variance_M + spread_M / (n_M - 1)
    with np.errstate(invalid="ignore"):
        return np.asarray(score_M**2 / variance_M)


def wald(x_N: np.ndarray, y_N: np.ndarray, covariate_NC: np.ndarray) -> tuple[float, float]:
    """Logistic regression of y on x and covariates by Newton's method: x's log odds ratio and its P value."""
    design_NC = np.c_[x_N, np.ones(len(x_N)), covariate_NC]
    beta_C = np.zeros(design_NC.shape[1])
    for _ in range(20):
        p_N = 1 / (1 + np.exp(-design_NC @ beta_C))
        information_CC = (design_NC.T * (p_N * (1 - p_N))) @ design_NC
        beta_C += np.linalg.solve(information_CC, design_NC.T @ (y_N - p_N))
    z = beta_C[0] / np.sqrt(np.linalg.inv(information_CC)[0, 0])
    return float(beta_C[0]), float(2 * stats.norm.sf(abs(z)))


def inflation(chi2_M: np.ndarray) -> float:
    return float(np.nanmedian(chi2_M) / stats.chi2.ppf(0.5, 1))


def test_hapmap_is_what_snpstats_describes(hapmap: Path) -> None:
    samples, count_MN = files.read_tsv(hapmap / "samples.tsv"), counts(hapmap)
    assert count_MN.shape == (28501, 1000)
    assert np.isnan(count_MN).mean() == pytest.approx(0.01, abs=0.002)
    sizes = samples.groupby(["cc", "population"]).size()
    assert sizes.to_dict() == {(0, "CEU"): 227, (0, "JPT+CHB"): 273, (1, "CEU"): 267, (1, "JPT+CHB"): 233}


def test_hapmap_is_inflated_by_the_stratum_alone(hapmap: Path) -> None:
    samples, count_MN = files.read_tsv(hapmap / "samples.tsv"), counts(hapmap)
    y_N = samples["cc"].to_numpy(dtype=float)
    stratum_N = (samples["population"] == "CEU").to_numpy(dtype=float)
    plain, adjusted = trend(count_MN, y_N, np.zeros(1000)), trend(count_MN, y_N, stratum_N)
    assert inflation(plain) == pytest.approx(1.714, abs=0.004)
    assert inflation(adjusted) == pytest.approx(1.0056, abs=0.001)
    best = int(np.nanargmax(plain))
    assert plink.read_bim(hapmap / "genotypes.bim")["snp"][best] == "rs870041"
    seen_N = ~np.isnan(count_MN[best])
    x_N, stratum_NC = count_MN[best, seen_N], stratum_N[seen_N, None]
    assert wald(x_N, y_N[seen_N], stratum_NC[:, :0])[1] == pytest.approx(6.5e-9, rel=0.02)
    effect, p = wald(x_N, y_N[seen_N], stratum_NC)
    assert p == pytest.approx(2.7e-8, rel=0.02)
    assert abs(effect) == pytest.approx(0.51, abs=0.005)  # as the vignette
    assert hudson(count_MN[:, stratum_N == 1], count_MN[:, stratum_N == 0]) == pytest.approx(0.127, abs=0.001)
    share = stats.mannwhitneyu(stratum_N[y_N == 1], stratum_N[y_N == 0]).statistic / 500**2
    assert share == pytest.approx(0.54, abs=0.005)


def hudson(one_MN: np.ndarray, other_MN: np.ndarray) -> float:
    """Ratio of averages (Bhatia et al. 2013)."""
    (p, n), (q, k) = ((np.nanmean(x, 1) / 2, 2 * (~np.isnan(x)).sum(1)) for x in (one_MN, other_MN))
    numerator = (p - q) ** 2 - p * (1 - p) / (n - 1) - q * (1 - q) / (k - 1)
    return float(numerator.sum() / (p * (1 - q) + q * (1 - p)).sum())


def test_liver_genotypes_and_traits(tmp_path: Path) -> None:
    samples = files.read_tsv(raw("hlc", tmp_path) / "samples.tsv")
    assert len(samples) == 427
    bim = plink.read_bim(tmp_path / "genotypes.bim")
    assert len(bim) == 358499
    bed = np.asarray(plink.open_bed(tmp_path / "genotypes.bed", 427, len(bim)))
    missing = sum(
        int((plink.unpack(bed[k : k + 20000], 427) == plink.MISSING).sum()) for k in range(0, len(bim), 20000)
    )
    assert missing == 5_423_862  # as pandas-plink and bed-reader count
    present = samples[[f"n{k}" for k in range(3, 23)]].notna().sum()
    assert {name: count for name, count in present.items() if count != 427} == {"n12": 290, "n13": 290}


@pytest.mark.skipif(
    not os.environ.get("STRATBENCH_MIRROR")
    and not any((ROOT / place / "rice44k").is_dir() for place in PLACES),
    reason="the rice panel's phenotypes lie in a mirror alone",
)
def test_rice_accessions_subpopulations_and_traits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    samples = files.read_tsv(raw("rice44k", tmp_path) / "samples.tsv")
    assert samples["population"].value_counts().to_dict() == {
        "TEJ": 92, "TRJ": 85, "IND": 77, "ADMIX": 56, "AUS": 52, "AROMATIC": 12,
    }  # fmt: skip
    declared = cohort_file.read(ROOT / "config/cohorts/rice44k.yaml")
    assert len(declared["traits"]) == 36
    bim = plink.read_bim(tmp_path / "genotypes.bim")
    assert len(bim) == 36901
    for locus in declared["known_loci"]:
        here = (bim["chrom"] == str(locus["chrom"])) & bim["pos"].between(locus["start"], locus["end"])
        assert here.sum() >= 20, locus["gene"]
