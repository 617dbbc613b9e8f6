"""Groups of SNPs from a file: what is refused, which SNPs each group holds, and what of `local` follows them."""

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import yaml

from stratbench.commands.plan import plan
from stratbench.core.digest import _code, _hash, digest
from stratbench.core.errors import UserError
from stratbench.genotypes import groups as groups_file
from stratbench.methods.options import group_files
from stratbench.models.annotation import groups
from stratbench.models.contract import Architecture
from stratbench.models.methods import local
from stratbench.task.model_data import load as load_data
from stratbench.training.setup import build_model
from trained import spec, write_dataset

SNPS = [f"s{k}" for k in range(20)]
LENGTHS = (12, 8)
# Two groups that interleave, one of both chromosomes, and SNPs of neither.
GROUP_OF = {
    "s1": "a",
    "s3": "a",
    "s2": "b",
    "s4": "b",
    "s6": "b",
    "s11": "c",
    "s12": "c",
    "s13": "c",
    "gone": "a",
}


def write(path: Path, group_of: dict[str, str]) -> str:
    path.write_text("group\tnote\tsnp\n" + "".join(f"{group}\t\t{snp}\n" for snp, group in group_of.items()))
    return str(path)


def built(path: str | None, n: int = 20, lengths: tuple[int, ...] = LENGTHS, **options: Any) -> Architecture:
    snps = [f"s{k}" for k in range(n)]
    return local.build(n, spec("model", "local", groups=path, **options)["options"], lengths, snps)


def test_a_file_of_groups_is_read_by_its_header(tmp_path: Path) -> None:
    """Columns stand in any order, others are ignored, and ids keep their text."""
    (tmp_path / "g.tsv").write_text("\ufeffgroup\tsnp\r\nBRCA2\tNA\r\n7\t007\r\n")
    assert groups_file.read(tmp_path / "g.tsv") == {"NA": "BRCA2", "007": "7"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("snp group\n", "has 0 columns 'snp'; write a header"),
        ("", "has 0 columns 'snp'"),
        ("snp\tgroup\tsnp\n", "has 2 columns 'snp'"),
        ("snp\tgene\n", "has 0 columns 'group'"),
        ("snp\tgroup\n", "lists no SNP"),
        ("snp\tgroup\nrs1\ta\nrs2\n", "line 3 has 1 fields, the header 2"),
        ("snp\tgroup\nrs1\ta\n\nrs2\ta\n", "line 3 has 1 fields"),
        ("snp\tgroup\nrs1\t \n", "line 2 has no group"),
        ("snp\tgroup\n\ta\n", "line 2 has no snp"),
        ("snp\tgroup\nrs1\ta\nrs2\ta\nrs1\tb\n", "line 4: SNP 'rs1' is listed before"),
    ],
)
def test_a_file_of_groups_that_cannot_be_meant_is_refused_by_line(
    tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "g.tsv").write_text(text)
    with pytest.raises(UserError, match=said) as error:
        groups_file.read(tmp_path / "g.tsv")
    assert str(tmp_path / "g.tsv") in str(error.value)


@pytest.mark.parametrize("size", [1, 2, 3, 20])
def test_every_snp_is_in_its_group_and_the_others_in_windows_of_a_chromosome(size: int) -> None:
    found = groups(SNPS, LENGTHS, GROUP_OF, size)
    members: dict[int, list[int]] = {}
    for group, own_I in zip(found.group_P, found.snp_PI, strict=True):
        members.setdefault(int(group), []).extend(int(snp) for snp in own_I if snp < 20)
    assert list(members) == sorted(members)
    assert sorted(snp for own in members.values() for snp in own) == list(range(20))
    assert [own[0] for own in members.values()] == sorted(own[0] for own in members.values())
    assert {(1, 3), (2, 4, 6), (11, 12, 13)} <= {tuple(own) for own in members.values()}
    rest = [own for own in members.values() if SNPS[own[0]] not in GROUP_OF]
    assert all(len(own) <= size and len({snp < 12 for snp in own}) == 1 for own in rest)
    assert sum(found.lengths) == len(members)
    sizes_P = [len(members[int(group)]) for group in found.group_P]
    np.testing.assert_allclose(found.share_P, 1 / np.array(sizes_P), rtol=1e-6)


@pytest.mark.parametrize("size", [2, 8])
def test_features_of_a_group_depend_on_its_snps_alone(tmp_path: Path, size: int) -> None:
    encoder = built(write(tmp_path / "g.tsv", GROUP_OF), merge=[], start=1, filters=2, size=size).encoder
    x_BM = jnp.asarray(np.random.default_rng(0).normal(size=(3, 20)).astype(np.float32))
    variables = encoder.init(jax.random.key(0), x_BM, False)
    slope_FM = np.asarray(jax.jacobian(lambda x: encoder.apply(variables, x, False)[0])(x_BM))[:, 0]
    reached = [tuple(np.flatnonzero(row_M)) for row_M in slope_FM]
    assert reached[::2] == reached[1::2]  # both filters of a group
    assert {(1, 3), (2, 4, 6), (11, 12, 13)} <= set(reached)
    assert sorted(snp for own in reached[::2] for snp in own) == list(range(20))


