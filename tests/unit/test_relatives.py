"""Groups of relatives by kinship, people without relatives, and splits that keep relatives on one side."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers import balding_nichols, write_cohort
from stratbench import files, relatives
from stratbench.errors import UserError
from stratbench.split import split
from stratbench.splits import kin_aware
from stratbench.structure.structure import structure
from stratbench.traits.dataset import dataset

N = 200
IIDS = [f"i{k:03d}" for k in range(N)]


def table(*rows: tuple[int, int, float]) -> pd.DataFrame:
    """Kinships of pairs of positions."""
    return pd.DataFrame([(IIDS[a], IIDS[b], k) for a, b, k in rows], columns=["iid_1", "iid_2", "kinship"])


def people() -> pd.DataFrame:
    family = [f"f{k // 5}" for k in range(N)]
    return pd.DataFrame({"iid": IIDS, "family": family, "population": "all", "stratum": "all"})


def assign(kinship: pd.DataFrame | None, seed: int = 0, **options: object) -> np.ndarray:
    given = {name: schema["default"] for name, schema in kin_aware.OPTIONS.items()} | {"by": "king"}
    return kin_aware.assign(people(), given | options, np.random.default_rng(seed), kinship)


def test_groups_are_chains_of_relatives() -> None:
    kinship = table((3, 1, 0.25), (1, 7, 0.06), (7, 9, 0.04), (20, 21, 0.5))
    kinship.loc[len(kinship)] = ["stranger", IIDS[0], 0.25]  # of the cohort, not of the dataset
    group_N = relatives.groups(kinship, IIDS, relatives.THIRD_DEGREE)
    assert len(set(group_N)) == N - 3
    assert len({group_N[1], group_N[3], group_N[7]}) == 1
    assert group_N[9] != group_N[7]
    assert len(set(relatives.groups(kinship, IIDS, relatives.SECOND_DEGREE))) == N - 2
    assert len(set(relatives.groups(table(), IIDS, 0.0442))) == N


def test_nobody_kept_is_related_and_few_are_lost() -> None:
    """A child goes rather than both of its parents."""
    kept_N = relatives.without_relatives(table((0, 2, 0.25), (1, 2, 0.25), (5, 4, 0.5)), IIDS, 0.0884)
    assert np.flatnonzero(~kept_N).tolist() == [2, 5]
    rng = np.random.default_rng(1)
    random = table(*((a, b, 0.2) for a, b in combinations(range(N), 2) if rng.random() < 0.02))
    kept_N = relatives.without_relatives(random, IIDS, 0.0884)
    kept = set(np.array(IIDS)[kept_N])
    assert not (random["iid_1"].isin(kept) & random["iid_2"].isin(kept)).any()
    assert kept_N.sum() > N / 3


def test_relatives_are_on_one_side() -> None:
    rng = np.random.default_rng(2)
    pairs = [(int(a), int(b), 0.1) for a, b in rng.choice(N, (70, 2)) if a != b]
    for seed in range(5):
        set_N = assign(table(*pairs), seed, test=0.25)
        assert all(set_N[a] == set_N[b] for a, b, _ in pairs)
        assert (set_N == "test").mean() == pytest.approx(0.25, abs=0.04)
    chained = assign(table(*pairs), threshold=0.177)
    assert any(chained[a] != chained[b] for a, b, _ in pairs)  # .1 is no tie then


def test_a_large_group_is_refused_with_alternatives() -> None:
    rows = [(k, k + 1, 0.06 if k < 120 else 0.1) for k in range(150)]
    message = (
        r"above 0.0442 link 151 of 200 individuals into one group, more than 20%.*by: family; the largest has 5"
        r".*0.0884 links 31, 0.177 links 1, 0.354 links 1.*'given'"
    )
    with pytest.raises(UserError, match=message):
        assign(table(*rows))
    assert set(assign(table(*rows), threshold=0.0884)) == {"train", "validation", "test"}
    assert set(assign(table(*rows), by="family")) == {"train", "validation", "test"}


def test_without_kinships_king_is_refused() -> None:
    with pytest.raises(UserError, match=r"by 'king' wants the cohort's KING kinships.*by: family"):
        assign(None)


@pytest.mark.parametrize(("pos", "related"), [(1, True), (10**9, False)])
def test_axes_are_fitted_without_relatives_where_kinships_mean_something(
    tmp_path: Path, pos: int, related: bool
) -> None:
    """Two duplicates in no declared family: one is fitted, unless the SNPs span too little of a genome."""
    count_MN, _ = balding_nichols([60], 200, 0, np.random.default_rng(1))
    cohort = write_cohort(tmp_path / "cohort", count_MN)
    variants = files.read_tsv(cohort / "variants.tsv")
    variants.loc[0, "pos"] = -pos
    files.write_tsv(variants, cohort / "variants.tsv")
    dataset(cohort, {"simulate": {"kind": "quantitative", "causal": 5}}, ["t"], tmp_path / "dataset")
    spec = {"method": "random", "file": None, "options": {}}
    split(cohort / "samples.tsv", tmp_path / "dataset", spec, ["s"], tmp_path / "split.tsv")
    sets = files.read_tsv(tmp_path / "split.tsv", text=("set",))
    first, second = sets["iid"][sets["set"] == "train"].iloc[[3, 5]]
    kinship = pd.DataFrame({"iid_1": [first], "iid_2": [second], "kinship": [0.49]})
    files.write_tsv(kinship, tmp_path / "kinship.tsv")
    inputs = (cohort, tmp_path / "dataset", tmp_path / "split.tsv", tmp_path / "out")

    def fitted(**options: object) -> set[str]:
        structure(*inputs, options, tmp_path / "kinship.tsv")
        pcs = files.read_tsv(tmp_path / "out" / "pcs.tsv")
        return set(pcs["iid"][pcs["fitted"] == 1])

    train = set(sets["iid"][sets["set"] == "train"])
    assert fitted() == (train if related else train - {second})
    assert fitted(kinship=None) == train
