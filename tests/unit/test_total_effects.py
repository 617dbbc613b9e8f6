"""Total effects against closed forms: PCs that follow the genotype, of a linear model and of a network."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from stratbench.attributions.methods import (
    deeplift,
    gradient_input,
    integrated_gradients,
    occlusion,
    saliency,
)
from stratbench.attributions.run import attribute, explained
from stratbench.attributions.total import TotalEffect, projection
from stratbench.core import files
from stratbench.core.errors import ScientificFailure, UserError
from stratbench.genotypes.dosages import frequencies, open_cohort
from stratbench.popgen import grm, pca
from stratbench.task.model_data import load
from stratbench.training.fit import fit_one
from stratbench.training.network import Variables, evaluation
from stratbench.training.setup import Setup, fitted_states, set_up
from trained import outputs, spec, write_dataset, write_task

M, K = 160, 3
NAMES = ["cohort", "trait", "split", "model"]
MEAN = {"baseline": "mean"}


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A dataset whose PCs are those of its genotypes: every second SNP makes them, everyone is in the fit."""
    directory = tmp_path_factory.mktemp("total")
    found = write_dataset(directory)
    half = files.read_tsv(found["variants"])["snp"].tolist()[::2]
    everyone = open_cohort(found, half)
    p_R = frequencies(everyone)
    axes = pca.fit(everyone, p_R, np.ones(everyone.n, dtype=bool), grm.product(everyone, p_R), K)
    table = pd.DataFrame(axes.loading_MK, columns=[f"pc{k + 1}" for k in range(K)])
    table.insert(0, "a1_freq", p_R)
    table.insert(0, "snp", half)
    files.write_tsv(table, directory / "loadings.tsv.gz")
    trait, sets = files.read_tsv(found["trait"]), files.read_tsv(found["split"])
    write_task(directory, trait["y"].to_numpy(), sets["set"].to_numpy(), axes.pc_NK)
    return found | {"loadings": directory / "loadings.tsv.gz"}


def built(paths: dict[str, Any], model: dict[str, Any], name: str) -> tuple[Setup, Variables]:
    """A network with random weights under an adjustment, not trained."""
    setup = set_up(load(paths), model, [spec("adjustment", name, pcs=K)], 0)
    state = fitted_states(setup, NAMES, [1])[1]
    known = setup.network.initial(jax.random.key(0), state)
    parts, tree = jax.tree.flatten(known.params)
    rng = np.random.default_rng(1)
    drawn = [jnp.asarray(0.3 * rng.normal(size=part.shape), part.dtype) for part in parts]
    return setup, known._replace(params=jax.tree.unflatten(tree, drawn))


def test_pcs_move_as_genotypes_do(paths: dict[str, Any]) -> None:
    """The difference of two people's inputs, projected, is that of their PCs, where no genotype is missing."""
    setup, _ = built(paths, spec("model", "linear"), "input-residual")
    moved_MK = projection(setup, paths["loadings"])
    codes = setup.data.genotypes.codes(np.arange(len(setup.data.iid_N)))
    full = np.flatnonzero((codes[:, ::2] != 1).all(axis=1))
    assert len(full) > 10
    x_NM = np.asarray(setup.network.inputs(jnp.asarray(full)))
    pcs_NK = setup.context.pcs_NK[full]
    np.testing.assert_allclose((x_NM - x_NM[0]) @ moved_MK, pcs_NK - pcs_NK[0], atol=2e-5)
    assert (moved_MK[1::2] == 0).all()  # SNPs that PCs are not made of


@pytest.mark.parametrize("name", ["pc-covariates", "input-residual"])
def test_a_linear_model_has_its_weights_and_what_pcs_add(paths: dict[str, Any], name: str) -> None:
    """score = (x - [1, PC] B) w + PC v, and PC moves by D: the gradient is w + D (v - B w), of which w is direct."""
    setup, variables = built(paths, spec("model", "linear"), name)
    moved_MK = projection(setup, paths["loadings"])
    w_M = np.asarray(variables.params["encoder"]["kernel"])[:, 0] / np.sqrt(M)
    if name == "pc-covariates":
        through_K = np.asarray(variables.params["adjustment"]["w"])
    else:
        through_K = -np.asarray(variables.state.fitted["coefficients"])[1:] @ w_M
    i_B = jnp.asarray(setup.data.rows("test"))
    x_BM = setup.network.inputs(i_B)
    direct, total = explained(setup)(variables), explained(setup, 0, TotalEffect(setup, moved_MK))(variables)
    expected_M = w_M + moved_MK @ through_K
    assert np.abs(moved_MK @ through_K).max() > 0.01 * np.abs(w_M).max()
    np.testing.assert_allclose(direct.gradient(x_BM, i_B), np.tile(w_M, (len(i_B), 1)), atol=1e-6)
    np.testing.assert_allclose(total.gradient(x_BM, i_B), np.tile(expected_M, (len(i_B), 1)), atol=1e-6)
    np.testing.assert_allclose(total.own(i_B), setup.network.evaluate(variables, i_B).score_B, atol=1e-6)
    change_BM = np.asarray(x_BM) - np.asarray(total.background.baseline_M)
    ways = ((gradient_input, {}), (integrated_gradients, {"steps": 2}), (occlusion, {}), (deeplift, {}))
    for module, options in ways:
        a_BM, _ = module.attribute(total, x_BM, i_B, options | MEAN)
        np.testing.assert_allclose(a_BM, expected_M * change_BM, atol=1e-5, err_msg=module.__name__)
    of_sd_M = expected_M * np.asarray(total.background.per_dosage_M * total.background.sd_M)
    np.testing.assert_allclose(saliency.attribute(total, x_BM, i_B, {})[0][0], of_sd_M, atol=1e-6)


