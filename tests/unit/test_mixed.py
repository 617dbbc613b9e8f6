"""The mixed model against its likelihood maximised SNP by SNP; its GRMs; what it refuses and what it makes once."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import optimize, stats

from association_data import make
from helpers import balding_nichols, punch_missing
from stratbench.associations import mixed, relatedness
from stratbench.associations.projection import orthonormal
from stratbench.associations.run import COLUMNS
from stratbench.core.errors import ScientificFailure
from stratbench.methods import registry

N, M = 120, 80
DEFAULTS = {"pcs": 0, "grm_snps": "all", "grm": "centred"}


def drawn(rng, missing=0.0):
    """Counts of two populations in which pairs of people are sibs, two PCs, and a trait that goes with all SNPs."""
    count_MN, _ = balding_nichols([N // 2, N // 2], M, 0.1, rng)
    count_MN[:, 1::2] = np.where(rng.random((M, N // 2)) < 0.5, count_MN[:, ::2], count_MN[:, 1::2])
    effect_M = rng.normal(size=M)
    y_N = stats.zscore(effect_M @ count_MN) + rng.normal(size=N)
    return punch_missing(count_MN, missing, rng), y_N, rng.normal(size=(N, 2))


def results(name, data, **options):
    return registry.load("association", name).associate(data.frozen(), DEFAULTS | options)


def imputed(count_MN):
    x_MN = np.where(count_MN < 0, np.nan, count_MN.astype(float))
    return np.where(np.isnan(x_MN), np.nanmean(x_MN, axis=1, keepdims=True), x_MN)


def centred_grm(x_MN, scaled=False):
    x_MN = x_MN[x_MN.std(axis=1) > 0]
    p_M = x_MN.mean(axis=1, keepdims=True) / 2
    z_MN = (x_MN - 2 * p_M) / (np.sqrt(2 * p_M * (1 - p_M)) if scaled else 1)
    return z_MN.T @ z_MN / len(z_MN)


def by_definition(grm_NN, design_NC, y_N):
    """The last column's effect, error and p where the restricted likelihood is largest, from the whole matrices."""
    n, c = design_NC.shape

    def parts(log_ratio):
        inverse_NN = np.linalg.inv(np.exp(log_ratio) * grm_NN + np.eye(n))
        cross_CC = design_NC.T @ inverse_NN @ design_NC
        effect_C = np.linalg.solve(cross_CC, design_NC.T @ inverse_NN @ y_N)
        left_N = y_N - design_NC @ effect_C
        scale = left_N @ inverse_NN @ left_N
        return inverse_NN, cross_CC, effect_C, scale

    def deviance(log_ratio):
        inverse_NN, cross_CC, _, scale = parts(log_ratio)
        return (n - c) * np.log(scale) - np.linalg.slogdet(inverse_NN)[1] + np.linalg.slogdet(cross_CC)[1]

    grid = np.linspace(np.log(1e-5), np.log(1e5), 47)
    start = min(grid, key=deviance)
    bounds = max(start - 0.5, grid[0]), min(start + 0.5, grid[-1])
    best = optimize.minimize_scalar(deviance, bounds=bounds, method="bounded", options={"xatol": 1e-9}).x
    _, cross_CC, effect_C, scale = parts(best)
    se = np.sqrt(scale / (n - c) * np.linalg.inv(cross_CC)[-1, -1])
    return effect_C[-1], se, 2 * stats.t.sf(abs(effect_C[-1] / se), n - c)


@pytest.mark.parametrize(
    ("missing", "options"),
    [(0, {}), (0.05, {"pcs": 2}), (0.05, {"grm": "standardised", "grm_snps": "structure"})],
)
def test_each_snp_is_tested_where_its_own_likelihood_is_largest(tmp_path, missing, options):
    count_MN, y_N, pcs_NK = drawn(np.random.default_rng(3), missing)
    table = results("lmm", make(tmp_path, count_MN, y_N, pcs_NK), **options)
    assert list(table.columns) == COLUMNS
    x_MN = imputed(count_MN)
    grm_NN = centred_grm(
        x_MN[1::2] if options.get("grm_snps") else x_MN, scaled=options.get("grm") == "standardised"
    )
    fixed_NC = np.column_stack([np.ones(N), pcs_NK[:, : options.get("pcs", 0)]])
    for k in range(0, M, 8):
        beta, se, p = by_definition(grm_NN, np.column_stack([fixed_NC, x_MN[k]]), y_N)
        np.testing.assert_allclose(table.loc[k, ["se", "p"]].astype(float), [se, p], rtol=1e-4)
        assert table["beta"][k] == pytest.approx(beta, abs=1e-4 * se)
    assert table["n"].tolist() == (count_MN >= 0).sum(axis=1).tolist()


def test_the_grm_of_loco_lacks_the_chromosome_of_the_snp(tmp_path):
    count_MN, y_N, pcs_NK = drawn(np.random.default_rng(4))
    data = make(tmp_path, count_MN, y_N, pcs_NK)
    table = results("lmm-loco", data)
    assert table["snp"].tolist() == data.snp_M.tolist()
    for k in range(0, M, 13):
        grm_NN = centred_grm(count_MN[data.chrom_M != data.chrom_M[k]].astype(float))
        _, se, p = by_definition(grm_NN, np.column_stack([np.ones(N), count_MN[k]]), y_N)
        np.testing.assert_allclose(table.loc[k, ["se", "p"]].astype(float), [se, p], rtol=1e-4)
    assert np.abs(np.log(table["p"] / results("lmm", data)["p"])).max() > 0.1