def test_groups_that_are_the_windows_make_the_network_of_windows(tmp_path: Path) -> None:
    """Also its further layers: groups merge with those that begin next to them on their chromosome."""
    windows = {f"s{k}": f"w{k // 4 if k < 12 else 3 + (k - 12) // 4}" for k in range(20)}
    with_file, without = (
        built(path, start=1, size=4, merge=[2]).encoder for path in (write(tmp_path / "g.tsv", windows), None)
    )
    x_BM = jnp.asarray(np.random.default_rng(0).normal(size=(3, 20)).astype(np.float32))
    params = without.init(jax.random.key(0), x_BM, False)
    assert jax.tree.map(jnp.shape, with_file.init(jax.random.key(0), x_BM, False)) == jax.tree.map(
        jnp.shape, params
    )
    np.testing.assert_allclose(
        with_file.apply(params, x_BM, False), without.apply(params, x_BM, False), rtol=1e-5, atol=1e-6
    )


def test_a_random_start_has_one_deviation_for_groups_of_every_size(tmp_path: Path) -> None:
    group_of = {f"s{k}": "large" if k < 900 else f"pair{k // 2}" for k in range(1000)}
    encoder = built(
        write(tmp_path / "g.tsv", group_of), 1000, (1000,), start=0.5, merge=[], filters=64
    ).encoder
    x_BM = jnp.asarray(np.random.default_rng(0).normal(size=(400, 1000)).astype(np.float32))
    h_BGF = encoder.apply(encoder.init(jax.random.key(0), x_BM, False), x_BM, False).reshape(400, 51, 64)
    np.testing.assert_allclose(np.asarray(h_BGF).std(axis=(0, 2))[0], 0.5, rtol=0.1)
    np.testing.assert_allclose(np.asarray(h_BGF).std(axis=(0, 2))[1:].mean(), 0.5, rtol=0.1)


def test_half_a_million_snps_in_groups_give_a_number_for_each_person(tmp_path: Path) -> None:
    n = 500_000
    path = write(tmp_path / "g.tsv", {f"s{k}": f"g{k % 20_000}" for k in range(0, n, 2)})
    architecture = built(path, n, (n // 2, n // 2))

    def f_of(x_BM: Any) -> Any:
        encoder = architecture.encoder.init(jax.random.key(0), x_BM, False)
        h_BF = architecture.encoder.apply(encoder, x_BM, False)
        return architecture.head.apply(architecture.head.init(jax.random.key(0), h_BF, False), h_BF, False)

    assert jax.eval_shape(f_of, jax.ShapeDtypeStruct((3, n), jnp.float32)).shape == (3,)


def test_a_file_that_names_no_snp_of_the_model_is_refused(tmp_path: Path) -> None:
    """A library call, and training, which hands the ids over."""
    path = write(tmp_path / "g.tsv", {"rs1": "a"})
    with pytest.raises(UserError, match=r"g\.tsv: names none of the SNPs that the model sees, .* is 's0'"):
        built(path)
    data = load_data(write_dataset(tmp_path / "data", m=20))
    with pytest.raises(UserError, match=rf"is '{data.snp_M[0]}'; write the ids"):
        build_model(data, spec("model", "local", groups=path))
    named = write(tmp_path / "h.tsv", {data.snp_M[3]: "a", data.snp_M[7]: "a"})
    encoder = build_model(data, spec("model", "local", groups=named)).encoder
    assert [3, 7] in [[snp for snp in own_I if snp < 20] for own_I in encoder.groups.snp_PI.tolist()]


def test_a_file_of_groups_is_read_with_the_config_and_counts_as_code(tmp_path: Path) -> None:
    config = yaml.safe_load((Path(__file__).parents[2] / "config" / "smoke.yaml").read_text())
    path = tmp_path / "g.tsv"
    config["models"] = {"genes": {"method": "local", "groups": str(path)}}
    config["blocks"] = [config["blocks"][0] | {"models": ["genes"]}]
    with pytest.raises(UserError, match=r"models\.genes: no such file: .*g\.tsv"):
        plan(config)
    path.write_text("snp\tgroup\nrs1\ta\nrs1\tb\n")
    with pytest.raises(UserError, match=r"models\.genes: .*g\.tsv: line 3: SNP 'rs1' is listed before"):
        plan(config)
    write(path, {"s1": "a"})
    study = plan(config)
    assert group_files("model", study.spec("models", "genes")) == [path]
    assert group_files("model", spec("model", "local")) == []
    before = digest("fit", path)
    write(path, {"s1": "b"})
    for remembered in (_code, _hash):
        remembered.cache_clear()
    assert digest("fit", path) != before
