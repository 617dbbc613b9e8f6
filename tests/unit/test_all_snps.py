"""Metrics of an association that tests more SNPs than models see: recovery compares, calibration counts all."""

import numpy as np
import pandas as pd
import pytest

from stratbench.metrics import association, recovery, rows
from stratbench.metrics.data import SplitTables
from stratbench.metrics.split_results import SplitResults

PLACE = rows.SplitPlace("s", "cohort", 1, "cohort", "trait", "random")
M = 60


@pytest.fixture
def tested() -> tuple[SplitTables, pd.DataFrame]:
    """Two of 60 SNPs are causal; models see every third one, both causal SNPs among them."""
    rng, snps = np.random.default_rng(2), pd.Index([f"s{k}" for k in range(M)])
    seen = snps[::3]
    p_M = rng.uniform(size=M)
    p_M[[1, 2, 4]] = 1e-6  # stronger than the causal SNPs, and unseen
    p_M[[0, 9]] = 1e-3
    table = pd.DataFrame({"snp": snps, "beta": 0.1, "se": 0.1, "statistic": 1.0, "p": p_M, "n": 80})
    people = pd.DataFrame({"y": [0.0, 1.0]})
    return SplitTables("binary", people, seen, seen.isin(["s0", "s9"]), 2, pd.DataFrame()), table


def values(found: list[rows.Row]) -> dict[str, float]:
    """The first value of each metric."""
    table = rows.table(found).drop_duplicates("metric")
    return dict(zip(table["metric"], table["value"], strict=True))


def test_recovery_ranks_the_snps_that_models_see(tested: tuple[SplitTables, pd.DataFrame]) -> None:
    data, table = tested
    on_view = table[table["snp"].isin(data.snps)]
    found = [
        values(recovery.of_split(SplitResults(PLACE, data, (), (), {"gwas": one}, ())))
        for one in (table, on_view)
    ]
    assert found[0] == found[1]
    assert found[0]["causal_auc_pr"] == pytest.approx(1)


def test_inflation_and_calibration_are_of_all_snps_but_causal_ones(
    tested: tuple[SplitTables, pd.DataFrame],
) -> None:
    data, table = tested
    found = values(association.of_split(SplitResults(PLACE, data, (), (), {"gwas": table}, ())))
    p_M = table["p"].to_numpy()
    causal_M = table["snp"].isin(["s0", "s9"]).to_numpy()
    assert found["lambda_gc"] == pytest.approx(association.lambda_gc(p_M).value)
    assert found["srmsd"] == pytest.approx(association.srmsd(p_M, causal_M).value)
    measured = SplitTables("binary", data.people, data.snps, None, 0, pd.DataFrame())
    rows_of = association.of_split(SplitResults(PLACE, measured, (), (), {"gwas": table}, ()))
    assert rows.table(rows_of).set_index("metric")["status"]["srmsd"] == "not-applicable"
