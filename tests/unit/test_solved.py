"""Models that are solved: ridge against scikit-learn and GBLUP's equations, boosting against LightGBM itself."""

from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import lightgbm
import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression, Ridge

from stratbench.attributions.methods import tree_shap
from stratbench.attributions.run import attribute
from stratbench.core import files
from stratbench.methods.registry import load
from stratbench.models.contract import Architecture, Individuals, Problem
from stratbench.models.methods import boosting
from stratbench.task.model_data import load as load_data
from stratbench.training.criterion import criterion, judged
from stratbench.training.fit import fit_one
from stratbench.training.loss import per_individual
from stratbench.training.store import restore
from trained import outputs, spec, write_dataset

KINDS = ("binary", "quantitative")


def problem(kind: str, n: int = 120, m: int = 300, seed: int = 0) -> Problem:
    """Ten SNPs with effects and a pair that interacts; two thirds train."""
    rng = np.random.default_rng(seed)
    x_NM = rng.normal(size=(n, m)).astype(np.float32)
    g_N = x_NM[:, :10].sum(axis=1) / 3 + x_NM[:, 20] * x_NM[:, 21]
    y_N = g_N + rng.normal(size=n)
    y_N = (y_N > 0.2).astype(float) if kind == "binary" else (y_N - y_N.mean()) / y_N.std()
    cut = 2 * n // 3
    train, validation = (
        Individuals(x_NM[part], y_N[part], np.zeros(len(y_N[part])), np.ones(len(y_N[part])))
        for part in (slice(None, cut), slice(cut, None))
    )

    def judge(f_V: np.ndarray) -> float:
        return float(per_individual(kind, jnp.asarray(f_V), jnp.asarray(validation.y_B)).mean())

    return Problem(train, validation, kind, judge, seed)


def built(name: str, n_snps: int = 300, **options: Any) -> Architecture:
    architecture: Architecture = load("model", name).build(n_snps, spec("model", name, **options)["options"])
    return architecture


def f_of(architecture: Architecture, params: dict[str, Any], x_BM: np.ndarray) -> np.ndarray:
    h_BF = architecture.encoder.apply({"params": params["encoder"]}, jnp.asarray(x_BM), False)
    return np.asarray(architecture.head.apply({"params": params["head"]}, h_BF, False))


def solved(name: str, given: Problem, **options: Any) -> tuple[np.ndarray, dict[str, Any]]:
    """f of validation people and the parameters."""
    architecture = built(name, given.train.x_BM.shape[1], **options)
    assert architecture.solve is not None
    params = architecture.solve(given)
    return f_of(architecture, params, given.validation.x_BM), params


@pytest.mark.parametrize("name", ["ridge", "boosting"])
def test_solved_parameters_have_the_shapes_of_the_halves(name: str) -> None:
    """Training makes the untrained ones for all else that a model consists of."""
    given = problem("binary")
    architecture, (_, params) = built(name), solved(name, given)
    encoder = architecture.encoder.init(jax.random.key(0), given.train.x_BM, False)
    h_BF = architecture.encoder.apply(encoder, given.train.x_BM, False)
    fresh = {
        "encoder": encoder["params"],
        "head": architecture.head.init(jax.random.key(0), h_BF, False)["params"],
    }
    assert jax.tree.structure(fresh) == jax.tree.structure(params)
    for own, other in zip(jax.tree.leaves(params), jax.tree.leaves(fresh), strict=True):
        assert (own.shape, own.dtype) == (other.shape, other.dtype)


@pytest.mark.parametrize("m", [30, 300])
def test_ridge_is_scikit_learns(m: int) -> None:
    """More people than SNPs and fewer; the penalty's scale is that of w / sqrt(M)."""
    given = problem("quantitative", m=m)
    f_V, _ = solved("ridge", given, penalties=[0.7])
    peer = Ridge(alpha=0.7 * m).fit(given.train.x_BM.astype(float), given.train.y_B)
    np.testing.assert_allclose(f_V, peer.predict(given.validation.x_BM.astype(float)), atol=1e-5)


