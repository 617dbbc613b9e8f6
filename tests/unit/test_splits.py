"""Splits: fractions, strata, families, and independence from the order of files."""

import numpy as np
import pandas as pd
import pytest

from helpers import balding_nichols, write_cohort
from stations import cohort_files, dataset_files
from stratbench.core import files
from stratbench.core.errors import UserError
from stratbench.datasets.run import dataset
from stratbench.methods import registry
from stratbench.splits.run import split

N = 240
SETS = {"train", "validation", "test"}


def make(directory, order=None, families=None, trait=None, **columns):
    """A cohort of N people in 2 populations, and a dataset on it; ``order`` is the order of its rows."""
    order = np.arange(N) if order is None else order
    count_MN, populations = balding_nichols([N // 2] * 2, 40, 0.1, np.random.default_rng(2))
    iids = [f"i{k:03d}" for k in range(N)]
    rng = np.random.default_rng(4)
    extra = {"y": rng.permutation(np.repeat([0, 1], [N * 3 // 4, N // 4])), **columns}
    pick = lambda values: np.asarray(values, dtype=object)[order]  # noqa: E731
    write_cohort(
        directory / "cohort",
        count_MN[:, order],
        pick(populations),
        pick(families if families is not None else iids),
        {name: pick(values) for name, values in extra.items()},
        pick(iids),
    )
    declared = {"y": trait or {"column": "y", "kind": "binary"}}
    dataset(
        cohort_files(directory / "cohort"),
        dataset_files(directory / "dataset"),
        spec={"measured": "y"},
        names=["t"],
        declared=declared,
    )
    return directory


def run(directory, method, names=("cohort", "trait", "split"), **options):
    """The split as a series of sets by iid."""
    spec = {"method": method, "file": None, "options": options}
    split(
        cohort_files(directory / "cohort") | dataset_files(directory / "dataset"),
        {"split": directory / "split.tsv"},
        spec=spec,
        names=names,
    )
    return files.read_tsv(directory / "split.tsv", text=("set",)).set_index("iid")["set"]


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    return make(tmp_path_factory.mktemp("people"))


@pytest.fixture(scope="module")
def kin(tmp_path_factory):
    """60 families of one to eleven people."""
    sizes = np.random.default_rng(7).integers(1, 8, 60)
    family = np.repeat([f"f{k}" for k in range(60)], sizes)[:N]
    family = np.r_[family, [f"alone{k}" for k in range(N - len(family))]]
    return make(tmp_path_factory.mktemp("kin"), families=family, family_copy=family)


def table(directory, sets):
    samples = files.read_tsv(directory / "cohort" / "samples.tsv", text=("y",)).set_index("iid")
    return samples.loc[sets.index].assign(set=sets)


@pytest.mark.parametrize(("validation", "test"), [(0.15, 0.15), (0.15, 0.25), (0.1, 0.5), (0.05, 0.05)])
def test_random_has_the_fractions_in_every_stratum(people, validation, test):
    sets = run(people, "random", validation=validation, test=test)
    counts = sets.value_counts()
    assert counts["test"] == round(test * N)
    assert counts["validation"] == round(validation * N)
    for (_, _), stratum in table(people, sets).groupby(["population", "y"]):
        assert (stratum["set"] == "test").sum() == pytest.approx(test * len(stratum), abs=1.01)
        assert (stratum["set"] == "validation").sum() == pytest.approx(validation * len(stratum), abs=2.01)


def test_row_index_says_nothing_about_the_set(people):
    """The trap of file-order truncation: over names, rows of the test set are uniform."""
    means = []
    for k in range(40):
        sets = run(people, "random", names=("row", k))
        means.append(np.flatnonzero(sets == "test").mean())
    expected = (N - 1) / 2
    assert np.mean(means) == pytest.approx(expected, abs=4 * N / np.sqrt(12 * 36 * 40))
    assert np.std(means) > 1


@pytest.mark.parametrize("method", ["random", "kin-aware"])
def test_names_decide_and_row_order_does_not(tmp_path, method):
    first = make(tmp_path / "a")
    turned = make(tmp_path / "b", order=np.random.default_rng(9).permutation(N))
    sets = run(first, method)
    pd.testing.assert_series_equal(sets, run(turned, method).loc[sets.index])
    pd.testing.assert_series_equal(sets, run(first, method))
    assert (sets != run(first, method, names=("cohort", "trait", "other"))).mean() > 0.2
    iids = files.read_tsv(turned / "dataset" / "trait.tsv")["iid"].tolist()
    assert files.read_tsv(turned / "split.tsv")["iid"].tolist() == iids


def test_kin_aware_keeps_families_whole(kin):
    sets = run(kin, "kin-aware", validation=0.2, test=0.3)
    assert table(kin, sets).groupby("family")["set"].nunique().max() == 1
    shares = sets.value_counts(normalize=True)
    assert shares["test"] == pytest.approx(0.3, abs=0.03)
    assert shares["validation"] == pytest.approx(0.2, abs=0.03)
    cases = table(kin, sets).groupby("set")["y"].apply(lambda y: (y == "1").mean())
    assert cases.between(0.18, 0.32).all()


def test_kin_aware_refuses_a_family_too_large(tmp_path):
    family = np.r_[np.repeat("huge", 60), [f"f{k}" for k in range(N - 60)]]
    directory = make(tmp_path, families=family)
    with pytest.raises(UserError, match=r"family 'huge' has 60 of 240.*sibships.*'given' or 'random'"):
        run(directory, "kin-aware")
    assert set(run(directory, "kin-aware", max_family=0.3)) == SETS


def test_given_is_kept_and_validation_comes_from_training(tmp_path):
    half = np.array([""] * 20 + ["train"] * 120 + ["test"] * 100)
    directory = make(tmp_path, half=half)
    sets = run(directory, "given", column="half", validation=0.25)
    assert sets.value_counts().to_dict() == {"test": 100, "train": 90, "validation": 30}
    assert len(sets) == N - 20  # blank: left out
    assert (sets.to_numpy()[-100:] == "test").all()


def test_given_validation_can_keep_families(kin, tmp_path):
    samples = files.read_tsv(kin / "cohort" / "samples.tsv")
    half = np.where(np.arange(N) % 2 == 0, "train", "test")
    directory = make(tmp_path, families=samples["family"], half=half)
    sets = run(directory, "given", column="half", validation=0.3, keep_families=True)
    train = table(directory, sets)[lambda people: people["set"] != "test"]
    assert train.groupby("family")["set"].nunique().max() == 1
    assert (train["set"] == "validation").mean() == pytest.approx(0.3, abs=0.05)


def test_given_validation_is_respected(tmp_path):
    column = np.tile(["train", "train", "validation", "test"], N // 4)
    sets = run(make(tmp_path, part=column), "given", column="part")
    assert sets.tolist() == column.tolist()


@pytest.mark.parametrize(
    ("method", "options", "message"),
    [
        ("random", {"validation": 0.5, "test": 0.5}, "validation \\+ test is 1; keep it below 1"),
        ("random", {"validation": 0.001}, "nobody of 240 individuals is in the validation set"),
        ("random", {"tset": 0.2}, "split 'random': unknown option 'tset': did you mean 'test'"),
        ("given", {"column": "haff"}, "no column 'haff': did you mean 'half'"),
        ("given", {"column": "odd"}, "column 'odd' is 'maybe' for individual i003; it may be train"),
        ("given", {"column": "easy"}, "the test set \\(10 individuals\\) has controls only"),
        ("rnadom", {}, "unknown split 'rnadom': did you mean 'random'"),
        (
            "leave-one-population-out",
            {"population": "p3"},
            "no population 'p3' to leave out: .*known: p1, p2",
        ),
        (
            "leave-one-population-out",
            {"population": "p1", "least": 200},
            "population 'p1' has 120 individuals, fewer than 200",
        ),
    ],
)
def test_unusable_splits_are_refused(tmp_path, method, options, message):
    y = np.repeat([0, 1], [N // 2, N // 2])
    odd = ["maybe" if k == 3 else "train" for k in range(N)]
    easy = ["test" if k < 10 else "train" for k in range(N)]
    directory = make(tmp_path, y=y, half=["train"] * N, odd=odd, easy=easy)
    with pytest.raises(UserError, match=message):
        run(directory, method, **options)


LOPO = "leave-one-population-out"


def test_a_population_is_left_out(people, kin):
    sets = run(people, LOPO, population="p2", validation=0.25)
    by = table(people, sets).groupby(["population", "set"]).size().to_dict()
    assert by == {("p2", "test"): 120, ("p1", "train"): 90, ("p1", "validation"): 30}
    whole = table(kin, run(kin, LOPO, population="p1", validation=0.2, keep_families=True))
    assert (whole["population"][whole["set"] == "test"] == "p1").all()
    seen = whole[whole["set"] != "test"]
    assert seen.groupby("family")["set"].nunique().max() == 1
    assert (seen["set"] == "validation").mean() == pytest.approx(0.2, abs=0.05)


def test_whoever_trains_the_same_people_are_tested(people):
    def of(label, populations, **options):
        return run(
            people,
            "train-on",
            ("c", "t", label),
            populations=populations,
            test=0.25,
            validation=0.2,
            **options,
        )

    only, both, other = of("only", ["p1"]), of("both", ["p1", "p2"]), of("other", ["p2"], draw=2)
    tested = [set(sets.index[sets == "test"]) for sets in (only, both, other)]
    assert tested[0] == tested[1] != tested[2]
    by = table(people, only).groupby(["population", "set"]).size().to_dict()
    assert by == {("p1", "test"): 30, ("p2", "test"): 30, ("p1", "train"): 72, ("p1", "validation"): 18}
    few = table(people, of("few", ["p1", "p2"], people=60))
    by = few.groupby(["population", few["set"] == "test"]).size().to_dict()
    assert by == {("p1", True): 30, ("p2", True): 30, ("p1", False): 30, ("p2", False): 30}
    assert (few["set"] == "validation").sum() == 12
    halves = run(people, "train-on", populations=["p1"], test=0.5, validation=0.5)
    assert halves.value_counts().to_dict() == {"test": 120, "train": 30, "validation": 30}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"populations": ["p3"]}, "there is no population 'p3' to train on: did you mean 'p2'"),
        (
            {"populations": ["p1"], "people": 100},
            "100 people of 'p1' are to train, and it has 84 who are not tested",
        ),
        (
            {"populations": ["p1", "p2"] * 2, "people": 3},
            "people is 3 for 4 populations; give at least one each",
        ),
    ],
)
def test_populations_that_cannot_train_are_refused(people, options, message):
    with pytest.raises(UserError, match=message):
        run(people, "train-on", **options)


def test_people_without_a_population_are_left_out_and_one_population_is_refused(tmp_path):
    directory = make(tmp_path)
    samples = files.read_tsv(directory / "cohort" / "samples.tsv", text=("y",))
    population_N = samples["population"].where(np.arange(N) % 10 != 0, "unassigned")
    files.write_tsv(samples.assign(population=population_N), directory / "cohort" / "samples.tsv")
    sets = run(directory, LOPO, population="p1")
    assert len(sets) == N * 9 // 10
    files.write_tsv(samples.assign(population="all"), directory / "cohort" / "samples.tsv")
    with pytest.raises(UserError, match="'all' is the only population, so nobody is left to train"):
        run(directory, LOPO, population="all")


def test_quantitative_traits_are_split_by_population(tmp_path):
    values = np.random.default_rng(0).normal(size=N)
    directory = make(tmp_path, y=values, trait={"column": "y", "kind": "quantitative"})
    sets = run(directory, "random", test=0.25)
    by = table(directory, sets).groupby("population")["set"].value_counts().unstack()
    assert by["test"].tolist() == [30, 30]


def test_methods_are_described_without_import():
    names = ["given", "kin-aware", "leave-one-population-out", "random", "train-on"]
    assert registry.names("split") == names
    assert registry.describe("split", "kin-aware").options["max_family"]["default"] == 0.2
