"""Traits: the shares that were asked for, the truth that was written, and what is refused."""

import numpy as np
import pytest

from helpers import balding_nichols, punch_missing, read_counts, write_cohort
from stations import cohort_files, dataset_files
from stratbench.core import files
from stratbench.core.errors import UserError
from stratbench.datasets import keep
from stratbench.datasets.genetic import draw_effects
from stratbench.datasets.run import dataset, spaced
from stratbench.datasets.simulate import threshold
from trait_tables import simulated

N, M = 300, 120


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    rng = np.random.default_rng(1)
    count_MN, populations = balding_nichols([N // 3] * 3, M, 0.1, rng)
    measures = {
        "weight": ["NA", "", "-9", "-9.0", *(f"{x:.3f}" for x in rng.normal(size=N - 4))],
        "case_a": ["1", "0"] * 50 + [""] * (N - 100),
        "case_b": ["NA"] * 100 + ["0", "1"] * 50 + [""] * (N - 200),
        "plink": ["0", "1", "2"] * 100,
        "text": ["tall"] * N,
        "flat": ["3"] * N,
        "blank": [""] * N,
        "ones": ["1"] * N,
    }
    counts = punch_missing(count_MN, 0.03, rng)
    families = [f"f{k // 2}" for k in range(N)]
    return write_cohort(tmp_path_factory.mktemp("cohort"), counts, populations, families, columns=measures)


def measured(cohort, out, **declared):
    dataset(
        cohort_files(cohort),
        dataset_files(out),
        spec={"measured": "x"},
        names=["cohort", "x"],
        declared={"x": declared},
    )
    return files.read_tsv(out / "trait.tsv"), files.read_json(out / "trait.json")


@pytest.mark.parametrize(("h2", "environment"), [(0.5, 0.25), (0.8, 0), (0, 0.4), (0, 0), (0.3, 0.7)])
def test_shares_are_realised(cohort, tmp_path, h2, environment):
    trait, truth, parts, about, _ = simulated(
        cohort, tmp_path, kind="quantitative", h2=h2, causal=10, environment=environment
    )
    assert parts["genetic"].var(ddof=0) == pytest.approx(h2, abs=1e-7)
    assert parts["environment"].var(ddof=0) == pytest.approx(environment, abs=1e-7)
    noise = 1 - h2 - environment
    assert parts["noise"].var() == pytest.approx(noise, abs=4 * noise * np.sqrt(2 / N))
    total = parts[["genetic", "environment", "noise"]].sum(axis=1)
    np.testing.assert_allclose(parts["liability"], total, atol=1e-7)
    np.testing.assert_allclose(trait["y"], parts["liability"])
    shares = about["shares"]
    for name in ("genetic", "environment", "noise"):
        expected = parts[name].var(ddof=0) / parts["liability"].var(ddof=0)
        assert shares[name] == pytest.approx(expected, abs=1e-6)
    assert len(truth) == (10 if h2 else 0)
    assert about["simulated"]
    assert about["prevalence"] is None


def test_truth_regenerates_the_genetic_values(cohort, tmp_path):
    _, truth, parts, _, snps = simulated(cohort, tmp_path, snps=60, causal=8)
    rows = [int(name[1:]) - 1 for name in truth["snp"]]
    count_CN = read_counts(cohort)[rows].astype(float)
    count_CN[count_CN < 0] = np.nan
    centred_CN = np.nan_to_num(count_CN - np.nanmean(count_CN, axis=1, keepdims=True))
    g_N = truth["effect"].to_numpy() @ centred_CN
    np.testing.assert_allclose(parts["genetic"], g_N - g_N.mean(), atol=1e-6)
    assert set(truth["snp"]) <= set(snps)
    assert truth["visible"].eq(1).all()


def test_pure_null_has_neither_genes_nor_environment(cohort, tmp_path):
    trait, truth, parts, about, _ = simulated(cohort, tmp_path, h2=0, causal=0)
    assert len(truth) == 0
    assert list(truth.columns) == ["snp", "effect", "visible", "population"]
    assert parts["genetic"].eq(0).all()
    assert parts["environment"].eq(0).all()
    assert about["n_cases"] == trait["y"].sum() == N // 2
    assert "no genes" in about["description"]


@pytest.mark.parametrize("prevalence", [0.1, 0.5, 0.75])
def test_cases_have_the_highest_liability(cohort, tmp_path, prevalence):
    trait, _, parts, _, _ = simulated(cohort, tmp_path, environment=0.2, prevalence=prevalence)
    case = trait["y"] == 1
    assert case.mean() == pytest.approx(prevalence, abs=1 / N)
    assert parts["liability"][case].min() > parts["liability"][~case].max()


def test_untyped_causal_snps_are_hidden(cohort, tmp_path):
    _, truth, _, _, snps = simulated(cohort, tmp_path, causal=40, untyped=True)
    assert truth["visible"].eq(0).all()
    assert not set(truth["snp"]) & set(snps)
    assert len(snps) == M - 40


def test_environment_follows_populations(cohort, tmp_path):
    _, _, parts, _, _ = simulated(cohort, tmp_path / "rule", environment=0.3)
    by = parts["environment"].to_numpy().reshape(3, -1)
    assert (by.std(axis=1) < 1e-12).all()
    steps = np.diff(by[:, 0])
    assert steps[0] > 0
    assert steps[0] == pytest.approx(steps[1], rel=1e-6)
    stated = {"p1": 1.0, "p2": 0.0, "p3": 0.0}
    _, _, parts, _, _ = simulated(cohort, tmp_path / "told", environment=0.3, population_effects=stated)
    by = parts["environment"].to_numpy().reshape(3, -1)[:, 0]
    assert by[0] > by[1] == by[2]
    np.testing.assert_array_equal(parts["environment"], parts["environment_expected"])


def test_draws_are_named_and_apart(cohort, tmp_path):
    *_, first, _, _ = simulated(cohort, tmp_path / "a", h2=0.5)
    *_, again, _, _ = simulated(cohort, tmp_path / "b", h2=0.5)
    *_, less, _, _ = simulated(cohort, tmp_path / "c", h2=0.2)
    *_, other, _, _ = simulated(cohort, tmp_path / "d", h2=0.5, names=("cohort", "another"))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_allclose(first["noise"] / np.sqrt(0.5), less["noise"] / np.sqrt(0.8), atol=1e-7)
    np.testing.assert_allclose(first["genetic"] / np.sqrt(0.5), less["genetic"] / np.sqrt(0.2), atol=1e-7)
    assert abs(np.corrcoef(first["noise"], other["noise"])[0, 1]) < 0.25


@pytest.mark.parametrize("alpha", [0, -0.4, -1])
def test_effect_variance_follows_frequency(alpha):
    p_M = np.repeat([0.02, 0.5], 4000)
    effect_M = draw_effects(p_M, alpha, np.random.default_rng(3))
    rare, frequent = effect_M[:4000].var(), effect_M[4000:].var()
    assert rare / frequent == pytest.approx((0.0392 / 0.5) ** alpha, rel=0.1)


def test_spaced_snps_are_even_and_label_blind():
    assert spaced(10, None).tolist() == list(range(10))
    assert spaced(10, 5).tolist() == [1, 3, 5, 7, 9]
    assert len(set(spaced(1000, 337))) == 337
    assert len(set(np.diff(spaced(1000, 337)))) == 2
    with pytest.raises(UserError, match=r"snps is 11, but 10 SNPs passed QC; lower it"):
        spaced(10, 11)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"h2": 0.8, "environment": 0.3}, "h2 \\+ environment is 1.1; lower one"),
        ({"h2": 0.5, "causal": 0}, "causal: no causal SNPs, but h2 is 0.5; set causal >= 1 or h2: 0"),
        ({"causal": M + 1}, f"{M + 1} causal SNPs asked for, but only {M} SNPs"),
        (
            {"environment": 0.2, "population_effects": {"p1": 1, "p2": 2, "p4": 0}},
            "population 'p4'.*known: p1",
        ),
        ({"environment": 0.2, "population_effects": {"p1": 1}}, "no value for p2, p3"),
        ({"environment": 0.2, "population_effects": {"p1": 1, "p2": 1, "p3": 1}}, "all values are equal"),
        ({"prevalance": 0.5}, "unknown option 'prevalance': did you mean 'prevalence'"),
        ({"h2": 1.5}, "option 'h2' is 1.5"),
    ],
)
def test_impossible_simulations_are_refused(cohort, tmp_path, options, message):
    with pytest.raises(UserError, match=message):
        simulated(cohort, tmp_path, **options)


