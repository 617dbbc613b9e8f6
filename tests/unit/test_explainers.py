"""Attributions of functions that are written down: what is right is known, and nothing was trained."""

import importlib.util
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

from explaining import explained
from hand_built import NETWORKS, judged, people, seen
from stratbench.attributions.blocks import ld_blocks
from stratbench.attributions.contract import baseline
from stratbench.attributions.methods import deeplift, expected_gradients, lrp
from stratbench.core.errors import ScientificFailure
from stratbench.methods import registry
from stratbench.models.convolution import Conv

ROOT = Path(__file__).resolve().parents[2]
DRAWN = {"draws": 20, "donors": "all"}
WRITTEN = {  # options with which each method is tried
    "saliency": {},
    "gradient-input": {"baseline": "mean"},
    "integrated-gradients": {"baseline": "population-mean", "steps": 8},
    "deeplift": {"baseline": "mean"},
    "occlusion": {"baseline": "population-mean"},
    "expected-gradients": DRAWN,
    "block-permutation": {"draws": 3, "r2": 0.2, "size": 5, "blocks": None},
}
ANY = {**WRITTEN, "smoothgrad": {"draws": 4, "noise": 0.1}, "lrp": {"alpha": 2}, "gradient-dosage": {}}
COUNT_NM = np.random.default_rng(2).binomial(2, 0.4, (60, 30))
WEIGHTS = [np.random.default_rng(3).normal(size=shape) / 4 for shape in ((30, 12), (12,), (12, 6), (6,))]
WEIGHTS[0][17] *= 40  # the planted SNP
POPULATION_N = np.repeat(["p1", "p2"], 30)
I_B = np.arange(0, 60, 7)


def planted(x_BM: Any) -> Any:
    """A random ReLU network to which one SNP of thirty matters much more than all others."""
    first, bias, second, last = (jnp.asarray(w, jnp.float32) for w in WEIGHTS)
    return nn.relu(nn.relu(x_BM @ first + bias) @ second) @ last


def recoded(x_BM: Any) -> Any:
    """The network of counts of the other alleles that gives everyone the same f."""
    first, bias, second, last = (jnp.asarray(w, jnp.float32) for w in WEIGHTS)
    return nn.relu(nn.relu(x_BM @ -first + (bias + 2 * first.sum(axis=0))) @ second) @ last


def attributed(
    name: str, function: Any, count_NM: np.ndarray, options: Any, i_B: np.ndarray = I_B
) -> np.ndarray:
    one = explained(function, count_NM, POPULATION_N, seed=5)
    i_B = jnp.asarray(i_B)
    return np.asarray(registry.load("attribution", name).attribute(one, one.inputs(i_B), i_B, options)[0])


def test_the_page_says_which_method_gets_which_network_right() -> None:
    script = importlib.util.spec_from_file_location("attributions_page", ROOT / "docs" / "attributions.py")
    assert script is not None
    assert script.loader is not None
    module = importlib.util.module_from_spec(script)
    script.loader.exec_module(module)
    text = module.PAGE.read_text()
    assert text == module.page(text), "run `python docs/attributions.py`"


@pytest.mark.parametrize("network", NETWORKS)
def test_the_right_attribution_is_complete_and_gives_other_snps_nothing(network: str) -> None:
    one, built = seen(network, "independent"), NETWORKS[network]
    x_BM = np.asarray(one.inputs(jnp.arange(50)), np.float64)
    base_M = np.asarray(one.background.baseline_M, np.float64)
    right_BM = built.right(x_BM, base_M)
    change_B = np.asarray(built.function(x_BM)) - np.asarray(built.function(base_M[None, :]))
    np.testing.assert_allclose(right_BM.sum(axis=1), change_B, atol=1e-5)
    assert not np.delete(right_BM, built.snps, axis=1).any()


