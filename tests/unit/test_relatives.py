"""Groups of relatives by kinship, people without relatives, and splits that keep relatives on one side."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers import balding_nichols, write_cohort
from stations import cohort_files, dataset_files, structure_files
from stratbench.core import files
from stratbench.core.errors import UserError
from stratbench.datasets.run import dataset
from stratbench.popgen import relatives
from stratbench.splits.methods import kin_aware
from stratbench.splits.run import split
from stratbench.structure.run import structure

N = 200
IIDS = [f"i{k:03d}" for k in range(N)]


def table(*rows: tuple[int, int, float]) -> pd.DataFrame:
    """Kinships of pairs of positions."""
    return pd.DataFrame([(IIDS[a], IIDS[b], k) for a, b, k in rows], columns=["iid_1", "iid_2", "kinship"])


def people() -> pd.DataFrame:
    family = [f"f{k // 5}" for k in range(N)]
    return pd.DataFrame({"iid": IIDS, "family": family, "population": "all", "stratum": "all"})


def assign(kinship: pd.DataFrame, seed: int = 0, **options: object) -> np.ndarray:
    given = {name: schema["default"] for name, schema in kin_aware.OPTIONS.items()} | {"by": "king"}
    return kin_aware.assign(people(), given | options, np.random.default_rng(seed), lambda: kinship)


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


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 pairs of duplicates that no family declares, 1200 SNPs over 1.2 Gb; a dataset, and a random split."""
    rng = np.random.default_rng(1)
    count_MN = np.repeat(balding_nichols([60], 1200, 0, rng)[0], 2, axis=1)
    directory = tmp_path_factory.mktemp("pairs")
    cohort = write_cohort(directory / "cohort", count_MN)
    variants = files.read_tsv(cohort / "variants.tsv")
    files.write_tsv(variants.assign(pos=np.arange(1200) * 1_000_000 + 1), cohort / "variants.tsv")
    dataset(
        cohort_files(cohort),
        dataset_files(directory / "dataset"),
        spec={"simulate": {"kind": "quantitative", "causal": 5}},
        names=["t"],
    )
    run_split(directory, {"method": "random", "options": {}})
    return directory


def run_split(directory: Path, spec: dict, **more: str) -> pd.Series:
    inputs, out = cohort_files(directory / "cohort"), {"split": directory / "split.tsv"}
    split(inputs | dataset_files(directory / "dataset"), out, spec=spec, names=["s"], **more)
    return files.read_tsv(directory / "split.tsv", text=("set",)).set_index("iid")["set"]


def test_a_split_by_king_finds_the_relatives(pairs: Path) -> None:
    sets = run_split(pairs, {"method": "kin-aware", "options": {"by": "king", "threshold": 0.177}})
    assert (sets.to_numpy()[::2] == sets.to_numpy()[1::2]).all()
    assert set(sets) == {"train", "validation", "test"}
    with pytest.raises(UserError, match=r"KING kinships mean nothing in an inbred cohort.*by: family"):
        run_split(pairs, {"method": "kin-aware", "options": {"by": "king"}}, mating="inbred")
    sets = run_split(pairs, {"method": "random", "options": {}})
    assert (sets.to_numpy()[::2] != sets.to_numpy()[1::2]).any()


def test_axes_are_fitted_without_relatives_where_kinships_mean_something(
    pairs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One of each pair of duplicates, unless the SNPs span too little of a genome or mating forbids."""
    sets = run_split(pairs, {"method": "random", "options": {}})
    train = sets.index[sets == "train"]
    number = pd.Series(np.arange(120) // 2, index=sets.index)[train]

    def fitted(mating: str = "outbred", **options: object) -> set[str]:
        out = pairs / "structure"
        structure(
            cohort_files(pairs / "cohort")
            | dataset_files(pairs / "dataset")
            | {"split": pairs / "split.tsv"},
            structure_files(out),
            options=options,
            mating=mating,
        )
        pcs = files.read_tsv(out / "pcs.tsv")
        return set(pcs["iid"][pcs["fitted"] == 1])

    alone = fitted(kinship=0.25)
    assert len(alone) == number.nunique() < len(train)
    assert number[list(alone)].nunique() == len(alone)
    assert fitted(kinship=None) == fitted("pedigree") == set(train)
    variants = files.read_tsv(pairs / "cohort" / "variants.tsv")
    try:
        short = variants.assign(pos=variants["pos"] // 10)
        files.write_tsv(short, pairs / "cohort" / "variants.tsv")
        capsys.readouterr()
        assert fitted(kinship=0.25) == set(train)
        assert "fitted on relatives, too, as kinships are not computed" in (said := capsys.readouterr().out)
        assert "SNPs span 120 Mb, less than 500" in said
        assert "fewer than" not in said
    finally:
        files.write_tsv(variants, pairs / "cohort" / "variants.tsv")
