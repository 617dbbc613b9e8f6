"""Verdicts and changes say what is known and no more: the rule at its borders, and the sentences that follow."""

from dataclasses import replace
from pathlib import Path

import pytest
from scipy import stats

from made_results import NAN, ONE, WITHIN, fit, made, of, words
from stratbench.metrics import catalogue
from stratbench.metrics.verdict import MISSING, meanings, verdict
from stratbench.report.analysis import verdicts
from stratbench.report.analysis.changes import (
    FALLS,
    OPEN,
    RISES,
    SAME,
    SAME_WITHIN,
    UNCLEAR,
    direction,
    sign,
)
from stratbench.report.analysis.dial import CourseNumbers, courses
from stratbench.report.analysis.results import Results
from stratbench.report.analysis.verdicts import ANCESTRY, LEARNED, NOT_SHOWN, NOTHING
from stratbench.report.page import Table
from stratbench.report.text import controls, shortcut

ROOT = Path(__file__).resolve().parents[2]


def said(results: Results, adjustment: str = "none") -> tuple[str, str]:
    """The verdict on the network, plain and as a table has it."""
    (group,) = results.groups
    return (
        verdicts.verdict(results, group, "cnn", adjustment),
        verdicts.in_words(results, group, "cnn", adjustment),
    )


@pytest.mark.parametrize(
    ("within", "overall", "expected"),
    [
        ((0.501, 0.6), (0.4, 0.7), LEARNED),
        ((0.501, 0.52), MISSING, LEARNED),
        ((0.5, 0.6), (0.501, 0.7), ANCESTRY),
        ((0.45, 0.52), (0.501, 0.7), ANCESTRY),
        ((0.45, 0.549), (0.5, 0.7), NOTHING),
        ((0.3, 0.4), (0.3, 0.4), NOTHING),
        ((0.45, 0.549), MISSING, NOTHING),
        ((0.45, 0.55), (0.5, 0.7), NOT_SHOWN),
        ((0.5, 0.6), MISSING, NOT_SHOWN),
        (MISSING, (0.6, 0.7), NOT_SHOWN),
        (MISSING, MISSING, NOT_SHOWN),
    ],
)
def test_the_first_verdict_that_holds_is_given(
    within: tuple[float, float], overall: tuple[float, float], expected: str
) -> None:
    assert verdict(within, overall, 0.5, 0.55) == expected


def test_verdicts_are_those_of_f_and_not_of_the_score() -> None:
    """With an offset the score may rank people well that f cannot rank, and the reverse."""
    good, bad = (0.7, 0.8), (0.48, 0.52)
    scored = {"auroc": good, "auroc_stratified": good, "auroc_f": bad, "auroc_stratified_f": bad}
    turned = {"auroc": bad, "auroc_stratified": bad, "auroc_f": good, "auroc_stratified_f": good}
    results = made(ONE, [*of("none", scored), *of("pc-covariates", turned)])
    assert said(results) == (NOTHING, NOTHING)
    assert said(results, "pc-covariates") == (LEARNED, LEARNED)


def test_each_verdict_and_its_remark_in_the_figures() -> None:
    for kind in WITHIN:
        results = made(ONE, fit("none", kind))
        (group,) = results.groups
        assert said(results)[0] == kind
        remarks = verdicts.remarks(results, group)
        assert remarks.get(("cnn", "none")) == (None if kind == LEARNED else kind)
        assert remarks["cnn", "pc-covariates"] == "no result"
    assert said(results)[1] == "not shown (wide interval)"


def test_what_the_study_does_not_ask_for_is_not_said_to_have_no_result() -> None:
    results = made(ONE, fit("none", LEARNED))
    (group,) = results.groups
    assert verdicts.remarks(results, replace(group, models=("cnn", "other")))["other", "none"] == "not run"


def test_in_one_population_ancestry_cannot_be_what_was_learned() -> None:
    assert said(made(ONE, fit("none", ANCESTRY), several=False))[1] == "not shown (wide interval)"
    narrow = {"auroc": (0.6, 0.7), "auroc_f": (0.6, 0.7), "auroc_stratified_f": (0.48, 0.52)}
    assert said(made(ONE, of("none", narrow), several=False))[0] == NOTHING
    assert said(made(ONE, of("none", narrow)))[0] == ANCESTRY


def test_a_correlation_has_limits_of_its_own() -> None:
    example = replace(ONE, quantitative=True)
    for within, overall, expected in (
        ((0.01, 0.1), (0.01, 0.1), LEARNED),
        ((0.0, 0.2), (0.01, 0.2), ANCESTRY),
        ((-0.05, 0.099), (0.0, 0.2), NOTHING),
        ((-0.05, 0.1), (0.0, 0.2), NOT_SHOWN),
    ):
        numbers = {"pearson": overall, "pearson_f": overall, "pearson_stratified_f": within}
        assert said(made(example, of("none", numbers)))[0] == expected


def test_without_numbers_of_f_nothing_is_shown() -> None:
    """A fit that failed in every replicate has no number; one replicate may have one without an interval."""
    failed = of("none", {"auroc_f": (NAN, NAN), "auroc_stratified_f": (NAN, NAN)})
    results = made(ONE, [{**row, "mean": NAN, "n_replicates": 0} for row in failed])
    assert said(results) == (NOT_SHOWN, "not shown (no interval)")
    assert verdicts.remarks(results, results.groups[0])["cnn", "none"] == "no result"
    results = made(
        ONE, of("none", {"auroc": (0.6, 0.7), "auroc_f": (0.6, 0.7), "auroc_stratified_f": (NAN, NAN)})
    )
    assert said(results) == (NOT_SHOWN, "not shown (no interval)")
    assert verdicts.remarks(results, results.groups[0])["cnn", "none"] == "no interval"