@pytest.mark.parametrize(
    ("attribution", "network", "found"),
    [
        ("integrated-gradients", "product", "exact"),
        ("deeplift", "gate", "exact"),
        ("occlusion", "dominance", "exact"),
        ("gradient-input", "additive", "exact"),
        ("occlusion", "product", "SNPs"),
        ("lrp", "gate", "refused"),
    ],
)
def test_theory_says_what_is_found(attribution: str, network: str, found: str) -> None:
    assert judged(attribution, network, "correlated") == found


@pytest.mark.parametrize("name", ANY)
def test_a_planted_snp_is_found(name: str) -> None:
    score_M = np.abs(attributed(name, planted, COUNT_NM, ANY[name])).mean(axis=0)
    assert score_M.argmax() == 17


@pytest.mark.parametrize("name", ANY)
def test_attributions_do_not_depend_on_who_is_explained_together(name: str) -> None:
    all_BM = attributed(name, planted, COUNT_NM, ANY[name])
    some_BM = attributed(name, planted, COUNT_NM, ANY[name], I_B[5:8])
    np.testing.assert_allclose(some_BM, all_BM[5:8], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", WRITTEN)
def test_the_counted_allele_does_not_matter_where_theory_says_so(name: str) -> None:
    a_BM = attributed(name, planted, COUNT_NM, WRITTEN[name])
    other_BM = attributed(name, recoded, 2 - COUNT_NM, WRITTEN[name])
    np.testing.assert_allclose(np.abs(other_BM), np.abs(a_BM), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("gradient-input", {"baseline": "zero"}),
        ("integrated-gradients", {"baseline": "zero", "steps": 8}),
        ("gradient-dosage", {}),
        ("lrp", {"alpha": 2}),
    ],
)
def test_the_counted_allele_matters_where_theory_says_so(name: str, options: Any) -> None:
    a_BM = attributed(name, planted, COUNT_NM, options)
    other_BM = attributed(name, recoded, 2 - COUNT_NM, options)
    assert np.abs(np.abs(other_BM) - np.abs(a_BM)).max() > 0.1 * np.abs(a_BM).max()


def test_lrp_is_the_alpha_beta_rule() -> None:
    """Against the rule written out for two dense layers, for one individual after the other."""
    first, bias, second, last = WEIGHTS
    a_BM = attributed("lrp", planted, COUNT_NM, {"alpha": 2})

    def shares(z: np.ndarray, weight: np.ndarray, got: np.ndarray) -> np.ndarray:
        term = z[:, None] * weight
        up, down = np.maximum(term, 0), np.minimum(term, 0)
        parts = [
            np.divide(part, part.sum(axis=0), out=0 * part, where=part.sum(axis=0) != 0)
            for part in (up, down)
        ]
        return (2 * parts[0] - parts[1]) @ got

    for row, one in enumerate(I_B):
        x = COUNT_NM[one].astype(float)
        h = np.maximum(x @ first + bias, 0)
        g = np.maximum(h @ second, 0)
        got = shares(g, last[:, None], np.array([g @ last]))
        expected = shares(x, first, shares(h, second, got))
        np.testing.assert_allclose(a_BM[row], expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())


def test_lrp_of_a_convolution_is_that_of_the_dense_layer_that_equals_it() -> None:
    """For more individuals than the convolution takes at once, so that it is a loop."""
    rng = np.random.default_rng(4)
    kernel, bias, last = rng.normal(size=(5, 1, 2)), rng.normal(size=2), rng.normal(size=52)
    matrix = np.zeros((30, 26, 2))
    for place in range(26):
        matrix[place : place + 5, place] = kernel[:, 0]

    def convolved(x_BM: Any) -> Any:
        z = Conv(2, 5).apply({"params": {"kernel": kernel, "bias": bias}}, x_BM[:, :, None])
        return nn.relu(z).reshape(len(x_BM), -1) @ last

    def dense(x_BM: Any) -> Any:
        return nn.relu(x_BM @ matrix.reshape(30, -1) + np.tile(bias, 26)) @ last

    i_B = np.arange(40)
    a_BM, expected_BM = (attributed("lrp", f, COUNT_NM, {"alpha": 2}, i_B) for f in (convolved, dense))
    np.testing.assert_allclose(a_BM, expected_BM, rtol=1e-3, atol=1e-4 * np.abs(expected_BM).max())


