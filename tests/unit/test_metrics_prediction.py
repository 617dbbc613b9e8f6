"""Prediction metrics against scikit-learn, SciPy, resampling and examples worked by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn import metrics as peer

from stratbench.metrics.auroc import auroc, auroc_stratified
from stratbench.metrics.correlation import partial, pearson, pearson_stratified, r2
from stratbench.metrics.prediction import accuracy, auprc, brier, ece, evaluate, names


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def sample(rng: np.random.Generator, n: int = 300) -> tuple[np.ndarray, np.ndarray]:
    y = rng.integers(0, 2, n).astype(float)
    return y, np.round(y + rng.normal(0, 1.5, n), 1)  # rounded: with ties


def test_auroc_is_scikit_learns(rng):
    y, score = sample(rng)
    assert auroc(y, score).value == pytest.approx(peer.roc_auc_score(y, score), abs=1e-12)


def test_delong_error_by_its_definition_and_by_bootstrap(rng):
    y, score = sample(rng, 120)
    case, control = score[y == 1], score[y == 0]
    psi = (case[:, None] > control) + 0.5 * (case[:, None] == control)
    by_hand = np.sqrt(psi.mean(axis=1).var(ddof=1) / len(case) + psi.mean(axis=0).var(ddof=1) / len(control))
    found = auroc(y, score)
    assert found.se == pytest.approx(by_hand, abs=1e-12)
    draws = [
        auroc(
            np.repeat([1.0, 0.0], [len(case), len(control)]),
            np.concatenate([rng.choice(case, len(case)), rng.choice(control, len(control))]),
        ).value
        for _ in range(2000)
    ]
    assert found.se == pytest.approx(np.std(draws), rel=0.08)


def test_auroc_intervals_cover():
    rng, truth, inside = np.random.default_rng(1), stats.norm.cdf(1 / np.sqrt(2)), 0
    y = np.repeat([1.0, 0.0], 60)
    for _ in range(600):
        found = auroc(y, y + rng.normal(size=120))
        inside += abs(found.value - truth) < 1.96 * found.se
    assert 0.92 < inside / 600 < 0.98


def test_auroc_without_an_answer_says_why():
    assert auroc(np.ones(5), np.arange(5.0)).status == "not-applicable"
    assert "one class" in auroc(np.ones(5), np.arange(5.0)).reason
    assert "missing or infinite for 1 of 2" in auroc(np.array([0.0, 1]), np.array([np.nan, 1])).reason
    assert auroc(np.array([]), np.array([])).reason == "no individuals"
    constant = auroc(np.array([0.0, 1, 0, 1]), np.zeros(4))
    assert (constant.value, constant.se) == (0.5, 0)


def test_stratified_auroc_by_hand():
    # a: 2 cases x 2 controls, 3 of 4 pairs concordant; b: 1 x 3, 1 of 3; c has no control.
    y = np.array([1, 1, 0, 0, 1, 0, 0, 0, 1, 1], dtype=float)
    score = np.array([4, 2, 3, 1, 12, 11, 13, 14, 50, 60], dtype=float)
    population = np.array(list("aaaabbbbcc"))
    found = auroc_stratified(y, score, population, least=1)
    assert found.value == pytest.approx((3 + 1) / (4 + 3))
    assert found.n == 8
    of_a = auroc(y[:4], score[:4]).se * 4 / 7  # DeLong's; b has one case: its deviation over its leverage
    of_b = (1 - 4 / 7 * 3) / 7 / np.sqrt(1 - 3 / 7)
    assert found.se == pytest.approx(np.hypot(of_a, of_b))
    few = auroc_stratified(y, score, population)
    assert few.status == "not-applicable"
    assert few.reason == (
        "test people: 3 cases are of a population with cases and controls, and 10 unrelated ones are needed"
    )


def test_relatives_are_one_unit(rng):
    """Everybody there twice: the value is the same, and so is its error once twins are one family."""
    y, score = sample(rng, 120)
    population = np.repeat(["a", "b", "c"], 40)
    twice, family = np.tile(np.arange(120), 2), np.tile(np.arange(120), 2)
    for once, again in (
        (auroc(y, score), auroc(y[twice], score[twice], family)),
        (
            auroc_stratified(y, score, population),
            auroc_stratified(y[twice], score[twice], population[twice], family),
        ),
        (accuracy(y, score / 9), accuracy(y[twice], score[twice] / 9, family)),
    ):
        assert again.value == pytest.approx(once.value)
        assert again.se == pytest.approx(once.se)
    one = auroc_stratified(y[twice], score[twice], population[twice], population[twice])
    assert f"{2 * int(y.sum())} cases of 3 families" in one.reason


def test_within_families_only_siblings_are_compared(rng):
    """What families share predicts between them, and nothing within them."""
    family = np.repeat(np.arange(100), 4)
    shared = rng.normal(size=100)[family]
    y = (shared + rng.normal(size=400) > 0).astype(float)
    assert auroc(y, shared, family).value > 0.7
    within = auroc_stratified(y, shared, family, family, group="family")
    assert (within.value, within.se) == (0.5, 0)
    both = auroc_stratified(y, shared + 0.5 * y, family, family, group="family")
    assert both.value == 1
    assert both.se > 0  # DeLong's is 0 there
    correlated = pearson_stratified(shared + y, shared - y, family, family, group="family")
    assert correlated.value == pytest.approx(-1)


def test_family_errors_are_those_of_a_family_bootstrap(rng):
    family = np.repeat(np.arange(60), 8)
    shared = rng.normal(size=60)[family]
    y = (shared + rng.normal(size=480) > 0).astype(float)
    score = 0.3 * y + shared + rng.normal(size=480)
    members = np.arange(480).reshape(60, 8)
    for measure in (auroc, pearson, r2, accuracy):
        draws = [
            measure(y[chosen], score[chosen]).value
            for chosen in (members[rng.integers(0, 60, 60)].ravel() for _ in range(400))
        ]
        found = measure(y, score, family)
        assert found.se == pytest.approx(np.std(draws), rel=0.15)
        assert found.se > 1.2 * measure(y, score).se


def test_the_error_at_a_perfect_auroc_is_that_of_clopper_and_pearson():
    y = np.repeat([1.0, 0.0], [20, 50])
    found = auroc(y, y)
    assert found.value == 1
    assert 1 - 1.959964 * found.se == pytest.approx(stats.binomtest(20, 20).proportion_ci(method="exact").low)
    assert np.isnan(auroc(y[19:], y[19:]).se)  # a single case


def test_stratified_error_combines_strata(rng):
    y, score = sample(rng, 400)
    population = np.repeat(["a", "b"], [150, 250])
    parts = [auroc(y[population == p], score[population == p]) for p in "ab"]
    pairs = np.array([(y[population == p] == 1).sum() * (y[population == p] == 0).sum() for p in "ab"])
    weight = pairs / pairs.sum()
    found = auroc_stratified(y, score, population)
    assert found.se == pytest.approx(
        np.sqrt(sum((w * p.se) ** 2 for w, p in zip(weight, parts, strict=True)))
    )


def test_a_population_label_predicts_nothing_within_populations(rng):
    population = np.repeat(["a", "b"], 200)
    y = (rng.random(400) < np.where(population == "a", 0.8, 0.2)).astype(float)
    score = (population == "a").astype(float)
    assert auroc(y, score).value > 0.7
    assert auroc_stratified(y, score, population).value == 0.5


def test_accuracy_brier_auprc(rng):
    y, score = sample(rng)
    probability = 1 / (1 + np.exp(-score))
    assert accuracy(y, probability).value == peer.accuracy_score(y, probability > 0.5)
    assert brier(y, probability).value == pytest.approx(peer.brier_score_loss(y, probability))
    assert auprc(y, score).value == pytest.approx(peer.average_precision_score(y, score), abs=0.02)


def test_ece_by_hand():
    # 30 people, 15 bins of two: predicted .5, observed .5 in the first 10 bins and 1 in the last 5.
    probability = np.linspace(0.4, 0.6, 30)
    y = np.array([0, 1] * 10 + [1] * 10, dtype=float)
    bins = [slice(2 * k, 2 * k + 2) for k in range(15)]
    by_hand = np.mean([abs(y[b].mean() - probability[b].mean()) for b in bins])
    assert ece(y, probability).value == pytest.approx(by_hand)


def test_ece_does_not_depend_on_order_and_a_calibrated_constant_has_none(rng):
    y, score = sample(rng, 200)
    probability, order = 1 / (1 + np.exp(-np.round(score))), rng.permutation(200)
    assert ece(y, probability).value == pytest.approx(ece(y[order], probability[order]).value, abs=1e-12)
    assert ece(y, np.full(200, y.mean())).value == pytest.approx(0, abs=1e-12)


def test_pearson_and_r2_are_scipys_and_scikit_learns(rng):
    y = rng.normal(size=80)
    score = 0.5 * y + rng.normal(size=80)
    assert pearson(y, score).value == pytest.approx(stats.pearsonr(y, score)[0])
    assert r2(y, score).value == pytest.approx(peer.r2_score(y, score))
    assert pearson(y, np.full(80, 0.1)).reason == "y or score is constant"
    assert r2(y, np.full(80, np.inf)).status == "not-applicable"


def test_within_population_correlation_ignores_what_lies_between(rng):
    population = np.repeat(["a", "b", "c"], [100, 100, 5])
    shift = np.where(population == "a", 0.0, 50.0)
    y, score = shift + rng.normal(size=205), shift + rng.normal(size=205)
    assert pearson(y, score).value > 0.99
    found = pearson_stratified(y, score, population)
    labels = np.stack([population == p for p in "abc"], axis=1).astype(float)
    left = [x - labels @ np.linalg.lstsq(labels, x, rcond=None)[0] for x in (y, score)]
    assert found.value == pytest.approx(stats.pearsonr(*left)[0])
    assert found.n == 205
    assert found.se == pytest.approx((1 - found.value**2) / np.sqrt(205 - 3 - 2))
    few = pearson_stratified(y[98:102], score[98:102], population[98:102])
    assert few.reason == "test people: 4 individuals share a population with another one; 20 are needed"
    assert pearson_stratified(y, np.zeros(205), population).status == "not-applicable"


def test_partial_correlation_is_that_of_residuals(rng):
    given = rng.normal(size=(90, 3))
    y, score = given @ [1.0, 2, 0] + rng.normal(size=90), given @ [1.0, 2, 1] + rng.normal(size=90)
    design = np.column_stack([np.ones(90), given])
    left = [x - design @ np.linalg.lstsq(design, x, rcond=None)[0] for x in (y, score)]
    found = partial(y, score, given)
    assert found.value == pytest.approx(stats.pearsonr(*left)[0])
    assert found.se == pytest.approx((1 - found.value**2) / np.sqrt(90 - 3 - 3))
    assert partial(y, score, np.hstack([given, given])).se == pytest.approx(
        found.se
    )  # the same columns twice
    assert "explained wholly" in partial(y, given[:, 0], given).reason
    assert partial(y[:20], score[:20], given[:20]).reason == "test people: 20 individuals; 26 are needed"


def test_evaluate_gives_every_promised_metric(rng):
    y, score = sample(rng, 200)
    people = pd.DataFrame({"y": y, "score": score, "probability": 1 / (1 + np.exp(-score)), "f": -score})
    people = people.assign(population="a", family=np.arange(200))
    found = {(metric, population): e for metric, population, e in evaluate("binary", people)}
    assert sorted(metric for metric, population in found) == sorted(names("binary"))
    assert found["auroc_f", ""].value == pytest.approx(1 - found["auroc", ""].value)
    people["population"] = ["a", "b"] * 100
    assert ("brier", "b") in {row[:2] for row in evaluate("binary", people)}
    quantitative = evaluate("quantitative", people.assign(probability=np.nan))
    assert {row[2].status for row in quantitative} == {"ok"}
    related = evaluate("binary", people.assign(family=np.arange(200) // 4))
    assert {"auroc_family", "auroc_family_f"} == {row[0] for row in related} - set(names("binary"))
