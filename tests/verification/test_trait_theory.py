"""Simulated traits against theory and tstrait; seeds fixed, tolerances four Monte-Carlo standard errors.

Standard errors come from theory where it has them (a variance's, Hanley & McNeil's of an AUROC), else from the
spread over the replicates of the test itself.
"""

from pathlib import Path

import msprime
import numpy as np
import pandas as pd
import pytest
import tstrait
from scipy.integrate import quad
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from helpers import balding_nichols, write_cohort
from stratbench.datasets.genetic import draw_effects
from trait_tables import Tables, sibships, simulated

N, M = 16_000, 300


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Many people of one random-mating population that bears two names."""
    count_MN, populations = balding_nichols([N // 2] * 2, M, 0, np.random.default_rng(11))
    return write_cohort(tmp_path_factory.mktemp("crowd"), count_MN, populations)


def exact_auroc(h2: float, prevalence: float) -> float:
    """P(g of a case > g of a control), g ~ N(0, h2), liability g + N(0, 1 - h2) > t = Phi^-1(1 - K).

    With x = g / sqrt(h2): P(case | x) = Phi((sqrt(h2) x - t) / sqrt(1 - h2)) = c(x). A case has density
    phi(x) c(x) / K, a control is below x with probability int_-inf^x phi (1 - c) / (1 - K). The double integral
    is taken with x as the outer variable; nothing is drawn and nothing approximated.
    """
    t, root = norm.isf(prevalence), np.sqrt(h2)

    def case(x: float) -> float:
        return float(norm.cdf((root * x - t) / np.sqrt(1 - h2)))

    def control_below(x: float) -> float:
        return quad(lambda u: norm.pdf(u) * (1 - case(u)), -9, x)[0] / (1 - prevalence)

    return quad(lambda x: norm.pdf(x) * case(x) / prevalence * control_below(x), -9, 9, epsabs=1e-7)[0]


def wray(h2: float, prevalence: float) -> float:
    """Wray et al. 2010, PLoS Genet 6:e1000864, equation 3."""
    t = norm.isf(prevalence)
    m = norm.pdf(t) / prevalence
    v = -m * prevalence / (1 - prevalence)
    spread = h2 * ((1 - h2 * m * (m - t)) + (1 - h2 * v * (v - t)))
    return float(norm.cdf((m - v) * h2 / np.sqrt(spread)))


def auroc_and_se(tables: Tables) -> tuple[float, float]:
    """AUROC of the true genetic liability and its standard error (Hanley & McNeil 1982, Radiology 143:29)."""
    y_N = tables.trait["y"].to_numpy()
    a = float(roc_auc_score(y_N, tables.parts["genetic"]))
    n, m = (y_N == 1).sum(), (y_N == 0).sum()
    q, r = a / (2 - a), 2 * a**2 / (1 + a)
    return a, float(np.sqrt((a * (1 - a) + (n - 1) * (q - a**2) + (m - 1) * (r - a**2)) / (n * m)))


@pytest.mark.parametrize("prevalence", [0.01, 0.1, 0.3, 0.5, 0.8])
@pytest.mark.parametrize("h2", [0.1, 0.3, 0.5, 0.7])
def test_wrays_formula_is_near_the_exact_integral(h2: float, prevalence: float) -> None:
    assert wray(h2, prevalence) == pytest.approx(exact_auroc(h2, prevalence), abs=0.015)


def test_the_integral_is_that_of_draws() -> None:
    rng, n = np.random.default_rng(12), 400_000
    for h2, prevalence in ((0.3, 0.1), (0.8, 0.5)):
        g_N = rng.normal(scale=np.sqrt(h2), size=n)
        y_N = g_N + rng.normal(scale=np.sqrt(1 - h2), size=n) > norm.isf(prevalence)
        assert roc_auc_score(y_N, g_N) == pytest.approx(exact_auroc(h2, prevalence), abs=0.004)
    assert [round(wray(h2, 0.5), 3) for h2 in (0.3, 0.5, 0.7, 0.8)] == [0.754, 0.833, 0.898, 0.925]


@pytest.mark.parametrize("prevalence", [0.1, 0.5])
@pytest.mark.parametrize("h2", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_auroc_of_the_true_liability_is_the_integral(
    crowd: Path, tmp_path: Path, h2: float, prevalence: float
) -> None:
    tables = simulated(crowd, tmp_path, h2=h2, causal=M, prevalence=prevalence, names=("c", h2))
    found, se = auroc_and_se(tables)
    expected = exact_auroc(h2, prevalence)
    assert found == pytest.approx(expected, abs=4 * se)
    if h2 <= 0.7:
        assert found == pytest.approx(wray(h2, prevalence), abs=0.015)


def test_ascertainment_leaves_the_auroc_and_not_the_shares(crowd: Path, tmp_path: Path) -> None:
    """One in ten is a case, half of the sample: ranks within classes stay, cases' liability weighs more."""
    tables = simulated(crowd, tmp_path, causal=M, prevalence=0.1, ascertain={"case_share": 0.5})
    assert (tables.about["n"], tables.about["n_cases"]) == (N // 5, N // 10)
    found, se = auroc_and_se(tables)
    assert found == pytest.approx(exact_auroc(0.5, 0.1), abs=4 * se)
    t = norm.isf(0.1)
    case, control = norm.pdf(t) / 0.1, -norm.pdf(t) / 0.9  # mean liability of each class
    spread = 1 + t * (case + control) / 2 - ((case + control) / 2) ** 2  # E l^2 of a class is 1 + t its mean
    n = N // 5
    assert tables.parts["liability"].var() == pytest.approx(spread, abs=4 * spread * np.sqrt(2 / n))


@pytest.mark.parametrize("prevalence", [0.05, 0.2, 0.5])
def test_the_threshold_is_that_of_a_normal_liability(crowd: Path, tmp_path: Path, prevalence: float) -> None:
    tables = simulated(crowd, tmp_path, causal=M, prevalence=prevalence)
    case = tables.trait["y"] == 1
    cut, t = tables.parts["liability"][case].min(), norm.isf(prevalence)
    se = np.sqrt(prevalence * (1 - prevalence) / N) / norm.pdf(t)
    assert cut == pytest.approx(t, abs=4 * se)
    assert case.mean() == pytest.approx(prevalence, abs=1 / N)
    mean = tables.parts["genetic"][case].mean()  # of a case: h2 z / K
    assert mean == pytest.approx(0.5 * norm.pdf(t) / prevalence, abs=4 * np.sqrt(0.5 / case.sum()))


def test_prevalence_and_case_share_of_each_population(crowd: Path, tmp_path: Path) -> None:
    prevalence, share = {"p1": 0.1, "p2": 0.4}, {"p1": 0.5, "p2": 0.25}
    tables = simulated(crowd, tmp_path, causal=M, prevalence=prevalence, ascertain={"case_share": share})
    for name, k in prevalence.items():
        there, kept = (tables.about["ascertained"][when][name] for when in ("from", "kept"))
        assert there["cases"] / sum(there.values()) == pytest.approx(k, abs=2 / N)
        assert kept["cases"] / sum(kept.values()) == pytest.approx(share[name], abs=2 / N)
        assert kept["cases"] == there["cases"] or kept["controls"] == there["controls"]
        assert sum(kept.values()) == _of(tables, name).sum()
        case = _of(tables, name) & (tables.trait["y"] == 1).to_numpy()
        mean = tables.parts["liability"][case].mean()
        assert mean == pytest.approx(norm.pdf(norm.isf(k)) / k, abs=4 / np.sqrt(case.sum()))


def _of(tables: Tables, population: str) -> np.ndarray:
    """Who is in a population of the crowd: its halves in file order."""
    number_N = tables.parts["iid"].str[1:].astype(int).to_numpy()
    return (number_N <= N // 2) == (population == "p1")


def test_realised_shares_vary_as_the_noise_does(tmp_path: Path) -> None:
    """The mean over traits of each realised share is the share asked for; parts do not covary."""
    cohort = sibships(tmp_path / "c", 150, 4, 200, np.random.default_rng(13))
    asked = {"genetic": 0.4, "environment_family": 0.2, "noise": 0.4, "covariance": 0}
    found = [
        simulated(cohort, tmp_path / "t", causal=60, h2=0.4, family_environment=0.2, names=("c", k)).about
        for k in range(30)
    ]
    table = pd.DataFrame([about["shares"] for about in found])
    for name, share in asked.items():
        assert table[name].mean() == pytest.approx(share, abs=4 * table[name].sem()), name


THREE = {"environment": 0.25, "h2": 0.4, "family_environment": 0.1, "causal": 60}
SHAPES = {
    "populations": {},
    "smooth": {"environment_shape": "smooth", "gradient": ["place"]},
    "sharp": {"environment_shape": "sharp"},  # a deme drawn for each trait
}


@pytest.mark.parametrize("shape", SHAPES)
def test_realised_shares_of_every_environment_are_those_asked_for(tmp_path: Path, shape: str) -> None:
    """Three populations of one gene pool, so that genes and environment covary by chance alone.

    Within populations an environment of theirs has no share, and the others have the more: 1 / (1 - .25) of it. A
    gradient across and within populations keeps what is within.
    """
    rng, people = np.random.default_rng(18), 600
    count_MN, populations = balding_nichols([people // 3] * 3, 200, 0, rng)
    place_N = np.repeat([0.0, 1, 2], people // 3) + rng.normal(size=people)
    cohort = write_cohort(
        tmp_path / "c", count_MN, populations, [f"f{k // 4}" for k in range(people)],
        {"place": [f"{x:.4f}" for x in place_N]},
    )  # fmt: skip
    found = [
        simulated(cohort, tmp_path / "t", names=("c", k), **THREE, **SHAPES[shape]).about for k in range(30)
    ]
    inside = np.var(place_N.reshape(3, -1), axis=1).mean() / np.var(place_N) if shape == "smooth" else 0
    asked = {"genetic": 0.4, "environment": 0.25, "environment_family": 0.1, "noise": 0.25, "covariance": 0}
    left = 1 - 0.25 * (1 - inside)
    within = {name: share / left for name, share in asked.items()}
    within |= {"environment": 0.25 * inside / left, "liability": left}
    for shares, expected in (("shares", asked), ("shares_within", within)):
        table = pd.DataFrame([about[shares] for about in found])
        for name, share in expected.items():
            assert table[name].mean() == pytest.approx(share, abs=4 * table[name].sem() + 1e-12), name
            assert table[name].sem() < 0.01, name


def test_sibs_are_as_alike_as_genes_and_family_make_them(tmp_path: Path) -> None:
    """Correlation of full sibs: h2 / 2 + the family's share (Falconer & Mackay 1996, chapter 9)."""
    cohort = sibships(tmp_path / "c", 400, 2, 300, np.random.default_rng(14))
    for family, expected in ((0, 0.3), (0.25, 0.55)):
        values = []
        for k in range(15):
            options = {"h2": 0.6, "causal": 300, "family_environment": family, "kind": "quantitative"}
            y_F2 = simulated(cohort, tmp_path / "t", names=("c", k), **options).trait["y"].to_numpy()
            y_F2 = y_F2.reshape(-1, 2)
            values.append(np.corrcoef(y_F2[:, 0], y_F2[:, 1])[0, 1])
        assert np.mean(values) == pytest.approx(expected, abs=4 * np.std(values, ddof=1) / np.sqrt(15))


def test_drift_alone_gives_a_clean_trait_differences_between_populations(tmp_path: Path) -> None:
    """Between over within variance of g is 2 F (K - 1) / (K (1 - F)) in the mean over effects; twins remove it.

    Population k has mean 2 sum b p_k, with Var p_k = F p (1 - p), and variance within sum b^2 2 p (1 - p) (1 - F).
    """
    f, k, traits = 0.1, 3, 60
    count_MN, populations = balding_nichols([300] * k, 1500, f, np.random.default_rng(17))
    cohort = write_cohort(tmp_path / "c", count_MN, populations)
    ratios = []
    for trait in range(traits):
        options = {"causal": 500, "alpha": 0, "names": ("c", trait), "twin": f"g{trait}"}
        kept = simulated(cohort, tmp_path / "t", **options)
        removed = simulated(cohort, tmp_path / "t", between="removed", **options)
        assert removed.parts["genetic"].equals(kept.parts["genetic_within"])
        shares = kept.about["shares"]
        ratios.append(shares["genetic"] / shares["genetic_within"] - 1)
    expected = 2 * f * (k - 1) / (k * (1 - f))
    assert np.mean(ratios) == pytest.approx(expected, abs=4 * np.std(ratios, ddof=1) / np.sqrt(traits))


@pytest.fixture(scope="module")
def sequence():
    """Two populations of 60 people, some 500 sites with two alleles."""
    demography = msprime.Demography.island_model([2000, 2000], 1e-4)
    ancestry = msprime.sim_ancestry(
        {0: 60, 1: 60}, demography=demography, sequence_length=5e5, recombination_rate=1e-8, random_seed=15
    )
    return msprime.sim_mutations(ancestry, rate=2e-8, model=msprime.BinaryMutationModel(), random_seed=16)


def test_genetic_values_are_tstraits(sequence, tmp_path: Path) -> None:
    varying = [v for v in sequence.variants() if v.num_alleles == 2 and 0 < v.genotypes.sum() < 240]
    count_MN = np.stack([v.genotypes.reshape(-1, 2).sum(axis=1) for v in varying]).astype(np.int8)
    cohort = write_cohort(tmp_path / "c", count_MN, ["a"] * 60 + ["b"] * 60)
    for options in ({}, {"alpha": 0, "effects": "equal"}, {"environment": 0.3, "alpha": -0.4}):
        tables = simulated(cohort, tmp_path / "t", causal=40, **options)
        at_C = tables.truth["snp"].str[1:].astype(int).to_numpy() - 1
        sites = [varying[k].site for k in at_C]
        trait = pd.DataFrame(
            {
                "position": [site.position for site in sites],
                "site_id": [site.id for site in sites],
                "effect_size": tables.truth["effect"].to_numpy(),
                "causal_allele": [varying[k].alleles[1] for k in at_C],
                "allele_freq": count_MN[at_C].mean(axis=1) / 2,
                "trait_id": 0,
            }
        ).sort_values("site_id")
        theirs = tstrait.genetic_value(sequence, trait).sort_values("individual_id")["genetic_value"]
        np.testing.assert_allclose(tables.parts["genetic"], theirs - theirs.mean(), atol=1e-6)


@pytest.mark.parametrize("alpha", [-1, -0.4, 0])
def test_effects_follow_frequency_as_tstraits_do(sequence, alpha: float) -> None:
    sites = [v.site.id for v in sequence.variants() if v.num_alleles == 2 and 0 < v.genotypes.sum() < 240][
        :50
    ]
    model = tstrait.trait_model(distribution="fixed", value=1, random_sign=True)
    theirs = tstrait.sim_trait(sequence, model=model, causal_sites=sites, alpha=alpha, random_seed=1)
    ours = draw_effects(theirs["allele_freq"].to_numpy(), alpha, np.random.default_rng(0), "equal")
    ratio = np.abs(theirs["effect_size"]) / np.abs(ours)
    np.testing.assert_allclose(ratio, ratio.iloc[0], rtol=1e-9)
