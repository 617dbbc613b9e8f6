"""What attributions report about themselves, as rows of metrics.tsv."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from stratbench.core import files
from stratbench.core.errors import UserError
from stratbench.metrics.data import SplitTables, read_about
from stratbench.metrics.explanation import ancestry_share, of_split
from stratbench.metrics.recovery import attribution_rows
from stratbench.metrics.rows import SplitPlace
from stratbench.metrics.split_results import AttributionResult, SplitResults

LABEL = {"model": "mlp", "adjustment": "none", "attribution": "ig"}
PEOPLE = pd.DataFrame(
    {"population": list("aabb") * 2 + ["c"], "set": ["train"] * 4 + ["test"] * 5}, index=list("ijklmnopq")
)
VALUE = pd.Series([1.0, 3, 5, 7, 0, 4, 6, 8, 99], index=PEOPLE.index)


def results(about: dict[str, Any], truth: bool) -> SplitResults:
    liability = (
        pd.DataFrame({"genetic": VALUE, "environment_expected": 0 * VALUE}) if truth else pd.DataFrame()
    )
    causal_M = np.array([True, False]) if truth else None
    data = SplitTables("binary", PEOPLE, pd.Index(["rs1", "rs2"]), causal_M, 1, liability)
    reasons = {None: about["reason"]} if about.get("status") == "failed" else {}
    one = AttributionResult(LABEL, {}, reasons, about=about)
    return SplitResults(SplitPlace("s", "c", 1, "c-r01", "t", "random"), data, (), (one,), {}, ())


def test_the_share_of_a_value_is_that_of_its_populations_training_means() -> None:
    """Means are 2 and 6; the individual of a population without training individuals is left out."""
    found = ancestry_share(PEOPLE, VALUE)
    assert found.value == pytest.approx(np.var([2, 2, 6, 6]) / np.var([0, 4, 6, 8]))
    assert found.n == 4
    assert ancestry_share(PEOPLE, 0 * VALUE).status == "not-applicable"


def test_errors_and_shares_are_rows_beside_the_truths_share() -> None:
    about = {"completeness_error": {"median": 0.1, "p95": 0.2, "max": 0.3}, "ancestry_share": 0.5}
    found = {(row["model"], row["metric"]): row["value"] for row in of_split(results(about, truth=True))}
    assert found[("mlp", "completeness_error_p95")] == 0.2
    assert found[("mlp", "completeness_error_max")] == 0.3
    assert found[("mlp", "ancestry_share")] == 0.5
    assert found[("ceiling-genetic", "ancestry_share")] == pytest.approx(ancestry_share(PEOPLE, VALUE).value)
    assert ("ceiling-genetic-environment", "ancestry_share") in found


def test_what_reports_nothing_has_no_rows_and_an_f_that_does_not_vary_no_share() -> None:
    assert of_split(results({}, truth=True)) == []
    (row,) = of_split(results({"ancestry_share": None}, truth=False))
    assert (row["metric"], row["status"]) == ("ancestry_share", "not-applicable")


def test_an_attribution_that_failed_says_why_in_every_row_that_it_owes() -> None:
    split = results({"status": "failed", "reason": "lrp has no rule"}, truth=True)
    found = attribution_rows(split.place.keys(**LABEL), split.data, split.attributions[0])
    assert {(row["status"], row["reason"]) for row in found} == {("failed", "lrp has no rule")}
    assert "causal_auc_pr" in {row["metric"] for row in found}


def test_a_record_says_something_about_each_attribution(tmp_path: Any) -> None:
    files.write_json({"ig": {"flagged": False}}, tmp_path / "a.json")
    assert read_about(tmp_path / "a.json", "ig") == {"flagged": False}
    with pytest.raises(UserError, match="says nothing about 'lrp'"):
        read_about(tmp_path / "a.json", "lrp")
