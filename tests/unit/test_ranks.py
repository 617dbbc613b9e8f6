"""Ranks of adjustments over replicates: SciPy's tests, published critical values, and never under enough replicates."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from example_results import Example
from made_results import made
from stratbench.metrics.significance import holm
from stratbench.report.analysis.numbers import plain
from stratbench.report.analysis.ranks import MANY, critical_difference, goals, of_table, ranked, ties
from stratbench.report.analysis.results import KEYS, Results
from stratbench.report.figures.catalogue import pictures
from stratbench.report.page import Image, Table
from stratbench.report.text import ranks

NAMES = ("none", "pc-covariates", "input-residual")
EXAMPLE = Example(
    traits=("confounded",), models=("mlp",), adjustments=NAMES, attributions=(), associations=(), real=False
)


def accuracies(n: int) -> pd.DataFrame:
    """The second adjustment is better in most replicates, the third in none."""
    rng = np.random.default_rng(1)
    shared = rng.normal(0.65, 0.03, (n, 1))
    value = shared + np.array([0, 0.02, -0.03]) + 0.01 * rng.normal(size=(n, 3))
    return pd.DataFrame(value, columns=list(NAMES), index=pd.RangeIndex(1, n + 1, name="replicate"))


def study(n: int) -> Results:
    """Results of n replicates, two seeds each, whose mean is the accuracy."""
    base = dict.fromkeys(KEYS, "") | {"scenario": "split-fst05", "trait": "confounded", "split": "random"}
    results = made(replace(EXAMPLE, replicates=n), [{"metric": "auroc", "mean": 0.6, "n_replicates": n}])
    results.metrics = pd.DataFrame(
        base | {"metric": "auroc_stratified_f", "model": "mlp", "adjustment": name, "replicate": str(r),
                "seed": seed, "value": value + shift}
        for r, row in accuracies(n).iterrows() for name, value in row.items()
        for seed, shift in (("1", 0.004), ("2", -0.004))
    )  # fmt: skip
    return results


def test_tests_are_scipys() -> None:
    table = accuracies(MANY)
    found = of_table("mlp", table, "none")
    test = stats.friedmanchisquare(*table.to_numpy().T)
    assert found.friedman == pytest.approx((test.statistic, test.pvalue))
    p = [stats.wilcoxon(table[name], table["none"]).pvalue for name in NAMES[1:]]
    assert list(found.wilcoxon.values()) == pytest.approx(list(holm(np.array(p))))
    assert sum(found.mean.values()) == pytest.approx(6)
    assert found.mean["pc-covariates"] < found.mean["none"] < found.mean["input-residual"]
    same = of_table("mlp", table.assign(**{"pc-covariates": table["none"]}), "none")
    assert np.isnan(same.wilcoxon["pc-covariates"])


def test_critical_differences_are_demsars() -> None:
    """Demsar 2006, table 5: q.05 of 3 and 10 classifiers is 2.343 and 3.164; METHODS' of 12 is 3.268."""
    for k, q in ((3, 2.343), (10, 3.164), (12, 3.268)):
        assert critical_difference(k, 20) == pytest.approx(q * np.sqrt(k * (k + 1) / 120), abs=1e-3)


def models(means: tuple[float, ...]) -> pd.DataFrame:
    """Thirty scores of each of several models, drawn as the tutorial of scikit-posthocs draws them."""
    rng = np.random.default_rng(1)
    return pd.DataFrame({f"model{k}": rng.normal(mean, 0.1, 30) for k, mean in enumerate(means, 1)})


def test_mean_ranks_are_those_that_scikit_posthocs_publishes() -> None:
    """Its tutorial ranks from the lowest score on, as shares of the number of models."""
    found = of_table("mlp", models((0.2, 0.2, 0.4, 0.5, 0.7, 0.7, 0.8, 0.9)), "model1")
    published = [0.208333, 0.191667, 0.366667, 0.495833, 0.708333, 0.737500, 0.850000, 0.941667]
    assert list(found.mean.values()) == pytest.approx(list(9 - 8 * np.array(published)), abs=1e-5)
    assert found.friedman == pytest.approx((186.9, 6.787361102785178e-37))


def test_what_is_told_apart_is_what_scikit_posthocs_tells_apart() -> None:
    """Version 0.17.1 gives these p of Nemenyi's test, and joins these models in its diagram."""
    found = of_table("mlp", models((0.2, 0.2, 0.4, 0.5, 0.7, 0.3)), "model1")
    assert found.critical is not None
    ends = [31 / 30, 13 / 6, 97 / 30, 127 / 30, 31 / 6]
    assert np.array(ties(found)) == pytest.approx(np.column_stack([ends[:-1], ends[1:]]))
    p = {
        (4, 5): 0.175699,
        (3, 4): 0.233787,
        (3, 6): 0.302993,
        (1, 6): 0.382303,
        (1, 3): 0.000888,
        (4, 6): 0.000272,
    }
    for (a, b), own in p.items():
        apart = abs(found.mean[f"model{a}"] - found.mean[f"model{b}"])
        assert stats.studentized_range.sf(apart * np.sqrt(2 * 30 / 7), 6, np.inf) == pytest.approx(
            own, abs=1e-5
        )
        assert (apart > found.critical) == (own < 0.05)


