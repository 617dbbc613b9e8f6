"""Corrections of hidden features and of the loss, against NumPy and against their definitions."""

from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.spatial.distance import cdist, pdist

from adjusted import batch, prepared, training
from stratbench.adjustments.contract import State
from stratbench.adjustments.methods import adversarial, dependence_penalty
from stratbench.adjustments.within import within_labels
from stratbench.task.model_data import load
from stratbench.training.fit import fit_one
from stratbench.training.setup import Setup, build_adjustment
from stratbench.training.store import restore
from trained import outputs, spec, write_dataset

NAMES = ["cohort", "trait", "split", "model"]
FEATURES = 32  # of the network mlp
MDN = {"pcs": 3, "batch_size": 8}


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return write_dataset(tmp_path_factory.mktemp("dataset"))


@pytest.fixture(scope="module")
def quantitative(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return write_dataset(tmp_path_factory.mktemp("dataset"), kind="quantitative")


def fitted(setup: Setup) -> State:
    return jax.tree.map(jnp.asarray, setup.adjustment.fit(setup.context))


def hidden(setup: Setup, seed: int = 0) -> np.ndarray:
    """Features of everyone that depend on the PCs and on the label, float32 (N, F)."""
    rng = np.random.default_rng(seed)
    shown_NK = np.hstack([setup.context.pcs_NK[:, :3], setup.data.scaled_y_N[:, None]])
    n = len(shown_NK)
    return (shown_NK @ rng.normal(size=(4, FEATURES)) + rng.normal(size=(n, FEATURES)) + 2).astype(np.float32)


def design(setup: Setup, i_B: np.ndarray) -> np.ndarray:
    """[1, PCs, y], float64."""
    return np.column_stack([setup.context.covariates(3)[i_B], setup.data.scaled_y_N[i_B]]).astype(float)


@pytest.mark.parametrize("kind", ["binary", "quantitative"])
def test_metadata_norm_is_the_regression_where_the_batch_is_everyone(
    paths: dict[str, Any], quantitative: dict[str, Any], kind: str
) -> None:
    """Then no PC is left in the features given the label, whose own part stays."""
    own = spec("adjustment", "metadata-norm", **MDN)
    setup = prepared(paths if kind == "binary" else quantitative, own, model="mlp")
    train, h_NF = setup.data.rows("train"), hidden(setup)
    x_TC = design(setup, train)
    full_CF = np.linalg.lstsq(x_TC, h_NF[train], rcond=None)[0]
    left_TF, after = setup.adjustment.features(
        fitted(setup), {}, jnp.asarray(h_NF[train]), training(setup, train)
    )
    np.testing.assert_allclose(after["coefficients"], full_CF, atol=2e-4)
    again_CF = np.linalg.lstsq(x_TC, np.asarray(left_TF), rcond=None)[0]
    np.testing.assert_allclose(again_CF[1:-1], 0, atol=2e-4)
    np.testing.assert_allclose(again_CF[[0, -1]], full_CF[[0, -1]], atol=2e-4)


def test_metadata_norm_scales_a_batch_to_the_training_set(paths: dict[str, Any]) -> None:
    setup = prepared(paths, spec("adjustment", "metadata-norm", **MDN), model="mlp")
    train, h_NF = setup.data.rows("train"), hidden(setup)
    x_TC, some = design(setup, train), train[:20]
    inverse_CC = np.linalg.inv(x_TC.T @ x_TC)
    state, means = fitted(setup), []
    for step, i_B in enumerate((some, train[20:40])):
        expected_CF = len(train) / 20 * inverse_CC @ design(setup, i_B).T @ h_NF[i_B]
        left_BF, after = setup.adjustment.features(
            state, {}, jnp.asarray(h_NF[i_B]), training(setup, i_B, step)
        )
        pcs_part_BF = design(setup, i_B)[:, 1:-1] @ expected_CF[1:-1]
        np.testing.assert_allclose(left_BF, h_NF[i_B] - pcs_part_BF, atol=2e-3)
        means.append(expected_CF)
        state = State(after, state.rows)
    np.testing.assert_allclose(after["coefficients"], np.mean(means, axis=0), atol=2e-3)
    _, late = setup.adjustment.features(state, {}, jnp.asarray(h_NF[some]), training(setup, some, 500))
    np.testing.assert_allclose(late["coefficients"], 0.9 * after["coefficients"] + 0.1 * means[0], atol=2e-3)


@pytest.mark.parametrize("recursive", [False, True])
def test_metadata_norm_reads_no_label_outside_training(paths: dict[str, Any], recursive: bool) -> None:
    own = spec("adjustment", "metadata-norm", recursive=recursive, **MDN)
    setup = prepared(paths, own, model="mlp")
    train, test, h_NF = setup.data.rows("train"), setup.data.rows("test"), hidden(setup)
    state = fitted(setup)
    _, after = setup.adjustment.features(state, {}, jnp.asarray(h_NF[train]), training(setup, train))
    assert jax.tree.structure(after) == jax.tree.structure(state.fitted)
    labelled = batch(test)._replace(y_B=jnp.ones(len(test)))
    expected = h_NF[test] - setup.context.pcs_NK[test, :3] @ np.asarray(after["coefficients"])[1:-1]
    for where in (batch(test), labelled):
        left_BF, same = setup.adjustment.features(
            State(after, state.rows), {}, jnp.asarray(h_NF[test]), where
        )
        np.testing.assert_allclose(left_BF, expected, atol=1e-5)
        assert same is after


def test_recursive_metadata_norm_is_least_squares_on_all_batches(paths: dict[str, Any]) -> None:
    """Also with forgetting, which gives a batch a weight that falls with its age."""
    for forgetting in (1.0, 0.8):
        own = spec("adjustment", "metadata-norm", recursive=True, forgetting=forgetting, drift=0, **MDN)
        setup = prepared(paths, own, model="mlp")
        h_NF, state = hidden(setup), fitted(setup)
        batches = setup.data.rows("train").reshape(-1, 12)
        for step, i_B in enumerate(batches):
            left_BF, after = setup.adjustment.features(
                state, {}, jnp.asarray(h_NF[i_B]), training(setup, i_B, step)
            )
            state = State(after, state.rows)
        weight_N = np.repeat(forgetting ** np.arange(len(batches))[::-1], 12)
        x_NC = design(setup, batches.ravel())
        gram_CC = x_NC.T @ (weight_N[:, None] * x_NC) + 0.01 * forgetting ** len(batches) * np.eye(5)
        expected_CF = np.linalg.solve(gram_CC, x_NC.T @ (weight_N[:, None] * h_NF[batches.ravel()]))
        np.testing.assert_allclose(after["coefficients"], expected_CF, atol=1e-3)
        last = batches[-1]
        pcs_part_BF = design(setup, last)[:, 1:-1] @ expected_CF[1:-1]
        np.testing.assert_allclose(left_BF, h_NF[last] - pcs_part_BF, atol=3e-3)


def test_recursive_metadata_norm_drifts_as_its_authors_have_it(paths: dict[str, Any]) -> None:
    """The same recursion by gains, with an inverse of the batch's size in place of the design's."""
    own = spec("adjustment", "metadata-norm", recursive=True, forgetting=0.9, drift=0.05, **MDN)
    setup = prepared(paths, own, model="mlp")
    h_NF, state = hidden(setup), fitted(setup)
    spread, beta_CF = 100 * np.eye(5), np.zeros((5, FEATURES))
    for step, i_B in enumerate(setup.data.rows("train").reshape(-1, 12)):
        x_BC = design(setup, i_B)
        spread = spread / 0.9
        gain = spread @ x_BC.T @ np.linalg.inv(np.eye(12) + x_BC @ spread @ x_BC.T)
        spread = spread - gain @ x_BC @ spread + 0.05 * np.eye(5)
        beta_CF = beta_CF + gain @ (h_NF[i_B] - x_BC @ beta_CF)
        _, after = setup.adjustment.features(state, {}, jnp.asarray(h_NF[i_B]), training(setup, i_B, step))
        state = State(after, state.rows)
    np.testing.assert_allclose(after["coefficients"], beta_CF, atol=2e-3)
    np.testing.assert_allclose(after["spread"], spread, atol=2e-3)


def test_the_gradient_flows_through_the_coefficients_of_a_batch_alone(paths: dict[str, Any]) -> None:
    for recursive in (False, True):
        own = spec("adjustment", "metadata-norm", recursive=recursive, **MDN)
        setup = prepared(paths, own, model="mlp")
        state, train = fitted(setup), setup.data.rows("train")[:20]
        some = training(setup, train)
        v_BF = jnp.asarray(hidden(setup, seed=1)[train])
        features = partial(setup.adjustment.features, state, {}, batch=some)
        pull = jax.vjp(lambda h_BF, of=features: of(h_BF)[0], jnp.asarray(hidden(setup)[train]))[1]
        assert np.allclose(pull(v_BF)[0], v_BF) == recursive


def test_recursive_metadata_norm_asks_for_no_batch(paths: dict[str, Any]) -> None:
    sizes = [
        build_adjustment([spec("adjustment", "metadata-norm", recursive=recursive)]).batch_size
        for recursive in (False, True)
    ]
    assert sizes == [128, 1]


def test_classes_of_the_label(paths: dict[str, Any], quantitative: dict[str, Any]) -> None:
    setup = prepared(paths, spec("adjustment", "none"))
    train = setup.data.rows("train")
    pcs_NK, member_NL = within_labels(setup.context, 2)
    np.testing.assert_array_equal(pcs_NK[train], setup.context.pcs_NK[train, :2])
    np.testing.assert_array_equal(member_NL[train, 1], setup.data.y_N[train])
    np.testing.assert_array_equal(member_NL[train].sum(axis=1), 1)
    assert not np.delete(member_NL, train, axis=0).any()
    setup = prepared(quantitative, spec("adjustment", "none"))
    train = setup.data.rows("train")
    pcs_NK, member_NL = within_labels(setup.context, 2)
    assert member_NL.shape[1] == 1
    correlation = np.corrcoef(np.column_stack([pcs_NK[train], setup.data.y_N[train]]).T)
    assert abs(np.corrcoef(setup.context.pcs_NK[train, 0], setup.data.y_N[train])[0, 1]) > 0.3
    np.testing.assert_allclose(correlation[:2, 2], 0, atol=1e-5)


def test_a_critic_is_judged_by_squared_correlations_among_controls(paths: dict[str, Any]) -> None:
    setup = prepared(paths, spec("adjustment", "adversarial", pcs=3, strength=2.0), model="mlp")
    state, h_NF = fitted(setup), hidden(setup)
    train = setup.data.rows("train")
    free = train[setup.data.y_N[train] == 0]
    critic = {name: np.asarray(value, float) for name, value in state.fitted["critic"].items()}
    assert critic["first"].shape[0] == FEATURES
    own_BF = (h_NF[free] - h_NF[free].mean(axis=0)) / h_NF[free].std(axis=0)
    guess_BK = np.tanh(own_BF @ critic["first"] + critic["bias"]) @ critic["second"]
    expected = [np.corrcoef(guess_BK[:, k], setup.context.pcs_NK[free, k])[0, 1] ** 2 for k in range(3)]
    params = setup.adjustment.init(state)
    found = setup.adjustment.penalty(
        state, params, jnp.asarray(h_NF[train]), jnp.zeros(len(train)), training(setup, train)
    )
    np.testing.assert_allclose(found, 2 * np.sum(expected), rtol=1e-4)


@pytest.mark.parametrize("strength", [0.0, 3.0])
def test_network_and_critic_pull_in_opposite_directions(paths: dict[str, Any], strength: float) -> None:
    setup = prepared(
        paths, spec("adjustment", "adversarial", pcs=3, strength=strength, pull=None), model="mlp"
    )
    state, train = fitted(setup), setup.data.rows("train")
    rows = [jnp.asarray(state.rows[name][train]) for name in ("pcs", "member")]
    params, h_BF = setup.adjustment.init(state), jnp.asarray(hidden(setup)[train])

    def total(params: Any, h_BF: Any) -> Any:
        return jnp.sum(adversarial.correlations(params, h_BF, *rows))

    def penalty(params: Any, h_BF: Any) -> Any:
        return setup.adjustment.penalty(state, params, h_BF, h_BF[:, 0], training(setup, train))

    of_critic, of_features = jax.jit(jax.grad(penalty, argnums=(0, 1)))(params, h_BF)
    up_critic, up_features = jax.jit(jax.grad(total, argnums=(0, 1)))(params, h_BF)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, -b, atol=1e-5), of_critic, up_critic)
    np.testing.assert_allclose(of_features, strength * up_features, atol=1e-5)
    assert np.abs(up_features).max() > 1e-4
    assert not np.asarray(up_features)[setup.data.y_N[train] == 1].any()  # cases do not count


