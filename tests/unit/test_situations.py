"""Cohorts as owners bring them, made up so that the right answer is known: the numbers give that answer."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

from stratbench.genotypes.records import FitRecord, SeedRecord
from stratbench.metrics import prediction, rows
from stratbench.metrics.catalogue import metric
from stratbench.metrics.data import SplitTables
from stratbench.metrics.split_results import FitResult, SplitResults
from stratbench.metrics.verdict import ANCESTRY, LEARNED, labels_too_coarse, verdict
from stratbench.summary.comparisons import comparisons

PLACE = rows.SplitPlace("s", "cohort", 1, "cohort", "trait", "random")
Scores = Mapping[
    str, Mapping[str, np.ndarray]
]  # adjustment -> "score" and "f" -> a value for each individual


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(4)


def compared(people: pd.DataFrame, scores: Scores, kind: str = "binary") -> pd.DataFrame:
    """comparisons.tsv of one cohort: ``people`` with y, population, family and PCs, every second one tested."""
    n = len(people)
    people = people.assign(set=np.resize(["train", "test"], n)).set_axis([f"i{k}" for k in range(n)])
    fits = []
    for adjustment, own in scores.items():
        table = people[["set", "y"]].assign(seed=1, probability=0.5, **own)
        table = table.rename_axis("iid").reset_index()
        record = FitRecord("ok", (SeedRecord(1, "ok"),))
        fits.append(FitResult({"model": "cnn", "adjustment": adjustment}, record, table))
    data = SplitTables(kind, people, pd.Index([]), None, 0, pd.DataFrame())
    found = prediction.of_split(SplitResults(PLACE, data, tuple(fits), (), {}, ()))
    return comparisons(rows.table(found))


def one(table: pd.DataFrame, name: str, **keys: str) -> pd.Series:
    """The row of a metric over all people."""
    wanted = {"population": "", "metric": name, **keys}
    found = table[(table[list(wanted)] == pd.Series(wanted)).all(axis=1)]
    assert len(found) == 1
    return found.iloc[0]


def said(table: pd.DataFrame, adjustment: str = "none") -> str:
    """The verdict on the network."""
    declared = metric("auroc_stratified_f")
    of = {"model": "cnn", "adjustment": adjustment}
    within, overall = (one(table, name, **of) for name in ("auroc_stratified_f", "auroc_f"))
    ends = [(row["ci_low"], row["ci_high"]) for row in (within, overall)]
    return verdict(ends[0], ends[1], 0.5, declared.nothing_below or 0)


def cases(risk: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return (risk + rng.normal(size=len(risk)) > 0).astype(float)


def nested(rng: np.random.Generator, villages: int = 30, each: int = 40) -> tuple[pd.DataFrame, np.ndarray]:
    """People of villages in three regions, whose risk is their village's; three PCs see villages as they are."""
    village = np.tile(np.arange(villages), each)
    place = rng.normal(size=(villages, 3))
    risk = (place @ np.array([1.0, 0.5, -0.5]))[village]
    pcs = pd.DataFrame(
        place[village] + 0.1 * rng.normal(size=(len(village), 3)), columns=["pc1", "pc2", "pc3"]
    )
    names = np.array([f"v{k}" for k in village])
    people = pcs.assign(population=names, family=np.arange(len(village)).astype(str), y=cases(risk, rng))
    return people, risk


def test_a_pure_shortcut_in_many_small_populations_is_ancestry_only(rng: np.random.Generator) -> None:
    """Thirty populations of ten tested people, none with more than ten cases: the answer is there, and is right."""
    people, risk = nested(rng, each=20)
    noisy = risk + 0.3 * rng.normal(size=len(risk))
    table = compared(people, {"none": {"score": noisy, "f": noisy}})
    within = one(table, "auroc_stratified_f", model="cnn")
    assert within["ci_low"] < 0.5 < within["ci_high"]
    assert within["ci_high"] - within["ci_low"] < 0.2
    assert said(table) == ANCESTRY


