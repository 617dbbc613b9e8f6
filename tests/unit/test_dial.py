"""The structure dial: a study's one axis, as a config states it."""

import copy
from pathlib import Path

import pytest
import yaml

from stratbench.core.errors import UserError
from stratbench.report.figures.catalogue import figure_names
from stratbench.study import config as configs
from stratbench.study.paths import Paths, each
from stratbench.study.study import Point, Study

ROOT = Path(__file__).parents[2]
GOOD = yaml.safe_load("""
study: small
cohorts:
  strong: {simulate: {demography: split, populations: 2, fst: 0.1, individuals: 20}}
  weak: {simulate: {demography: split, populations: 2, fst: 0.01, individuals: 20}}
  lattice: {simulate: {demography: stepping-stone, rows: 1, columns: 2, individuals: 20}}
  unused: {simulate: {demography: panmictic, individuals: 20}}
traits:
  confounded: {simulate: {h2: 0.5, causal: 5, environment: 0.25}, snps: 100}
blocks:
  - {cohorts: [strong, weak, lattice], traits: [confounded], splits: [random], models: [linear]}
dial: {title: Hudson FST, points: {lattice: a lattice, strong: 0.1, weak: 0.01}}
""")


def with_dial(dial: object) -> dict:
    return {**copy.deepcopy(GOOD), "dial": dial}


def points(**given: object) -> dict:
    return {"title": "FST", "points": given}


def test_numbers_come_first_in_order_then_words() -> None:
    dial = Study(configs.check(GOOD)).dial
    assert dial is not None
    assert dial.points == (
        Point("weak", 0.01, "0.01"),
        Point("strong", 0.1, "0.1"),
        Point("lattice", None, "a lattice"),
    )
    assert [point.scenario for point in dial.numbers] == ["weak", "strong"]


def test_study_without_dial_has_none() -> None:
    assert Study(configs.check({key: GOOD[key] for key in GOOD if key != "dial"})).dial is None


@pytest.mark.parametrize(
    ("dial", "message"),
    [
        (points(week=0.01, strong=0.1), "dial.points.week: undefined label 'week': did you mean 'weak'?"),
        (points(unused=0, strong=0.1), "dial.points.unused: no block uses the cohort 'unused'"),
        (points(weak=0.1, strong=0.1), "dial.points.strong: stands at 0.1, as 'weak' does"),
        (points(weak=float("nan"), strong=0.1), "dial.points.weak: nan is no number that can be used"),
        (points(weak=[1], strong=0.1), "dial.points.weak: [1] is not of type 'number' or 'string'"),
        (points(weak=0.1), "dial.points: {'weak': 0.1} does not have enough properties"),
        ({"points": {"weak": 1, "strong": 2}}, "dial: 'title' is missing"),
        (
            {**points(weak=1, strong=2), "tilte": "x"},
            "dial.tilte: unknown key 'tilte': did you mean 'title'?",
        ),
    ],
)
def test_bad_dial_is_refused(dial: object, message: str) -> None:
    with pytest.raises(UserError) as caught:
        configs.check(with_dial(dial))
    assert message in str(caught.value)


def test_dial_changes_no_result() -> None:
    one, other = (
        Study(configs.check(GOOD)),
        Study(configs.check(with_dial(points(weak="few", strong="many")))),
    )
    assert one.made_from == other.made_from
    assert each(Paths(one.name).metrics, one.splits) == each(Paths(other.name).metrics, other.splits)


def test_pages_of_further_metrics_are_named_by_the_config_alone() -> None:
    """One of predictions for each trait with models; one of SNP rankings where there are attributions."""
    config = with_dial(points(weak=0.01, strong=0.1))
    names = [name for name in figure_names(Study(configs.check(config))) if name.startswith("dial")]
    assert names == ["dial_confounded_random", "dial-prediction_confounded_random"]
    config["blocks"][0]["attributions"] = ["gradient-input"]
    assert "dial-snps_confounded_random" in figure_names(Study(configs.check(config)))
    assert not [
        name
        for name in figure_names(Study(configs.check({key: GOOD[key] for key in GOOD if key != "dial"})))
        if "dial" in name
    ]


@pytest.mark.parametrize("history", ["recent", "perpetual"])
@pytest.mark.parametrize("name", ["structure", "structure-small"])
def test_lattices_of_the_dial_have_the_fst_that_the_config_claims(name: str, history: str) -> None:
    from stratbench.demographies.methods import stepping_stone

    config = configs.load(ROOT / "config" / f"{name}.yaml")
    options = config["cohorts"][f"lattice-{history}"]["simulate"]["options"]
    debugger = stepping_stone.demography(options).debug()
    demes = list(stepping_stone.samples(options))
    within = {deme: debugger.mean_coalescence_time({deme: 2}) for deme in demes}
    pairs = [(one, other) for k, one in enumerate(demes) for other in demes[k + 1 :]]
    fst = [
        1 - (within[one] + within[other]) / 2 / debugger.mean_coalescence_time({one: 1, other: 1})
        for one, other in pairs
    ]
    assert sum(fst) / len(fst) == pytest.approx(0.01, abs=0.0005)


@pytest.mark.parametrize("name", ["structure", "structure-small"])
def test_all_points_have_the_same_people(name: str) -> None:
    from stratbench.methods import registry

    sizes = []
    for spec in configs.load(ROOT / "config" / f"{name}.yaml")["cohorts"].values():
        simulate = spec["simulate"]
        method = registry.load("demography", simulate["demography"], simulate["file"])
        sizes.append(sorted(method.samples(simulate["options"]).values()))
    assert all(size == [300, 300, 300] for size in sizes)