@pytest.mark.parametrize("name", ["adversarial", "dependence-penalty"])
def test_a_penalty_pulls_nobody_harder_than_its_bound(paths: dict[str, Any], name: str) -> None:
    """Also where features are so small that the measure itself has a gradient without end; its direction stays."""
    found = {}
    for pull in (None, 0.5):
        setup = prepared(paths, spec("adjustment", name, pcs=3, pull=pull), model="mlp")
        state, train = fitted(setup), setup.data.rows("train")
        params, some = setup.adjustment.init(state), training(setup, train)
        penalty = partial(setup.adjustment.penalty, state, params, f_B=some.y_B, batch=some)
        value, found[pull] = jax.jit(jax.value_and_grad(penalty))(jnp.asarray(1e-3 * hidden(setup)[train]))
        assert value > 0
    free, bound = (np.linalg.norm(found[pull], axis=1) for pull in (None, 0.5))
    limit = 0.5 / len(free)
    assert free.max() > 10 * limit
    np.testing.assert_allclose(bound, np.minimum(free, limit), rtol=1e-4)
    np.testing.assert_allclose(found[None] * bound[:, None], found[0.5] * free[:, None], atol=1e-5)


def class_members(setup: Setup) -> list[np.ndarray]:
    train = setup.data.rows("train")
    return [np.flatnonzero(setup.data.y_N[train] == label) for label in (0, 1)]