def test_a_tie_is_part_of_no_larger_one_and_needs_two() -> None:
    one = of_table("mlp", accuracies(MANY), "none")
    ranks = {"a": 1.0, "b": 1.4, "c": 1.5, "d": 2.6, "e": 4.5}
    assert ties(replace(one, mean=ranks, critical=0.6)) == [(1.0, 1.5)]
    assert ties(replace(one, mean=ranks, critical=1.25)) == [(1.0, 1.5), (1.4, 2.6)]
    assert ties(replace(one, mean=ranks, critical=9.0)) == [(1.0, 4.5)]
    assert ties(replace(one, mean=ranks, critical=0.05)) == ties(replace(one, critical=None)) == []


@pytest.mark.parametrize("n", [19, 20])
def test_the_diagram_needs_twenty_replicates_and_shows_what_was_found(n: int) -> None:
    results = study(n)
    shown = [picture for picture in pictures(results.study) if picture.kind == "critical_difference"]
    assert len(shown) == (n >= MANY)
    for picture in shown:
        data = picture.module.load(results, picture.subject)
        (axis,) = picture.module.draw(data).axes
        (one,) = data.models
        texts = [text.get_text() for text in axis.texts]
        assert [text for text in texts if "none" in text] == [f"none  {plain(one.mean['none'])}"]
        assert f"critical difference {plain(one.critical)}" in texts
        places = {line.get_color(): line.get_xdata()[0] for line in axis.lines if line.get_marker() == "o"}
        assert places == {data.colours[name]: rank for name, rank in one.mean.items()}
        bars = [line.get_xdata() for line in axis.lines if line.get_linewidth() == 3]
        assert len(bars) == len(ties(one))
        section = ranks.build(results)
        assert section is not None
        assert [block.name for block in section.blocks if isinstance(block, Image)] == [picture.name]
        assert "n = 20 replicates" in picture.module.caption(results, picture.subject)
        assert "fewer than 20" in picture.module.draw(replace(data, models=())).axes[0].texts[0].get_text()


@pytest.mark.parametrize("n", [5, 6, 19, 20])
def test_nothing_is_tested_under_enough_replicates(n: int) -> None:
    results = study(n)
    (group,) = results.groups
    found = ranked(results, group)
    assert len(found) == (n >= 6)
    section = ranks.build(results)
    assert (section is None) == (n < 6)
    if section is None:
        return
    assert (found[0].friedman is not None) == (found[0].critical is not None) == (n >= MANY)
    (table,) = (block for block in section.blocks if isinstance(block, Table))
    assert ("Friedman's chi-squared" in table.caption) == (n >= MANY)
    assert table.rows[0][0] == "pc-covariates"
    assert table.rows[1][2] == "n/a"  # none is not compared with itself


def test_splits_of_one_cohort_are_not_ranked() -> None:
    results = study(20)
    (group,) = results.groups
    assert ranked(results, replace(group, splits=group.splits[:1] * 20)) == []


def test_an_adjustment_that_mostly_fails_hides_no_other() -> None:
    results, failed = study(8), NAMES[2]
    rows = results.metrics
    rows.loc[(rows["adjustment"] == failed) & (rows["replicate"].astype(int) > 5), "value"] = np.nan
    (group,) = results.groups
    (found,) = ranked(results, group)
    assert found.n == 8
    assert set(found.mean) == set(NAMES[:2])
    assert found.left_out == (failed,)
    (table,) = (block for block in ranks.build(results).blocks if isinstance(block, Table))
    assert table.caption.endswith(f"Not ranked, as too few replicates have a number: {failed}.")


def test_each_goal_ranks_by_its_own_numbers() -> None:
    """Less ancestry is better, more recovery is; a table has a pair of columns for each goal that has numbers."""
    explained = replace(EXAMPLE, attributions=("gradient-input",), replicates=20)
    results = study(20)
    rows = results.metrics
    freedom = rows.assign(metric="ancestry_logit", value=1 - rows["value"])
    recovery = rows.assign(metric="causal_auc_pr", attribution="gradient-input", value=-rows["value"])
    results = made(explained, [{"metric": "auroc", "mean": 0.6, "n_replicates": 20}])
    results.metrics = pd.concat([rows, freedom, recovery], ignore_index=True)
    (group,) = results.groups
    assert [goal.metric for goal in goals(results, group)] == [
        "auroc_stratified_f",
        "causal_auc_pr",
        "ancestry_logit",
    ]
    accuracy, causal, free = ranked(results, group)
    assert free.mean == pytest.approx(accuracy.mean)
    assert causal.mean == pytest.approx({name: 4 - rank for name, rank in accuracy.mean.items()})
    section = ranks.build(results)
    assert section is not None
    (table,) = (block for block in section.blocks if isinstance(block, Table))
    assert len(table.head) == len(table.rows[0]) == 7
    assert [row[0] for row in table.rows] == ["pc-covariates", "none", "input-residual"]
    assert table.caption.count("Friedman's chi-squared") == 3


def test_a_population_of_which_nobody_trained_is_a_goal() -> None:
    results = study(6)
    results.study.config["splits"]["random"] = {
        "method": "leave-one-population-out",
        "options": {"population": "p2"},
    }
    (group,) = results.groups
    names = [goal.name for goal in goals(results, group)]
    assert names[1] == "accuracy within p2, of whom nobody trained"
