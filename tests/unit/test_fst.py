"""FST, Hudson's and Weir and Cockerham's: by hand, and as scikit-allel and plink2 have them."""

from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import allel
import numpy as np
import pandas as pd
import pytest

from helpers import balding_nichols, punch_missing, write_cohort
from stations import cohort_files
from stratbench.core import files
from stratbench.genotypes.dosages import open_cohort
from stratbench.popgen.fst import fst

SIZES = [60, 15, 31]


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray, np.ndarray]:
    """Three populations of unequal size with missing genotypes: directory, A1 counts, populations."""
    rng = np.random.default_rng(6)
    count_MN, populations = balding_nichols(SIZES, 500, 0.08, rng)
    count_MN = punch_missing(count_MN, 0.04, rng)
    count_MN[:, 60:75][rng.random((500, 15)) < 0.2] = (
        1  # heterozygotes in excess, to which WC alone is sensitive
    )
    count_MN[7, :] = 2
    directory = write_cohort(tmp_path_factory.mktemp("fst"), count_MN, populations)
    return directory, count_MN, np.array(populations)


def test_fst_by_hand(tmp_path: Path) -> None:
    """Two SNPs worked through on paper; the second has a missing genotype."""
    count_MN = np.array([[2, 2, 1, 0, 1, 0], [1, -1, 1, 1, 1, 2], [0, 0, 0, 0, 0, 0]])
    write_cohort(tmp_path, count_MN, ["a"] * 3 + ["b"] * 3)
    pairs, snps = fst(open_cohort(cohort_files(tmp_path)), np.array(["a"] * 3 + ["b"] * 3))
    # SNP 1: p 5/6 and 1/6 of 6 alleles: (2/3)^2 - 2 (5/36)/5 over (5/6)(5/6) + (1/6)(1/6)
    # SNP 2: p 1/2 of 4 and 2/3 of 6: 1/36 - (1/4)/3 - (2/9)/5 over (1/2)(1/3) + (2/3)(1/2)
    numerator = np.array([4 / 9 - 1 / 18, 1 / 36 - 1 / 12 - 2 / 45])
    denominator = np.array([26 / 36, 1 / 2])
    np.testing.assert_allclose(snps["fst"][:2], numerator / denominator)
    assert snps.loc[2].isna().all()
    assert pairs.loc[0, ["population_1", "population_2", "n_snps"]].tolist() == ["a", "b", 2]
    assert pairs["fst"][0] == pytest.approx(numerator.sum() / denominator.sum())
    # SNP 1, Weir & Cockerham: n 3, p 1/2, s2 2/9, h 1/3; p(1-p) - s2/2 = 5/36
    a = 2 / 9 - (5 / 36 - 1 / 12) / 2
    b = 3 / 2 * (5 / 36 - 5 / 12 * 1 / 3)
    assert snps["fst_wc"][0] == pytest.approx(a / (a + b + 1 / 6))


@pytest.mark.parametrize("true", [0, 0.05, 0.2])
def test_fst_of_balding_nichols_populations(tmp_path: Path, true: float) -> None:
    count_MN, populations = balding_nichols([60, 15, 30], 4000, true, np.random.default_rng(6))
    write_cohort(tmp_path, count_MN, populations)
    pairs, snps = fst(open_cohort(cohort_files(tmp_path)), np.array(populations))
    for column in ("fst", "fst_wc"):
        np.testing.assert_allclose(pairs[column], true, atol=0.006 + 0.05 * true)
        assert np.isfinite(snps[column]).mean() > 0.99


def test_fst_is_that_of_scikit_allel(cohort: tuple[Path, np.ndarray, np.ndarray]) -> None:
    directory, count_MN, population_N = cohort
    pairs, snps = fst(open_cohort(cohort_files(directory)), population_N)
    code_MN2 = np.array([[-1, -1], [0, 0], [0, 1], [1, 1]])[count_MN + 1]
    genotypes = allel.GenotypeArray(code_MN2)
    members = [np.flatnonzero(population_N == name).tolist() for name in ("p1", "p2", "p3")]
    for k, (first, second) in enumerate(combinations(range(3), 2)):
        counts = [genotypes.count_alleles(subpop=members[i], max_allele=1) for i in (first, second)]
        numerator, denominator = allel.hudson_fst(*counts)
        assert pairs["fst"][k] == pytest.approx(np.nansum(numerator) / np.nansum(denominator), abs=1e-9)
        a, b, c = allel.weir_cockerham_fst(genotypes, [members[first], members[second]])
        theirs = np.nansum(a) / (np.nansum(a) + np.nansum(b) + np.nansum(c))
        assert pairs["fst_wc"][k] == pytest.approx(theirs, abs=1e-9)
    a, b, c = allel.weir_cockerham_fst(genotypes, members)
    with np.errstate(invalid="ignore"):
        theirs_M = a.sum(axis=1) / (a + b + c).sum(axis=1)
    np.testing.assert_allclose(snps["fst_wc"], theirs_M, atol=1e-9)
    assert snps["fst_wc"].isna().sum() == 1


def test_a_population_without_a_call_has_no_part_in_that_snp(tmp_path: Path) -> None:
    """As scikit-allel's of the populations that are left; nothing where one alone is."""
    count_MN, populations = balding_nichols([20, 15, 1], 60, 0.1, np.random.default_rng(9))
    count_MN[:30, 35] = -1
    count_MN[3, :20] = -1
    write_cohort(tmp_path, count_MN, populations)
    _, snps = fst(open_cohort(cohort_files(tmp_path)), np.array(populations))
    genotypes = allel.GenotypeArray(np.array([[-1, -1], [0, 0], [0, 1], [1, 1]])[count_MN + 1])
    members = [list(range(20)), list(range(20, 35)), [35]]
    for part, some in ((slice(0, 30), members[:2]), (slice(30, 60), members)):
        with np.errstate(divide="ignore", invalid="ignore"):
            a, b, c = allel.weir_cockerham_fst(genotypes[part], some)
            theirs_M = a.sum(axis=1) / (a + b + c).sum(axis=1)
        np.testing.assert_allclose(snps["fst_wc"][part], theirs_M, atol=1e-9)
    assert np.flatnonzero(snps["fst_wc"].isna()).tolist() == [3]


@pytest.mark.parametrize(("method", "column"), [("hudson", "fst"), ("wc", "fst_wc")])
def test_fst_is_that_of_plink2(
    cohort: tuple[Path, np.ndarray, np.ndarray],
    tmp_path: Path,
    plink2: Callable[..., str],
    method: str,
    column: str,
) -> None:
    directory, _, population_N = cohort
    pairs, _ = fst(open_cohort(cohort_files(directory)), population_N)
    iid = files.read_tsv(directory / "samples.tsv")["iid"]
    phenotype = pd.DataFrame({"#FID": iid, "IID": iid, "POP": population_N})
    phenotype.to_csv(tmp_path / "pop.txt", sep="\t", index=False)
    phenotypes = ("--pheno", tmp_path / "pop.txt", "--out", tmp_path / "peer")
    plink2("--bfile", directory / "genotypes", "--fst", "POP", f"method={method}", *phenotypes)
    peer = pd.read_csv(tmp_path / "peer.fst.summary", sep="\t")
    np.testing.assert_allclose(pairs[column], peer.iloc[:, 2], atol=2e-6)  # it prints six digits
    assert (peer.iloc[:, :2].to_numpy() == pairs[["population_1", "population_2"]].to_numpy()).all()
