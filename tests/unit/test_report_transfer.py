"""The report says whether adjustments help in a population of which nobody trained, as far as intervals go."""

from typing import Any

import pytest

from example_results import Example
from made_results import change, fit, made, words
from stratbench.report.analysis.results import Results
from stratbench.report.analysis.verdicts import LEARNED
from stratbench.report.page import Listing, Table
from stratbench.report.text import transfer

ADJUSTMENTS = ("none", "pc-covariates", "input-residual", "matched")
EXAMPLE = Example(
    traits=("confounded",),
    models=("cnn",),
    adjustments=ADJUSTMENTS,
    attributions=(),
    associations=(),
    real=False,
)
TRAIN_ON = {"method": "train-on", "options": {"populations": ["p1"], "against": ["home"]}}
LEFT_OUT = {"method": "leave-one-population-out", "options": {"population": "p2"}}


def results(rows: list[dict[str, Any]], split: dict[str, Any], p: float = 0.01) -> Results:
    """A study of one split, whose differences have this adjusted p."""
    found = made(EXAMPLE, [{**row, "p_holm": p} for row in rows], several=False)
    found.study.config["splits"]["random"] = split
    return found


def abroad(adjustment: str, low: float, high: float, **keys: Any) -> list[dict[str, Any]]:
    return change(adjustment, "auroc", low, high, population="p2", **keys)


def said(found: Results) -> str:
    section = transfer.build(found)
    assert section is not None
    (listing,) = (block for block in section.blocks if isinstance(block, Listing))
    return words([listing])


def test_each_adjustment_is_told_by_its_interval() -> None:
    rows = [
        *abroad("pc-covariates", 0.02, 0.08),
        *abroad("input-residual", -0.06, -0.02),
        *abroad("matched", -0.05, 0.05),
    ]
    text = said(results(rows, TRAIN_ON))
    assert text.startswith("p2 (split random, confounded in ")
    assert "helped by pc-covariates in cnn (+.05, +.02 to +.08)" in text
    assert "hurt by input-residual in cnn (\N{MINUS SIGN}.04, " in text
    assert text.endswith("not shown to be helped or hurt by 1 of 3 pairs of an adjustment and a model.")
    same = said(results(abroad("matched", -0.01, 0.01), TRAIN_ON))
    assert same.endswith("is the same within .03 under matched in cnn (.00, \N{MINUS SIGN}.01 to +.01).")


@pytest.mark.parametrize(("p", "n"), [(0.2, 6), (float("nan"), 3)])
def test_nothing_is_claimed_without_an_adjusted_p(p: float, n: int) -> None:
    text = said(results(abroad("pc-covariates", 0.02, 0.08, n_replicates=n), TRAIN_ON, p=p))
    assert text.endswith("is not shown to be helped or hurt by any of 1 pair of an adjustment and a model.")


def test_a_table_says_what_other_splits_have_there() -> None:
    rows = abroad("pc-covariates", 0.02, 0.08)
    moved = [
        {**row, "metric": f"{prefix}auroc", "against": "home", "mean": mean}
        for prefix, mean in (("transfer_", -0.21), ("transfer_diff_", 0.07))
        for row in rows
    ]
    section = transfer.build(results([*rows, *moved], TRAIN_ON))
    assert section is not None
    (table,) = (block for block in section.blocks if isinstance(block, Table))
    assert table.head[2:] == ["AUROC", "less that of none", "less that of home", "change of that"]
    of_pcs = next(row for row in table.rows if row[1] == "pc-covariates")
    assert [text.split(" ")[0] for text in of_pcs[2:]] == ["n/a", "+.05", "\N{MINUS SIGN}.21", "+.07"]


def test_a_population_that_is_left_out_is_all_that_is_tested() -> None:
    rows = [*fit("none", LEARNED), *change("pc-covariates", "auroc_stratified", 0.02, 0.08)]
    text = said(results(rows, LEFT_OUT))
    assert text.startswith("p2 (split random")
    assert "helped by pc-covariates" in text


def test_where_everybody_trains_there_is_nothing_to_say() -> None:
    rows = [*change("pc-covariates", "auroc_stratified", 0.02, 0.08), *abroad("pc-covariates", 0.02, 0.08)]
    assert transfer.build(results(rows, {"method": "random", "options": {}})) is None
    assert transfer.build(results(change("pc-covariates", "auroc", 0.02, 0.08), TRAIN_ON)) is None
