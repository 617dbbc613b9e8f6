"""What the contract of adjustments offers beyond the forward pass: the loss, the finish, the GRM and the truth."""

from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from stratbench.adjustments.contract import Adjustment, Batch, Context, Params, Scored, State, compose
from stratbench.core import files
from stratbench.core.errors import ScientificFailure, UserError
from stratbench.genotypes.records import read_fit
from stratbench.methods.reads import files_read
from stratbench.popgen import grm
from stratbench.task.model_data import load
from stratbench.training.fit import fit_one
from stratbench.training.setup import build_adjustment, set_up
from stratbench.training.store import restore
from trained import outputs, spec, write_dataset

NAMES = ["cohort", "trait", "split", "model"]
HEAD = "import jax.numpy as jnp\nfrom stratbench.adjustments.contract import Adjustment, State\n"
HEAD += "OPTIONS = {}\nCITATION = ''\n"
EDGES = {  # files of a user's own, by what they do
    "weightless": "def build(options):\n    return Adjustment(weights=lambda s, b: 0.0 * b.y_B)\n",
    "resting": """
def build(options):
    return Adjustment(weights=lambda state, batch: jnp.full(batch.y_B.shape, (batch.step + 1) % 2))
""",
    "counting": """
def build(options):
    def fit(context):
        return State({"seen": jnp.zeros(len(context.y_N)), "loss": jnp.zeros(())}, {})

    def loss(state, params, scored, batch):
        seen = state.fitted["seen"].at[batch.i_B].add(1.0)
        return 3 * scored.mean_loss(), {"seen": seen, "loss": scored.mean_loss()}

    return Adjustment(fit=fit, loss=loss)
""",
    "finishing": """
def build(options):
    def fit(context):
        return State({}, {"much": jnp.zeros((len(context.y_N), 50))})

    def offset(state, params, batch):
        return state.rows["own"][batch.i_B] if "own" in state.rows else jnp.zeros(batch.i_B.shape)

    def finish(context, state, residual_T):
        own = jnp.zeros(len(context.y_N)).at[context.sets["train"]].set(residual_T)
        return State({}, {"own": own})

    return Adjustment(fit=fit, offset=offset, finish=finish)
""",
}


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return write_dataset(tmp_path_factory.mktemp("dataset"))


def own(folder: Path, name: str) -> dict[str, Any]:
    (folder / f"{name}.py").write_text(HEAD + EDGES[name])
    return {"method": name, "file": str(folder / f"{name}.py"), "options": {}}


def trained(paths: dict[str, Any], out: Path, *adjustments: dict[str, Any], **options: Any) -> Any:
    """The stored network of seed 1 of a linear model."""
    model = spec("model", "linear", **({"epochs": 3} | options))
    fit_one(paths, outputs(out), model=model, adjustments=adjustments, seeds=1, names=NAMES)
    return restore(out / "params.msgpack", out / "fit.json", load(paths).split_sha256)[1]


def scored(loss_B: list[float], weight_B: list[float]) -> Scored:
    zero_B = jnp.zeros(len(loss_B))
    return Scored(zero_B, zero_B, jnp.array(loss_B), zero_B, jnp.array(weight_B))


def test_the_mean_loss_is_weighted_and_is_0_where_nobody_has_weight(
    paths: dict[str, Any], tmp_path: Path
) -> None:
    assert scored([1, 2, 9], [3, 1, 0]).mean_loss() == pytest.approx(5 / 4)
    assert scored([1, 2, 9], [0, 0, 0]).mean_loss() == 0
    asked = {"model": spec("model", "linear", batch_size=16, epochs=3), "seeds": 1, "names": NAMES}
    fit_one(paths, outputs(tmp_path), **asked, adjustments=[own(tmp_path, "resting")])
    assert np.isfinite(files.read_tsv(tmp_path / "history.tsv")["train_loss"]).all()


@pytest.mark.parametrize("model", ["linear", "ridge"])
def test_an_adjustment_without_weight_for_anybody_fails(
    paths: dict[str, Any], tmp_path: Path, model: str
) -> None:
    asked = {"model": spec("model", model), "adjustments": [own(tmp_path, "weightless")]}
    fit_one(paths, outputs(tmp_path), **asked, seeds=1, names=NAMES)
    assert "no training individual any weight" in read_fit(tmp_path / "fit.json").reason


