"""Attributions against captum's, on the same random ReLU networks: `make test-peers` writes what captum says."""

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

from explaining import explained
from stratbench.attributions.methods import (
    deeplift,
    expected_gradients,
    integrated_gradients,
    occlusion,
    saliency,
    smoothgrad,
)
from stratbench.attributions.panel import ReferencePanel
from stratbench.models.convolution import Conv
from stratbench.models.sparse import windows

DATA = Path(__file__).parents[1] / "data"
WITHIN = 1e-4  # of the largest |attribution|
MEAN = {"baseline": "mean"}
Case = tuple[Any, Any, Any, dict[str, Any]]


def function(name: str, w: dict[str, np.ndarray]) -> Any:
    """The network of this name, of the layers that our own models are made of."""

    def dense(z: Any, layer: str) -> Any:
        return z @ w[f"{layer}_w"] + w[f"{layer}_b"]

    def convolution(z: Any, layer: str) -> Any:
        size, _, filters = w[f"{layer}_w"].shape
        params = {"kernel": w[f"{layer}_w"], "bias": w[f"{layer}_b"]}
        return Conv(filters, size).apply({"params": params}, z)

    def mlp(x_BM: Any) -> Any:
        return dense(nn.relu(dense(nn.relu(dense(x_BM, "first")), "second")), "last")[:, 0]

    def local(x_BM: Any) -> Any:
        z = jnp.einsum("bpi,pif->bpf", windows(x_BM, (60,), 5), w["local_w"]) + w["local_b"]
        return dense(nn.relu(dense(nn.relu(z).reshape(len(z), -1), "second")), "last")[:, 0]

    def cnn(x_BM: Any) -> Any:
        z = nn.max_pool(nn.relu(convolution(x_BM[:, :, None], "conv_1")), (3,), strides=(3,))
        z = nn.max_pool(nn.relu(convolution(z, "conv_2")), (2,), strides=(2,))
        return dense(nn.relu(dense(z.reshape(len(z), -1), "second")), "last")[:, 0]

    return {"mlp": mlp, "local": local, "cnn": cnn}[name]


@pytest.fixture(scope="module", params=["mlp", "local", "cnn"])
def case(request: pytest.FixtureRequest) -> Case:
    """A network as methods see it, its 20 individuals, of whom the donors come after, and what captum says."""
    given = dict(np.load(DATA / f"captum-{request.param}.npz"))
    count_NM = np.concatenate([given["x"], given["donor"]]).astype(int)
    one = explained(function(request.param, given), count_NM, train_T=np.arange(20, 30))
    back = one.background._replace(baseline_M=jnp.asarray(given["baseline"]), sd_M=jnp.asarray(given["sd"]))
    i_B = jnp.arange(20)
    return one._replace(background=back), one.inputs(i_B), i_B, given


def same(a_BM: Any, expected_BM: np.ndarray) -> None:
    assert np.abs(np.asarray(a_BM) - expected_BM).max() <= WITHIN * np.abs(expected_BM).max()


def test_the_networks_are_the_same(case: Case) -> None:
    one, x_BM, i_B, given = case
    same(one.f(x_BM, i_B), given["captum_f"])
    assert np.std(given["captum_f"]) > 0.1


@pytest.mark.parametrize(
    ("name", "module", "options"),
    [
        ("integrated_gradients", integrated_gradients, {"steps": 20} | MEAN),
        ("deeplift", deeplift, MEAN),
        ("occlusion", occlusion, MEAN),
    ],
)
def test_what_starts_from_a_baseline_is_captums(case: Case, name: str, module: Any, options: Any) -> None:
    one, x_BM, i_B, given = case
    a_BM, figures = module.attribute(one, x_BM, i_B, options)
    same(a_BM, given[f"captum_{name}"])
    if name == "deeplift":
        assert float(figures["error"].max()) < 1e-4 * float(jnp.abs(figures["change"]).mean())


def test_saliency_is_captums_per_standard_deviation(case: Case) -> None:
    one, x_BM, i_B, given = case
    a_BM, _ = saliency.attribute(one, x_BM, i_B, {})
    same(a_BM / given["sd"], given["captum_saliency"])


def test_smoothgrad_is_the_mean_of_captums_saliency_over_the_same_noise(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, x_BM, i_B, given = case
    monkeypatch.setattr(smoothgrad, "noise", lambda seed, draw, i_B, m: jnp.asarray(given["noise"][draw]))
    a_BM, _ = smoothgrad.attribute(one, x_BM, i_B, {"draws": 5, "noise": 0.1})
    same(a_BM / given["sd"], given["captum_smoothgrad"])


def test_expected_gradients_is_the_mean_over_the_same_donors_and_places(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, x_BM, i_B, given = case
    monkeypatch.setattr(ReferencePanel, "donors", lambda *_: np.tile(np.arange(20, 30), (20, 1)))
    a_BM, _ = expected_gradients.attribute(one, x_BM, i_B, {"draws": 10, "donors": "all"})
    same(a_BM, given["captum_expected_gradients"])


def test_the_convolution_is_a_loop_for_so_many_individuals(case: Case) -> None:
    """DeepLIFT and LRP must also read the loop that ``models.convolution`` makes on a CPU."""
    one, x_BM, i_B, given = case
    if "conv_1_w" in given:
        assert "scan" in str(jax.make_jaxpr(lambda x_BM: one.f(x_BM, i_B))(x_BM))
