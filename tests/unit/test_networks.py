"""Networks that learn: any number of SNPs, windows that end with their chromosome, nothing learned from nothing."""

import inspect
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from helpers import balding_nichols, write_cohort
from stratbench.core import files
from stratbench.core.errors import UserError
from stratbench.methods.registry import describe, load
from stratbench.methods.schema import problems
from stratbench.metrics.auroc import auroc_stratified
from stratbench.models.contract import Architecture
from stratbench.models.convolution import KERNELS, POOLS, edge
from stratbench.models.methods.wide import DEEP
from stratbench.models.sparse import n_windows, shorten, windows
from stratbench.training.fit import fit_one
from stratbench.training.setup import build_model, set_up
from trained import outputs, spec, write_dataset, write_task

NETWORKS = ("mlp", "local", "transformer", "cnn", "wide")
WINDOWED = ("local", "transformer", "cnn")
OTHERS = ("linear", "cnn-gated", "ridge", "boosting")  # they take any number of SNPs too


def built(name: str, n_snps: int, lengths: Sequence[int] | None = None, **options: Any) -> Architecture:
    build = load("model", name).build
    asked = {"lengths": lengths} if "lengths" in inspect.signature(build).parameters else {}
    architecture: Architecture = build(n_snps, spec("model", name, **options)["options"], **asked)
    return architecture


def f_of(architecture: Architecture, x_BM: Any, key: Any) -> Any:
    """f of the untrained network."""
    encoder = architecture.encoder.init(key, x_BM, False)
    h_BF = architecture.encoder.apply(encoder, x_BM, False)
    return architecture.head.apply(architecture.head.init(key, h_BF, False), h_BF, False)


LENGTHS = [
    (50, None),
    (3, None),
    (1, None),
    (50, (1,) * 50),
    (47, (20, 26, 1)),
    (800, (200,) * 4),
    (500_000, (22_727,) * 21 + (22_733,)),
]


@pytest.mark.parametrize("name", NETWORKS + OTHERS)
@pytest.mark.parametrize(("n_snps", "lengths"), LENGTHS, ids=str)
def test_any_number_of_snps_gives_a_number_for_each_person(
    name: str, n_snps: int, lengths: tuple[int, ...] | None
) -> None:
    assert lengths is None or sum(lengths) == n_snps
    architecture = built(name, n_snps, lengths)
    x_BM = jax.ShapeDtypeStruct((3, n_snps), jnp.float32)
    f_B = jax.eval_shape(lambda x: f_of(architecture, x, jax.random.key(0)), x_BM)
    assert f_B.shape == (3,)
    assert f_B.dtype == jnp.float32


@pytest.mark.parametrize("size", [1, 3, 4, 50])
def test_windows_hold_every_snp_once_in_order_and_none_of_two_chromosomes(size: int) -> None:
    lengths = (5, 1, 12, 4)
    chromosome_M = np.repeat([1, 2, 3, 4], lengths)
    code_BM = jnp.asarray(np.arange(1, 23)[None])
    found_PK = np.asarray(windows(code_BM, lengths, size))[0]
    assert len(found_PK) == sum(n_windows(lengths, size))
    assert found_PK[found_PK > 0].tolist() == list(range(1, 23))
    for window_K in found_PK:
        assert len(set(chromosome_M[window_K[window_K > 0] - 1])) == 1


@pytest.mark.parametrize("name", WINDOWED)
def test_no_feature_before_attention_and_head_sees_two_chromosomes(name: str) -> None:
    """The Jacobian of a network without attention and merges, whose features are those of its windows."""
    lengths = (11, 1, 18)
    alone: dict[str, Any] = {} if name == "transformer" else {"merge": []}
    encoder = built(name, 30, lengths, size=4, start=1, **alone).encoder
    x_BM = jnp.asarray(np.random.default_rng(0).normal(size=(1, 30)).astype(np.float32))
    variables = encoder.init(jax.random.key(0), x_BM, False)
    weight_PIF = np.asarray(variables["params"]["snps"])
    assert weight_PIF.shape[:2] == (3 + 1 + 5, 4)
    if name != "transformer":
        slope_FM = np.asarray(jax.jacobian(lambda x: encoder.apply(variables, x, False)[0])(x_BM))[:, 0]
        chromosome_M = np.repeat([0, 1, 2], lengths)
        reached = [set(chromosome_M[np.flatnonzero(row_M)]) for row_M in slope_FM]
        assert {len(chromosomes) for chromosomes in reached} == {1}
        assert set().union(*reached) == {0, 1, 2}


