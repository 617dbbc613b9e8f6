"""Attributions against closed forms: a linear model leaves no freedom."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from hand_built import OF_NETWORKS
from stratbench.attributions import replacing, run
from stratbench.attributions.contract import Explained
from stratbench.attributions.methods import (
    gradient_dosage,
    gradient_input,
    integrated_gradients,
    lrp,
    occlusion,
)
from stratbench.attributions.run import attribute, explained
from stratbench.attributions.scores import Accumulator, Averages, balanced_weights, members
from stratbench.core import files
from stratbench.core.errors import ScientificFailure, UserError
from stratbench.task.model_data import load
from stratbench.training.fit import fit_one
from stratbench.training.setup import Setup, set_up
from stratbench.training.store import restore
from trained import outputs, spec, write_dataset

Case = tuple[Setup, Explained, dict[str, Any]]
NAMES = ["cohort", "trait", "split", "model"]
MEAN = {"baseline": "mean"}
FEW = {"expected-gradients": {"draws": 8, "max_draws": 8}}


def explain(directory: Path, model: dict[str, Any], own: dict[str, Any]) -> Case:
    paths = write_dataset(directory)
    fit_one(paths, outputs(directory), model=model, adjustments=[own], seeds=2, names=NAMES)
    data = load(paths)
    variables = restore(directory / "params.msgpack", directory / "fit.json", data.split_sha256)[1]
    setup = set_up(data, model, [own], 0)
    return setup, explained(setup)(variables), paths


@pytest.fixture(scope="module")
def linear(tmp_path_factory: pytest.TempPathFactory) -> Case:
    model, own = spec("model", "linear", epochs=20), spec("adjustment", "input-residual", pcs=3)
    return explain(tmp_path_factory.mktemp("linear"), model, own)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Case:
    model = spec("model", "mlp", epochs=20, widths=[32], start=1, lasso=0)
    return explain(tmp_path_factory.mktemp("mlp"), model, spec("adjustment", "none"))


def inputs(setup: Setup) -> tuple[jnp.ndarray, jnp.ndarray]:
    i_B = jnp.asarray(setup.data.rows("test"))
    return setup.network.inputs(i_B), i_B


def test_a_linear_models_attributions_are_its_weights_times_the_input(linear: Any) -> None:
    setup, explain, _ = linear
    x_BM, i_B = inputs(setup)
    w_M = np.asarray(explain.variables.params["encoder"]["kernel"])[:, 0] / np.sqrt(160)
    expected_BM = w_M * (np.asarray(x_BM) - np.asarray(explain.background.baseline_M))
    for module, options in ((gradient_input, {}), (integrated_gradients, {"steps": 3}), (occlusion, {})):
        a_BM, _ = module.attribute(explain, x_BM, i_B, options | MEAN)
        np.testing.assert_allclose(a_BM, expected_BM, atol=2e-6)


def test_the_reference_score_is_the_sigmoids_gradient_times_the_dosage(linear: Any) -> None:
    setup, explain, _ = linear
    x_BM, i_B = inputs(setup)
    w_M = np.asarray(explain.variables.params["encoder"]["kernel"])[:, 0] / np.sqrt(160)
    p_B1 = 1 / (1 + np.exp(-np.asarray(explain.f(x_BM, i_B))))[:, None]
    sd_M = setup.data.genotypes.sd_M
    dosage_BM = np.asarray(explain.dosage(i_B))
    expected_BM = (
        p_B1 * (1 - p_B1) * np.divide(w_M, sd_M, out=np.zeros_like(sd_M), where=sd_M > 0) * dosage_BM
    )
    a_BM, _ = gradient_dosage.attribute(explain, x_BM, i_B, {})
    np.testing.assert_allclose(a_BM, expected_BM, rtol=1e-4, atol=1e-7)
    assert set(np.unique(dosage_BM)) <= {0.0, 1.0, 2.0}


def test_the_baseline_is_the_training_mean(linear: Any) -> None:
    setup, explain, _ = linear
    np.testing.assert_allclose(explain.background.baseline_M, 0, atol=1e-6)  # of standardised inputs
    expected = 1 / np.where(setup.data.genotypes.sd_M > 0, setup.data.genotypes.sd_M, np.inf)
    np.testing.assert_allclose(explain.background.per_dosage_M, expected, rtol=1e-5)


@pytest.mark.parametrize("snps_at_once", [1, 7, 160, 1000])
def test_occlusion_is_the_fall_of_f_without_a_snp(
    network: Any, monkeypatch: pytest.MonkeyPatch, snps_at_once: int
) -> None:
    """Compared with one changed input after the other; the last batch is full, shorter, or the only one."""
    setup, explain, _ = network
    x_BM, i_B = (part[:5] for part in inputs(setup))
    monkeypatch.setattr(replacing, "NUMBERS", snps_at_once * x_BM.size)
    a_BM, figures = occlusion.attribute(explain, x_BM, i_B, MEAN)
    assert (a_BM.shape, figures) == (x_BM.shape, {})
    baseline_M = np.asarray(explain.background.baseline_M) + 0.5
    other = explain._replace(background=explain.background._replace(baseline_M=jnp.asarray(baseline_M)))
    a_BM, _ = occlusion.attribute(other, x_BM, i_B, MEAN)
    f_B = np.asarray(explain.f(x_BM, i_B))
    for snp in (0, 1, 6, 7, 80, 159):
        changed_BM = np.array(x_BM)
        changed_BM[:, snp] = baseline_M[snp]
        lost_B = f_B - np.asarray(explain.f(jnp.asarray(changed_BM), i_B))
        np.testing.assert_allclose(a_BM[:, snp], lost_B, atol=1e-5)
    assert np.abs(a_BM).max() > 0.01


def test_a_model_without_a_gradient_is_not_explained_by_one() -> None:
    model, wanted = spec("model", "boosting"), {"label": spec("attribution", "gradient-input")}
    said = "attribution 'gradient-input' needs the gradient of f, which model 'boosting' does not have; take occlusion"
    with pytest.raises(UserError, match=said):
        attribute({}, {}, fits=[{"model": model, "adjustments": [], "attributions": wanted, "names": NAMES}])


def test_gradients_are_finite_differences(network: Any) -> None:
    setup, explain, _ = network
    x_BM, i_B = inputs(setup)
    rng = np.random.default_rng(0)
    direction_BM = jnp.asarray(rng.normal(size=x_BM.shape), jnp.float32)
    step = 1e-2
    difference_B = (
        explain.f(x_BM + step * direction_BM, i_B) - explain.f(x_BM - step * direction_BM, i_B)
    ) / (2 * step)
    slope_B = jnp.sum(explain.gradient(x_BM, i_B) * direction_BM, axis=1)
    assert np.median(np.abs(difference_B - slope_B) / (np.abs(slope_B) + 1e-3)) < 0.02


def test_integrated_gradients_become_complete_with_more_steps(network: Any) -> None:
    setup, explain, _ = network
    x_BM, i_B = inputs(setup)
    errors = []
    change_B = explain.f(x_BM, i_B) - explain.f(0 * x_BM, i_B)
    for steps in (1, 256):
        _, figures = integrated_gradients.attribute(explain, x_BM, i_B, {"steps": steps} | MEAN)
        np.testing.assert_allclose(figures["change"], change_B, atol=1e-5)
        errors.append(float(figures["error"].mean()))
    assert errors[1] < 0.5 * errors[0]


def test_steps_are_doubled_until_the_error_is_small_or_flagged() -> None:
    options = {"steps": 4, "max_steps": 10, "tolerance": 0.01}
    bad = {"error": np.array([0.5]), "change": np.array([1.0])}
    good = {"error": np.array([0.005]), "change": np.array([1.0])}
    assert integrated_gradients.refine(options, bad)["steps"] == 8
    assert integrated_gradients.refine(options | {"steps": 8}, bad)["steps"] == 10
    assert integrated_gradients.refine(options | {"steps": 10}, bad) is None
    assert integrated_gradients.refine(options, good) is None
    assert integrated_gradients.summary(options, bad)["flagged"]
    assert not integrated_gradients.summary(options, good)["flagged"]


def test_populations_weigh_the_same() -> None:
    weights = balanced_weights(np.array(["a", "a", "a", "b"]))
    np.testing.assert_allclose(weights, [1 / 6, 1 / 6, 1 / 6, 1 / 2])


def accumulated(a_NM: np.ndarray, groups: Averages, size: int) -> dict[str, np.ndarray]:
    sums = Accumulator(a_NM.shape[1], groups)
    for start in range(0, len(a_NM), size):
        sums.add(a_NM[start : start + size])
    return sums.columns()


@pytest.mark.parametrize("size", [1, 3, 10])
def test_scores_do_not_depend_on_how_people_are_batched(size: int) -> None:
    a_NM = np.random.default_rng(0).normal(size=(10, 4))
    weight_N = balanced_weights(np.array(list("aaaabbbbbb")))
    found = accumulated(a_NM, Averages(weight_N[:, None], weight_N), size)
    assert list(found) == ["score", "rms", "mean"]
    np.testing.assert_allclose(found["score"], weight_N @ np.abs(a_NM))
    np.testing.assert_allclose(found["rms"], np.sqrt(weight_N @ a_NM**2))
    np.testing.assert_allclose(found["mean"], weight_N @ a_NM)


@pytest.mark.parametrize("size", [1, 3, 10])
def test_classes_populations_and_blocks_have_scores_of_their_own(size: int) -> None:
    a_NM = np.random.default_rng(0).normal(size=(10, 4))
    population_N = np.array(list("aaaabbbbbb"))
    weight_N = balanced_weights(population_N)
    block_M = np.array([0, 1, 0, 2])
    further = members(np.resize([0, 1], 10), "class") | members(population_N, "population")
    found = accumulated(a_NM, Averages(weight_N[:, None], weight_N, further, block_M), size)
    np.testing.assert_allclose(found["score"], weight_N @ np.abs(a_NM))
    np.testing.assert_allclose(found["score_class_1"], np.abs(a_NM[1::2]).mean(axis=0))
    np.testing.assert_allclose(found["mean_population_b"], a_NM[4:].mean(axis=0))
    np.testing.assert_allclose(found["rms_population_a"], np.sqrt((a_NM[:4] ** 2).mean(axis=0)))
    sum_N = a_NM[:, 0] + a_NM[:, 2]
    sd = np.sqrt(weight_N @ (sum_N - weight_N @ sum_N) ** 2)
    np.testing.assert_allclose(found["block_sd"][[0, 2]], sd)
    assert list(found["block"]) == [0, 1, 0, 2]


def test_the_reference_score_averages_per_class_before_the_absolute_value() -> None:
    a_NM = np.array([[1.0], [-1.0], [3.0], [3.0]])
    classes = np.array([[0.5, 0], [0.5, 0], [0, 0.5], [0, 0.5]])
    np.testing.assert_allclose(accumulated(a_NM, Averages(classes, classes[:, 0]), 4)["score"], [3.0])


def write_tables(network: Case, folder: Path, specs: dict[str, Any]) -> tuple[dict[str, Path], Any]:
    """The tables of attributions of the network's fit, and what their record says."""
    paths = network[2]
    out = outputs(Path(paths["bed"]).parent)
    tables = {label: folder / f"{label}.tsv.gz" for label in specs}
    model, none = spec("model", "mlp", epochs=20, widths=[32], start=1, lasso=0), [spec("adjustment", "none")]
    attribute(
        paths | {"params": [out["params"]], "fit_json": [out["fit"]]},
        {"tables": list(tables.values()), "records": [folder / "a.json"]},
        fits=[{"model": model, "adjustments": none, "attributions": specs, "names": NAMES}],
    )
    return tables, files.read_json(folder / "a.json")