def test_a_trait_needs_both_classes():
    with pytest.raises(UserError, match=r"prevalence 0.5 of 3 individuals leaves only controls; choose"):
        threshold(np.zeros(3), 0.5)


def test_one_population_has_no_environment_of_populations(tmp_path):
    count_MN, _ = balding_nichols([40], 30, 0, np.random.default_rng(0))
    alone = write_cohort(tmp_path / "cohort", count_MN)
    with pytest.raises(UserError, match="two populations or more, but everyone is in 'all'"):
        simulated(alone, tmp_path / "out", causal=5, environment=0.2)


def test_measured_trait_drops_the_missing(cohort, tmp_path):
    trait, about = measured(cohort, tmp_path, column="weight", kind="quantitative", description="grams")
    assert trait["iid"].tolist() == [f"i{k:04d}" for k in range(5, N + 1)]
    kept = files.read_lines(tmp_path / "keep.iid")
    assert kept[0] == "f2 i0005"
    assert keep.read_iids(tmp_path / "keep.iid") == trait["iid"].tolist()
    assert about == {
        "kind": "quantitative",
        "simulated": False,
        "description": "grams",
        "prevalence": None,
        "n": N - 4,
        "n_cases": None,
        "n_snps": len(files.read_lines(tmp_path / "keep.snp")),
        "n_causal": None,
    }
    for name in ("truth", "liability"):
        assert len(files.read_tsv(tmp_path / f"{name}.tsv")) == 0


