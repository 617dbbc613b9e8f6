"""Options of simulated traits: effects, where SNPs act, shapes of the environment, families, and twins."""

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from helpers import balding_nichols, read_counts, write_cohort
from stratbench.core.errors import UserError
from stratbench.datasets import ascertain, options
from stratbench.datasets.genetic import draw_effects, draw_homes
from trait_tables import lattice, sibships, simulated

N, M = 300, 120


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    count_MN, populations = balding_nichols([N // 3] * 3, M, 0.1, np.random.default_rng(1))
    return write_cohort(tmp_path_factory.mktemp("cohort"), count_MN, populations)


@pytest.fixture(scope="module")
def demes(tmp_path_factory):
    return lattice(tmp_path_factory.mktemp("lattice"), 4, 20, 60, np.random.default_rng(2))


@pytest.fixture(scope="module")
def mice(tmp_path_factory):
    return sibships(tmp_path_factory.mktemp("mice"), 40, 6, 80, np.random.default_rng(3))


def means(values_N, by):
    """The mean of each group, in the order of the groups' names."""
    return values_N.groupby(np.asarray(by)).mean()


@pytest.mark.parametrize("alpha", [0, -1])
def test_equal_effects_differ_by_sign_and_frequency_alone(alpha):
    p_M = np.random.default_rng(0).uniform(0.05, 0.95, 400)
    effect_M = draw_effects(p_M, alpha, np.random.default_rng(1), "equal")
    np.testing.assert_allclose(np.abs(effect_M), (2 * p_M * (1 - p_M)) ** (alpha / 2))
    assert 150 < (effect_M > 0).sum() < 250
    normal_M = draw_effects(p_M, alpha, np.random.default_rng(1))
    np.testing.assert_array_equal(np.sign(effect_M), np.sign(normal_M))


def test_causal_snps_can_be_common_ones(cohort, tmp_path):
    truth = simulated(cohort, tmp_path, causal=10, causal_maf=0.3).truth
    p_M = read_counts(cohort).mean(axis=1) / 2
    p_R = p_M[[int(name[1:]) - 1 for name in truth["snp"]]]
    assert np.minimum(p_R, 1 - p_R).min() >= 0.3
    with pytest.raises(
        UserError, match=r"only \d+ SNPs with MAF >= 0.45 to draw.*lower `causal` or `causal_maf`"
    ):
        simulated(cohort, tmp_path, causal=100, causal_maf=0.45)


def test_homes_are_dealt_out_evenly_and_are_nested():
    half, none = (draw_homes(20, share, ["a", "b", "c"], np.random.default_rng(4)) for share in (0.5, 0))
    assert (half == "").sum() == 10
    assert sorted((none == name).sum() for name in "abc") == [6, 7, 7]
    assert (none[half != ""] == half[half != ""]).all()
    assert (draw_homes(20, 1, ["a"], np.random.default_rng(4)) == "").all()


def test_a_snp_with_a_home_acts_there_alone(cohort, tmp_path):
    tables = simulated(cohort, tmp_path, causal=12, causal_shared=0.25)
    truth, g_N = tables.truth, tables.parts["genetic"].to_numpy()
    assert truth["population"].value_counts().to_dict() == {"": 3, "p1": 3, "p2": 3, "p3": 3}
    count_CN = read_counts(cohort)[[int(name[1:]) - 1 for name in truth["snp"]]].astype(float)
    expected_N = np.zeros(N)
    for effect, home, count_N in zip(truth["effect"], truth["population"], count_CN, strict=True):
        inside = np.repeat(["p1", "p2", "p3"], N // 3) == home if home else np.ones(N, dtype=bool)
        expected_N[inside] += effect * (count_N[inside] - count_N[inside].mean())
    np.testing.assert_allclose(g_N, expected_N - expected_N.mean(), atol=1e-6)
    one = simulated(cohort, tmp_path, causal=12, causal_shared=0, causal_populations=["p2"]).parts["genetic"]
    assert one[100:200].std() > 0.1
    assert np.ptp(np.r_[one[:100], one[200:]]) < 1e-9


def test_smooth_environment_rises_along_its_columns(demes, tmp_path):
    parts = simulated(
        demes, tmp_path, h2=0.3, environment=0.4, environment_shape="smooth", gradient=["row"]
    ).parts
    row_N = np.repeat(np.arange(4), 80)
    by_row = means(parts["environment"], row_N)
    np.testing.assert_allclose(np.diff(by_row), np.diff(by_row)[0])
    assert by_row[3] > by_row[0]
    assert parts["environment"].var(ddof=0) == pytest.approx(0.4, abs=1e-7)
    np.testing.assert_allclose(parts["environment"], parts["environment_expected"], atol=1e-9)
    both = simulated(
        demes, tmp_path, h2=0, environment=0.4, environment_shape="smooth", gradient=["row", "column"]
    ).parts["environment"]
    deme = both.to_numpy().reshape(4, 4, 20)[:, :, 0]
    np.testing.assert_allclose(deme, deme.T, atol=1e-9)


def test_gradient_within_a_population_has_its_mean_expected(tmp_path):
    count_MN, _ = balding_nichols([100], 30, 0, np.random.default_rng(5))
    ancestry = [f"{x:.3f}" for x in np.linspace(0, 1, 100)]
    admixed = write_cohort(tmp_path / "c", count_MN, columns={"ancestry_EUR": ancestry})
    options = {"environment": 0.3, "environment_shape": "smooth", "gradient": ["ancestry_EUR"]}
    parts = simulated(admixed, tmp_path / "t", causal=5, **options).parts
    assert np.corrcoef(parts["environment"], np.array(ancestry, dtype=float))[0, 1] == pytest.approx(1)
    assert parts["environment_expected"].abs().max() < 1e-9


def test_sharp_environment_is_one_deme_so_many_sds_up(demes, tmp_path):
    sharp = {"h2": 0.3, "environment_shape": "sharp"}
    tables = simulated(demes, tmp_path, deme="r2c3", deme_sd=2, **sharp)
    inside = np.repeat(np.arange(16), 20) == 6
    level = tables.parts["environment"]
    share = level.var(ddof=0)
    assert level[inside].min() - level[~inside].max() == pytest.approx(2 * np.sqrt(1 - share))
    assert share == pytest.approx((1 / 16) * (15 / 16) * 4 * (1 - share))
    assert "environment +2 SD in r2c3" in tables.about["description"]
    drawn = simulated(demes, tmp_path, environment=0.1, **sharp).parts["environment"]
    assert drawn.var(ddof=0) == pytest.approx(0.1, abs=1e-7)
    assert (drawn > drawn.min() + 0.1).sum() == 20


def test_families_share_an_environment(mice, tmp_path):
    tables = simulated(mice, tmp_path, causal=20, h2=0.4, family_environment=0.3)
    family_N = np.repeat(np.arange(40), 6)
    part = tables.parts["environment_family"]
    assert part.var(ddof=0) == pytest.approx(0.3, abs=1e-7)
    assert part.groupby(family_N).nunique().eq(1).all()
    assert tables.parts["environment"].eq(0).all()
    total = tables.parts[["genetic", "environment", "environment_family", "noise"]].sum(axis=1)
    np.testing.assert_allclose(tables.parts["liability"], total, atol=1e-7)
    noise = 0.3
    assert tables.parts["noise"].var() == pytest.approx(noise, abs=4 * noise * np.sqrt(2 / 240))


POPULATIONS = ("p1", "p2", "p3")
PARTS = ("genetic", "environment", "environment_family", "noise")
SHAPES = {
    "populations": {"environment": 0.2},
    "smooth": {"environment": 0.2, "environment_shape": "smooth", "gradient": ["place"]},
    "sharp": {"environment": 0.2, "environment_shape": "sharp", "deme": "p2"},
}


def around(values_N, population_N):
    """Values around the mean of each population, population by population."""
    return np.concatenate(
        [values_N[population_N == p] - values_N[population_N == p].mean() for p in POPULATIONS]
    )


@pytest.mark.parametrize("ascertain", [None, {"case_share": {"p1": 0.2, "p2": 0.5, "p3": 0.7}}])
@pytest.mark.parametrize("shape", SHAPES)
def test_shares_are_those_of_the_parts(tmp_path, shape, ascertain):
    """Every share, of all and within populations, worked out from liability.tsv by hand."""
    count_MN, population = balding_nichols([N // 3] * 3, M, 0.1, np.random.default_rng(6))
    place = [f"{x:.3f}" for x in np.random.default_rng(7).uniform(size=N)]
    families = [f"f{k // 2}" for k in range(N)]
    cohort = write_cohort(tmp_path / "c", count_MN, population, families, {"place": place})
    options = {"h2": 0.3, "causal": 20, "family_environment": 0.1, "prevalence": 0.4, **SHAPES[shape]}
    _, _, parts, about, _ = simulated(cohort, tmp_path / "t", ascertain=ascertain, **options)
    key = "shares_kept" if ascertain else "shares"
    of = np.array(population)[parts["iid"].str[1:].astype(int) - 1]
    total, within = (
        {name: change(parts[name].to_numpy()) for name in (*PARTS, "liability")}
        for change in (lambda x: x - x.mean(), lambda x: around(x, of))
    )
    for found, values in ((about[key], total), (about[f"{key}_within"], within)):
        whole = np.mean(values["liability"] ** 2)
        for name in PARTS:
            assert found[name] == pytest.approx(np.mean(values[name] ** 2) / whole, abs=1e-6), name
        twice = 2 * sum(np.mean(values[one] * values[two]) for one, two in combinations(PARTS, 2))
        assert found["covariance"] == pytest.approx(twice / whole, abs=1e-6)
        assert abs(twice) > 1e-3
    whole = np.mean(total["liability"] ** 2)
    assert about[key]["genetic_within"] == pytest.approx(np.mean(within["genetic"] ** 2) / whole, abs=1e-6)
    assert about[f"{key}_within"]["liability"] == pytest.approx(
        np.mean(within["liability"] ** 2) / whole, abs=1e-6
    )
    assert about[f"{key}_within"]["liability"] < 0.97
    if shape == "smooth":
        assert about[f"{key}_within"]["environment"] > 0.1
    else:
        assert about[f"{key}_within"]["environment"] == pytest.approx(0, abs=1e-12)
    assert ("shares_kept_within" in about) == (ascertain is not None)


def test_a_trait_without_anything_within_populations_says_so(cohort, tmp_path):
    about = simulated(cohort, tmp_path, h2=0, causal=0, environment=1, kind="quantitative").about
    assert set(about["shares_within"].values()) == {0}
    assert about["shares"]["environment"] == pytest.approx(1)


def test_each_population_has_its_prevalence(cohort, tmp_path):
    wanted = {"p1": 0.1, "p2": 0.5, "p3": 0.8}
    tables = simulated(cohort, tmp_path, environment=0.2, prevalence=wanted)
    rates = means(tables.trait["y"], np.repeat(["p1", "p2", "p3"], N // 3))
    assert rates.to_dict() == pytest.approx(wanted, abs=0.01)
    assert tables.about["prevalence"] == wanted


def twins(cohort, out, **common):
    """The three twins: differences between populations removed, kept, and kept with an environment."""
    sets = [{"between": "removed"}, {}, {"environment": 0.25}]
    return [
        simulated(cohort, out / str(k), names=("c", f"label{k}"), twin="kept", **common, **one)
        for k, one in enumerate(sets)
    ]


def test_twins_share_g_exactly(cohort, tmp_path):
    removed, kept, confounded = twins(cohort, tmp_path, h2=0.5, causal=30)
    for other in (removed, confounded):
        assert other.truth.equals(kept.truth)
        assert other.parts["genetic_within"].equals(kept.parts["genetic_within"])
    assert confounded.parts["genetic"].equals(kept.parts["genetic"])
    assert removed.parts["genetic"].equals(kept.parts["genetic_within"])
    assert removed.parts["noise"].equals(kept.parts["noise"])
    np.testing.assert_allclose(confounded.parts["noise"] / np.sqrt(0.5), kept.parts["noise"], atol=1e-7)
    by = np.repeat(["p1", "p2", "p3"], N // 3)
    assert means(removed.parts["genetic"], by).abs().max() < 1e-9
    assert means(kept.parts["genetic"], by).abs().max() > 0.05
    within = [tables.about["shares"]["genetic_within"] for tables in (removed, kept)]
    assert removed.about["shares"]["genetic"] == pytest.approx(within[0])
    assert kept.about["shares"]["genetic"] > within[1]


def test_a_twin_may_name_another_traits_label(cohort, tmp_path):
    named = simulated(cohort, tmp_path / "a", names=("c", "kept"))
    twin = simulated(cohort, tmp_path / "b", names=("c", "other"), twin="kept")
    assert named.parts.equals(twin.parts)


def test_every_option_is_documented_with_its_default():
    page = (Path(__file__).parents[2] / "docs" / "traits.md").read_text()
    for schemas in (options.OPTIONS, ascertain.OPTIONS):
        for name, schema in schemas.items():
            default = schema["default"]
            text = default if isinstance(default, str) else json.dumps(default)
            assert f"| `{name}` | `{text}` |" in page
            assert schema["description"]


SMOOTH = {"h2": 0.2, "causal": 5, "environment": 0.3, "environment_shape": "smooth"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({**SMOOTH, "gradient": ["rwo"]}, "no column 'rwo': did you mean 'row'"),
        ({**SMOOTH, "gradient": ["flat"]}, "column 'flat' is 2 for everyone; name one that varies"),
        ({**SMOOTH, "gradient": ["half"]}, "column 'half' is '.*' for individual i0161; it must be a number"),
        ({**SMOOTH, "gradient": ["population"]}, "column 'population' is 'r1c1' for individual i0001"),
        ({**SMOOTH, "gradient": ["row", "negative"]}, "row and negative cancel each other out"),
        (SMOOTH, "gradient: environment_shape: smooth needs columns"),
        ({**SMOOTH, "gradient": ["row"], "environment": 0}, "smooth needs a share; set environment > 0"),
        ({"gradient": ["row"]}, "gradient: belongs to environment_shape: smooth, but that is 'populations'"),
        ({"environment_shape": "sharp"}, "sharp needs either environment > 0"),
        ({"environment_shape": "sharp", "deme_sd": 1, "environment": 0.1}, "sharp needs either"),
        ({"environment_shape": "sharp", "deme_sd": 2, "deme": "r9c9"}, "deme: unknown population 'r9c9'"),
        ({"environment_shape": "sharp", "deme_sd": 2, "h2": 0.9}, "a deme 2 SDs up is 0.19 of the liability"),
        ({"causal_shared": 0.5, "causal_populations": ["x"]}, "causal_populations: unknown population 'x'"),
        ({"causal_populations": ["r1c1"]}, "set causal_shared < 1 or leave this out"),
        ({"prevalence": {"r1c1": 0.5}}, "prevalence: no value for r1c2.*name every population"),
        ({"h2": 0.5, "environment": 0.3, "family_environment": 0.3}, "family_environment is 1.1; lower one"),
        ({"kind": "quantitative", "prevalence": 0.1}, "prevalence: a quantitative trait has no cases; leave"),
        (
            {"kind": "quantitative", "prevalence": {"r1c1": 0.5}},
            "prevalence: a quantitative trait has no cases",
        ),
        ({"family_environment": 0.2}, "families of two or more, but everyone is a family of their own"),
    ],
)
def test_impossible_options_are_refused(demes, tmp_path, given, message):
    with pytest.raises(UserError, match=message):
        simulated(demes, tmp_path, **given)


@pytest.mark.parametrize(
    "options",
    [
        {"environment_shape": "sharp", "deme_sd": 1},
        {"causal_shared": 0.5},
        {"environment": 0.1},
        {"between": "removed"},
    ],
)
def test_what_differs_by_population_needs_two(mice, tmp_path, options):
    with pytest.raises(UserError, match="needs two populations or more, but everyone is in 'all'"):
        simulated(mice, tmp_path, **options)