def test_an_operation_without_a_rule_is_refused_by_its_name() -> None:
    def sorted_sum(x_BM: Any) -> Any:
        return jnp.sort(x_BM, axis=1)[:, 0]

    one = explained(sorted_sum, COUNT_NM)
    for module, options in ((deeplift, {"baseline": "mean"}), (lrp, {"alpha": 2})):
        with pytest.raises(ScientificFailure, match="has no rule for the operation 'sort'"):
            module.attribute(one, one.inputs(I_B), jnp.asarray(I_B), options)


def test_the_ancestry_share_is_that_of_the_populations_means() -> None:
    count_NM, population_N = people("independent")
    one, i_B = seen("additive", "independent"), jnp.arange(0, 400, 4)
    _, figures = expected_gradients.attribute(one, one.inputs(i_B), i_B, DRAWN)
    said = expected_gradients.summary(
        DRAWN | {"tolerance": 0.01}, {k: np.asarray(v) for k, v in figures.items()}
    )
    f_N = 1.5 * count_NM[:, 0] - count_NM[:, 2]
    mean = {name: f_N[population_N == name].mean() for name in ("p1", "p2")}
    between_B = np.array([mean[name] for name in population_N[::4]])
    assert said["ancestry_share"] == pytest.approx(between_B.var() / f_N[::4].var(), rel=1e-4)
    assert said["completeness_error"]["max"] < 1e-4  # of a linear f no path has an error


def test_attributions_from_all_donors_and_from_ones_own_differ_by_what_lies_between_populations() -> None:
    """The sums of both, of a network of ancestry: all training individuals are donors of everyone."""
    one, i_B = seen("gate", "independent"), jnp.arange(0, 400, 50)
    x_BM = one.inputs(i_B)
    total_BM, figures = expected_gradients.attribute(one, x_BM, i_B, {"draws": 400, "donors": "all"})
    within_BM, _ = expected_gradients.attribute(one, x_BM, i_B, {"draws": 400, "donors": "ancestry"})
    difference_B = np.asarray((total_BM - within_BM).sum(axis=1))
    np.testing.assert_allclose(difference_B, figures["between"], atol=0.1 * np.abs(figures["between"]).max())


def test_blocks_end_where_neighbours_do_not_correlate() -> None:
    assert list(ld_blocks(seen("additive", "correlated").panel)) == [k // 2 for k in range(12)]
    assert list(ld_blocks(seen("additive", "independent").panel)) == list(range(12))
    assert list(ld_blocks(seen("additive", "independent").panel, r2=0, size=5)) == [0] * 5 + [1] * 5 + [2] * 2


def test_a_population_that_nobody_in_training_is_of_has_no_mean_and_no_donors() -> None:
    one = explained(planted, COUNT_NM, POPULATION_N, train_T=np.arange(30))
    i_B = jnp.asarray([3, 40])
    with pytest.raises(ScientificFailure, match="no training individual is of population 'p2'"):
        baseline(one, i_B, "population-mean")
    with pytest.raises(ScientificFailure, match="no training individual is of population 'p2'"):
        one.panel.donors(np.array([40]), 3, within=True)


def test_the_populations_mean_leaves_missing_genotypes_out() -> None:
    count_NM = np.array([[2, 0], [-1, 1], [0, 1], [0, 2]])
    one = explained(planted, count_NM, ["p1", "p1", "p2", "p2"])
    np.testing.assert_allclose(baseline(one, jnp.asarray([0, 3]), "population-mean"), [[2, 0.5], [0, 1.5]])
