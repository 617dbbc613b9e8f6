"""Probes on features whose answer is known."""

import time

import numpy as np
import pytest

from stratbench.metrics.estimate import Estimate
from stratbench.probes.decode import decode, decode_from_logit, failed_rows, probe_rows

TRAIN, TEST = slice(0, 400), slice(400, 700)


def split(feature, population, seed=1):
    return decode(feature[TRAIN], population[TRAIN], feature[TEST], population[TEST], seed)


@pytest.fixture
def rng():
    return np.random.default_rng(11)


@pytest.fixture
def population(rng):
    return np.array(["CEU", "JPT", "YRI"])[rng.integers(0, 3, 700)]


def test_separable_features_are_decoded(rng, population):
    feature = rng.normal(size=(700, 20)) + 4 * (
        population[:, None] == np.unique(population)[rng.integers(0, 3, 20)]
    )
    found = split(feature, population)
    assert found["linear"].value > 0.99
    assert found["nonlinear"].value > 0.97
    assert found["chance"].value == pytest.approx(1 / 3)


def test_noise_decodes_at_chance(rng, population):
    found = [split(rng.normal(size=(700, 30)), population, seed) for seed in range(4)]
    for kind in ("linear", "nonlinear"):
        assert np.mean([f[kind].value for f in found]) == pytest.approx(1 / 3, abs=0.05)


def test_xor_needs_the_nonlinear_probe(rng):
    population = np.array(["a", "b"])[rng.integers(0, 2, 700)]
    side = rng.choice([-1, 1], 700)
    feature = rng.normal(0, 0.3, (700, 6))
    feature[:, 0] += side
    feature[:, 1] += side * np.where(population == "a", 1, -1)
    found = split(feature, population)
    assert found["linear"].value == pytest.approx(0.5, abs=0.08)
    assert found["nonlinear"].value > 0.95


def test_a_variance_over_many_features_is_seen_and_fast(rng, population):
    scale = np.where(population == "CEU", 0.8, np.where(population == "JPT", 1.0, 1.25))
    feature = rng.normal(size=(700, 2000)) * scale[:, None]
    started = time.process_time()
    found = split(feature, population)
    assert time.process_time() - started < 4  # about 0.7 s on an idle core
    assert found["nonlinear"].value > 0.95
    assert found["linear"].value < 0.5


def test_probes_repeat_to_the_bit_and_need_two_populations(rng, population):
    feature = rng.normal(size=(700, 500))
    assert split(feature, population) == split(feature, population)
    alone = split(feature, np.full(700, "all"))
    assert {e.status for e in alone.values()} == {"not-applicable"}
    assert split(feature * np.nan, population)["linear"].reason == "a feature is not finite"
    assert split(feature * 0, population)["linear"].value == pytest.approx(1 / 3)


def test_logit_given_label_is_blind_to_prevalence(rng):
    """A logit that knows y alone says nothing of the population once y is given, however confounded y is."""
    blind, shifted = [], []
    for seed in range(20):
        code = rng.integers(0, 2, 700)
        population = np.array(["a", "b"])[code]
        y = (rng.random(700) < np.where(code, 0.7, 0.3)).astype(float)
        logit = y + rng.normal(size=700)
        for values, into in ((logit, blind), (logit + 3 * code, shifted)):
            found = decode_from_logit(
                values[TRAIN], y[TRAIN], population[TRAIN], values[TEST], y[TEST], population[TEST], seed
            )
            into.append(found.value)
    assert np.mean(blind) == pytest.approx(0.5, abs=0.03)
    assert np.mean(shifted) > 0.9


def test_logit_probe_takes_quantitative_traits_and_says_when_it_cannot(rng, population):
    y = rng.normal(size=700)
    args = (y[TRAIN], y[TRAIN], population[TRAIN], y[TEST], y[TEST], population[TEST], 1)
    assert decode_from_logit(*args).value == pytest.approx(1 / 3, abs=0.12)
    y = (population == "CEU").astype(float)
    args = (y[TRAIN], y[TRAIN], population[TRAIN], y[TEST], y[TEST], population[TEST], 1)
    assert decode_from_logit(*args).status == "not-applicable"


def test_rows_have_the_contracts_names():
    some = dict.fromkeys(("linear", "nonlinear", "chance"), Estimate(0.5, 10))
    rows = probe_rows({"model": "cnn", "seed": 3}, some, some, Estimate(0.4, 10, 0.1))
    assert [row["metric"] for row in rows] == [
        "ancestry_chance", "ancestry_linear", "ancestry_linear_untrained", "ancestry_nonlinear",
        "ancestry_nonlinear_untrained", "ancestry_logit", "ancestry_logit_se",
    ]  # fmt: skip
    assert {row["status"] for row in failed_rows({}, "loss is NaN")} == {"failed"}
