"""OLS against scipy and the full least-squares fit; degenerate SNPs; what inflation looks like."""

import numpy as np
import pytest
from scipy import stats

from association_data import make
from helpers import balding_nichols, punch_missing, write_cohort
from stations import task_files
from stratbench.associations.run import COLUMNS, PEOPLE, associate, load
from stratbench.core.errors import ScientificFailure, UserError
from stratbench.core.files import read_tsv, write_json, write_text
from stratbench.methods import registry

N, M = 120, 60


def results(name, data, **options):
    return registry.load("association", name).associate(data, options)


@pytest.fixture
def drawn():
    rng = np.random.default_rng(3)
    count_MN, populations = balding_nichols([N // 2, N // 2], M, 0.1, rng)
    pcs_NK = rng.normal(size=(N, 6)) + (np.array(populations) == "p1")[:, None] * np.array([3, 0, 0, 0, 0, 0])
    y_N = count_MN[5] * 0.4 + pcs_NK[:, 0] + rng.normal(size=N)
    return count_MN, y_N, pcs_NK


def imputed(count_MN):
    x_MN = np.where(count_MN < 0, np.nan, count_MN.astype(float))
    return np.where(np.isnan(x_MN), np.nanmean(x_MN, axis=1, keepdims=True), x_MN)


@pytest.mark.parametrize("missing", [0, 0.05])
@pytest.mark.parametrize("binary", [False, True])
def test_ols_is_linregress(tmp_path, drawn, missing, binary):
    count_MN, y_N, _ = drawn
    count_MN = punch_missing(count_MN, missing, np.random.default_rng(1))
    y_N = (y_N > np.median(y_N)).astype(float) if binary else y_N
    table = results("ols", make(tmp_path, count_MN, y_N))
    assert list(table.columns) == COLUMNS
    for k, x_N in enumerate(imputed(count_MN)):
        line = stats.linregress(x_N, y_N)
        row = table.iloc[k]
        expected = [line.slope, line.stderr, line.slope / line.stderr, line.pvalue]
        np.testing.assert_allclose(row[["beta", "se", "statistic", "p"]].astype(float), expected, rtol=1e-7)
    assert table["n"].tolist() == (count_MN >= 0).sum(axis=1).tolist()


def test_ols_pcs_is_the_full_least_squares_fit(tmp_path, drawn):
    count_MN, y_N, pcs_NK = drawn
    count_MN = punch_missing(count_MN, 0.05, np.random.default_rng(1))
    table = results("ols-pcs", make(tmp_path, count_MN, y_N, pcs_NK), pcs=4)
    for k, x_N in enumerate(imputed(count_MN)):
        design = np.column_stack([np.ones(N), pcs_NK[:, :4], x_N])
        coefficient, rss, _, _ = np.linalg.lstsq(design, y_N)
        degrees = N - 6
        se = np.sqrt(rss[0] / degrees * np.linalg.inv(design.T @ design)[-1, -1])
        t = coefficient[-1] / se
        expected = [coefficient[-1], se, t, 2 * stats.t.sf(abs(t), degrees)]
        np.testing.assert_allclose(
            table.loc[k, ["beta", "se", "statistic", "p"]].astype(float), expected, rtol=1e-7
        )


def test_fewer_axes_than_asked_for_are_all_used(tmp_path, drawn, capsys):
    data = make(tmp_path, *drawn)
    assert results("ols-pcs", data, pcs=20).equals(results("ols-pcs", data, pcs=6))
    assert "20 PCs asked for, the data have 6" in capsys.readouterr().out


def test_snps_without_variance_of_their_own(tmp_path, drawn):
    count_MN, y_N, _ = drawn
    count_MN[0], count_MN[1], count_MN[3] = 2, -1, np.r_[-1, np.ones(N - 1)]
    data = make(tmp_path, count_MN, y_N, count_MN[[2]].T.astype(float))
    table = results("ols-pcs", data, pcs=1)
    dead = table.iloc[:4]  # monomorphic; nobody called; monomorphic with a missing; the covariate itself
    assert dead["beta"].eq(0).all()
    assert dead["statistic"].eq(0).all()
    assert dead["p"].eq(1).all()
    assert dead["se"].isna().all()
    assert table.iloc[4:].notna().all(axis=None)
    assert table["n"].tolist()[:4] == [N, 0, N, N - 1]


def test_a_perfect_fit_is_the_best(tmp_path, drawn):
    count_MN, _, _ = drawn
    table = results("ols", make(tmp_path, count_MN, count_MN[7] * 2.0 + 1))
    assert table["statistic"].abs().idxmax() == 7
    assert table["beta"][7] == pytest.approx(2)
    assert table["p"][7] < 1e-100


def test_a_repeated_covariate_costs_no_degree_of_freedom(tmp_path, drawn):
    count_MN, y_N, pcs_NK = drawn
    once = results("ols-pcs", make(tmp_path, count_MN, y_N, pcs_NK[:, :1]), pcs=1)
    twice = results("ols-pcs", make(tmp_path, count_MN, y_N, pcs_NK[:, [0, 0]]), pcs=2)
    np.testing.assert_allclose(once["p"], twice["p"], rtol=1e-7)


def test_too_few_individuals_are_refused(tmp_path, drawn):
    count_MN, y_N, pcs_NK = drawn
    data = make(tmp_path, count_MN[:, :7], y_N[:7], pcs_NK[:7])
    with pytest.raises(
        ScientificFailure,
        match=r"7 individuals are too few for a constant, 6 covariates and a SNP; use fewer PCs",
    ):
        results("ols-pcs", data, pcs=6)


def test_pcs_take_away_the_inflation_of_a_pure_shortcut(tmp_path):
    """Median chi-square over its expectation: far above 1 without PCs, about 1 with them."""
    rng = np.random.default_rng(2)
    count_MN, populations = balding_nichols([100, 100], 1500, 0.1, rng)
    stratum_N = (np.array(populations) == "p1").astype(float)
    data = make(tmp_path, count_MN, stratum_N + rng.normal(size=200), stratum_N[:, None])
    inflation = [
        np.median(results(name, data, pcs=1)["statistic"] ** 2) / stats.chi2.median(1)
        for name in ("ols", "ols-pcs")
    ]
    assert inflation[0] > 2
    assert inflation[1] == pytest.approx(1, abs=0.15)


def test_load_takes_training_and_validation_only(tmp_path, drawn):
    count_MN, _, _ = drawn
    write_cohort(tmp_path, count_MN)
    iids = [f"i{k + 1:04d}" for k in range(N)]
    sets = np.tile(["train", "validation", "test"], N // 3)
    tables = {
        "trait.tsv": ("iid\ty", iids, range(N)),
        "split.tsv": ("iid\tset", iids, sets),
        "pcs.tsv": ("iid\tfitted\tpc1", iids, [f"1\t{k / 2}" for k in range(N)]),
        "covariates.tsv": ("iid", iids),
    }
    for name, (header, *columns) in tables.items():
        lines = ["\t".join(map(str, row)) for row in zip(*columns, strict=True)]
        write_text("\n".join([header, *lines]) + "\n", tmp_path / name)
    write_text("s0001\ns0003\n", tmp_path / "keep.snp")
    write_text("snp\teffect\tvisible\tpopulation\ns0002\t1\t0\t\n", tmp_path / "truth.tsv")
    write_json({"kind": "quantitative", "simulated": False}, tmp_path / "trait.json")
    inputs = task_files(tmp_path, tmp_path, tmp_path / "split.tsv", tmp_path)
    data = load(inputs)
    seen_N = sets != "test"
    np.testing.assert_array_equal(data.y_N, np.arange(N)[seen_N])
    np.testing.assert_array_equal(data.pcs_NK[:, 0], np.arange(N)[seen_N] / 2)
    np.testing.assert_array_equal(data.genotypes.read(), count_MN[[0, 2]][:, seen_N])
    assert data.relatedness.genotypes.row_M.tolist() == [0, *range(2, M)]  # no untyped causal SNP
    assert data.relatedness.genotypes.person_N.tolist() == np.flatnonzero(seen_N).tolist()
    assert np.flatnonzero(data.relatedness.of["view"]).tolist() == [0, 1]
    methods = {"plain": {"method": "ols", "file": None, "options": {}}}
    out = {"tables": [tmp_path / "plain.tsv.gz"], "record": tmp_path / "associations.json"}
    associate(inputs, out, associations=methods)
    assert read_tsv(tmp_path / "plain.tsv.gz")["snp"].tolist() == ["s0001", "s0003"]
    for people, count in (("train", N // 3), ("train-validation", 2 * N // 3), ("everyone", N)):
        methods["plain"]["options"] = {"people": people}
        associate(inputs, out, associations=methods)
        called = (count_MN[0][np.isin(sets, PEOPLE[people])] >= 0).sum()
        assert read_tsv(tmp_path / "plain.tsv.gz")["n"][0] == called == count
    methods["plain"]["options"] = {"pc": 3}
    with pytest.raises(UserError, match="association 'plain': unknown option 'pc'"):
        associate(inputs, out, associations=methods)