def test_a_networks_total_is_its_score_with_the_pcs_of_that_genotype(paths: dict[str, Any]) -> None:
    """A test person's PCs are moved in the adjustment's own input, which no other person's coefficients rest on."""
    model = spec("model", "mlp", widths=[16], start=1, lasso=0)
    for name in ("pc-covariates", "input-residual"):
        setup, variables = built(paths, model, name)
        moved_MK = projection(setup, paths["loadings"])
        total = explained(setup, 0, TotalEffect(setup, moved_MK))(variables)
        i_B = jnp.asarray(setup.data.rows("test")[:4])
        x_BM = setup.network.inputs(i_B)
        other_BM = jnp.asarray(np.tile(np.asarray(total.background.baseline_M), (4, 1)))
        pcs_NK = setup.context.pcs_NK.copy()
        pcs_NK[np.asarray(i_B)] += (np.asarray(other_BM) - np.asarray(x_BM)) @ moved_MK
        state = setup.adjustment.fit(replace(setup.context, pcs_NK=pcs_NK))
        there = variables._replace(state=variables.state._replace(rows=jax.tree.map(jnp.asarray, state.rows)))
        known_B = setup.network.forward(there, other_BM, evaluation(i_B), jax.random.key(0)).score_B
        np.testing.assert_allclose(total.f(other_BM, i_B), known_B, atol=2e-5)
        a_BM, figures = integrated_gradients.attribute(total, x_BM, i_B, {"steps": 64} | MEAN)
        np.testing.assert_allclose(a_BM.sum(axis=1), total.own(i_B) - known_B, atol=0.02)
        assert float(figures["error"].max()) < 0.02


@pytest.mark.parametrize("name", ["none", "placebo"])
def test_what_does_not_read_ones_own_pcs(paths: dict[str, Any], name: str) -> None:
    """Without any the total is direct; of permuted ones, which follow nobody's genotype, it is refused."""
    setup = set_up(load(paths), spec("model", "linear"), [spec("adjustment", name)], 0)
    variables = setup.network.initial(jax.random.key(0), fitted_states(setup, NAMES, [1])[1])
    see = explained(setup, 0, TotalEffect(setup, projection(setup, paths["loadings"])))
    if name == "placebo":
        with pytest.raises(ScientificFailure, match="is not the PCs themselves"):
            see(variables)
        return
    i_B = jnp.asarray(setup.data.rows("test"))
    x_BM = setup.network.inputs(i_B)
    np.testing.assert_allclose(
        see(variables).gradient(x_BM, i_B), explained(setup)(variables).gradient(x_BM, i_B), atol=1e-7
    )


def test_a_job_writes_both_effects_and_asks_for_loadings(paths: dict[str, Any], tmp_path: Path) -> None:
    model, own = spec("model", "linear", epochs=5), spec("adjustment", "pc-covariates", pcs=K)
    fit_one(paths, outputs(tmp_path), model=model, adjustments=[own], seeds=1, names=NAMES)
    of = {effect: {**spec("attribution", "gradient-input")} for effect in ("direct", "total")}
    for effect, one in of.items():
        one["options"] = {**one["options"], "effect": effect}
    fits = [{"model": model, "adjustments": [own], "attributions": of, "names": NAMES}]
    made = {"tables": [tmp_path / f"{effect}.tsv.gz" for effect in of], "records": [tmp_path / "a.json"]}
    inputs = paths | {"params": [tmp_path / "params.msgpack"], "fit_json": [tmp_path / "fit.json"]}
    attribute(inputs, made, fits=fits)
    direct, total = (files.read_tsv(path)["score"].to_numpy() for path in made["tables"])
    assert not np.allclose(direct, total)
    with pytest.raises(UserError, match="'loadings' is no input of this job"):
        attribute({key: value for key, value in inputs.items() if key != "loadings"}, made, fits=fits)