def row(low: float, high: float, n: int = 6) -> dict[str, float]:
    return {"ci_low": low, "ci_high": high, "mean": (low + high) / 2, "n_replicates": n}


@pytest.mark.parametrize("n", [1, 2, 6, 40])
@pytest.mark.parametrize("middle", [0.0, 0.005, -0.005])
def test_sameness_needs_a_90_percent_interval_within_its_limits(n: int, middle: float) -> None:
    spread = stats.t(n - 1) if n > 1 else stats.norm
    half = (SAME_WITHIN - abs(middle)) * spread.ppf(0.975) / spread.ppf(0.95)
    for share, expected in ((1 - 1e-9, SAME), (1 + 1e-9, UNCLEAR)):
        found = row(middle - share * half, middle + share * half, n)
        assert direction(found) == expected
        assert sign(found) == UNCLEAR


def test_a_change_is_clear_or_none_or_unknown() -> None:
    assert SAME_WITHIN == 0.03
    assert direction(row(0.001, 0.01)) == RISES  # small, but clear
    assert direction(row(-0.3, -0.1)) == FALLS
    assert direction(row(0.0, 0.0)) == SAME
    assert direction(row(-0.2, 0.1)) == UNCLEAR
    assert direction(row(NAN, NAN)) == OPEN


@pytest.mark.parametrize(
    ("trait", "expected"),
    [
        ("control", {LEARNED}),
        ("null", {NOTHING, NOT_SHOWN}),
        ("shortcut", {ANCESTRY}),
    ],
)
def test_controls_are_held_against_what_they_should_be(trait: str, expected: set[str]) -> None:
    """The pure shortcut only without adjustment."""
    example = replace(ONE, traits=(trait,))
    for kind in WITHIN:
        section = controls.build(made(example, [*fit("none", kind), *fit("pc-covariates", kind)]))
        assert section is not None
        (table,) = [block for block in section.blocks if isinstance(block, Table)]
        found = {line[1]: line[-2:] for line in table.rows}
        last = ["not shown (wide interval)" if kind == NOT_SHOWN else kind]
        last += ["as expected" if kind in expected else "not as expected"]
        assert found == dict.fromkeys(["none"] if trait == "shortcut" else example.adjustments, last)


def test_a_control_without_an_interval_is_not_held_against_anything() -> None:
    numbers = {"auroc": (0.6, 0.7), "auroc_stratified_f": (NAN, NAN)}
    for trait in ("control", "null", "shortcut"):
        section = controls.build(made(replace(ONE, traits=(trait,)), of("none", numbers)))
        assert section is not None
        (table,) = [block for block in section.blocks if isinstance(block, Table)]
        assert table.rows[0][-2:] == ["not shown (no interval)", ""]


def test_a_pure_shortcut_has_an_expectation_only_in_several_populations_and_without_adjustment() -> None:
    example = replace(ONE, traits=("shortcut",))
    rows = [*fit("none", NOT_SHOWN), *fit("pc-covariates", ANCESTRY)]
    assert controls.build(made(example, rows, several=False)) is None
    assert controls.build(made(replace(example, adjustments=("pc-covariates",)), rows[4:])) is None
    section = shortcut.build(made(example, rows))
    assert section is not None
    said_of = words(section.blocks)
    assert (
        "Ancestry only: cnn under pc-covariates. Not shown to have learned: cnn under none (wide" in said_of
    )


def test_curves_are_pale_where_a_model_or_its_baseline_is_not_shown_to_have_learned() -> None:
    example = replace(ONE, dial=(("a", 0), ("b", 1), ("c", 2)))
    at = {"a": (LEARNED, LEARNED), "b": (NOT_SHOWN, LEARNED), "c": (LEARNED, ANCESTRY)}
    rows = [
        row
        for scenario, kinds in at.items()
        for adjustment, kind in zip(example.adjustments, kinds, strict=True)
        for row in fit(adjustment, kind, scenario=scenario)
    ]
    results = made(example, [*rows, {"scenario": "c", "metric": "auroc", "population": "p1"}])
    (course,) = courses(results.study, results.groups)
    numbers = CourseNumbers(results, course)
    assert numbers.not_learned("cnn", "none") == {1}
    assert numbers.not_learned("cnn", "pc-covariates") == {2}
    assert numbers.not_learned("cnn", "pc-covariates", "none") == {1, 2}


def test_the_pages_state_the_limits_that_the_metrics_declare() -> None:
    text = (ROOT / "docs" / "contracts.md").read_text()
    binary, correlation = (
        catalogue.metric(f"{name}_stratified_f").nothing_below for name in ("auroc", "pearson")
    )
    assert f"ends below {binary:g} (a correlation: {correlation:g})".replace("0.", ".") in text
    assert f"lies within {SAME_WITHIN:g} of 0".replace("0.", ".") in text
    assert all(f"| `{kind}` |" in text for kind in meanings())
    assert "ends below .55 for AUROC and .1 for correlation" in meanings()[NOTHING]