def hsic_by_definition(h_BF: np.ndarray, pcs_BK: np.ndarray, rows: np.ndarray) -> float:
    kernels = []
    for z in (h_BF.astype(float), pcs_BK.astype(float)):
        d = cdist(z[rows], z[rows])
        kernels.append(np.exp(-(d**2) / (2 * np.median(pdist(z)) ** 2)))
    centre = np.eye(len(rows)) - 1 / len(rows)
    return float(np.trace(kernels[0] @ centre @ kernels[1] @ centre) / (len(rows) - 1) ** 2)


def dcor_by_definition(h_BF: np.ndarray, pcs_BK: np.ndarray, rows: np.ndarray) -> float:
    a, b = (cdist(z[rows], z[rows]) for z in (h_BF.astype(float), pcs_BK.astype(float)))
    a, b = (d - d.mean(axis=0) - d.mean(axis=1)[:, None] + d.mean() for d in (a, b))
    return float((a * b).mean() / np.sqrt((a * a).mean() * (b * b).mean()))


@pytest.mark.parametrize(
    ("measure", "by_definition"), [("hsic", hsic_by_definition), ("distance-correlation", dcor_by_definition)]
)
def test_dependence_is_measured_within_classes_as_it_is_defined(
    paths: dict[str, Any], measure: str, by_definition: Any
) -> None:
    own = spec("adjustment", "dependence-penalty", pcs=3, strength=7.0, measure=measure)
    setup = prepared(paths, own, model="mlp")
    state, train, h_NF = fitted(setup), setup.data.rows("train"), hidden(setup)
    pcs_BK = setup.context.pcs_NK[train, :3]
    expected = [by_definition(h_NF[train], pcs_BK, rows) for rows in class_members(setup)]
    found = setup.adjustment.penalty(
        state, {}, jnp.asarray(h_NF[train]), jnp.zeros(len(train)), training(setup, train)
    )
    np.testing.assert_allclose(found, 7 * np.mean(expected), rtol=1e-3)
    assert expected[0] != pytest.approx(expected[1], rel=1e-3)