def test_models_are_told_how_many_snps_each_chromosome_has(tmp_path: Path) -> None:
    """Also a user's own, and only one that asks."""
    from stratbench.genotypes import plink
    from stratbench.task.model_data import load as load_data

    paths = write_dataset(tmp_path, m=21)
    bim = plink.read_bim(paths["bim"])
    plink.write_bim(bim.assign(chrom=["1"] * 8 + ["2"] * 12 + ["X"]), paths["bim"])
    seen = [f"s{k:04d}" for k in (1, 2, 7, 9, 21)]
    paths["keep_snp"].write_text("".join(f"{snp}\n" for snp in seen))
    data = load_data(paths)
    assert data.lengths == (3, 1, 1)
    network = set_up(data, spec("model", "local"), [spec("adjustment", "none")], 0).network
    assert network.architecture.encoder.lengths == (3, 1, 1)
    source = (Path(load("model", "mlp").__file__)).read_text()
    for arguments in (
        "n_snps: int, options: dict[str, Any]",
        "n_snps: int, options: dict[str, Any], lengths",
    ):
        body = "raise UserError(str(lengths))" if "lengths" in arguments else "raise UserError('not asked')"
        head, _, _ = source.partition("def build")
        (tmp_path / "mine.py").write_text(
            f"{head}def build({arguments}):\n    from stratbench.core.errors import UserError\n    {body}\n"
        )
        own = spec("model", "mlp") | {"method": "mine", "file": str(tmp_path / "mine.py")}
        with pytest.raises(UserError, match=r"\(3, 1, 1\)" if "lengths" in arguments else "not asked"):
            build_model(data, own)


