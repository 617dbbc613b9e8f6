"""Ranks of adjustments over replicates: SciPy's tests, published critical values, and never under enough replicates."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from example_results import Example
from made_results import made
from stratbench.metrics.significance import holm
from stratbench.report.analysis.ranks import MANY, critical_difference, of_table, ranked
from stratbench.report.analysis.results import KEYS, Results
from stratbench.report.page import Table
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