def test_distance_correlation_is_one_of_copies_and_small_of_strangers() -> None:
    rng = np.random.default_rng(0)
    z, other = (jnp.asarray(rng.normal(size=(256, 3)), jnp.float32) for _ in range(2))
    everyone = jnp.ones(256)
    assert float(dependence_penalty.distance_correlation(z, 3 * z + 1, everyone)) == pytest.approx(
        1, abs=1e-4
    )
    assert float(dependence_penalty.distance_correlation(z, other, everyone)) < 0.05


@pytest.mark.parametrize("measure", ["hsic", "distance-correlation", "critic"])
def test_constant_features_have_a_finite_gradient(measure: str) -> None:
    """Networks that start at 0 have such features; so has a batch without a member."""
    rng = np.random.default_rng(1)
    pcs_BK = jnp.asarray(rng.normal(size=(16, 3)), jnp.float32)

    def penalty(h_BF: Any, member_B: Any) -> Any:
        if measure != "critic":
            return dependence_penalty.MEASURES[measure](h_BF, pcs_BK, member_B)
        critic = {"first": jnp.ones((4, 2)), "bias": jnp.zeros(2), "second": jnp.ones((2, 3))}
        return jnp.sum(adversarial.correlations(critic, h_BF, pcs_BK, member_B))

    graded = jax.jit(jax.value_and_grad(penalty))
    for h_BF in (jnp.zeros((16, 4)), jnp.asarray(rng.normal(size=(16, 4)), jnp.float32)):
        for member_B in (jnp.zeros(16), jnp.eye(16)[0], jnp.ones(16)):
            value, gradient = graded(h_BF, member_B)
            assert np.isfinite(value)
            assert np.isfinite(gradient).all()
    assert np.abs(gradient).max() > 0


