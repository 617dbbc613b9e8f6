"""Adjustments against closed forms and scikit-learn; test individuals teach them nothing."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from adjusted import adjusted_inputs, batch, everyone, prepared, training
from stratbench.adjustments.contract import Adjustment, Scored, State, compose
from stratbench.core import files
from stratbench.genotypes import plink
from stratbench.methods import registry
from stratbench.popgen import grm
from stratbench.task.model_data import load
from stratbench.training.evaluate import hidden
from stratbench.training.fit import fit_one
from stratbench.training.setup import build_adjustment, set_up
from stratbench.training.store import restore
from trained import outputs, spec, write_dataset

NAMES = ["cohort", "trait", "split", "model"]


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return write_dataset(tmp_path_factory.mktemp("dataset"))


def test_input_residual_is_the_least_squares_residual(paths: dict[str, Any]) -> None:
    setup = prepared(paths, spec("adjustment", "input-residual", pcs=3))
    residual_NM = adjusted_inputs(setup)
    train, x_NM = setup.data.rows("train"), setup.context.inputs(everyone(setup)).astype(float)
    c_NK = setup.context.covariates(3).astype(float)
    coefficients = np.linalg.solve(c_NK[train].T @ c_NK[train], c_NK[train].T @ x_NM[train])
    np.testing.assert_allclose(residual_NM, x_NM - c_NK @ coefficients, atol=2e-5)
    np.testing.assert_allclose(c_NK[train].T @ residual_NM[train], 0, atol=1e-3)


@pytest.mark.parametrize("form", ["hard", "soft"])
def test_input_residual_class_is_scikit_learns_multinomial_regression(
    paths: dict[str, Any], form: str
) -> None:
    setup = prepared(
        paths, spec("adjustment", "input-residual-class", pcs=3, form=form), model="cnn-reference"
    )
    residual_NM = adjusted_inputs(setup)
    train, c_NK = setup.data.rows("train"), setup.context.pcs_NK[:, :3].astype(float)
    dosage_NM = setup.context.inputs(everyone(setup))
    code_NM = setup.data.genotypes.codes(everyone(setup))
    checked = 0
    for j in range(0, 160, 8):
        called = train[code_NM[train, j] != plink.MISSING]
        if len(np.unique(dosage_NM[called, j])) < 2:
            continue
        peer = LogisticRegression(C=1.0, tol=1e-9, max_iter=5000).fit(c_NK[called], dosage_NM[called, j])
        if len(peer.classes_) == 2:  # scikit-learn then fits one logit, with another ridge
            continue
        probability = peer.predict_proba(c_NK)
        expected = peer.classes_[probability.argmax(1)] if form == "hard" else probability @ peer.classes_
        atol = 0 if form == "hard" else 2e-3
        np.testing.assert_allclose(residual_NM[:, j], dosage_NM[:, j] - expected, atol=atol)
        checked += 1
    assert checked >= 10


def test_feature_residual_leaves_nothing_linear_in_the_features(
    paths: dict[str, Any], tmp_path: Path
) -> None:
    model = spec("model", "mlp", epochs=4, widths=[16], start=1, lasso=0)
    own = spec("adjustment", "feature-residual", pcs=3)
    fit_one(paths, outputs(tmp_path), model=model, adjustments=[own], seeds=1, names=NAMES)
    data = load(paths)
    variables = restore(tmp_path / "params.msgpack", tmp_path / "fit.json", data.split_sha256)[1]
    setup = set_up(data, model, [own], 0)
    train = data.rows("train")
    before, after = (hidden(setup, variables, train, adjusted=which) for which in (False, True))
    c_TK = setup.context.covariates(3)[train]
    assert np.abs(c_TK.T @ before).max() > 1
    np.testing.assert_allclose(c_TK.T @ after, 0, atol=1e-3)
    stages = files.read_tsv(tmp_path / "history.tsv")["stage"]
    assert set(stages) == {1, 2}


def test_pc_covariates_act_as_an_offset_of_the_logit_only(paths: dict[str, Any]) -> None:
    setup = prepared(paths, spec("adjustment", "pc-covariates", pcs=3))
    state = jax.tree.map(jnp.asarray, setup.adjustment.fit(setup.context))
    variables = setup.network.initial(jax.random.key(0), state)
    output = setup.network.evaluate(variables, jnp.asarray(everyone(setup)))
    expected_N = setup.context.pcs_NK[:, :3] @ state.fitted["start"]
    np.testing.assert_allclose(output.score_B - output.f_B, expected_N, atol=1e-5)
    train = setup.data.rows("train")
    peer = LogisticRegression().fit(setup.context.pcs_NK[train, :3], setup.data.y_N[train])
    np.testing.assert_allclose(state.fitted["start"], peer.coef_[0], atol=1e-3)


def test_placebo_permutes_people_within_sets_and_changes_nothing_else(paths: dict[str, Any]) -> None:
    setup = prepared(paths, spec("adjustment", "placebo", of="pc-covariates", pcs=3))
    own_NK = setup.adjustment.fit(setup.context).rows["pcs"]
    pcs_NK = setup.context.pcs_NK[:, :3]
    assert not np.allclose(own_NK, pcs_NK)
    for name in ("train", "validation", "test"):
        rows = setup.data.rows(name)
        np.testing.assert_array_equal(np.sort(own_NK[rows], axis=0), np.sort(pcs_NK[rows], axis=0))


def damaged(paths: dict[str, Any], directory: Path) -> dict[str, Any]:
    """The same dataset with other genotypes, labels, PCs, kin, truth and populations for test individuals."""
    rng = np.random.default_rng(9)
    split = files.read_tsv(paths["split"], text=("set",))
    test = np.flatnonzero(split["set"] == "test")
    n, m = len(split), 160
    code_MN = plink.unpack(plink.open_bed(paths["bed"], n, m), n).copy()
    code_MN[:, test] = rng.integers(0, 4, (m, len(test)))
    with plink.write_bed(directory / "genotypes.bed", n) as bed:
        bed.append(plink.A1_COUNT[code_MN])
    trait, pcs = files.read_tsv(paths["trait"]), files.read_tsv(paths["pcs"])
    trait.loc[test, "y"] = rng.permutation(1 - trait.loc[test, "y"])
    pcs.loc[test, ["pc1", "pc2", "pc3"]] = rng.normal(size=(len(test), 3))
    samples, liability = files.read_tsv(paths["samples"]), files.read_tsv(paths["liability"])
    samples.loc[test, "population"] = "elsewhere"
    liability.loc[test, "noise"] = rng.normal(size=len(test))
    liability["environment"] = np.where(split["set"] == "test", 7.5, liability["environment"])
    grm_NN = grm.stored(paths["grm"])
    grm_NN[:, test] = rng.normal(size=(n, len(test)))
    grm_NN[test] = grm_NN[:, test].T
    written = {"trait": trait, "pcs": pcs, "samples": samples, "liability": liability}
    for name, table in written.items():
        files.write_tsv(table, directory / f"{name}.tsv")
    grm.write(directory / "grm.npz", iter([("grm_NN", grm_NN)]))
    own = {"bed": "genotypes.bed", "grm": "grm.npz"} | {name: f"{name}.tsv" for name in written}
    return paths | {key: directory / name for key, name in own.items()}


def same_bits(a: Any, b: Any) -> None:
    jax.tree.map(lambda x, y: np.testing.assert_array_equal(np.asarray(x), np.asarray(y)), a, b)


@pytest.fixture(scope="module")
def other_test_people(paths: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return damaged(paths, tmp_path_factory.mktemp("damaged"))


def as_scored(f_B: Any) -> Scored:
    """People of a batch with this output, whose losses and residuals follow from it."""
    return Scored(f_B, f_B, jnp.square(f_B), -f_B, jnp.ones(len(f_B)))


@pytest.mark.parametrize(
    ("name", "options"),
    [*((name, {}) for name in registry.names("adjustment")), ("population-standardise", {"by": "pcs"})],
)
def test_test_individuals_change_no_bit_of_what_an_adjustment_does(
    paths: dict[str, Any], other_test_people: dict[str, Any], name: str, options: dict[str, Any]
) -> None:
    """Neither of what it has estimated, nor of what it makes of training individuals in a step and at the end."""
    found = []
    for own in (paths, other_test_people):
        setup = prepared(own, spec("adjustment", name, **options), model="mlp")
        state = jax.tree.map(jnp.asarray, setup.adjustment.fit(setup.context))
        learned = setup.data.set_N != "test"
        rows = {key: np.asarray(value)[learned] for key, value in state.rows.items()}
        i_B = setup.data.rows("train")[:40]
        some, params = training(setup, i_B), setup.adjustment.init(state)
        x_BM = jnp.asarray(setup.context.inputs(i_B))
        h_BF = jnp.tanh(x_BM[:, : setup.context.n_features()])
        made = (
            setup.adjustment.inputs(state, params, x_BM, some),
            setup.adjustment.weights(state, some),
            setup.adjustment.offset(state, params, some),
            setup.adjustment.features(state, params, h_BF, some),
            setup.adjustment.penalty(state, params, h_BF, h_BF[:, 0], some),
            setup.adjustment.loss(state, params, as_scored(h_BF[:, 0]), some),
        )
        finished = state
        if setup.adjustment.finish:
            residual_T = np.cos(np.arange(len(setup.data.rows("train"))))
            finished = setup.adjustment.finish(setup.context, state, residual_T)
        after = {key: np.asarray(value)[learned] for key, value in finished.rows.items()}
        found.append((state.fitted, rows, params, made, finished.fitted, after))
    same_bits(*found)
    again = setup.adjustment.fit(replace(setup.context, seed=setup.context.seed + 1))
    leaves = zip(jax.tree.leaves(state), jax.tree.leaves(again), strict=True)
    assert any(not np.array_equal(a, b) for a, b in leaves) == setup.adjustment.per_seed


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("pc-covariates", "linear"),
        ("input-residual", "linear"),
        ("feature-residual", "mlp"),
        ("metadata-norm", "mlp"),
        ("mixed-model", "linear"),
        ("group-dro", "linear"),
    ],
)
def test_test_individuals_change_no_bit_of_what_is_trained(
    paths: dict[str, Any], other_test_people: dict[str, Any], tmp_path: Path, name: str, model: str
) -> None:
    model_spec = spec("model", model, epochs=3)
    stored = []
    for label, own in (("a", paths), ("b", other_test_people)):
        out = outputs(tmp_path / label)
        fit_one(own, out, model=model_spec, adjustments=[spec("adjustment", name)], seeds=1, names=NAMES)
        stored.append(restore(out["params"], out["fit"], load(own).split_sha256)[1])
    same_bits(*((one.params, one.statistics, one.state.fitted) for one in stored))


def test_tables_come_from_training_individuals_only(
    paths: dict[str, Any], other_test_people: dict[str, Any]
) -> None:
    a, b = load(paths), load(other_test_people)
    assert not np.array_equal(a.genotypes.packed_NQ, b.genotypes.packed_NQ)
    for encoding in ("standardised", "dosage"):
        np.testing.assert_array_equal(a.genotypes.table(encoding), b.genotypes.table(encoding))


def test_labels_outside_training_are_hidden_from_adjustments(paths: dict[str, Any]) -> None:
    setup = prepared(paths, spec("adjustment", "none"))
    known = ~np.isnan(setup.context.y_N)
    np.testing.assert_array_equal(np.flatnonzero(known), setup.data.rows("train"))


def test_initialisation_does_not_depend_on_the_adjustment(paths: dict[str, Any]) -> None:
    drawn = []
    for name in registry.names("adjustment"):
        setup = prepared(paths, spec("adjustment", name), model="mlp")
        state = jax.tree.map(jnp.asarray, setup.adjustment.fit(setup.context))
        drawn.append(setup.network.initial(jax.random.key(7), state).params)
    for params in drawn[1:]:
        for half in ("encoder", "head"):
            jax.tree.map(np.testing.assert_array_equal, params[half], drawn[0][half])


def part(scale: float, offset: float) -> Adjustment:
    return Adjustment(
        fit=lambda context: State({"scale": jnp.float32(scale)}, {}),
        init=lambda state: {"offset": jnp.float32(offset)},
        inputs=lambda state, params, x_BM, batch: state.fitted["scale"] * x_BM + 1,
        weights=lambda state, batch: jnp.full(batch.i_B.shape, scale),
        offset=lambda state, params, batch: jnp.full(batch.i_B.shape, params["offset"]),
        penalty=lambda state, params, h_BF, f_B, batch: state.fitted["scale"],
        batch_size=int(scale),
    )


def test_combinations_compose_inputs_multiply_weights_add_offsets_and_losses(paths: dict[str, Any]) -> None:
    setup = prepared(paths, spec("adjustment", "none"))
    both = compose([part(2, 10), part(3, 100)])
    state = both.fit(setup.context)
    params, some = both.init(state), batch(np.arange(4))
    x_BM = jnp.ones((4, 5))
    np.testing.assert_allclose(both.inputs(state, params, x_BM, some), 3 * (2 * x_BM + 1) + 1)
    np.testing.assert_allclose(both.weights(state, some), 6)
    np.testing.assert_allclose(both.offset(state, params, some), 110)
    np.testing.assert_allclose(both.penalty(state, params, x_BM, x_BM[:, 0], some), 5)
    assert both.batch_size == 3


def test_an_adjustment_knows_where_it_acts() -> None:
    """Also through a combination and a placebo: what no part does, the whole does not."""
    of = {name: build_adjustment([spec("adjustment", name)]) for name in registry.names("adjustment")}
    assert of["none"].places == set()
    assert of["input-residual"].places == of["placebo"].places == {"inputs"}
    assert of["feature-residual"].places == {"features", "second_stage"}
    assert compose([of["none"], of["pc-covariates"]]).places == {"offset"}
    assert compose([of["input-residual"], of["pc-covariates"]]).places == {"inputs", "offset"}


def test_a_combination_is_fitted_on_what_earlier_parts_leave(paths: dict[str, Any]) -> None:
    seen: list[np.ndarray] = []

    def look(context: Any) -> State:
        seen.append(context.inputs(np.arange(3)))
        return State({}, {})

    setup = prepared(paths, spec("adjustment", "none"))
    compose([part(2, 0), Adjustment(fit=look)]).fit(setup.context)
    np.testing.assert_allclose(seen[0], 2 * setup.context.inputs(np.arange(3)) + 1, rtol=1e-6)


@pytest.mark.parametrize("first", ["none", "input-residual"])
def test_a_combination_trains_its_parts_parameters(paths: dict[str, Any], tmp_path: Path, first: str) -> None:
    """Beside ``none`` a part's parameters move as they do alone; beside another they move, too."""
    combined = [spec("adjustment", first), spec("adjustment", "pc-covariates", pcs=3)]
    moved = []
    for name, parts in (("alone", combined[1:]), ("both", combined)):
        out = outputs(tmp_path / name)
        fit_one(paths, out, model=spec("model", "linear", epochs=3), adjustments=parts, seeds=1, names=NAMES)
        variables = restore(out["params"], out["fit"], load(paths).split_sha256)[1]
        own, start = variables.params["adjustment"], variables.state.fitted
        own, start = (own, start) if name == "alone" else (own["1"], start["1"])
        moved.append(np.asarray(own["w"]) - np.asarray(start["start"]))
    assert np.abs(moved[1]).max() > 1e-4
    if first == "none":
        np.testing.assert_allclose(moved[1], moved[0], rtol=1e-4, atol=1e-6)


def test_a_method_file_outside_the_package(paths: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        "from stratbench.adjustments.contract import Adjustment\n"
        "OPTIONS = {'by': {'type': 'number', 'default': 0.5}}\nCITATION = 'mine'\n"
        "def build(options):\n"
        "    return Adjustment(inputs=lambda s, p, x, b: options['by'] * x)\n"
    )
    own = {"method": "mine", "file": str(path), "options": {"by": 0.5}}
    setup = prepared(paths, own)
    np.testing.assert_allclose(adjusted_inputs(setup), 0.5 * setup.context.inputs(everyone(setup)))
