"""Adjustments that replace the loss, and oracles, against closed forms in NumPy."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from stratbench.adjustments.contract import Batch, Scored, State
from stratbench.adjustments.methods.mixed_model import gls, variance_share, weighted_share
from stratbench.core import files
from stratbench.core.errors import ScientificFailure, UserError
from stratbench.genotypes.records import read_fit
from stratbench.popgen import grm
from stratbench.task.model_data import load
from stratbench.training.fit import fit_one
from stratbench.training.setup import Setup, build_adjustment, set_up
from stratbench.training.store import restore
from trained import outputs, spec, write_dataset

NAMES = ["cohort", "trait", "split", "model"]
Paths = dict[str, Any]


@pytest.fixture(scope="module", params=["binary", "quantitative"])
def paths(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Paths:
    return write_dataset(tmp_path_factory.mktemp("dataset"), kind=request.param)


@pytest.fixture(scope="module")
def binary(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    return write_dataset(tmp_path_factory.mktemp("binary"))


def prepared(paths: Paths, *names: str, **options: Any) -> tuple[Setup, State]:
    """A setup of these adjustments, the last with these options, and its fitted state."""
    specs = [spec("adjustment", name) for name in names[:-1]] + [spec("adjustment", names[-1], **options)]
    setup = set_up(load(paths), spec("model", "linear"), specs, seed=3)
    return setup, jax.tree.map(jnp.asarray, setup.adjustment.fit(setup.context))


def scored(setup: Setup, i_B: np.ndarray, rng: np.random.Generator, step: int = 0) -> tuple[Scored, Batch]:
    """Random losses, residuals and weights of a training batch."""
    loss_B, weight_B, residual_B = rng.random(len(i_B)), rng.random(len(i_B)), rng.normal(size=len(i_B))
    values = (residual_B, residual_B, loss_B, residual_B, weight_B)
    y_B = jnp.asarray(setup.data.scaled_y_N[i_B])
    batch = Batch(jnp.asarray(i_B), y_B, jnp.int32(step), True)
    return Scored(*(jnp.asarray(value, jnp.float32) for value in values)), batch


def weighted(x_B: np.ndarray, weight_B: np.ndarray, inside_B: np.ndarray) -> float:
    return float(np.average(np.asarray(x_B)[inside_B], weights=np.asarray(weight_B)[inside_B]))


@pytest.mark.parametrize("groups", ["population", "population-label"])
def test_group_dro_moves_weight_as_sagawa_says(paths: Paths, groups: str) -> None:
    """Two steps; the batch lacks one group, whose weight changes by the division alone."""
    setup, state = prepared(paths, "group-dro", eta=0.7, adjustment=2, groups=groups)
    data, train = setup.data, setup.data.rows("train")
    by_label = groups == "population-label" and data.kind == "binary"
    label_N = data.y_N.astype(int) if by_label else np.zeros(len(data.y_N), int)
    keys = sorted({(data.population_N[i], label_N[i]) for i in train})
    assert len(keys) == (4 if by_label else 2)
    inside_GN = np.array(
        [[(data.population_N[i], label_N[i]) == key for i in range(len(label_N))] for key in keys]
    )
    size_G = inside_GN[:, train].sum(axis=1)
    q_G, rng = np.full(len(keys), 1 / len(keys)), np.random.default_rng(1)
    i_B = rng.permutation(train[~inside_GN[0, train]])[:30]
    for step in range(2):
        people, batch = scored(setup, i_B, rng, step)
        loss, fitted = setup.adjustment.loss(state, {}, people, batch)
        loss_G = np.zeros(len(keys))
        for g in range(1, len(keys)):
            mean = weighted(people.loss_B, people.weight_B, inside_GN[g, i_B])
            loss_G[g] = mean + 2 / np.sqrt(size_G[g])
        q_G = q_G * np.exp(0.7 * loss_G)
        q_G /= q_G.sum()
        np.testing.assert_allclose(fitted["q"], q_G, rtol=1e-5)
        assert loss == pytest.approx(q_G @ loss_G, rel=1e-5)
        state = state._replace(fitted=fitted)


def test_v_rex_adds_the_variance_of_populations_losses(paths: Paths) -> None:
    setup, state = prepared(paths, "v-rex", beta=4, warmup=2)
    data, train = setup.data, setup.data.rows("train")
    rng = np.random.default_rng(2)
    i_B = rng.permutation(train)[:20]
    for step, beta in (
        (len(train) // 20 * 2 - 1, 0),
        (len(train) // 20 * 2, 4),
    ):  # the last step of the warm-up
        people, batch = scored(setup, i_B, rng, step)
        loss, _ = setup.adjustment.loss(state, {}, people, batch)
        risk = [weighted(people.loss_B, people.weight_B, data.population_N[i_B] == p) for p in ("p1", "p2")]
        assert loss == pytest.approx(np.mean(risk) + beta * np.var(risk), rel=1e-5)
    i_B = train[data.population_N[train] == "p2"][:8]
    people, batch = scored(setup, i_B, rng, 10**6)
    alone = setup.adjustment.loss(state, {}, people, batch)[0]
    assert alone == pytest.approx(weighted(people.loss_B, people.weight_B, np.ones(8, bool)), rel=1e-5)


def related(n: int, rng: np.random.Generator) -> np.ndarray:
    """A relationship matrix of families of four and two populations."""
    z_NM = rng.normal(size=(n, 400)) + np.repeat(rng.normal(size=(n // 4, 400)), 4, axis=0)
    z_NM += np.where(np.arange(n)[:, None] < n // 2, 1, -1) * 0.3 * rng.normal(size=400)
    return z_NM @ z_NM.T / np.square(z_NM).sum(axis=1).mean()


def restricted(share: float, k_NN: np.ndarray, y_N: np.ndarray, x_NC: np.ndarray) -> float:
    """-2 log of the restricted likelihood, by dense matrices, the total variance being the best one."""
    inverse = np.linalg.inv(share * k_NN + (1 - share) * np.eye(len(y_N)))
    middle = x_NC.T @ inverse @ x_NC
    left_NN = inverse - inverse @ x_NC @ np.linalg.solve(middle, x_NC.T @ inverse)
    degrees = len(y_N) - x_NC.shape[1]
    determinants = -np.linalg.slogdet(inverse)[1] + np.linalg.slogdet(middle)[1]
    return float(degrees * np.log(y_N @ left_NN @ y_N / degrees) + determinants)


@pytest.mark.parametrize("h", [0.0, 0.3, 0.8])
def test_the_share_of_relatedness_maximises_the_restricted_likelihood(h: float) -> None:
    rng = np.random.default_rng(int(10 * h))
    k_NN, x_NC = related(120, rng), np.column_stack([np.ones(120), rng.normal(size=120)])
    y_N = np.linalg.cholesky(h * k_NN + (1 - h) * np.eye(120)) @ rng.normal(size=120) + x_NC @ [3, 2]
    best = minimize_scalar(restricted, bounds=(0, 0.999), method="bounded", args=(k_NN, y_N, x_NC)).x
    share, explained = variance_share(k_NN, y_N, x_NC)
    assert share == pytest.approx(best, abs=2e-3)
    doubled, same = variance_share(2 * k_NN, y_N, x_NC)  # twice the diagonal: h is less, the share is not
    assert same == pytest.approx(explained, abs=2e-3)
    assert doubled == pytest.approx(share / (2 - share), abs=2e-3)


def test_the_loss_of_a_mixed_model_has_its_minimum_at_the_gls_estimate() -> None:
    rng = np.random.default_rng(5)
    k_NN, x_NC, y_N = related(60, rng), rng.normal(size=(60, 3)), rng.normal(size=60)
    inverse = np.linalg.inv(0.6 * k_NN + 0.4 * np.eye(60))
    own_C = np.linalg.solve(x_NC.T @ inverse @ x_NC, x_NC.T @ inverse @ y_N)

    def loss(b_C: jax.Array) -> jax.Array:
        return gls(jnp.float32(0.6), jnp.asarray(k_NN), jnp.asarray(y_N) - jnp.asarray(x_NC) @ b_C)

    left_N = y_N - x_NC @ own_C
    assert loss(own_C.astype(np.float32)) == pytest.approx(left_N @ inverse @ left_N, rel=1e-4)
    slope_C = jax.grad(loss)(own_C.astype(np.float32))
    np.testing.assert_allclose(slope_C, 0, atol=1e-3 * np.abs(jax.grad(loss)(jnp.zeros(3))).max())


def test_a_mixed_model_takes_its_batch_from_the_grm(paths: Paths) -> None:
    """r'V^-1 r over twice the weights and the label's variance; without relatedness it is the squared error."""
    setup, state = prepared(paths, "mixed-model")
    train = setup.data.rows("train")
    i_B = np.random.default_rng(0).permutation(train)[:25]
    people, batch = scored(setup, i_B, np.random.default_rng(3))
    p = setup.data.y_N[train].mean()
    scale = p * (1 - p) if setup.data.kind == "binary" else 1.0
    k_BB = grm.stored(paths["grm"])[np.ix_(i_B, i_B)].astype(float)
    root_B = np.sqrt(np.asarray(people.weight_B, float))
    k_BB, r_B = np.outer(root_B, root_B) * k_BB, root_B * np.asarray(people.residual_B, float)
    for share in (float(state.fitted["share"]), 0.0, 0.5):
        own = state._replace(fitted={**state.fitted, "share": jnp.float32(share)})
        expected = r_B @ np.linalg.solve(share * k_BB + (1 - share) * np.eye(25), r_B)
        loss, _ = setup.adjustment.loss(own, {}, people, batch)
        assert loss == pytest.approx(expected / (2 * scale * float(people.weight_B.sum())), rel=1e-4)


def test_the_random_effect_is_gblup_of_what_the_network_leaves(paths: Paths, tmp_path: Path) -> None:
    """For everyone, from training people alone; f is untouched, and the rows that training read are not stored."""
    asked = {"model": spec("model", "linear", epochs=4), "adjustments": [spec("adjustment", "mixed-model")]}
    fit_one(paths, outputs(tmp_path), **asked, seeds=1, names=NAMES)
    data, table = load(paths), files.read_tsv(tmp_path / "predictions.tsv", text=("set",))
    variables = restore(tmp_path / "params.msgpack", tmp_path / "fit.json", data.split_sha256)[1]
    assert set(variables.state.rows) == {"effect"}
    share, train = float(variables.state.fitted["share"]), data.rows("train")
    assert 0.05 < share < 0.999
    mean, sd = data.label_scale
    f_N = table["f"].to_numpy() / sd
    fitted_N = 1 / (1 + np.exp(-f_N)) if data.kind == "binary" else f_N
    residual_T = ((data.y_N - mean) / sd - fitted_N)[train]
    k_NN = grm.stored(paths["grm"]).astype(float)
    v_TT = share * k_NN[np.ix_(train, train)] + (1 - share) * np.eye(len(train))
    u_N = share * k_NN[:, train] @ np.linalg.solve(v_TT, residual_T)
    p = data.y_N[train].mean()
    u_N = u_N / (p * (1 - p)) if data.kind == "binary" else u_N
    own_N = (table["score"].to_numpy() - mean) / sd - f_N
    np.testing.assert_allclose(own_N, u_N, atol=2e-4)
    assert np.abs(u_N[data.rows("test")]).max() > 0.01


def test_a_mixed_model_after_pcs_estimates_what_they_leave(paths: Paths) -> None:
    setup, state = prepared(paths, "pc-covariates", "mixed-model")
    train = setup.data.rows("train")
    offset_T = setup.context.pcs_NK[train] @ np.asarray(state.fitted["0"]["start"])
    k_TT = grm.stored(paths["grm"])[np.ix_(train, train)].astype(float)
    y_T = setup.context.y_N[train].astype(float)
    fixed_TC = np.column_stack([np.ones(len(train)), offset_T])
    best = minimize_scalar(restricted, bounds=(0, 0.999), method="bounded", args=(k_TT, y_T, fixed_TC)).x
    assert state.fitted["1"]["share"] == pytest.approx(best, abs=3e-3)
    _, alone = prepared(paths, "mixed-model")
    assert abs(alone.fitted["share"] - state.fitted["1"]["share"]) > 0.01


def test_the_oracle_of_the_environment_gives_it_in_the_units_of_the_score(paths: Paths) -> None:
    setup, state = prepared(paths, "oracle-environment")
    parts, train = files.read_tsv(paths["liability"]), setup.data.rows("train")
    own_N = np.asarray(state.rows["offset"]) * setup.data.label_scale[1]
    environment_N = (parts["environment"] - parts["environment"][train].mean()).to_numpy()
    rest = (parts["liability"] - parts["environment"])[train].std(ddof=0)
    slope = 1.702 / rest if setup.data.kind == "binary" else 3.0  # the trait is 7 + 3 liability
    np.testing.assert_allclose(own_N, slope * environment_N, rtol=1e-4)


def test_the_oracle_of_the_environment_needs_one_threshold_and_something_else(binary: Paths) -> None:
    """Thresholds that differ by population, and liabilities that differ from the environment by rounding alone."""
    setup, _ = prepared(binary, "oracle-environment")
    liability = setup.data.truth().liability["liability"]
    middle = liability.groupby(setup.data.population_N).transform("median")
    y_N = (liability > middle).to_numpy(dtype=np.float32)
    with pytest.raises(ScientificFailure, match="needs one prevalence for all populations"):
        setup.adjustment.fit(replace(setup.context, y_N=y_N))
    truth = setup.data.truth()
    rounding = np.random.default_rng(0).normal(scale=1e-8, size=len(y_N))
    environment = truth.liability["environment"] + truth.liability["environment_family"]
    alone = replace(truth, liability=truth.liability.assign(liability=environment + rounding))
    y_N = (alone.liability["liability"].to_numpy() > environment.median()).astype(np.float32)
    with pytest.raises(ScientificFailure, match="decides the label alone"):
        setup.adjustment.fit(replace(setup.context, y_N=y_N, truth=lambda: alone))


def test_the_oracle_of_causal_snps_shows_no_others(binary: Paths) -> None:
    setup, state = prepared(binary, "oracle-causal")
    i_N = np.arange(len(setup.data.iid_N))
    x_NM = setup.context.inputs(i_N)
    batch = Batch(jnp.asarray(i_N), jnp.zeros(len(i_N)), jnp.int32(0), False)
    own_NM = np.asarray(setup.adjustment.inputs(state, {}, jnp.asarray(x_NM), batch))
    np.testing.assert_array_equal(own_NM[:, :10], x_NM[:, :10])
    assert (own_NM[:, 10:] == 0).all()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("group-dro", "all training individuals are of 'all'"),
        ("v-rex", "all training individuals are of 'all'"),
        ("oracle-environment", "the trait is measured"),
        ("oracle-causal", "the trait is measured"),
    ],
)
def test_what_a_cohort_does_not_have_is_a_result(
    binary: Paths, tmp_path: Path, name: str, reason: str
) -> None:
    """Neither populations nor truth."""
    samples = files.read_tsv(binary["samples"]).assign(population="all")
    files.write_tsv(samples, tmp_path / "samples.tsv")
    files.write_json({"kind": "binary", "simulated": False}, tmp_path / "trait.json")
    own = binary | {"samples": tmp_path / "samples.tsv", "trait_json": tmp_path / "trait.json"}
    asked = {"model": spec("model", "linear"), "adjustments": [spec("adjustment", name)]}
    fit_one(own, outputs(tmp_path), **asked, seeds=1, names=NAMES)
    record = read_fit(tmp_path / "fit.json")
    assert record.status == "failed"
    assert reason in record.reason


def test_losses_cannot_be_combined() -> None:
    with pytest.raises(UserError, match="'group-dro' and 'mixed-model' each replace the loss"):
        build_adjustment([spec("adjustment", "group-dro"), spec("adjustment", "mixed-model")])


@pytest.mark.parametrize("parts", [("pc-covariates", "mixed-model"), ("reweight", "group-dro")])
def test_one_loss_trains_beside_other_parts(binary: Paths, tmp_path: Path, parts: tuple[str, str]) -> None:
    """Each part does what it does alone: both offsets are in the score; the weights of groups move from equal ones."""
    specs = [spec("adjustment", name) for name in parts]
    fit_one(
        binary, outputs(tmp_path), model=spec("model", "linear", epochs=3), adjustments=specs, seeds=1, names=NAMES
    )  # fmt: skip
    variables = restore(tmp_path / "params.msgpack", tmp_path / "fit.json", load(binary).split_sha256)[1]
    table, state = files.read_tsv(tmp_path / "predictions.tsv"), variables.state
    if parts[1] == "group-dro":
        assert np.ptp(state.fitted["1"]["q"]) > 0
        return
    offset_N = np.asarray(state.rows["0"]["pcs"]) @ np.asarray(variables.params["adjustment"]["0"]["w"])
    effect_N = np.asarray(state.rows["1"]["effect"])
    assert np.abs(offset_N).max() > 0.1
    np.testing.assert_allclose(table["score"] - table["f"], offset_N + effect_N, atol=1e-4)


def test_who_has_no_weight_does_not_count_in_a_mixed_model(paths: Paths) -> None:
    """The loss is that of the others alone, whatever the residual of who has none and however related he is."""
    setup, state = prepared(paths, "mixed-model")
    i_B = setup.data.rows("train")[:20]
    people, batch = scored(setup, i_B, np.random.default_rng(4))
    people = people._replace(weight_B=jnp.ones(20).at[15:].set(0))
    state = state._replace(fitted={**state.fitted, "share": jnp.float32(0.6)})
    others = Scored(*(part_B[:15] for part_B in people))
    alone = batch._replace(i_B=batch.i_B[:15], y_B=batch.y_B[:15])
    own = setup.adjustment.loss(state, {}, people, batch)[0]
    assert own == pytest.approx(float(setup.adjustment.loss(state, {}, others, alone)[0]), rel=1e-5)


@pytest.mark.parametrize("name", ["group-dro", "v-rex"])
def test_the_unassigned_are_in_no_group(paths: Paths, name: str) -> None:
    """Their losses change nothing, and they make no group."""
    setup, _ = prepared(paths, name)
    i_B, population_N = setup.data.rows("train")[:20], setup.data.population_N.copy()
    population_N[i_B[:5]] = "unassigned"
    context = replace(setup.context, population_N=population_N)
    state = jax.tree.map(jnp.asarray, setup.adjustment.fit(context))
    people, batch = scored(setup, i_B, np.random.default_rng(4))
    louder = people._replace(loss_B=people.loss_B.at[:5].add(9.0))
    found = [setup.adjustment.loss(state, {}, one, batch)[0] for one in (people, louder)]
    assert found[0] == found[1]
    groups = len(state.fitted["q" if name == "group-dro" else "populations"])
    assert groups == (4 if name == "group-dro" and setup.data.kind == "binary" else 2)


def test_weights_of_people_are_those_of_the_noise_in_restricted_likelihood() -> None:
    """Against dense matrices of V = h K + (1 - h) W^-1, which no weighting of data is part of."""
    rng = np.random.default_rng(9)
    k_NN, x_NC = related(120, rng), np.column_stack([np.ones(120), rng.normal(size=120)])
    weight_N = rng.choice([0.25, 1, 4], 120).astype(np.float32)
    y_N = np.linalg.cholesky(0.4 * k_NN + 0.6 * np.diag(1 / weight_N)) @ rng.normal(size=120) + x_NC @ [3, 2]

    def likelihood(share: float) -> float:
        inverse = np.linalg.inv(share * k_NN + (1 - share) * np.diag(1 / weight_N))
        middle = x_NC.T @ inverse @ x_NC
        left_NN = inverse - inverse @ x_NC @ np.linalg.solve(middle, x_NC.T @ inverse)
        determinants = -np.linalg.slogdet(inverse)[1] + np.linalg.slogdet(middle)[1]
        return float(118 * np.log(y_N @ left_NN @ y_N / 118) + determinants)

    best = minimize_scalar(likelihood, bounds=(0, 0.999), method="bounded").x
    assert weighted_share(k_NN, y_N, x_NC, weight_N)[0] == pytest.approx(best, abs=2e-3)
    assert abs(variance_share(k_NN, y_N, x_NC)[0] - best) > 0.01


@pytest.mark.parametrize("parts", [("matched", "mixed-model"), ("reweight", "mixed-model")])
def test_a_mixed_model_counts_people_as_earlier_parts_weight_them(
    binary: Paths, parts: tuple[str, str]
) -> None:
    """Its share and its random effect are those of the people with weight, as dense matrices give them."""
    setup, state = prepared(binary, *parts)
    train = setup.data.rows("train")
    weight_T = np.asarray(state.rows["0"]["weight"], dtype=float)[train]
    own = train[weight_T > 0]
    assert len(own) < len(train) or np.ptp(weight_T) > 0.1
    noise = np.diag(1 / weight_T[weight_T > 0])
    k_NN, fitted = grm.stored(binary["grm"]).astype(float), state.fitted["1"]
    p = np.average(setup.context.y_N[train], weights=weight_T)
    assert fitted["scale"] == pytest.approx(p * (1 - p), rel=1e-5)
    share = float(fitted["share"])
    own_share, _ = weighted_share(
        k_NN[np.ix_(train, train)], setup.context.y_N[train].astype(float), np.ones((len(train), 1)),
        weight_T.astype(np.float32),
    )  # fmt: skip
    assert share == pytest.approx(own_share, abs=1e-3)
    assert setup.adjustment.finish is not None
    residual_T = np.random.default_rng(2).normal(size=len(train))
    residual_T[weight_T == 0] = 1e6  # of people who are not there
    found = setup.adjustment.finish(setup.context, state, residual_T).rows["1"]["effect"]
    v_RR = share * k_NN[np.ix_(own, own)] + (1 - share) * noise
    expected = share * k_NN[:, own] @ np.linalg.solve(v_RR, residual_T[weight_T > 0]) / (p * (1 - p))
    np.testing.assert_allclose(found, expected, atol=1e-4 * max(1, np.abs(expected).max()))


def test_weights_stand_before_who_reads_them() -> None:
    build_adjustment([spec("adjustment", "matched"), spec("adjustment", "mixed-model")])
    with pytest.raises(
        UserError, match=r"'mixed-model' reads the weights of individuals, .* put 'matched' first"
    ):
        build_adjustment([spec("adjustment", "mixed-model"), spec("adjustment", "matched")])
