"""Splits that train on different people and test the same ones are compared row by row, with intervals."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from stratbench.core.errors import UserError
from stratbench.metrics import rows
from stratbench.study.config import check
from stratbench.summary.comparisons import comparisons
from stratbench.summary.transfer import against_of, trained_of

# split -> adjustment -> AUROC in population B of each replicate's two seeds
VALUES = {
    "home": {"none": [(0.7, 0.74), (0.66, 0.7), (0.8, 0.8)], "placebo": [(0.7, 0.7), (0.7, 0.7), (0.7, 0.8)]},
    "away": {
        "none": [(0.6, 0.6), (0.6, 0.64), (0.63, 0.65)],
        "placebo": [(0.65, 0.65), (0.6, 0.6), (0.7, 0.7)],
    },
}
AWAY, HOME = np.array([0.6, 0.62, 0.64]), np.array([0.72, 0.68, 0.8])  # under none, over seeds
PLACEBO_AWAY, PLACEBO_HOME = np.array([0.65, 0.6, 0.7]), np.array([0.7, 0.7, 0.75])


def row(split: str, replicate: int, **keys: Any) -> dict[str, Any]:
    place = {"study": "s", "scenario": "c", "replicate": replicate, "cohort": f"c-r{replicate}", "trait": "t"}
    label = {"model": "linear", "metric": "auroc", "population": "B", "status": "ok", "n": 30}
    return {**place, "split": split, **label, **keys}


def example(replicates: int = 3) -> pd.DataFrame:
    return rows.table(
        row(split, r + 1, adjustment=adjustment, seed=s + 1, value=value)
        for split, of_split in VALUES.items()
        for adjustment, values in of_split.items()
        for r, seeds in enumerate(values[:replicates])
        for s, value in enumerate(seeds)
    )


def one(table: pd.DataFrame, **keys: str) -> pd.Series:
    (found,) = (row for _, row in table[(table[list(keys)] == pd.Series(keys)).all(axis=1)].iterrows())
    return found


def test_the_difference_is_paired_over_replicates() -> None:
    found = comparisons(example(), against={"away": ["home"]})
    moved = one(found, metric="transfer_auroc", adjustment="none")
    assert (moved["split"], moved["against"], moved["population"], moved["basis"]) == (
        "away",
        "home",
        "B",
        "replicates",
    )
    apart = AWAY - HOME
    assert moved["mean"] == pytest.approx(apart.mean())
    z = np.arctanh(apart.mean())  # its range is -1 to 1, on which intervals are Fisher's z
    half = stats.t.ppf(0.975, 2) * apart.std(ddof=1) / np.sqrt(3) / (1 - apart.mean() ** 2)
    assert (moved["ci_low"], moved["ci_high"]) == pytest.approx(tuple(np.tanh([z - half, z + half])))


def test_what_an_adjustment_changes_of_it_is_paired_too() -> None:
    found = comparisons(example(), against={"away": ["home"]})
    changed = one(found, metric="transfer_diff_auroc")
    assert (changed["adjustment"], changed["against"]) == ("placebo", "home")
    expected = (PLACEBO_AWAY - PLACEBO_HOME) - (AWAY - HOME)
    assert changed["mean"] == pytest.approx(expected.mean())
    assert changed["ci_low"] < changed["mean"] < changed["ci_high"]


def test_adjustments_are_compared_where_nobody_trained() -> None:
    """In the population that does not train, and in no other; the p is one of the study's claims."""
    six = pd.concat([example(), example().assign(replicate=lambda table: table["replicate"] + 3)])
    six["cohort"] = "c-r" + six["replicate"].astype(str)
    found = comparisons(six, trained={"away": ["A"], "home": ["A", "B"]})
    changed = one(found, metric="diff_auroc")
    assert (changed["split"], changed["population"], changed["against"]) == ("away", "B", "none")
    assert changed["mean"] == pytest.approx((PLACEBO_AWAY - AWAY).mean())
    assert changed["p_holm"] == changed["p"] > 0
    assert not comparisons(six)["metric"].eq("diff_auroc").any()


def test_one_replicate_has_the_errors_of_both_splits() -> None:
    errors = rows.table(
        row(split, 1, adjustment=adjustment, seed=1, metric="auroc_se", value=se)
        for split, se in (("home", 0.03), ("away", 0.04))
        for adjustment in ("none", "placebo")
    )
    found = comparisons(pd.concat([example(1), errors]), against={"away": ["home"]})
    moved = one(found, metric="transfer_auroc", adjustment="none")
    assert moved["basis"] == "test people, unpaired"
    half = stats.norm.ppf(0.975) * 0.05 / (1 - moved["mean"] ** 2)
    assert np.arctanh(moved["ci_high"]) - np.arctanh(moved["mean"]) == pytest.approx(half)
    assert np.isnan(
        one(found, metric="transfer_diff_auroc")["ci_low"]
    )  # the four numbers are of the same people


def test_nothing_is_compared_that_was_not_asked_for() -> None:
    table = comparisons(example())
    assert not table["metric"].str.startswith("transfer").any()
    pd.testing.assert_frame_equal(table, comparisons(example(), against={"absent": ["home"]}))


def config(against: list[str]) -> dict[str, Any]:
    splits = {
        "home": {"method": "train-on", "populations": ["p1"]},
        "away": {"method": "train-on", "populations": ["p2"], "against": against},
    }
    block = {"cohorts": ["c"], "traits": ["t"], "splits": list(splits), "models": ["linear"]}
    cohorts = {"c": {"simulate": {"demography": "split"}}}
    return {
        "study": "s",
        "cohorts": cohorts,
        "traits": {"t": {"simulate": {}}},
        "splits": splits,
        "blocks": [block],
    }


def test_the_config_says_which_splits_are_compared() -> None:
    assert against_of(check(config(["home"]))) == {"away": ["home"]}
    assert trained_of(check(config(["home"]))) == {"home": ["p1"], "away": ["p2"]}
    with pytest.raises(UserError, match=r"splits\.away\.against: undefined label 'hme': did you mean 'home'"):
        check(config(["hme"]))
    with pytest.raises(UserError, match=r"splits\.away\.against: undefined label 'away'"):
        check(config(["away"]))
    again = config([])
    again["splits"]["home"]["repeats"] = 3
    with pytest.raises(
        UserError, match=r"splits\.home\.repeats: this split has the same test people each time"
    ):
        check(again)


@pytest.mark.parametrize(
    ("home", "message"),
    [
        ({"draw": 2}, "its draw is 2, here it is 1; give both the same"),
        ({"test": 0.2}, "its test is 0.2, here it is 0.3; give both the same"),
        (
            {"method": "leave-one-population-out", "populations": None, "population": "p1"},
            "its method is leave-one-population-out, not train-on; compare splits of train-on",
        ),
    ],
)
def test_splits_that_test_other_people_are_not_compared(home: dict[str, Any], message: str) -> None:
    study = config(["home"])
    changed = study["splits"]["home"] | home
    study["splits"]["home"] = {key: value for key, value in changed.items() if value is not None}
    with pytest.raises(UserError, match=rf"splits\.away\.against: 'home' tests other people: {message}"):
        check(study)


def test_validation_is_a_share_of_those_who_are_not_tested() -> None:
    study = config(["home"])
    for split in study["splits"].values():
        split |= {"test": 0.6, "validation": 0.5}
    assert check(study)["splits"]["home"]["options"]["validation"] == 0.5