def test_an_adjustment_replaces_the_loss_and_updates_its_state_from_it(
    paths: dict[str, Any], tmp_path: Path
) -> None:
    """In an epoch of one step each training person is counted once, and the loss is three times that of ``none``."""
    train, losses = load(paths).rows("train"), {}
    for name, adjustment in (("own", own(tmp_path, "counting")), ("none", spec("adjustment", "none"))):
        out = tmp_path / name
        state = trained(paths, out, adjustment, epochs=1, batch_size=len(train), lasso=0, ridge=0).state
        losses[name] = files.read_tsv(out / "history.tsv")["train_loss"][0]
        if name == "own":
            counted = state.fitted
    np.testing.assert_array_equal(np.flatnonzero(counted["seen"]), train)
    assert set(counted["seen"][train]) == {1}
    assert losses["own"] == pytest.approx(3 * losses["none"], rel=1e-5)
    assert counted["loss"] == pytest.approx(losses["none"], rel=1e-5)


def test_two_parts_that_replace_the_loss_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text(HEAD + EDGES["counting"])
    other = {"method": "other", "file": str(tmp_path / "other.py"), "options": {}}
    with pytest.raises(UserError, match=r"'counting' and 'other' each replace the loss"):
        build_adjustment([own(tmp_path, "counting"), spec("adjustment", "none"), other])


def test_one_part_that_replaces_the_loss_keeps_its_state_apart() -> None:
    def loss(state: State, params: Params, scored: Scored, batch: Batch) -> tuple[Any, dict[str, Any]]:
        return 2 * jnp.sum(scored.weight_B), {"n": state.fitted["n"] + 1}

    plain = Adjustment(fit=lambda context: State({"a": jnp.float32(7)}, {}))
    replacing = Adjustment(fit=lambda context: State({"n": jnp.int32(0)}, {}), loss=loss)
    both = compose([plain, replacing])
    context: Any = None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("stratbench.adjustments.contract._Transformed.after", lambda context, *_: context)
        state = both.fit(context)
    batch = Batch(jnp.arange(2), jnp.zeros(2), jnp.zeros((), jnp.int32), True)
    value, fitted = both.loss(state, both.init(state), scored([1, 1], [1, 4]), batch)
    assert both.places == {"loss"}
    assert value == 10
    assert fitted == {"0": {"a": 7}, "1": {"n": 1}}


def test_a_model_that_is_solved_refuses_a_loss(paths: dict[str, Any], tmp_path: Path) -> None:
    asked = {"model": spec("model", "ridge"), "adjustments": [own(tmp_path, "counting")]}
    fit_one(paths, outputs(tmp_path), **asked, seeds=1, names=NAMES)
    assert "replaces the loss" in read_fit(tmp_path / "fit.json").reason


@pytest.mark.parametrize("model", ["linear", "ridge"])
def test_a_finished_state_is_what_predicts_and_what_is_stored(
    paths: dict[str, Any], tmp_path: Path, model: str
) -> None:
    asked = {"model": spec("model", model), "adjustments": [own(tmp_path, "finishing")]}
    fit_one(paths, outputs(tmp_path), **asked, seeds=1, names=NAMES)
    table = files.read_tsv(tmp_path / "predictions.tsv", text=("set",))
    offset, train = table["score"] - table["f"], table["set"] == "train"
    residual = table["y"] - 1 / (1 + np.exp(-table["f"]))
    np.testing.assert_allclose(offset[train], residual[train], atol=1e-5)
    assert (offset[~train] == 0).all()
    variables = restore(tmp_path / "params.msgpack", tmp_path / "fit.json", load(paths).split_sha256)[1]
    assert set(variables.state.rows) == {"own"}


def test_later_parts_see_the_offsets_of_earlier_ones(paths: dict[str, Any]) -> None:
    seen = []

    def look(context: Context) -> State:
        seen.append(context.offset(np.arange(5)))
        return State({}, {})

    setup = set_up(load(paths), spec("model", "linear"), [spec("adjustment", "pc-covariates", pcs=3)], 0)
    compose([Adjustment(fit=look), setup.adjustment, Adjustment(fit=look)]).fit(setup.context)
    start = setup.adjustment.fit(setup.context).fitted["start"]
    assert (seen[0] == 0).all()
    np.testing.assert_allclose(seen[1], setup.context.pcs_NK[:5, :3] @ start, rtol=1e-5)