def test_loco_is_refused_on_one_chromosome(tmp_path):
    data = make(tmp_path, *drawn(np.random.default_rng(4)), chromosomes=1)
    with pytest.raises(ScientificFailure, match="lies outside chromosome 1; use lmm"):
        results("lmm-loco", data)


def test_without_heritability_it_is_least_squares(tmp_path):
    """A label at right angles to all SNPs of the GRM: the ratio is the smallest, and the test is that of OLS."""
    rng = np.random.default_rng(5)
    count_MN, _, pcs_NK = drawn(rng)
    value_N, vector_NN = np.linalg.eigh(centred_grm(count_MN[1::2].astype(float)))
    free_NJ = vector_NN[:, value_N < 1e-8]
    data = make(tmp_path, count_MN, free_NJ @ rng.normal(size=free_NJ.shape[1]), pcs_NK)
    mine, plain = results("lmm", data, grm_snps="structure"), results("ols", data)
    assert plain["p"].min() < 0.1
    np.testing.assert_allclose(mine["p"], plain["p"], rtol=1e-3)


def test_snps_without_variance_of_their_own(tmp_path):
    count_MN, y_N, pcs_NK = drawn(np.random.default_rng(6))
    count_MN[0], count_MN[1], count_MN[3] = 2, -1, np.r_[-1, np.ones(N - 1)]
    pcs_NK[:, 0] = count_MN[2]
    table = results("lmm", make(tmp_path, count_MN, y_N, pcs_NK), pcs=1)
    dead = table.iloc[:4]  # monomorphic; nobody called; monomorphic with a missing; the covariate itself
    assert dead[["beta", "statistic"]].eq(0).all(axis=None)
    assert dead["p"].eq(1).all()
    assert dead["se"].isna().all()
    assert table.iloc[4:].notna().all(axis=None)


def test_a_perfect_fit_is_the_best(tmp_path):
    count_MN, _, pcs_NK = drawn(np.random.default_rng(7))
    table = results("lmm", make(tmp_path, count_MN, 2.0 * count_MN[7] + 1, pcs_NK))
    assert table["statistic"].abs().idxmax() == 7
    assert table["beta"][7] == pytest.approx(2)


def test_the_grm_is_decomposed_once_for_all_that_share_people_and_fixed_effects(
    tmp_path, monkeypatch, capsys
):
    calls = []
    monkeypatch.setattr(
        relatedness, "mixed", SimpleNamespace(axes=lambda *a: calls.append(1) or mixed.axes(*a))
    )
    count_MN, y_N, pcs_NK = drawn(np.random.default_rng(8))
    data = make(tmp_path, count_MN, y_N, pcs_NK, kind="binary")
    results("lmm", data)
    results("lmm", data)
    assert len(calls) == 1
    results("lmm", data, pcs=1)
    results("lmm", data, grm="standardised")
    assert len(calls) == 3
    assert "a linear approximation" in capsys.readouterr().out


def test_too_many_and_too_few_people_are_refused(tmp_path, monkeypatch):
    count_MN, y_N, pcs_NK = drawn(np.random.default_rng(9))
    monkeypatch.setattr(relatedness, "MOST", N - 1)
    with pytest.raises(
        ScientificFailure, match=r"120 individuals decomposes a GRM.*119 at most: use ols-pcs"
    ):
        results("lmm", make(tmp_path, count_MN, y_N, pcs_NK))
    with pytest.raises(
        ScientificFailure, match="3 individuals are too few for a constant, 2 covariates and a SNP"
    ):
        results("lmm", make(tmp_path, count_MN[:, :3], y_N[:3], pcs_NK[:3]), pcs=2)


def test_the_share_of_variance_is_that_of_the_simulation():
    """h2 .6 among 400 people in families of 20, who share half of their genotypes."""
    rng = np.random.default_rng(2)
    family_N = np.arange(400) // 20
    grm_NN = 0.5 * (family_N[:, None] == family_N) + 0.5 * np.eye(400)
    root_NN = np.linalg.cholesky(grm_NN)
    axes = mixed.axes(grm_NN, orthonormal(np.ones((400, 1))))
    shares = []
    for _ in range(30):
        y_N = np.sqrt(0.6) * root_NN @ rng.normal(size=400) + np.sqrt(0.4) * rng.normal(size=400)
        fit = axes.model(y_N).fit()
        shares.append((fit.share, fit.share_se))
    share, se = np.array(shares).T
    assert share.mean() == pytest.approx(0.6, abs=4 * share.std() / np.sqrt(30))
    assert np.median(se) == pytest.approx(share.std(), rel=0.4)


def test_a_snp_is_not_tested_where_rounding_could_be_seen_in_what_covariates_leave(tmp_path):
    """Covariates leave 1e-9 of the first SNP's variance, of which single precision moves the statistic by a percent."""
    rng = np.random.default_rng(4)
    count_MN, y_N, _ = drawn(rng)
    near_N = count_MN[0] + np.sqrt(1e-9) * count_MN[0].std() * rng.normal(size=N)
    found = results("lmm", make(tmp_path, count_MN, y_N, near_N[:, None]), pcs=1)
    assert found["se"].isna()[0]
    assert found["p"][0] == 1
    assert found["se"][1:].notna().all()
