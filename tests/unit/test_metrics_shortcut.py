"""Shortcuts given the truth: against regressions of scikit-learn, brute force and simulation; chance is as declared."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.linear_model import LinearRegression

from stratbench.genotypes.dosages import Dosages, open_bed
from stratbench.genotypes.plink import write_bed
from stratbench.metrics.correlation import partial_r2
from stratbench.metrics.null_snps import NullSnps, matched
from stratbench.metrics.shortcut import OF_SNPS, of_scores
from stratbench.popgen import ld_within

M = 3000


def unexplained(x: np.ndarray, y: np.ndarray) -> float:
    """Residual variance on the residual degrees of freedom."""
    left = y - LinearRegression().fit(x, y).predict(x)
    return float((left**2).sum() / (len(y) - x.shape[1] - 1))


def test_the_partial_r2_is_that_of_two_regressions() -> None:
    rng = np.random.default_rng(1)
    given, pcs = rng.normal(size=(150, 1)), rng.normal(size=(150, 10))
    f = given[:, 0] + pcs[:, 0] + rng.normal(size=150)
    found = partial_r2(f, given, pcs)
    both = np.hstack([given, pcs])
    assert found.value == pytest.approx(1 - unexplained(both, f) / unexplained(given, f))
    assert found.influence_N is not None
    assert found.influence_N.sum() == pytest.approx(0, abs=1e-10)
    assert partial_r2(given[:, 0] * 2 + 1, given, pcs).value == 0  # nothing is left of the truth itself
    assert partial_r2(pcs[:, 3], given, pcs).value == pytest.approx(1)
    assert partial_r2(np.ones(150), given, pcs).status == "not-applicable"
    assert "32 are needed" in partial_r2(f[:31], given[:31], pcs[:31]).reason
    assert partial_r2(f, np.zeros((150, 1)), pcs).status == "ok"  # a trait without genetic effects


def test_pcs_that_say_nothing_give_0_and_the_error_is_the_spread() -> None:
    rng = np.random.default_rng(2)
    for strength, mean in ((0.0, 0.0), (1.0, 0.5)):
        found = []
        for _ in range(400):
            given, pcs = rng.normal(size=(200, 1)), rng.normal(size=(200, 10))
            found.append(partial_r2(given[:, 0] + strength * pcs[:, 0] + rng.normal(size=200), given, pcs))
        values = np.array([one.value for one in found])
        assert values.mean() == pytest.approx(mean, abs=0.01)
        if strength:
            assert np.mean([one.se for one in found]) == pytest.approx(values.std(), rel=0.15)


def test_members_of_a_family_count_once() -> None:
    rng = np.random.default_rng(3)
    given, pcs, noise = rng.normal(size=(100, 1)), rng.normal(size=(100, 2)), rng.normal(size=100)
    twice = [np.repeat(part, 2, axis=0) for part in (pcs[:, 0] + noise, given, pcs)]
    alone, clustered = partial_r2(*twice), partial_r2(*twice, np.repeat(np.arange(100), 2))
    assert clustered.se == pytest.approx(alone.se * np.sqrt(2))


@pytest.fixture(scope="module")
def genotypes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Dosages, np.ndarray, np.ndarray]:
    """Two populations; SNP 1 is nearly SNP 0, all others are independent; SNPs 2 and 3 differ between populations."""
    rng = np.random.default_rng(4)
    population = np.repeat(["a", "b"], 200)
    p = np.full((40, 400), 0.4)
    p[2:4] = np.where(population == "a", 0.1, 0.8)
    dosage = rng.binomial(2, p).astype(np.int8)
    dosage[1] = np.where(rng.random(400) < 0.9, dosage[0], dosage[1])
    dosage[5, :7] = -1
    path = tmp_path_factory.mktemp("bed") / "a.bed"
    with write_bed(path, 400) as writer:
        writer.append(dosage)
    return open_bed(path, 400, 40), dosage.astype(float), population


def test_ld_is_that_around_the_means_of_populations(genotypes: tuple) -> None:
    opened, dosage, population = genotypes
    z = ld_within.deviations(opened, population)
    centred = pd.DataFrame(np.where(dosage < 0, np.nan, dosage)).T.groupby(population)
    centred = centred.transform(lambda x: x - x.mean()).fillna(0).to_numpy().T
    r2 = np.corrcoef(centred) ** 2
    assert ld_within.largest_r2(z, z[[0, 9]]) == pytest.approx(r2[:, [0, 9]].max(axis=1), abs=1e-5)
    assert np.corrcoef(dosage[2:4])[0, 1] ** 2 > 0.3 > 0.05 > r2[2, 3]
    assert ld_within.largest_r2(z, z[:0]).tolist() == [0] * 40
    place = np.random.default_rng(5).permutation(40) * 400_000
    near = np.abs(place[:, None] - place) <= 1_000_000
    expected = np.where(near, r2 - (1 - r2) / 397, 0).sum(axis=1)
    assert ld_within.scores(z, place, 397) == pytest.approx(np.maximum(expected, 1), abs=1e-4)
    assert ld_within.scores(z[:2], np.array([5, 9]), 397).min() > 1.5


def snps(rng: np.random.Generator) -> NullSnps:
    """All but the first ten SNPs have no effect; rare SNPs have little FST, and LD is skewed."""
    maf = rng.uniform(0.05, 0.5, M)
    fst = rng.exponential(0.02 + 0.1 * maf)
    ld = 1 + rng.exponential(2, M)
    index = np.arange(10, M)
    high, low = matched(fst[index], maf[index], ld[index])
    return NullSnps(index, fst[index], maf[index], ld[index], index[high], index[low])


def test_a_match_is_the_nearest_by_frequency_and_ld() -> None:
    null = snps(np.random.default_rng(6))
    place = np.column_stack([null.maf_R / 0.05, np.log2(null.ld_R)])
    at = {snp: k for k, snp in enumerate(null.index_R)}
    low = np.flatnonzero(null.fst_R <= np.sort(null.fst_R)[len(at) // 2 - 1])
    assert len(null.high_H) > 280
    assert min(null.fst_R[at[snp]] for snp in null.high_H) >= np.sort(null.fst_R)[-(len(at) // 10)]
    for high, match in list(zip(null.high_H, null.low_H, strict=True))[::20]:
        apart = np.linalg.norm(place[low] - place[at[high]], axis=1)
        assert null.index_R[low[apart.argmin()]] == match
        assert apart.min() <= 1
    far = matched(np.arange(20.0), np.r_[np.full(18, 0.1), 0.3, 0.12], np.ones(20))
    assert [part.tolist() for part in far] == [[19], [0]]


def test_random_scores_and_the_truth_have_what_is_declared() -> None:
    rng = np.random.default_rng(7)
    null, found = snps(rng), []
    for _ in range(200):
        score = rng.exponential(size=M) * np.sqrt(rng.uniform(0.2, 1, M))
        found.append([estimate.value for _, estimate in of_scores(score, null)])
    assert np.mean(found, axis=0) == pytest.approx([1, 0.5, 0], abs=0.02)
    of_frequency = np.full(M, 0.3)
    of_frequency[null.index_R] = null.maf_R + rng.normal(
        0, 0.01, len(null.maf_R)
    )  # FST goes with frequency, too
    high, share, correlation = (estimate.value for _, estimate in of_scores(of_frequency, null))
    assert high > 1.15
    assert [share, correlation] == pytest.approx([0.5, 0], abs=0.03)
    truth = dict(of_scores((np.arange(M) < 10).astype(float), null))
    assert truth["fst_mass"].value == 0
    assert truth["fst_mass_share"].reason == "their scores are 0"


def test_scores_that_follow_fst_are_seen() -> None:
    null = snps(np.random.default_rng(8))
    score = np.full(M, 0.02)
    score[null.index_R] = null.fst_R * np.exp(np.random.default_rng(9).normal(size=len(null.fst_R)))
    high, share, correlation = (estimate.value for _, estimate in of_scores(score, null))
    assert high > 2
    assert share > 0.8
    ranks = np.array([stats.rankdata(x) for x in (score[null.index_R], null.fst_R, null.maf_R, null.ld_R)])
    precision = np.linalg.inv(np.corrcoef(ranks))
    assert correlation == pytest.approx(-precision[0, 1] / np.sqrt(precision[0, 0] * precision[1, 1]))
    assert dict(of_scores(score, NullSnps(reason="one population")))[OF_SNPS[1]].reason == "one population"
    assert of_scores(0 * score, null)[0][1].reason == "all scores are 0"