def without(paths: dict[str, Any], folder: Path, dropped: int) -> dict[str, Any]:
    """The same files with a split that leaves the first people out."""
    split = files.read_tsv(paths["split"], text=("set",))
    files.write_tsv(split.iloc[dropped:], folder / "split.tsv")
    return paths | {"split": folder / "split.tsv"}


def test_the_grm_and_the_truth_are_those_of_the_split(paths: dict[str, Any], tmp_path: Path) -> None:
    whole_NN, liability = grm.stored(paths["grm"]), files.read_tsv(paths["liability"])
    for dropped in (0, 7):
        data = load(without(paths, tmp_path, dropped))
        np.testing.assert_array_equal(data.grm(), whole_NN[dropped:, dropped:])
        truth = data.truth()
        np.testing.assert_array_equal(truth.causal_M, np.arange(len(data.snp_M)) < 10)
        np.testing.assert_array_equal(truth.liability["noise"], liability["noise"][dropped:])


def test_what_is_not_there_is_said_when_it_is_asked_for(paths: dict[str, Any], tmp_path: Path) -> None:
    grm.write(tmp_path / "grm.npz", iter([("grm_NN", np.zeros((0, 0), dtype=np.float32))]))
    files.write_json({"kind": "binary", "simulated": False}, tmp_path / "trait.json")
    lacking = {"grm": tmp_path / "grm.npz", "trait_json": tmp_path / "trait.json"}
    data = load(paths | lacking)
    with pytest.raises(ScientificFailure, match=r"no GRM was stored, .* raise grm_most"):
        data.grm()
    with pytest.raises(ScientificFailure, match="the trait is measured"):
        data.truth()
    data = load({name: path for name, path in paths.items() if name not in ("grm", "truth")})
    for ask, name in ((data.grm, "grm"), (data.truth, "truth")):
        with pytest.raises(UserError, match=f"'{name}' is no input of this job"):
            ask()


def test_an_adjustment_says_what_it_reads(paths: dict[str, Any], tmp_path: Path) -> None:
    """What it does not state it does not get, whatever other adjustments of its job read."""
    body = "def build(options):\n    return Adjustment(fit=lambda c: State({'k': c.grm()[:2, :2]}, {}))\n"
    file = tmp_path / "reading.py"
    asked = {"method": "reading", "file": str(file), "options": {}}
    file.write_text(HEAD + body)
    with pytest.raises(UserError, match=r'asks for context.grm\(\); state READS = \("grm",\) in its file'):
        trained(paths, tmp_path, asked)
    file.write_text(HEAD + 'READS = ("grm",)\n' + body)
    state = trained(paths, tmp_path, asked).state
    np.testing.assert_array_equal(state.fitted["k"], grm.stored(paths["grm"])[:2, :2])
    assert files_read([asked, spec("adjustment", "none")]) == ["grm"]
    file.write_text(HEAD + 'READS = ("kinship",)\n' + body)
    with pytest.raises(UserError, match=r"READS is \('kinship',\); it must be a tuple of some of grm, truth"):
        files_read([asked])


def test_an_adjustment_that_draws_has_a_fit_for_each_seed(paths: dict[str, Any], tmp_path: Path) -> None:
    fit_one(
        paths, outputs(tmp_path), model=spec("model", "linear", epochs=1),
        adjustments=[spec("adjustment", "placebo", of="pc-covariates")], seeds=2, names=NAMES,
    )  # fmt: skip
    found = restore(tmp_path / "params.msgpack", tmp_path / "fit.json", load(paths).split_sha256)
    one, two = (np.asarray(found[seed].state.rows["pcs"]) for seed in (1, 2))
    assert not np.array_equal(one, two)
    np.testing.assert_array_equal(np.sort(one[:, 0]), np.sort(two[:, 0]))


def test_a_part_that_reads_genotypes_as_they_are_comes_first() -> None:
    before, own = spec("adjustment", "input-residual"), spec("adjustment", "input-residual-class")
    with pytest.raises(UserError, match=r"'input-residual-class' reads the genotypes .* put it first"):
        build_adjustment([before, own])
    assert build_adjustment([spec("adjustment", "pc-covariates"), own, before]).places == {"inputs", "offset"}