COMBINED = [
    ("input-residual", "adversarial"),
    ("pc-covariates", "adversarial"),
    ("metadata-norm", "dependence-penalty"),
]


@pytest.mark.parametrize("names", COMBINED, ids="+".join)
def test_the_penalty_of_a_combination_is_that_of_its_part(
    paths: dict[str, Any], names: tuple[str, str]
) -> None:
    """On the features that it leaves; what both parts do elsewhere is done, too."""
    specs = [spec("adjustment", name) for name in names]
    both, first, last = (prepared(paths, *own, model="mlp") for own in (specs, specs[:1], specs[1:]))
    assert both.adjustment.places == first.adjustment.places | last.adjustment.places
    state, train = fitted(both), both.data.rows("train")
    h_BF, some = jnp.asarray(hidden(both)[train]), training(both, train)
    params = both.adjustment.init(state)
    alone = State(state.fitted["1"], state.rows["1"])
    found = both.adjustment.penalty(state, params, h_BF, h_BF[:, 0], some)
    assert found == last.adjustment.penalty(alone, params["1"], h_BF, h_BF[:, 0], some) != 0
    left_BF, after = both.adjustment.features(state, params, h_BF, some)
    own_BF, own = first.adjustment.features(
        State(state.fitted["0"], state.rows["0"]), params["0"], h_BF, some
    )
    np.testing.assert_array_equal(left_BF, own_BF)
    jax.tree.map(np.testing.assert_array_equal, after["0"], own)


def test_a_critic_learns_beside_another_correction(paths: dict[str, Any], tmp_path: Path) -> None:
    """One is trained by its own optimiser in each combination, and the other part does what it does alone."""
    specs = [spec("adjustment", "input-residual", pcs=3), spec("adjustment", "adversarial", pcs=3)]
    model, out = spec("model", "mlp", epochs=2, start=0.3), outputs(tmp_path)
    fit_one(paths, out, model=model, adjustments=specs, seeds=1, names=NAMES)
    variables = restore(out["params"], out["fit"], load(paths).split_sha256)[1]
    trained, start = variables.params["adjustment"]["1"], variables.state.fitted["1"]["critic"]
    assert all(np.abs(trained[name] - start[name]).max() > 1e-3 for name in start)
    alone = prepared(paths, specs[0], model="mlp")
    np.testing.assert_array_equal(
        variables.state.fitted["0"]["coefficients"], fitted(alone).fitted["coefficients"]
    )