def test_wide_is_a_deep_network_and_a_linear_path() -> None:
    x_BM = jnp.asarray(np.random.default_rng(1).normal(size=(4, 30)).astype(np.float32))
    wide, deep = built("wide", 30, options={"start": 1}), built("mlp", 30, start=1)
    encoder = wide.encoder.init(jax.random.key(0), x_BM, False)["params"]
    encoder["snps"] = jnp.arange(30.0)[:, None]
    h_BF = wide.encoder.apply({"params": encoder}, x_BM, False)
    head = wide.head.init(jax.random.key(1), h_BF, False)["params"]
    f_B = wide.head.apply({"params": head}, h_BF, False)
    deep_BF = deep.encoder.apply({"params": encoder["deep"]}, x_BM, False)
    deep_B = deep.head.apply({"params": head["deep"]}, deep_BF, False)
    np.testing.assert_allclose(f_B, deep_B + x_BM @ np.arange(30.0), rtol=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"deep": "local", "options": {"widths": [3]}}, "its local: unknown option 'widths'"),
        ({"options": {"lasso": -1}}, "its mlp: option 'lasso' is -1"),
    ],
)
def test_options_of_the_network_in_wide_are_checked(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        built("wide", 30, **options)


def test_a_mistyped_option_of_the_network_in_wide_is_refused_with_the_config() -> None:
    schema = describe("model", "wide").options["options"]
    known = set().union(*(describe("model", name).options for name in DEEP)) - {"groups"}  # docs/models.md
    assert set(schema["propertyNames"]["enum"]) == known
    assert not list(problems(schema, {"lasso": 0.1}))
    assert list(problems(schema, {"laso": 0.1}))


@pytest.mark.parametrize("name", ["local", "cnn", "cnn-gated"])
def test_merged_windows_end_with_their_chromosome_too(name: str) -> None:
    lengths = (33, 5, 40)
    own: dict[str, Any] = {"start": 1, "merge": [4, 4], "size": 8}
    own = {"strides": [8, 4, 4], "filters": [8, 8, 8]} if name == "cnn-gated" else own
    encoder = built(name, 78, lengths, **own).encoder
    x_BM = jnp.ones((1, 78))
    variables = encoder.init(jax.random.key(0), x_BM, False)
    slope_FM = np.asarray(jax.jacobian(lambda x: encoder.apply(variables, x, False)[0])(x_BM))[:, 0]
    chromosome_M = np.repeat([0, 1, 2], lengths)
    assert len(slope_FM) % 3 == 0  # windows of 8, merged by 4 and by 4: one of each chromosome
    reached = [set(chromosome_M[np.flatnonzero(row_M)]) for row_M in slope_FM if row_M.any()]
    assert {len(chromosomes) for chromosomes in reached} == {1}
    assert set().union(*reached) == {0, 1, 2}


def test_a_convolution_without_a_stride_or_a_width_is_refused() -> None:
    with pytest.raises(UserError, match=r"1 strides and 2 filters; give one of each"):
        built("cnn-gated", 30, strides=[6])


def test_a_gate_follows_a_soft_threshold() -> None:
    """Gates start at 1; without a gradient, Adam does not move them and the threshold takes rate x lasso a step."""
    recipe = built("cnn-gated", 30, lasso=0.5).recipe
    params = {"gate": jnp.ones((3, 1)), "kernel": jnp.ones(2)}
    optimizer = recipe.optimizer(0.1)
    steps, _ = optimizer.update(jax.tree.map(jnp.zeros_like, params), optimizer.init(params), params)
    np.testing.assert_allclose(steps["gate"], -0.05, rtol=1e-5)


def test_features_that_heads_cannot_share_are_refused() -> None:
    with pytest.raises(UserError, match="features is 10, heads is 4; features must be a multiple"):
        built("transformer", 30, features=10, heads=4)


def test_the_proximal_step_is_the_group_lassos() -> None:
    """A row whose moved length is below the reach becomes 0, a longer one loses the reach."""
    update = shorten(0.1, 0.5).update  # the reach is .1 * .5 / (1 - .9) = .5
    params = {"snps": jnp.array([[3.0, 4.0], [0.0, 0.0], [0.3, 0.3]])}
    steps, _ = update({"snps": jnp.array([[0.0, 0.0], [0.3, 0.39], [0.0, 0.1]])}, None, params)
    np.testing.assert_allclose(params["snps"] + steps["snps"], [[2.7, 3.6], [0, 0], [0.0, 0.0]], atol=1e-6)


def within_populations(directory: Path, name: str, causal: int, epochs: int) -> float:
    """AUROC of f within populations, test people, of a trait that so many of 200 SNPs make, or noise alone."""
    rng = np.random.default_rng(5)
    count_MN, population_N = balding_nichols([500, 500], 200, 0.05, rng)
    write_cohort(directory, count_MN, population_N)
    x_NM = count_MN.T - count_MN.mean(axis=1)
    g_N = (x_NM / x_NM.std(axis=0))[:, 20 : 20 + 30 * causal : 30] @ rng.choice([-1.0, 1.0], causal)
    liability_N = (2 * g_N / g_N.std() if causal else 0) + rng.normal(size=1000)
    set_N = rng.permutation(np.repeat(["train", "validation", "test"], [600, 150, 250]))
    y_N = (liability_N > np.median(liability_N)).astype(int)
    own: dict[str, Any] = {"options": {"epochs": epochs}} if name == "wide" else {"epochs": epochs}
    task = write_task(directory, y_N, set_N, rng.normal(size=(1000, 2)))
    fit_one(
        task,
        outputs(directory),
        model=spec("model", name, **own),
        adjustments=[spec("adjustment", "none")],
        seeds=1,
        names=[name],
    )
    table = files.read_tsv(outputs(directory)["predictions"], text=("set",))
    test_N = (table["set"] == "test").to_numpy()
    population_N = np.array(population_N)[test_N]
    return auroc_stratified(table["y"][test_N].to_numpy(), table["f"][test_N].to_numpy(), population_N).value


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_that_is_meant_to_learn_learns_five_strong_snps(tmp_path: Path, name: str) -> None:
    """The genetic values themselves reach .93 or so. A network that the lasso keeps shut has .5."""
    assert within_populations(tmp_path, name, causal=5, epochs=60) > 0.85


@pytest.mark.parametrize("name", NETWORKS)
def test_no_network_finds_anything_in_noise(tmp_path: Path, name: str) -> None:
    assert abs(within_populations(tmp_path, name, causal=0, epochs=15) - 0.5) < 0.12  # four standard errors


@pytest.mark.parametrize("name", NETWORKS)
def test_the_page_states_every_option_and_its_default(name: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "models.md").read_text()
    own, shared = page.split("Their own:")[1].split("The options of")[0], page.split("Their own:")[0]
    of_model = own.split(f"`{name}` has ")[1].split(";")[0]
    for option, schema in describe("model", name).options.items():
        text = "null" if schema["default"] is None else str(schema["default"])
        in_table = re.search(rf"^\| [^|]*`{option}`[^|]* \| {re.escape(text)} \|", shared, re.MULTILINE)
        assert in_table or re.search(rf"`{option}` {re.escape(text)}", of_model), option


def test_the_convolution_of_a_cpu_is_flaxs() -> None:
    """The same parameters and values; where all windows would be too many, some individuals pass at a time."""
    from flax import linen as nn

    from stratbench.models import convolution

    z = jax.random.normal(jax.random.key(0), (37, 60, 3))
    own = convolution.Conv(4, 7)
    peer = nn.Conv(4, (7,), padding="VALID", kernel_init=nn.initializers.glorot_uniform())
    variables = own.init(jax.random.key(1), z)
    assert jax.tree.all(jax.tree.map(np.array_equal, variables, peer.init(jax.random.key(1), z)))
    expected = peer.apply(variables, z)
    np.testing.assert_allclose(own.apply(variables, z), expected, atol=1e-5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(convolution, "WINDOWED", 1)
        np.testing.assert_allclose(own.apply(variables, z), expected, atol=1e-5)
    with convolution.outside_loops():
        np.testing.assert_allclose(own.apply(variables, z), expected, atol=1e-5)
        traced = jax.make_jaxpr(lambda z: own.apply(variables, z))(z)
        assert "conv_general_dilated" in str(traced)
    assert "conv_general_dilated" not in str(jax.make_jaxpr(lambda z: own.apply(variables, z))(z))


def test_the_pooling_of_the_reference_cnn_is_flaxs_with_its_gradient() -> None:
    """Where values are equal the first has the gradient; what is left at the end has none."""
    from flax import linen as nn

    from stratbench.models.convolution import max_pool

    z = jax.random.randint(jax.random.key(0), (5, 23, 4), 0, 3).astype(float)
    weight = jax.random.normal(jax.random.key(1), (5, 3, 4))
    peer = lambda z: nn.max_pool(z, (6,), strides=(6,), padding="VALID")  # noqa: E731
    np.testing.assert_array_equal(max_pool(z, 6), peer(z))
    found, wanted = (
        jax.grad(lambda z, f=f: (f(z) * weight).sum())(z) for f in (lambda z: max_pool(z, 6), peer)
    )
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("m", [400, 800, 817])
def test_away_from_the_ends_the_reference_cnn_sees_every_snp_alike(m: int) -> None:
    """Each unit of the last layer sees a stretch; the first SNP is in one, those beyond the edge in seven or eight."""
    unit = [(j, j) for j in range(m)]
    for kernel, pool in zip(KERNELS, POOLS, strict=True):
        unit = [(unit[i][0], unit[i + kernel - 1][1]) for i in range(len(unit) - kernel + 1)]
        unit = [(unit[i][0], unit[i + pool - 1][1]) for i in range(0, len(unit) - pool + 1, pool)]
    seen = np.sum([(np.arange(m) >= first) & (np.arange(m) <= last) for first, last in unit], axis=0)
    beyond = edge()
    assert seen[0] == 1
    assert set(seen[beyond : m - beyond]) == {7, 8}
    assert seen[: beyond // 2].max() < 7
    for name in ("cnn-reference", "cnn-reference-tuned"):
        method = load("model", name)
        assert (
            method.build(m, {key: one.get("default") for key, one in method.OPTIONS.items()}).edge == beyond
        )