@pytest.mark.parametrize("m", [30, 300])
def test_logistic_ridge_is_scikit_learns(m: int) -> None:
    given = problem("binary", m=m)
    f_V, _ = solved("ridge", given, penalties=[0.7])
    peer = LogisticRegression(C=1 / (0.7 * m), tol=1e-10, max_iter=10_000)
    peer.fit(given.train.x_BM.astype(float), given.train.y_B)
    np.testing.assert_allclose(f_V, peer.decision_function(given.validation.x_BM.astype(float)), atol=1e-4)


def test_ridge_of_a_quantitative_trait_is_gblup() -> None:
    """Henderson's solution: u = h2 K V^-1 (y - mean by generalised least squares), V = h2 K + (1 - h2) I, K = XX'/M."""
    given, h2 = problem("quantitative"), 0.4
    f_V, _ = solved("ridge", given, penalties=[(1 - h2) / h2])
    x_TM, x_VM = given.train.x_BM.astype(float), given.validation.x_BM.astype(float)
    inverse_TT = np.linalg.inv(h2 * x_TM @ x_TM.T / 300 + (1 - h2) * np.eye(len(x_TM)))
    ones_T, y_T = np.ones(len(x_TM)), given.train.y_B
    mean = ones_T @ inverse_TT @ y_T / (ones_T @ inverse_TT @ ones_T)
    expected_V = mean + h2 * x_VM @ x_TM.T / 300 @ inverse_TT @ (y_T - mean)
    np.testing.assert_allclose(f_V, expected_V, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_ridge_takes_offsets_and_weights_as_the_loss_has_them(kind: str) -> None:
    """The gradient of the whole objective is 0 where it should be."""
    given, rng = problem(kind), np.random.default_rng(1)
    weight_T = rng.uniform(0.2, 1.8, len(given.train.y_B))
    train = given.train._replace(offset_B=rng.normal(size=len(weight_T)), weight_B=weight_T / weight_T.mean())
    _, params = solved("ridge", replace(given, train=train), penalties=[0.7])
    w_M, b = params["encoder"]["kernel"][:, 0].astype(float), float(params["head"]["bias"])
    z_TM = train.x_BM.astype(float) / np.sqrt(300)
    score_T = z_TM @ w_M + b + train.offset_B
    residual_T = train.weight_B * ((expit(score_T) if kind == "binary" else score_T) - train.y_B)
    assert abs(residual_T.sum()) < 1e-4
    np.testing.assert_allclose(z_TM.T @ residual_T + 0.7 * w_M, 0, atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_validation_people_choose_the_penalty(kind: str) -> None:
    given = problem(kind)
    grid = [0.01, 1, 10, 1000]
    losses = [given.judge(solved("ridge", given, penalties=[penalty])[0]) for penalty in grid]
    assert min(losses) < sorted(losses)[1]
    chosen, _ = solved("ridge", given, penalties=grid)
    assert given.judge(chosen) == pytest.approx(min(losses))


@pytest.mark.parametrize("kind", KINDS)
def test_f_of_trees_is_lightgbms_raw_prediction(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given, kept = problem(kind), []
    real = lightgbm.Booster

    def booster(*arguments: Any) -> Any:
        kept.append(real(*arguments))
        return kept[-1]

    monkeypatch.setattr(lightgbm, "Booster", booster)
    f_V, params = solved("boosting", given, trees=40, leaf=3, learning_rate=0.2, patience=None)
    n = int((params["encoder"]["value"] != 0).any(axis=1).sum())
    assert 0 < n <= 40
    raw_V = kept[0].predict(given.validation.x_BM, 0, n, raw_score=True)
    np.testing.assert_allclose(f_V, raw_V + params["head"]["bias"], atol=1e-5)
    assert np.ptp(raw_V) > 0.1


def test_thresholds_part_float32_inputs_as_lightgbms_do() -> None:
    below, above = np.float32(0.1), np.nextafter(np.float32(0.1), np.float32(1))
    middle = (float(below) + float(above)) / 2
    assert boosting._not_above(middle) == below
    assert boosting._not_above(float(above)) == above


def test_the_same_seed_grows_the_same_trees_and_another_one_others() -> None:
    given = problem("binary")
    first, again, other = (
        solved("boosting", replace(given, seed=seed), trees=10, patience=None, leaf=5)[1]
        for seed in (1, 1, 2)
    )
    assert all(map(np.array_equal, jax.tree.leaves(first), jax.tree.leaves(again)))
    assert not np.array_equal(first["encoder"]["snp"], other["encoder"]["snp"])


@pytest.mark.parametrize("kind", KINDS)
def test_trees_follow_offsets_and_weights(kind: str) -> None:
    """Labels that the offset explains leave nothing to learn; people without weight teach nothing."""
    given = problem(kind)
    known = (40 * given.train.y_B - 20) if kind == "binary" else given.train.y_B
    explained = replace(given, train=given.train._replace(offset_B=known))
    f_V, _ = solved("boosting", explained, trees=10, leaf=3, patience=None)
    assert np.ptp(f_V) < 0.05
    half_T = (given.train.x_BM[:, 0] > 0).astype(float)
    flipped = np.where(half_T == 1, given.train.y_B, given.train.y_B[::-1])
    weighted, few = (
        replace(given, train=Individuals(*(part[rows] for part in train)))
        for train, rows in (
            (given.train._replace(y_B=flipped, weight_B=half_T / half_T.mean()), slice(None)),
            (given.train, half_T == 1),
        )
    )
    head = [
        solved("boosting", one, trees=1, leaf=1, depth=1, snps=1)[1]["head"]["bias"]
        for one in (weighted, few)
    ]
    np.testing.assert_allclose(*head, rtol=1e-5)


def test_patience_stops_the_growth() -> None:
    given = problem("binary")
    calls = []

    def judge(f_V: np.ndarray) -> float:
        calls.append(len(calls))
        return abs(len(calls) - 4)  # the least after three trees

    _, params = solved("boosting", replace(given, judge=judge), trees=50, patience=5, leaf=3)
    assert len(calls) == 3 + 5 + 1
    assert int((params["encoder"]["value"] != 0).any(axis=1).sum()) == 3


def test_boosting_learns_an_interaction_that_ridge_cannot() -> None:
    """Two SNPs that act together only; each has an effect of its own, without which trees do not find them."""
    rng = np.random.default_rng(0)
    x_NM = rng.normal(size=(1500, 40)).astype(np.float32)
    truth_N = 2.0 * ((x_NM[:, 0] > 0) & (x_NM[:, 1] > 0))
    y_N = truth_N + rng.normal(size=1500) - 0.5
    train, validation = (
        Individuals(x_NM[rows], y_N[rows], np.zeros(len(y_N[rows])), np.ones(len(y_N[rows])))
        for rows in (slice(1000), slice(1000, None))
    )
    given = Problem(
        train, validation, "quantitative", lambda f_V: float(np.square(f_V - validation.y_B).mean()), 0
    )
    trees, line = (
        np.corrcoef(solved(name, given)[0], truth_N[1000:])[0, 1] for name in ("boosting", "ridge")
    )
    assert trees > line + 0.05


NAMES = ["cohort", "trait", "split", "model"]


@pytest.fixture(scope="module", params=KINDS)
def paths(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return write_dataset(tmp_path_factory.mktemp(request.param), kind=request.param)


@pytest.mark.parametrize(
    ("name", "adjustment"),
    [
        ("ridge", "none"),
        ("ridge", "pc-covariates+placebo"),
        ("boosting", "input-residual"),
        ("boosting", "pc-covariates"),
    ],
)
def test_a_solved_model_is_fitted_in_one_row(
    paths: dict[str, Any], tmp_path: Path, name: str, adjustment: str
) -> None:
    """Weights of the PCs stay where they start; the losses are those of the predictions."""
    out, own = outputs(tmp_path), [spec("adjustment", part) for part in adjustment.split("+")]
    fit_one(paths, out, model=spec("model", name), adjustments=own, seeds=2, names=NAMES)
    record = files.read_json(out["fit"])
    assert [run["epochs"] for run in record["seeds"]] == [1, 1]
    rows = files.read_tsv(out["history"])
    assert rows["epoch"].tolist() == [1, 1]
    assert rows["learning_rate"].isna().all()
    table = files.read_tsv(out["predictions"], text=("set",))
    data = load_data(paths)
    mean, sd = data.label_scale
    for name_of_set, column in (("train", "train_loss"), ("validation", "validation_loss")):
        here = table[(table["set"] == name_of_set) & (table["seed"] == 1)]
        losses = per_individual(
            data.kind,
            jnp.asarray((here["score"].to_numpy() - mean) / sd),
            jnp.asarray((here["y"].to_numpy() - mean) / sd),
        )
        assert float(losses.mean()) == pytest.approx(rows[column][0], rel=1e-4)
    variables = restore(out["params"], out["fit"], data.split_sha256)[1]
    if "pc-covariates" in adjustment:
        fitted, params = variables.state.fitted, variables.params["adjustment"]
        fitted, params = (fitted, params) if adjustment == "pc-covariates" else (fitted["0"], params["0"])
        np.testing.assert_array_equal(params["w"], fitted["start"])
        assert np.abs(table["score"] - mean - table["f"]).max() > 0.01


@pytest.mark.parametrize("name", ["ridge", "boosting"])
def test_feature_residual_is_refused_with_a_reason(paths: dict[str, Any], tmp_path: Path, name: str) -> None:
    out = outputs(tmp_path)
    fit_one(
        paths,
        out,
        model=spec("model", name),
        adjustments=[spec("adjustment", "feature-residual")],
        seeds=2,
        names=NAMES,
    )
    record = files.read_json(out["fit"])
    assert record["status"] == "failed"
    assert record["reason"].startswith(
        "the adjustment changes the hidden features and refits the head in a second stage"
    )
    assert files.read_tsv(out["predictions"]).empty


@pytest.mark.parametrize("name", ["ridge", "boosting"])
def test_labels_of_test_people_change_nothing(tmp_path: Path, name: str) -> None:
    paths = write_dataset(tmp_path)
    own = [spec("adjustment", "pc-covariates")]
    fit_one(paths, outputs(tmp_path / "a"), model=spec("model", name), adjustments=own, seeds=1, names=NAMES)
    table = files.read_tsv(paths["trait"])
    test_N = files.read_tsv(paths["split"], text=("set",))["set"] == "test"
    files.write_tsv(table.assign(y=np.where(test_N, 1 - table["y"], table["y"])), paths["trait"])
    fit_one(paths, outputs(tmp_path / "b"), model=spec("model", name), adjustments=own, seeds=1, names=NAMES)
    assert (tmp_path / "a/params.msgpack").read_bytes() == (tmp_path / "b/params.msgpack").read_bytes()


@pytest.mark.parametrize("name", ["loss", "loss-within", "auroc-within"])
def test_the_criterion_chooses_among_penalties(tmp_path: Path, name: str) -> None:
    """The kept penalty is the best of the grid by the criterion, each penalty fitted alone."""
    paths, grid = write_dataset(tmp_path, n=150), [0.01, 0.3, 30.0]
    values, kept = [], []
    data = load_data(paths)
    rows_V = data.rows("validation")
    y_N, y_V = data.scaled_y_N, jnp.asarray(data.scaled_y_N[rows_V])
    for number, penalties in enumerate([grid, *([one] for one in grid)]):
        out = outputs(tmp_path / str(number))
        model = spec("model", "ridge", penalties=penalties, criterion=name)
        fit_one(paths, out, model=model, adjustments=[spec("adjustment", "none")], seeds=1, names=NAMES)
        f_V = jnp.asarray(files.read_tsv(out["predictions"])["f"].to_numpy()[rows_V], jnp.float32)
        loss = float(per_individual("binary", f_V, y_V).mean())
        people = judged(name, rows_V, y_N, data.population_N)
        values.append(loss if name == "loss" else float(criterion(name, "binary", f_V, f_V, y_V, people)))
        kept.append(out["params"].read_bytes())
    assert kept[0] == kept[1 + int(np.argmin(values[1:]))]
    assert len(set(values[1:])) == 3


@pytest.mark.parametrize("depth", [1, 3])
def test_shapley_values_of_trees_are_those_of_all_coalitions(depth: int) -> None:
    """Against the definition: the mean over all orders of SNPs of what each adds; SNPs come twice on a way, too."""
    rng, m, trees = np.random.default_rng(depth), 4, 6
    nodes = 2**depth - 1
    threshold_FX = rng.normal(size=(trees, nodes)).astype(np.float32)
    threshold_FX[0, -1] = np.inf  # a tree that ends early
    params = {
        "snp": rng.integers(m, size=(trees, nodes)),
        "threshold": threshold_FX,
        "value": rng.normal(size=(trees, nodes + 1)).astype(np.float32),
    }
    x_BM, donor_BM = rng.normal(size=(2, 5, m)).astype(np.float32)
    encoder = boosting.Trees(trees, depth)

    def v(members: set[int]) -> np.ndarray:
        mixed_BM = np.where(np.isin(np.arange(m), list(members)), x_BM, donor_BM)
        return np.asarray(encoder.apply({"params": params}, jnp.asarray(mixed_BM), False)).sum(axis=1)

    wanted_BM = np.zeros_like(x_BM)
    orders = list(permutations(range(m)))
    for order in orders:
        for place, snp in enumerate(order):
            wanted_BM[:, snp] += (v({*order[: place + 1]}) - v({*order[:place]})) / len(orders)
    found_BM = tree_shap._values(tree_shap._ways(params), jnp.asarray(x_BM), jnp.asarray(donor_BM))
    assert np.abs(wanted_BM).max() > 0.1
    np.testing.assert_allclose(found_BM, wanted_BM, atol=1e-5)


def test_trees_are_explained_by_occlusion_and_by_their_shapley_values(tmp_path: Path) -> None:
    paths, model, none = (
        write_dataset(tmp_path),
        spec("model", "boosting", leaf=5),
        [spec("adjustment", "none")],
    )
    fit_one(paths, outputs(tmp_path), model=model, adjustments=none, seeds=2, names=NAMES)
    wanted = {name: spec("attribution", name) for name in ("occlusion", "tree-shap")}
    tables = [tmp_path / f"{name}.tsv" for name in wanted]
    inputs = paths | {"params": [tmp_path / "params.msgpack"], "fit_json": [tmp_path / "fit.json"]}
    fits = [{"model": model, "adjustments": none, "attributions": wanted, "names": NAMES}]
    attribute(inputs, {"tables": tables, "records": [tmp_path / "a.json"]}, fits=fits)
    variables = restore(tmp_path / "params.msgpack", tmp_path / "fit.json", load_data(paths).split_sha256)
    used = {
        snp
        for trained in variables.values()
        for snp in np.unique(
            trained.params["encoder"]["snp"][np.isfinite(trained.params["encoder"]["threshold"])]
        )
    }
    for table in tables:
        score_S = files.read_tsv(table)["score"].to_numpy()
        assert (score_S > 0).sum() > 0
        assert set(np.flatnonzero(score_S) % 160) <= used  # SNPs that no tree uses have no score
    assert 0 <= files.read_json(tmp_path / "a.json")["tree-shap"]["completeness_error"]["max"] < 1e-4