def test_first_of_several_columns_counts(cohort, tmp_path):
    trait, about = measured(cohort, tmp_path, columns=["case_a", "case_b"], kind="binary")
    assert trait["y"].tolist() == [1, 0] * 50 + [0, 1] * 50
    assert (about["n"], about["n_cases"], about["prevalence"]) == (200, 100, 0.5)


def test_plink_coded_cases(cohort, tmp_path):
    trait, _ = measured(cohort, tmp_path, column="plink", kind="binary")
    assert trait["y"].tolist() == [0, 1] * 100  # 0 is missing where a 2 occurs
    assert "i0001" not in set(trait["iid"])


@pytest.mark.parametrize(
    ("column", "kind", "message"),
    [
        ("text", "quantitative", "'tall' of individual i0001 is not a number"),
        ("flat", "quantitative", "'x' is constant \\(3\\)"),
        ("blank", "quantitative", "every value is missing"),
        ("ones", "binary", "one class only"),
        ("weight", "binary", "code 0/1 or 1/2, or declare it quantitative"),
        ("wieght", "quantitative", "wants column 'wieght': did you mean 'weight'"),
    ],
)
def test_unusable_measurements_are_refused(cohort, tmp_path, column, kind, message):
    with pytest.raises(UserError, match=message):
        measured(cohort, tmp_path, column=column, kind=kind)


def test_undeclared_trait_is_refused(cohort, tmp_path):
    with pytest.raises(UserError, match="declares no trait 'hieght': did you mean 'height'"):
        dataset(
            cohort_files(cohort),
            dataset_files(tmp_path),
            spec={"measured": "hieght"},
            names=["x"],
            declared={"height": {"column": "weight"}},
        )
