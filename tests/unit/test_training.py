"""The loop: convergence to scikit-learn's optimum, the kept epoch, the plateau rule, and honest failure."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.linear_model import Lasso, LogisticRegression, Ridge

import stratbench
from stratbench.adjustments.contract import Batch
from stratbench.attributions.run import attribute
from stratbench.core import decimals, files
from stratbench.core.errors import ScientificFailure, UserError
from stratbench.genotypes import plink
from stratbench.genotypes.packed import unpack
from stratbench.genotypes.records import Resample
from stratbench.methods import registry
from stratbench.methods.gradients import is_network
from stratbench.task.model_data import load
from stratbench.training.fit import _stages, fit, fit_one
from stratbench.training.loop import batch_indices, blocks, lowered, require_finite
from stratbench.training.resamples import SHARE, resampled, resamples
from stratbench.training.setup import set_up
from stratbench.training.store import restore, restore_resamples
from trained import outputs, spec, write_dataset, write_results

NAMES = ["cohort", "trait", "split", "model"]
NONE = spec("adjustment", "none")
IMPORTED = os.pathsep.join((str(Path(__file__).parents[1]), str(Path(stratbench.__file__).parents[1])))


@pytest.fixture(scope="module", params=["binary", "quantitative"])
def paths(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return write_dataset(tmp_path_factory.mktemp("dataset"), kind=request.param)


def test_the_traced_unpacking_is_plinks() -> None:
    packed = np.random.default_rng(0).integers(0, 256, (5, 7), dtype=np.uint8)
    for n in (25, 26, 27, 28):
        np.testing.assert_array_equal(unpack(jnp.asarray(packed), n), plink.unpack(packed, n))


def converged(paths: dict[str, Any], **penalties: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, str]:
    """Weights of the linear model after many full-batch steps, and what scikit-learn needs for the same."""
    data = load(paths)
    setup = set_up(data, spec("model", "linear", learning_rate=1.0, **penalties), [NONE], 0)
    (stage,) = _stages(setup)
    variables = setup.network.initial(jax.random.key(0), setup.adjustment.fit(setup.context))
    moments = stage.optimizer().init(variables.params)
    train = data.rows("train")
    i_B, y_B = jnp.asarray(train), jnp.asarray(data.scaled_y_N[train])

    def many(step: Any, carry: Any) -> Any:
        return stage.step(*carry, Batch(i_B, y_B, step, True), jax.random.key(0))[:2]

    variables, moments = jax.lax.fori_loop(0, 4000, many, (variables, moments))
    weights_M = np.asarray(variables.params["encoder"]["kernel"])[:, 0] / np.sqrt(len(data.snp_M))
    return weights_M, setup.context.inputs(train), np.asarray(y_B), data.kind


def test_ridge_converges_to_scikit_learns(paths: dict[str, Any]) -> None:
    weights_M, x_TM, y_T, kind = converged(paths, ridge=0.1, lasso=0.0)
    n = len(y_T)
    if kind == "binary":
        expected_M = LogisticRegression(C=1 / (0.1 * n), tol=1e-8, max_iter=5000).fit(x_TM, y_T).coef_[0]
    else:
        expected_M = Ridge(alpha=0.1 * n).fit(x_TM, y_T).coef_
    np.testing.assert_allclose(weights_M, expected_M, atol=2e-3)


def test_lasso_converges_to_scikit_learns(paths: dict[str, Any]) -> None:
    weights_M, x_TM, y_T, kind = converged(paths, ridge=0.0, lasso=0.05)
    if kind == "binary":
        peer = LogisticRegression(
            C=1 / (0.05 * len(y_T)), l1_ratio=1, solver="saga", tol=1e-7, max_iter=20000
        )
        expected_M = peer.fit(x_TM, y_T).coef_[0]
    else:
        expected_M = Lasso(alpha=0.05, tol=1e-8, max_iter=50000).fit(x_TM, y_T).coef_
    np.testing.assert_allclose(weights_M, expected_M, atol=5e-3)
    assert (weights_M == 0).mean() > 0.5
    assert ((weights_M == 0) == (np.abs(expected_M) < 1e-6)).mean() > 0.97


def test_what_a_fit_writes(paths: dict[str, Any], tmp_path: Path) -> None:
    out, data = outputs(tmp_path), load(paths)
    fit_one(
        paths,
        out,
        model=spec("model", "mlp", epochs=6, patience=None),
        adjustments=[NONE],
        seeds=2,
        names=NAMES,
    )
    record = files.read_json(out["fit"])
    assert record["status"] == "ok"
    assert record["n_train"] == len(data.rows("train"))
    assert record["device"].startswith(jax.devices()[0].platform)
    history = files.read_tsv(out["history"])
    for run in record["seeds"]:
        own = history[history["seed"] == run["seed"]].set_index("epoch")["validation_loss"]
        assert run["best_epoch"] == own.idxmin()
        assert run["epochs"] == len(own) == 6
    predictions = files.read_tsv(out["predictions"], text=("set",))
    assert list(predictions[predictions["seed"] == 1]["iid"]) == list(data.iid_N)
    np.testing.assert_allclose(predictions["f"].std() > 0, True)
    best = history[history["seed"] == 1]["validation_loss"].min()
    held = predictions[(predictions["seed"] == 1) & (predictions["set"] == "validation")]
    if data.kind == "binary":
        loss = -np.log(np.where(held["y"] == 1, held["probability"], 1 - held["probability"])).mean()
    else:
        loss = 0.5 * (((held["score"] - held["y"]) / data.label_scale[1]) ** 2).mean()
    assert loss == pytest.approx(best, rel=1e-4)


def test_the_same_fit_gives_the_same_bytes(paths: dict[str, Any], tmp_path: Path) -> None:
    for name in ("a", "b"):
        fit_one(
            paths,
            outputs(tmp_path / name),
            model=spec("model", "mlp", epochs=2),
            adjustments=[NONE],
            seeds=1,
            names=NAMES,
        )
    for name in ("params.msgpack", "predictions.tsv", "history.tsv"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_fits_that_share_a_job_have_the_bytes_of_jobs_of_their_own(
    paths: dict[str, Any], tmp_path: Path
) -> None:
    models = {"linear": spec("model", "linear", epochs=2), "mlp": spec("model", "mlp", epochs=2)}
    fits = [
        {"model": model, "adjustments": [spec("adjustment", own)], "seeds": 1, "names": [*NAMES[:3], label]}
        for label, model in models.items()
        for own in ("none", "input-residual")
    ]
    alone = [outputs(tmp_path / f"alone{number}") for number in range(len(fits))]
    shared = [outputs(tmp_path / f"shared{number}") for number in range(len(fits))]
    for one, out in zip(fits, alone, strict=True):
        fit_one(paths, out, **one)
    fit(paths, {name: [out[name] for out in shared] for name in shared[0]}, fits=fits)
    for one, other in zip(alone, shared, strict=True):
        for name in ("params", "predictions", "history"):
            assert one[name].read_bytes() == other[name].read_bytes()


def test_the_bytes_do_not_depend_on_how_many_cpus_there_are(tmp_path: Path) -> None:
    """XLA sizes its thread pool by the CPUs that it may use, and convolutions then have other last bits."""
    write_dataset(tmp_path / "data", m=400)
    code = (
        "import os, sys; from pathlib import Path\n"
        "os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[: int(sys.argv[1])]))\n"
        "from stratbench.core import threads; threads.fix(1)\n"
        "from trained import outputs, paths, spec; from stratbench.training.fit import fit_one\n"
        "cnn, own = spec('model', 'cnn-reference-tuned', epochs=2), spec('adjustment', 'input-residual')\n"
        "fit_one(paths(Path(sys.argv[2])), outputs(Path(sys.argv[3])), "
        "model=cnn, adjustments=[own], seeds=1, names=['c', 't', 's', 'm'])"
    )
    here = os.environ | {"PYTHONPATH": IMPORTED}
    for cpus in ("1", "2"):
        arguments = [cpus, str(tmp_path / "data"), str(tmp_path / cpus)]
        subprocess.run([sys.executable, "-c", code, *arguments], env=here, check=True)
    assert (tmp_path / "1/params.msgpack").read_bytes() == (tmp_path / "2/params.msgpack").read_bytes()


def test_every_architecture_trains(paths: dict[str, Any], tmp_path: Path) -> None:
    for name in filter(lambda name: is_network({"method": name}), registry.names("model")):
        out = outputs(tmp_path / name)
        few = {"options": {"epochs": 2}} if name == "wide" else {"epochs": 2}
        fit_one(paths, out, model=spec("model", name, **few), adjustments=[NONE], seeds=1, names=NAMES)
        assert files.read_json(out["fit"])["status"] == "ok", name


def test_the_reference_network_has_the_reference_number_of_parameters(tmp_path: Path) -> None:
    from stratbench.models.methods import cnn_reference

    architecture = cnn_reference.build(
        10_000, {"learning_rate": 1, "batch_size": 1, "epochs": 1, "patience": 1}
    )
    encoder = jax.eval_shape(
        lambda: architecture.encoder.init(jax.random.key(0), jnp.zeros((1, 10_000)), False)
    )
    length = ((10_000 - 31 + 1) // 6 - 15 + 1) // 3
    head = jax.eval_shape(
        lambda: architecture.head.init(jax.random.key(0), jnp.zeros((1, length * 32)), False)
    )
    n = sum(leaf.size for tree in (encoder["params"], head["params"]) for leaf in jax.tree.leaves(tree))
    assert n == pytest.approx(9.17e6, rel=0.001)  # PLATFORM: 9.17M at M = 10,000


def test_a_network_that_diverges_is_a_result_with_a_reason(tmp_path: Path) -> None:
    paths = write_dataset(tmp_path, kind="quantitative")
    out = outputs(tmp_path / "fit")
    model = spec("model", "mlp", learning_rate=1e30, epochs=3)
    fit_one(paths, out, model=model, adjustments=[NONE], seeds=2, names=NAMES)
    record = files.read_json(out["fit"])
    assert record["status"] == "failed"
    assert "lower the model's learning_rate" in record["reason"]
    assert len(files.read_tsv(out["predictions"])) == 0
    tables = {"gradient-input": tmp_path / "gi.tsv.gz"}
    attribute(
        paths | {"params": [out["params"]], "fit_json": [out["fit"]]},
        {"tables": list(tables.values()), "records": [tmp_path / "a.json"]},
        fits=[
            {"model": model, "adjustments": [NONE], "attributions": {"gradient-input": {}}, "names": NAMES}
        ],
    )
    assert list(files.read_tsv(tables["gradient-input"]).columns) == ["seed", "snp", "score", "rms", "mean"]


def test_a_trait_far_from_zero_keeps_its_digits_in_predictions(tmp_path: Path) -> None:
    """Nine digits of 1700000591.80 would round what differs between people away."""
    paths = write_dataset(tmp_path, kind="quantitative")
    trait = files.read_tsv(paths["trait"])
    y_N = 1.7e9 + 0.25 * np.round(trait["y"].to_numpy())
    files.write_tsv(trait.assign(y=decimals.write(y_N)), paths["trait"])
    out = outputs(tmp_path / "fit")
    fit_one(paths, out, model=spec("model", "linear", epochs=3), adjustments=[NONE], seeds=1, names=NAMES)
    table = files.read_tsv(out["predictions"], exact=True)
    assert table["y"].tolist() == y_N.tolist()
    spread = table["score"] - table["score"].mean()
    np.testing.assert_allclose(spread, table["f"] - table["f"].mean(), atol=1e-5)
    assert spread.std() > 1e-3


def test_one_class_in_a_set_is_a_result_with_a_reason(tmp_path: Path) -> None:
    paths = write_dataset(tmp_path)
    trait = files.read_tsv(paths["trait"])
    trait["y"] = np.where(files.read_tsv(paths["split"], text=("set",))["set"] == "validation", 1, trait["y"])
    files.write_tsv(trait, paths["trait"])
    out = outputs(tmp_path / "fit")
    fit_one(paths, out, model=spec("model", "linear"), adjustments=[NONE], seeds=1, names=NAMES)
    assert "does not hold both classes" in files.read_json(out["fit"])["reason"]


def test_a_model_of_another_split_is_refused(paths: dict[str, Any], tmp_path: Path) -> None:
    out = outputs(tmp_path)
    fit_one(paths, out, model=spec("model", "linear", epochs=1), adjustments=[NONE], seeds=1, names=NAMES)
    with pytest.raises(UserError, match="trained on another split"):
        restore(out["params"], out["fit"], "0" * 64)


def test_ids_that_do_not_match_are_named(paths: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "keep.snp").write_text("s0001\nnowhere\n")
    with pytest.raises(UserError, match=r"'nowhere' is not among the 160 ids of .*\.bim"):
        load(paths | {"keep_snp": tmp_path / "keep.snp"})


def test_batches_use_everyone_over_epochs_and_no_one_twice_in_one() -> None:
    train = np.arange(100, 130)
    seen = set()
    for epoch in range(20):
        indices = np.asarray(batch_indices(jax.random.key(1), jnp.asarray(train), 8, jnp.int32(epoch)))
        assert indices.shape == (3, 8)
        assert len(np.unique(indices)) == 24
        seen |= set(indices.ravel())
    assert seen == set(train)


def test_blocks_cover_everyone_once() -> None:
    rows = np.arange(1100)
    parts = [block[:keep] for block, keep in blocks(rows)]
    np.testing.assert_array_equal(np.concatenate(parts), rows)
    assert len({len(block) for block, _ in blocks(rows)}) == 1


def test_the_plateau_rule_is_keras() -> None:
    rate, since_drop, rates = jnp.float32(1e-3), jnp.int32(0), []
    for _ in range(21):  # epochs without a lower loss
        rate, since_drop = lowered(rate, since_drop + 1, (0.2, 5, 1e-5))
        rates.append(float(rate))
    np.testing.assert_allclose(
        [rates[k] for k in (3, 4, 9, 14, 19)], [1e-3, 2e-4, 4e-5, 1e-5, 1e-5], rtol=1e-5
    )


def test_a_loss_that_is_not_finite_names_the_epoch() -> None:
    with pytest.raises(ScientificFailure, match=r"epoch 3, learning rate 0\.1"):
        require_finite([{"epoch": 3, "learning_rate": 0.1, "train_loss": np.nan, "validation_loss": 1.0}])


@pytest.mark.parametrize("adjustment", ["pc-covariates", "feature-residual"])
def test_seeds_that_are_trained_at_once_are_those_trained_one_by_one(
    paths: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, adjustment: str
) -> None:
    """As an accelerator trains them; the seeds stop at different epochs."""
    model, own = spec("model", "mlp", lasso=0.0, start=0.3, patience=4), spec("adjustment", adjustment, pcs=2)
    same = {"model": model, "adjustments": [own], "seeds": 3, "names": NAMES}
    fit_one(paths, outputs(tmp_path / "one by one"), **same)
    monkeypatch.setattr("stratbench.training.fit.groups_of", lambda seeds: [list(range(1, seeds + 1))])
    fit_one(paths, outputs(tmp_path / "at once"), **same)
    one, many = (files.read_json(tmp_path / name / "fit.json")["seeds"] for name in ("one by one", "at once"))
    for key in ("status", "epochs", "best_epoch"):
        assert [run[key] for run in one] == [run[key] for run in many]
    assert len({run["epochs"] for run in one}) > 1
    tables = [files.read_tsv(tmp_path / name / "predictions.tsv") for name in ("one by one", "at once")]
    np.testing.assert_allclose(tables[0]["f"], tables[1]["f"], rtol=1e-3, atol=1e-4 * tables[0]["f"].std())


def test_how_often_the_host_looks_changes_no_byte(
    paths: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = spec("model", "mlp", epochs=7, patience=None)
    for name, seconds in (("often", 0.0), ("seldom", 1e6)):
        monkeypatch.setattr("stratbench.training.loop.TOLD_EVERY", seconds)
        fit_one(paths, outputs(tmp_path / name), model=model, adjustments=[NONE], seeds=1, names=NAMES)
    for name in ("params.msgpack", "predictions.tsv", "history.tsv"):
        assert (tmp_path / "often" / name).read_bytes() == (tmp_path / "seldom" / name).read_bytes()


def test_training_and_attribution_need_no_workflow_package() -> None:
    code = (
        "import sys; import stratbench.training.fit, stratbench.attributions.run, stratbench.__main__\n"
        "assert not {'snakemake', 'msprime', 'tskit', 'pandas_plink'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_command_line_gives_the_workflows_bytes(tmp_path: Path) -> None:
    paths = write_dataset(tmp_path / "same")
    options = [*write_results(tmp_path / "results" / "tiny"), "--out", tmp_path / "out", "--model", "linear"]
    options += ["--model-options", '{"epochs": 3}', "--adjustment", "pc-covariates"]
    for command, more in (("fit", ["--seeds", "1"]), ("attribute", ["--attribution", "gradient-input"])):
        subprocess.run([sys.executable, "-m", "stratbench", command, *map(str, options), *more], check=True)
    names = ["cohort", "trait", "random", "linear"]
    model, own = spec("model", "linear", epochs=3), spec("adjustment", "pc-covariates")
    fit_one(paths, outputs(tmp_path / "direct"), model=model, adjustments=[own], seeds=1, names=names)
    written = (tmp_path / "out" / "predictions.tsv").read_bytes()
    assert written == (tmp_path / "direct" / "predictions.tsv").read_bytes()
    assert len(files.read_tsv(tmp_path / "out" / "gradient-input.tsv.gz")) == 160
    wrong = subprocess.run(
        [sys.executable, "-m", "stratbench", "fit", *map(str, options), "--adjustment", "pc-covariate"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert wrong.returncode == 1
    assert "did you mean 'pc-covariates'" in wrong.stderr
    assert "Traceback" not in wrong.stderr


def test_resamples_are_the_same_people_for_every_fit_and_nobody_is_tested_on(
    paths: dict[str, Any], tmp_path: Path
) -> None:
    """Each resample has 80% of the training people; permuted labels keep the cases of every population."""
    data = load(paths)
    setups = [set_up(data, spec("model", model), [NONE], 0) for model in ("linear", "mlp")]
    for resample in resamples(2):
        one, other = (resampled(setup, resample, NAMES[:3]) for setup in setups)
        train = one.data.rows("train")
        assert len(train) == round(SHARE * len(data.rows("train")))
        assert set(train) < set(data.rows("train"))
        np.testing.assert_array_equal(train, other.data.rows("train"))
        np.testing.assert_array_equal(one.data.y_N, other.data.y_N)
        np.testing.assert_array_equal(one.data.rows("test"), data.rows("test"))
        assert np.isnan(one.context.y_N[np.setdiff1d(data.rows("train"), train)]).all()
        for name in ("train", "validation"):
            for population in np.unique(data.population_N):
                own = one.data.rows(name)[one.data.population_N[one.data.rows(name)] == population]
                np.testing.assert_array_equal(np.sort(one.data.y_N[own]), np.sort(data.y_N[own]))
        assert (one.data.y_N == data.y_N).all() == (not resample.permuted)
    first, second = (
        set(resampled(setups[0], Resample(n, False), NAMES[:3]).data.rows("train")) for n in (1, 2)
    )
    assert first != second


def test_networks_of_resamples_are_written_and_explained(paths: dict[str, Any], tmp_path: Path) -> None:
    model, label = spec("model", "linear", epochs=3), "gradient-input"
    entry = {"model": model, "adjustments": [NONE], "seeds": 1, "names": NAMES, "resamples": 2}
    out, networks = outputs(tmp_path), tmp_path / "resamples.msgpack"
    written = {name: [path] for name, path in out.items()} | {"resamples": [networks]}
    fit(paths, written, fits=[entry])
    alone = outputs(tmp_path / "alone")
    fit_one(paths, alone, model=model, adjustments=[NONE], seeds=1, names=NAMES)
    assert out["params"].read_bytes() == alone["params"].read_bytes()
    found = restore_resamples(networks, out["fit"])
    assert list(found) == resamples(2)
    given = {"params": [out["params"]], "fit_json": [out["fit"]], "resamples": [networks]}
    tables = {
        "tables": [tmp_path / "a.tsv"],
        "resamples": [tmp_path / "b.tsv"],
        "records": [tmp_path / "a.json"],
    }
    asked = entry | {"attributions": {label: spec("attribution", label)}}
    attribute(paths | given, tables, fits=[asked])
    again = files.read_tsv(tmp_path / "b.tsv", text=("resample",))
    names = ["1", "1-permuted", "2", "2-permuted"]
    assert list(again["resample"].unique()) == names
    snps = load(paths).snp_M
    assert again["snp"].tolist() == list(snps) * 4
    score = again["score"].to_numpy().reshape(4, -1)
    assert np.isfinite(score).all()
    assert len(np.unique(score, axis=0)) == 4
    other = tmp_path / "other.json"
    record = files.read_json(out["fit"])
    files.write_json(record | {"resamples": record["resamples"][:2]}, other)
    with pytest.raises(UserError, match=r"holds 4 networks of resamples, .*other\.json names 2"):
        restore_resamples(networks, other)
