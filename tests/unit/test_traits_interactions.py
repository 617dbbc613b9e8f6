"""Dominance and epistasis: the shares that were asked for, and that single SNPs say nothing of an interaction."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helpers import punch_missing, read_counts, write_cohort
from stratbench.core.errors import UserError
from stratbench.datasets import checks
from stratbench.datasets.describe import describe
from stratbench.datasets.options import OPTIONS, additive, causal_snps, problems
from stratbench.datasets.run import TRUTH
from trait_tables import Tables, simulated

N, M, CHROMOSOMES = 360, 160, 4
POPULATIONS = np.repeat(["p1", "p2", "p3"], N // 3)
CHROMOSOME_M = np.arange(M) * CHROMOSOMES // M


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SNPs in LD: a haplotype's allele is its neighbour's to the left in six cases of ten."""
    rng = np.random.default_rng(4)
    p_M3 = np.clip(rng.uniform(0.3, 0.7, (M, 1)) + rng.normal(0, 0.06, (M, 3)), 0.05, 0.95)
    haplotype_MN2 = (rng.random((M, N, 2)) < np.repeat(p_M3, N // 3, axis=1)[:, :, None]).astype(np.int8)
    for j in range(1, M):
        copied_N2 = rng.random((N, 2)) < 0.6 * (CHROMOSOME_M[j] == CHROMOSOME_M[j - 1])
        haplotype_MN2[j] = np.where(copied_N2, haplotype_MN2[j - 1], haplotype_MN2[j])
    count_MN = punch_missing(haplotype_MN2.sum(axis=2), 0.01, rng)
    folder = tmp_path_factory.mktemp("cohort")
    return write_cohort(folder, count_MN, POPULATIONS.tolist(), chromosomes=CHROMOSOMES)


def rows(truth: Any, column: str = "snp") -> np.ndarray:
    return np.array([int(name[1:]) - 1 for name in truth[column]], dtype=int)


def counts(cohort: Path, row_R: np.ndarray) -> np.ndarray:
    """Counts (N, K), a missing one the whole number next to the mean."""
    count_NR = read_counts(cohort)[row_R].T.astype(float)
    count_NR[count_NR < 0] = np.nan
    return np.where(np.isnan(count_NR), np.rint(np.nanmean(count_NR, axis=0)), count_NR)


def explained(value_N: np.ndarray, design_NC: np.ndarray) -> float:
    """The largest share of a value's variance in one population that the columns of a design explain together."""
    found = []
    for name in np.unique(POPULATIONS):
        inside = name == POPULATIONS
        x = np.column_stack([np.ones(inside.sum()), design_NC[inside]])
        left_N = value_N[inside] - x @ np.linalg.lstsq(x, value_N[inside], rcond=None)[0]
        found.append(1 - left_N.var() / value_N[inside].var())
    return max(found)


SHARES = [(0.4, 0.2, 0.1), (0.0, 0.0, 0.8), (0.0, 0.5, 0.0), (0.3, 0.0, 0.3)]


@pytest.mark.parametrize("shares", SHARES, ids=str)
@pytest.mark.parametrize("place", ["across", "within"])
def test_the_parts_have_the_shares_that_were_asked_for(
    cohort: Path, tmp_path: Path, shares: tuple[float, float, float], place: str
) -> None:
    a, d, e = shares
    made = simulated(
        cohort,
        tmp_path,
        kind="quantitative",
        h2=a + d + e,
        dominance=d,
        epistasis=e,
        epistasis_place=place,
        causal=7,
        environment=0.1,
    )
    parts = made.parts
    for name, share in zip(("additive", "dominance", "epistasis"), shares, strict=True):
        assert parts[name].var(ddof=0) == pytest.approx(share, abs=1e-7)
        expected = share / parts["liability"].var(ddof=0)
        assert made.about["shares"][name] == pytest.approx(expected, abs=1e-6)
    assert parts["genetic"].var(ddof=0) == pytest.approx(a + d + e, abs=1e-6)
    total_N = parts[["additive", "dominance", "epistasis"]].sum(axis=1)
    np.testing.assert_allclose(parts["genetic"], total_N, atol=1e-7)
    means = parts[["dominance", "epistasis"]].groupby(POPULATIONS).mean()
    np.testing.assert_allclose(means, 0, atol=1e-7)
    within = made.about["shares_within"]
    around_N = parts["liability"] - parts["liability"].groupby(POPULATIONS).transform("mean")
    assert within["dominance"] == pytest.approx(d / around_N.var(ddof=0), abs=1e-6)
    assert sum(made.about["shares"][name] for name in ("genetic", "environment", "noise", "covariance")) == (
        pytest.approx(1 - made.about["shares"]["environment_family"])
    )
    terms = made.truth["term"].value_counts().to_dict()
    expected_terms = {"additive": 7 * (a > 0), "dominance": 5 * (d > 0), "epistasis": 4 * (e > 0)}
    assert terms == {name: n for name, n in expected_terms.items() if n}
    assert made.truth["snp"].is_unique
    assert made.truth["snp"].tolist() == sorted(made.truth["snp"])
    assert (made.truth["effect"] != 0).all()


@pytest.mark.parametrize("form", ["product", "xor"])
@pytest.mark.parametrize("place", ["across", "within"])
def test_epistasis_is_the_form_and_no_single_snp_says_anything_of_it(
    cohort: Path, tmp_path: Path, form: str, place: str
) -> None:
    """Recomputed from genotypes and truth: the form without what the pair's SNPs say by themselves."""
    options = {
        "h2": 0.8,
        "epistasis": 0.8,
        "epistasis_form": form,
        "epistasis_place": place,
        "epistasis_pairs": 3,
    }
    made = simulated(cohort, tmp_path, **options)
    pairs = made.truth[made.truth["term"] == "epistasis"]
    first_P, second_P = rows(pairs), rows(pairs, "partner")
    assert len(pairs) == len(made.truth) == 6
    assert sorted(first_P) == sorted(second_P)
    same_P = CHROMOSOME_M[first_P] == CHROMOSOME_M[second_P]
    assert same_P.all() if place == "within" else not same_P.any()
    if place == "within":
        assert np.abs(first_P - second_P).max() <= 4
    x_NP = counts(cohort, first_P)
    for name in np.unique(POPULATIONS):
        p_P = x_NP[name == POPULATIONS].mean(axis=0) / 2
        assert np.minimum(p_P, 1 - p_P).min() >= 0.245
    value_N = made.parts["epistasis"].to_numpy()
    indicators = np.concatenate([x_NP == 1, x_NP == 2], axis=1).astype(float)
    assert explained(value_N, indicators) < 1e-6  # by all SNPs of pairs together, in any population
    product_N, effects = np.zeros(N), pairs["effect"].to_numpy()
    for k in np.flatnonzero(first_P < second_P):
        pair_N2 = counts(cohort, np.array([first_P[k], second_P[k]]))
        raw_N = np.prod(pair_N2 - pair_N2.mean(axis=0), axis=1)
        product_N += effects[k] * (((pair_N2 > 0).sum(axis=1) == 1) if form == "xor" else raw_N)
    left_N = value_N - product_N
    # What is left of the forms is what single SNPs say: of the pairs across, of neighbours too within LD blocks.
    singles = indicators
    if place == "within":
        near = np.unique([first_P + k for k in range(-20, 21)])
        near_NK = counts(cohort, near[(near >= 0) & (near < M)])
        singles = np.concatenate([near_NK == 1, near_NK == 2], axis=1).astype(float)
    assert explained(left_N, singles) > 1 - 1e-6


def test_dominance_is_of_heterozygotes_and_says_nothing_by_counts(cohort: Path, tmp_path: Path) -> None:
    made = simulated(cohort, tmp_path, h2=0.7, dominance=0.5, dominance_snps=6, causal=4)
    of = made.truth[made.truth["term"] == "dominance"]
    x_NC = counts(cohort, rows(of))
    value_N = made.parts["dominance"].to_numpy()
    assert explained(value_N, x_NC) < 1e-6
    design = np.column_stack([x_NC, made.parts["additive"]])
    assert explained(value_N - (x_NC == 1) @ of["effect"].to_numpy(), design) > 1 - 1e-6
    assert (of["partner"].fillna("") == "").all()


def test_an_additive_trait_is_as_it_was(cohort: Path, tmp_path: Path) -> None:
    """It has no further columns, and a part more moves none of its draws."""
    alone = simulated(cohort, tmp_path / "alone", h2=0.5, causal=6)
    assert list(alone.truth.columns) == TRUTH
    assert not {"additive", "dominance", "epistasis"} & {*alone.parts.columns, *alone.about["shares"]}
    more = simulated(cohort, tmp_path / "more", h2=0.6, causal=6, epistasis=0.1)
    of = more.truth[more.truth["term"] == "additive"]
    assert of["snp"].tolist() == alone.truth["snp"].tolist()
    np.testing.assert_allclose(of["effect"], alone.truth["effect"], rtol=1e-6)
    np.testing.assert_allclose(more.parts["additive"], alone.parts["genetic"], atol=1e-7)


def test_ascertained_traits_state_the_parts_of_who_is_kept(cohort: Path, tmp_path: Path) -> None:
    made: Tables = simulated(
        cohort, tmp_path, h2=0.6, causal=5, dominance=0.2, prevalence=0.3, ascertain={"case_share": 0.5}
    )
    kept = made.parts["dominance"].var(ddof=0) / made.parts["liability"].var(ddof=0)
    assert made.about["shares_kept"]["dominance"] == pytest.approx(kept, rel=1e-6)


def test_removed_differences_between_populations_are_the_additive_parts(cohort: Path, tmp_path: Path) -> None:
    made = simulated(cohort, tmp_path, h2=0.6, causal=5, epistasis=0.3, between="removed")
    parts = made.parts[["additive", "epistasis", "genetic"]]
    np.testing.assert_allclose(parts.groupby(POPULATIONS).mean(), 0, atol=1e-7)
    np.testing.assert_allclose(parts["genetic"], parts["additive"] + parts["epistasis"], atol=1e-7)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"epistasis": 0.5, "epistasis_pairs": 90},
            r"epistasis_pairs is 90, but only \d+ pairs across chromosomes can be drawn with MAF >= 0.25",
        ),
        (
            {"epistasis": 0.5, "epistasis_pairs": 90, "epistasis_place": "within"},
            "pairs within LD blocks can be drawn",
        ),
        ({"dominance": 0.5, "dominance_snps": 161}, "dominance_snps is 161, but 160 SNPs can be drawn"),
        ({"dominance": 0.6}, "dominance: dominance is 0.6, but h2 is 0.5; they are parts of it"),
        ({"dominance": 0.3, "epistasis": 0.3}, r"epistasis: dominance \+ epistasis is 0.6, but h2 is 0.5"),
        ({"dominance": 0.3, "causal": 0}, "causal: no causal SNPs, but h2 is 0.5, of which 0.2 is additive"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused(
    cohort: Path, tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        simulated(cohort, tmp_path, h2=0.5, **options)


def test_the_number_of_causal_snps_counts_all_parts() -> None:
    given = {name: schema["default"] for name, schema in OPTIONS.items()} | {"h2": 0.8, "causal": 10}
    assert causal_snps(given) == 10
    assert causal_snps(given | {"dominance": 0.2}) == 15
    pure = given | {"epistasis": 0.5, "dominance": 0.3, "causal": 0}
    assert additive(pure) == 0
    assert causal_snps(pure) == 9
    assert not list(problems(pure))
    entry = {"simulate": pure, "snps": 8}
    assert [message for _, message in checks.alone(entry)] == [
        "9 causal SNPs, but the model sees only 8 (snps)"
    ]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "h2 0.5 by 20 causal SNPs, "),
        ({"dominance": 0.2}, "h2 0.5 (additive 0.3 by 20 causal SNPs, dominance 0.2 by 5 SNPs), "),
        ({"epistasis": 0.5}, "h2 0.5 (epistasis 0.5 by 2 pairs across chromosomes (product and xor)), "),
        (
            {"epistasis": 0.5, "epistasis_pairs": 1, "epistasis_place": "within"},
            "h2 0.5 (epistasis 0.5 by 1 pair within LD blocks (product)), ",
        ),
    ],
)
def test_a_trait_says_what_its_genes_do(options: dict[str, Any], words: str) -> None:
    given = {name: schema["default"] for name, schema in OPTIONS.items()}
    assert words in describe(given | options)
