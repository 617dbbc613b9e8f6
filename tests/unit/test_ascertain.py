"""Ascertainment: who is kept, what keep.iid and trait.json say, and what is refused."""

import numpy as np
import pytest

from helpers import balding_nichols, write_cohort
from stations import cohort_files, dataset_files
from stratbench.core import files
from stratbench.core.errors import UserError
from stratbench.datasets import keep
from stratbench.datasets.ascertain import OPTIONS, ascertain
from stratbench.datasets.run import dataset
from trait_tables import read, simulated

POPULATION_N = np.repeat(["a", "b", "c"], 100)
Y_N = np.tile([1, 0, 0, 0, 0], 60)  # 20 cases and 80 controls in each population


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    count_MN, populations = balding_nichols([100] * 3, 40, 0.1, np.random.default_rng(1))
    columns = {"case": ["1", "0", "NA"] * 100, "weight": [str(k) for k in range(300)]}
    return write_cohort(tmp_path_factory.mktemp("cohort"), count_MN, populations, columns=columns)


def kept(seed=0, **given):
    options = {name: given.get(name) for name in OPTIONS}
    return ascertain(Y_N, POPULATION_N, options, np.random.default_rng(seed))


def counts(kept_N):
    """Cases and controls of each population."""
    return {
        name: tuple(int((kept_N & (name == POPULATION_N) & (label == Y_N)).sum()) for label in (1, 0))
        for name in "abc"
    }


def test_numbers_are_kept_at_random():
    kept_N = kept(cases=30, controls=50)
    assert (kept_N & (Y_N == 1)).sum() == 30
    assert (kept_N & (Y_N == 0)).sum() == 50
    assert (kept_N != kept(seed=1, cases=30, controls=50)).any()
    assert (kept_N == kept(cases=30, controls=50)).all()
    assert kept(cases=30)[Y_N == 0].all()


def test_numbers_of_each_population():
    cases, controls = {"a": 20, "b": 5, "c": 0}, {"a": 0, "b": 5, "c": 80}
    assert counts(kept(cases=cases, controls=controls)) == {"a": (20, 0), "b": (5, 5), "c": (0, 80)}
    assert counts(kept(cases=cases)) == {"a": (20, 80), "b": (5, 80), "c": (0, 80)}


def test_a_share_of_cases_keeps_as_many_as_it_can():
    assert counts(kept(case_share={"a": 0.5, "b": 0.2, "c": 0.1})) == {
        "a": (20, 20),
        "b": (20, 80),
        "c": (9, 80),
    }
    half = kept(case_share=0.5)
    assert half[Y_N == 1].all()
    assert half.sum() == 120


def test_first_are_those_of_file_order():
    kept_N = kept(first=30, blocks=3)
    assert np.flatnonzero(kept_N & (Y_N == 1)).tolist() == np.flatnonzero(Y_N == 1)[:30].tolist()
    assert np.flatnonzero(kept_N & (Y_N == 0)).tolist() == np.flatnonzero(Y_N == 0)[:30].tolist()
    assert counts(kept(first={"cases": 60, "controls": 90}, blocks=3))["c"] == (20, 0)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"cases": 61}, "cases: 61 asked for, but there are 60; ask for fewer, raise prevalence"),
        ({"cases": {"a": 21, "b": 0, "c": 0}}, "cases: 21 of a asked for, but there are 20"),
        ({"cases": {"a": 1, "d": 0}}, "ascertain: cases: unknown population 'd'"),
        ({"controls": {"a": 1, "b": 0}}, "ascertain: controls: no value for c"),
        ({"controls": {"a": 0, "b": 0, "c": 0}}, "controls: no controls in any population"),
        ({"case_share": {"a": 0.001, "b": 0.5, "c": 0.5}}, "0.001 of a cannot be had of 20 cases and 80"),
        ({"case_share": 0.5, "cases": 3}, "give either case_share or numbers"),
        ({"first": 3, "cases": 3, "blocks": 3}, "first: it says who is kept, and so does cases"),
        ({"first": 3}, "blocks: state the blocks"),
        ({"blocks": 3}, "blocks: it goes with first"),
        ({"first": 3, "blocks": 2}, "2 stated, but the file consists of 3 blocks of one population; state 3"),
        ({"first": 61, "blocks": 3}, r"61 asked for, but there are 60; first: .*cases: 60, controls: 240"),
    ],
)
def test_impossible_ascertainment_is_refused(given, message):
    with pytest.raises(UserError, match=message):
        kept(**given)


def test_tables_follow_who_is_kept(cohort, tmp_path):
    wanted = {"cases": {"p1": 20, "p2": 0, "p3": 20}, "controls": 40}
    everyone = simulated(cohort, tmp_path / "all", environment=0.2, causal=10)
    tables = simulated(cohort, tmp_path / "some", environment=0.2, causal=10, ascertain=wanted)
    iids = keep.read_iids(tmp_path / "some" / "keep.iid")
    assert tables.trait["iid"].tolist() == tables.parts["iid"].tolist() == iids
    assert (tables.about["n"], tables.about["n_cases"]) == (80, 40)
    assert tables.about["prevalence"] == 0.5
    said = tables.about["ascertained"]
    assert {name: said["kept"][name]["cases"] for name in said["kept"]} == wanted["cases"]
    assert sum(n["cases"] for n in said["from"].values()) == 150
    assert "ascertained to 20/0/20 cases and 40 controls" in tables.about["description"]
    before = everyone.parts.set_index("iid").loc[iids].reset_index()
    assert before.equals(tables.parts)
    assert tables.about["shares"] == everyone.about["shares"]
    assert tables.about["shares_kept"] != tables.about["shares"]
    assert "ascertained" not in everyone.about


def test_no_option_keeps_everyone(cohort, tmp_path):
    assert simulated(cohort, tmp_path, ascertain={"first": None}).about["n"] == 300


def test_measured_traits_are_ascertained_too(cohort, tmp_path):
    declared = {
        "case": {"kind": "binary", "column": "case"},
        "weight": {"kind": "quantitative", "column": "weight"},
    }
    first = {"first": 40, "blocks": 3}
    dataset(
        cohort_files(cohort),
        dataset_files(tmp_path),
        spec={"measured": "case", "ascertain": first},
        names=["c", "t"],
        declared=declared,
    )
    tables = read(tmp_path)
    assert (tables.about["n"], tables.about["n_cases"]) == (80, 40)
    assert tables.trait["iid"].iloc[-1] == "i0119"
    assert "the first 40 cases and controls in file order (3 blocks" in tables.about["description"]
    assert len(files.read_tsv(tmp_path / "liability.tsv")) == 0
    with pytest.raises(UserError, match="first: ascertainment is by cases and controls; use a binary trait"):
        dataset(
            cohort_files(cohort),
            dataset_files(tmp_path),
            spec={"measured": "weight", "ascertain": first},
            names=["c", "t"],
            declared=declared,
        )


def test_quantitative_traits_are_not_ascertained(cohort, tmp_path):
    with pytest.raises(UserError, match="use a binary trait or leave it out"):
        simulated(cohort, tmp_path, kind="quantitative", ascertain={"cases": 3})