def test_tables_of_all_methods_and_seeds(network: Any, tmp_path: Path) -> None:
    specs = {label: spec("attribution", label, **FEW.get(label, {})) for label in OF_NETWORKS}
    tables, about = write_tables(network, tmp_path, specs)
    for path in tables.values():
        table = files.read_tsv(path)
        assert list(table) == ["seed", "snp", "score", "rms", "mean"]
        assert list(table["snp"][:160]) == list(network[0].data.snp_M)
        assert set(table["seed"]) == {1, 2}
        assert (table["score"] >= 0).all()
        assert table["score"].max() > 0
        assert (table["rms"] >= table["mean"].abs() - 1e-9).all()
    for label in ("integrated-gradients", "deeplift", "expected-gradients", "lrp"):
        assert about[label]["completeness_error"]["max"] >= 0
    assert about["deeplift"]["completeness_error"]["max"] < 1e-4
    assert 0 < about["expected-gradients"]["ancestry_share"] < 1.5


def test_a_method_that_fails_alone_leaves_a_reason_and_the_others_tables(
    network: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: Any) -> None:
        raise ScientificFailure("lrp has no rule")

    def with_edge(*arguments: Any) -> Setup:
        setup = set_up(*arguments)
        edged = replace(setup.network.architecture, edge=7)
        return replace(setup, network=replace(setup.network, architecture=edged))

    monkeypatch.setattr(lrp, "attribute", refuses)
    monkeypatch.setattr(run, "set_up", with_edge)
    specs = {"lrp": spec("attribution", "lrp"), "by": spec("attribution", "gradient-input")}
    specs["by"]["options"]["by"] = ["class", "population", "block"]
    tables, about = write_tables(network, tmp_path, specs)
    assert about["lrp"] == {"status": "failed", "reason": "lrp has no rule"}
    assert len(files.read_tsv(tables["lrp"])) == 0
    assert about["by"]["edge"] == 7
    parts = [f"{what}_{who}" for who in ("class_0", "class_1", "population_p1", "population_p2")
             for what in ("score", "rms", "mean")]  # fmt: skip
    table = files.read_tsv(tables["by"])
    assert list(table) == ["seed", "snp", "score", "rms", "mean", *parts, "block", "block_sd"]
    np.testing.assert_allclose(
        table["score"], table[["score_population_p1", "score_population_p2"]].mean(axis=1)
    )
