"""KING-robust kinship is plink2's, is what theory expects of relatives, and does not depend on the blocks."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers import punch_missing, write_cohort
from stratbench.genotypes import plink
from stratbench.popgen import king


def of(count_MN: np.ndarray, size: int = 700) -> Callable[[], Iterator[np.ndarray]]:
    return lambda: (count_MN[start : start + size] for start in range(0, len(count_MN), size))


def child(mother_M: np.ndarray, father_M: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A1 counts of a child at unlinked SNPs."""
    return rng.binomial(1, mother_M / 2) + rng.binomial(1, father_M / 2)


@pytest.fixture(scope="module")
def family() -> np.ndarray:
    """Two strangers, their two children, a duplicate of the first, a half sibling's parent and child: (M, N)."""
    rng = np.random.default_rng(5)
    p_M = rng.uniform(0.05, 0.95, 40_000)
    mother, father, other = rng.binomial(2, p_M, (3, len(p_M)))
    columns = [mother, father, child(mother, father, rng), child(mother, father, rng), mother, other]
    columns.append(child(mother, other, rng))
    return np.stack(columns, axis=1).astype(np.int8)


def test_relatives_have_the_kinship_of_theory(family: np.ndarray) -> None:
    kinship_NN = king.kinship(of(family), 7)
    expected = np.zeros((7, 7))
    for first, second, phi in [
        (0, 2, 1 / 4), (0, 3, 1 / 4), (1, 2, 1 / 4), (1, 3, 1 / 4), (2, 3, 1 / 4), (0, 4, 1 / 2), (2, 4, 1 / 4),
        (3, 4, 1 / 4), (0, 6, 1 / 4), (4, 6, 1 / 4), (5, 6, 1 / 4), (2, 6, 1 / 8), (3, 6, 1 / 8),
    ]:  # fmt: skip
        expected[first, second] = expected[second, first] = phi
    np.fill_diagonal(expected, 0.5)
    assert kinship_NN == pytest.approx(expected, abs=0.02)
    table = king.pairs(of(family), 7).set_index(["first", "second"])
    assert len(table) == 13
    assert table.loc[(0, 4), ["ibs0", "kinship"]].tolist() == [0, 0.5]
    assert table.loc[(0, 2), "ibs0"] == 0  # parent and child share an allele everywhere
    assert table.loc[(2, 3), "ibs0"] > 0.01


def test_limits_lie_between_the_degrees() -> None:
    limits = [king.DUPLICATES, king.FIRST_DEGREE, king.SECOND_DEGREE, king.THIRD_DEGREE]
    assert limits == pytest.approx([0.354, 0.177, 0.0884, 0.0442], abs=5e-4)


@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_every_pair_is_plink2s(missing: float, tmp_path: Path, plink2) -> None:
    rng = np.random.default_rng(8)
    p_ML = rng.uniform(0.05, 0.95, (3000, 2))
    count_MN = np.concatenate([rng.binomial(2, p_ML[:, [k]], (3000, 20)) for k in range(2)], axis=1).astype(
        "int8"
    )
    count_MN[:, 7] = count_MN[:, 3]
    count_MN = punch_missing(count_MN, missing, rng)
    source = write_cohort(tmp_path / "cohort", count_MN)
    columns = "cols=maybefid,id,nsnp,ibs0,kinship"
    plink2("--bfile", source / "genotypes", "--make-king-table", columns, "--out", tmp_path / "peer")
    peer = pd.read_csv(tmp_path / "peer.kin0", sep="\t", dtype={"IID1": str, "IID2": str})
    place = {iid: k for k, iid in enumerate(plink.read_fam(source / "genotypes.fam")["iid"])}
    ours = king.pairs(of(count_MN), 40, least=-np.inf).set_index(["first", "second"])
    one, two = peer["IID1"].map(place), peer["IID2"].map(place)
    ours = ours.loc[list(zip(np.minimum(one, two), np.maximum(one, two), strict=True))]
    assert len(ours) == len(peer) == 40 * 39 // 2
    assert ours["snps"].to_numpy().tolist() == peer["NSNP"].tolist()
    assert ours["kinship"].to_numpy() == pytest.approx(peer["KINSHIP"].to_numpy(), abs=1e-6)
    assert ours["ibs0"].to_numpy() == pytest.approx(peer["IBS0"].to_numpy(), abs=1e-6)


def test_blocks_change_nothing(family: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    some = punch_missing(family, 0.05, np.random.default_rng(1))
    whole_NN, table = king.kinship(of(some), 7), king.pairs(of(some), 7, 0.1)
    monkeypatch.setattr(king.blocks, "__defaults__", (3,))
    monkeypatch.setattr(king, "SNPS", 111)
    assert (king.kinship(of(some, 1000), 7) == whole_NN).all()
    assert (king.pairs(of(some, 1000), 7, 0.1) == table).all(None)


def test_no_heterozygote_is_no_kinship() -> None:
    count_MN = np.array([[0, 2, 1], [2, 2, 1]], dtype=np.int8)
    kinship_NN = king.kinship(of(count_MN), 3)
    assert np.isnan(kinship_NN[0]).all()
    assert kinship_NN[2, 2] == 0.5
    assert king.pairs(of(count_MN), 3, -9).empty