def test_labels_that_are_too_coarse_are_warned_of(rng: np.random.Generator) -> None:
    """By region the shortcut looks learned; PCs alone do as well within regions, and the network adds nothing."""
    people, risk = nested(rng)
    noisy = risk + 0.3 * rng.normal(size=len(risk))
    scores = {"none": {"score": noisy, "f": noisy}}
    for coarse in (True, False):
        region = people["population"].str[1:].astype(int) % 3
        labelled = people.assign(population="r" + region.astype(str)) if coarse else people
        table = compared(labelled, scores)
        pcs = one(table, "auroc_stratified", model="floor-pcs")
        over = one(table, "over_pcs", model="cnn")
        assert labels_too_coarse((pcs["ci_low"], pcs["ci_high"]), 0.5, 0.55) == coarse
        assert said(table) == (LEARNED if coarse else ANCESTRY)
        assert over["ci_low"] < 0.02
        assert over["mean"] == pytest.approx(
            one(table, "auroc_stratified_f", model="cnn")["mean"] - pcs["mean"]
        )
    assert abs(one(table, "partial_f", model="cnn")["mean"]) < 0.1
    assert not labels_too_coarse((0.511, 0.524), 0.5, 0.55)  # above chance in many replicates, and negligible


def test_without_labels_what_pcs_leave_answers(rng: np.random.Generator) -> None:
    """One population, continuous ancestry: a network of ancestry alone and one of genes differ given PCs."""
    people, ancestry = nested(rng)
    people["population"] = "all"
    genes = rng.normal(size=len(people))
    people["y"] = cases(ancestry + genes, rng)
    table = compared(
        people, {"none": {"score": ancestry, "f": ancestry}, "residual": {"score": genes, "f": genes}}
    )
    shortcut, learned = (one(table, "partial_f", model="cnn", adjustment=a) for a in ("none", "residual"))
    assert shortcut["ci_low"] < 0 < shortcut["ci_high"]
    assert learned["ci_low"] > 0.3
    assert one(table, "auroc_stratified_f", adjustment="none")["ci_low"] > 0.6  # "within" is overall here


def test_one_quantitative_trait_has_the_price_with_an_interval(rng: np.random.Generator) -> None:
    """Adjusting takes ancestry from f, and costs nothing within populations; the offset is not the network's."""
    people, ancestry = nested(rng)
    genes = rng.normal(size=len(people))
    people["y"] = 10 + ancestry + genes + rng.normal(size=len(people))
    scores = {
        "none": {"score": 10 + ancestry + genes, "f": ancestry + genes},
        "pc-covariates": {"score": 10 + ancestry + genes, "f": genes + 0.05 * rng.normal(size=len(people))},
    }
    table = compared(people, scores, kind="quantitative")
    lost, price, whole = (
        one(table, f"diff_{name}") for name in ("pearson_f", "pearson_stratified_f", "pearson")
    )
    assert {lost["basis"], price["basis"]} == {"test people"}
    assert lost["ci_high"] < 0
    assert lost["p_holm"] < 0.001
    assert -0.03 < price["ci_low"] < price["ci_high"] < 0.03
    assert whole["mean"] == 0
    assert one(table, "r2", model="cnn", adjustment="none")["ci_high"] < 1


def test_a_cohort_of_relatives_is_judged_by_families(rng: np.random.Generator) -> None:
    """One population of sibships that share their environment: overall is not within, and members are one unit."""
    sibship = np.repeat(np.arange(100), 12)
    shared = rng.normal(size=100)[sibship]
    people = pd.DataFrame({"population": "all", "family": sibship.astype(str), "y": cases(shared, rng)})
    people[["pc1", "pc2"]] = rng.normal(size=(len(people), 2))
    f = shared + 0.5 * rng.normal(size=len(people))
    scores = {"none": {"score": f, "f": f}, "pc-covariates": {"score": f + 0.1, "f": rng.normal(size=len(f))}}
    table = compared(people, scores)
    careless = compared(people.assign(family=np.arange(len(people)).astype(str)), scores)
    family, own = (one(t, "auroc_f", adjustment="none") for t in (table, careless))
    assert family["mean"] == own["mean"] > 0.7
    assert family["ci_high"] - family["ci_low"] > 1.3 * (own["ci_high"] - own["ci_low"])
    within = one(table, "auroc_family_f", adjustment="none")
    assert within["ci_low"] < 0.5 < within["ci_high"]
    difference, alone = (one(t, "diff_auroc_f") for t in (table, careless))
    assert difference["ci_high"] - difference["ci_low"] > 1.1 * (alone["ci_high"] - alone["ci_low"])
    assert "auroc_family" not in set(careless["metric"])
