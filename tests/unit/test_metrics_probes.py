"""Probes on features whose answer is known."""

import time

import numpy as np
import pytest

from stratbench.metrics import rows
from stratbench.metrics.estimate import Estimate
from stratbench.probes import run
from stratbench.probes.decode import (
    decode,
    decode_from_logit,
    failed_rows,
    null_of_logit,
    permuted,
    probe_rows,
)
from stratbench.training.fit import fit_one
from trained import outputs, spec, write_dataset

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


def test_permuted_populations_keep_their_number_in_every_class_and_nothing_else(rng, population):
    y = (rng.random(700) < np.where(population == "CEU", 0.8, 0.2)).astype(float)
    found = permuted(population, y, 3)
    for label in (0, 1):
        own, kept = found[y == label], population[y == label]
        assert sorted(own) == sorted(kept)
        assert (own == kept).mean() < 0.65
    assert (permuted(population, y, 3) == found).all()
    assert (permuted(population, y, 4) != found).any()


def test_the_null_of_a_probe_is_chance_however_well_it_decodes(rng, population):
    code = np.unique(population, return_inverse=True)[1].astype(float)
    y = (rng.random(700) < 0.3 + 0.2 * code).astype(float)
    logit = 3 * code + y + rng.normal(size=700)
    known = (logit[TRAIN], y[TRAIN], population[TRAIN], logit[TEST], y[TEST], population[TEST])
    assert decode_from_logit(*known, 1).value > 0.85
    nulls = [null_of_logit(*known, seed) for seed in range(20)]
    assert np.mean([one.value for one in nulls]) == pytest.approx(1 / 3, abs=0.03)
    shuffled = [
        (permuted(population[TRAIN], y[TRAIN], k), permuted(population[TEST], y[TEST], k)) for k in range(5)
    ]
    alone = [decode_from_logit(*known[:2], a, *known[3:5], b, 0).value for a, b in shuffled]
    assert nulls[0].value == pytest.approx(np.mean(alone))
    assert np.std(alone) < 2 * nulls[0].se
    assert null_of_logit(*known[:4], known[4], np.full(300, "all"), 1).status == "not-applicable"
    feature = 3 * code[:, None] + rng.normal(size=(700, 5))
    at_random = [permuted(population, np.zeros(700), seed) for seed in range(6)]
    null = [
        decode(feature[TRAIN], one[TRAIN], feature[TEST], one[TEST], 1)["linear"].value for one in at_random
    ]
    assert null == pytest.approx([1 / 3] * 6, abs=0.1)


def test_untrained_networks_are_probed_once_and_a_mixed_model_is_not_fitted_again(tmp_path, monkeypatch):
    """Adjustments that change no hidden feature share their untrained network, whatever their state is."""
    files = write_dataset(tmp_path / "data")
    names, decoded, fitted = ("none", "mixed-model", "input-residual"), [], []
    fits = [{"model": "linear", "adjustment": name} for name in names]
    for fit in fits:
        asked = {
            "model": spec("model", "linear", epochs=2),
            "adjustments": [spec("adjustment", fit["adjustment"])],
        }
        fit_one(
            files, outputs(tmp_path / fit["adjustment"]), **asked, seeds=1, names=["c", "t", "s", "linear"]
        )
        fit["specs"] = asked
    monkeypatch.setattr(run, "decode", lambda *of: decoded.append(of) or decode(*of))
    states = run.fitted_states
    monkeypatch.setattr(run, "fitted_states", lambda *of: fitted.append(of) or states(*of))
    made = [outputs(tmp_path / name) for name in names]
    lists = {"params": [one["params"] for one in made], "fit_json": [one["fit"] for one in made]}
    place = {"study": "x", "scenario": "c", "replicate": 1, "cohort": "c", "trait": "t", "split": "s"}
    run.probe(files | lists, {"probes": tmp_path / "probes.tsv"}, fits=fits, place=place)
    assert len(decoded) == 8  # two untrained networks, and trained and permuted of three fits
    assert len(fitted) == 1
    table = rows.read(tmp_path / "probes.tsv").set_index(["adjustment", "metric"])["value"]
    for kind in ("linear", "nonlinear"):
        assert (
            table["none", f"ancestry_{kind}_untrained"] == table["mixed-model", f"ancestry_{kind}_untrained"]
        )
        assert table["none", f"ancestry_{kind}_permuted"] == pytest.approx(0.5, abs=0.35)
    assert ("input-residual", "ancestry_logit_permuted") in table


def test_logit_probe_takes_quantitative_traits_and_says_when_it_cannot(rng, population):
    y = rng.normal(size=700)
    args = (y[TRAIN], y[TRAIN], population[TRAIN], y[TEST], y[TEST], population[TEST], 1)
    assert decode_from_logit(*args).value == pytest.approx(1 / 3, abs=0.12)
    y = (population == "CEU").astype(float)
    args = (y[TRAIN], y[TRAIN], population[TRAIN], y[TEST], y[TEST], population[TEST], 1)
    assert decode_from_logit(*args).status == "not-applicable"


def test_rows_have_the_contracts_names():
    some = dict.fromkeys(("linear", "nonlinear", "chance"), Estimate(0.5, 10))
    found = probe_rows(
        {"model": "cnn", "seed": 3}, some, some, Estimate(0.4, 10, 0.1), some, Estimate(0.3, 10)
    )
    assert [row["metric"] for row in found] == [
        "ancestry_chance", "ancestry_linear", "ancestry_linear_untrained", "ancestry_linear_permuted",
        "ancestry_nonlinear", "ancestry_nonlinear_untrained", "ancestry_nonlinear_permuted", "ancestry_logit",
        "ancestry_logit_se", "ancestry_logit_permuted",
    ]  # fmt: skip
    assert {row["status"] for row in failed_rows({}, "loss is NaN")} == {"failed"}
