"""The best ranking of causal SNPs: chosen on half of the replicates, compared on the other, said as intervals force."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from example_results import Example
from made_results import learned, made, words
from stratbench.report.analysis.best_ranking import BEATS, LEAST, LOSES, OPEN, best, entries, yardstick
from stratbench.report.analysis.results import KEYS, Results
from stratbench.report.analysis.verdicts import LEARNED, NOTHING
from stratbench.report.text import best_ranking

N = 6
EXAMPLE = Example(
    replicates=N,
    traits=("confounded",),
    models=("linear", "mlp"),
    adjustments=("none", "pc-covariates", "placebo", "oracle-causal"),
    attributions=("gradient-input", "saliency"),
    associations=("ols", "ols-pcs", "lmm"),
    real=False,
)
BASE = dict.fromkeys(KEYS, "") | {"scenario": "split-fst05", "trait": "confounded", "split": "random"}
# AUC_PR by replicate, from the first on: chosen on the 2nd, 4th, 6th, compared on the 1st, 3rd, 5th.
LMM = (0.30, 0.30, 0.32, 0.30, 0.34, 0.30)
CHOSEN = (0.40, 0.50, 0.41, 0.50, 0.45, 0.50)
LUCKY = (0.90, 0.20, 0.90, 0.20, 0.90, 0.20)  # best over all, and on the half that does not choose


def study(
    values: dict[tuple[str, str, str], tuple[float, ...]],
    kinds: dict[str, str] | None = None,
    example: Example = EXAMPLE,
) -> Results:
    """Results in which the LMM and these rankings have these AUC_PR, by two seeds whose mean they are."""
    kinds = kinds or {"linear": LEARNED, "mlp": LEARNED}
    of = [
        {**row, "adjustment": adjustment}
        for row in learned("confounded", kinds)
        for adjustment in example.adjustments
    ]
    tests = [{"metric": "causal_auc_pr", "association": name, "mean": 0.3} for name in example.associations]
    tests = [{**row, "n_replicates": example.replicates} for row in tests]
    results = made(example, [*of, *tests])
    lmm = {**BASE, "metric": "causal_auc_pr", "association": "lmm"}
    rows = [{**lmm, "replicate": str(r + 1), "value": value} for r, value in enumerate(LMM)]
    for (model, adjustment, attribution), series in values.items():
        of_entry = {"model": model, "adjustment": adjustment, "attribution": attribution}
        rows += [
            {
                **BASE,
                **of_entry,
                "metric": "causal_auc_pr",
                "replicate": str(r + 1),
                "seed": seed,
                "value": value + d,
            }
            for r, value in enumerate(series)
            for seed, d in (("1", 0.01), ("2", -0.01))
        ]
    results.metrics = pd.DataFrame(rows)[lambda table: table["replicate"].astype(int) <= example.replicates]
    return results


def said(results: Results) -> str:
    section = best_ranking.build(results)
    assert section is not None
    return words(list(section.blocks)[1:])


def test_one_half_chooses_and_the_other_compares() -> None:
    entry = ("mlp", "pc-covariates", "saliency")
    results = study({entry: CHOSEN, ("mlp", "none", "saliency"): LUCKY})
    (group,) = results.groups
    found = best(results, group, entries(results, group, (), linear=False), "lmm")
    assert found is not None
    assert (found.entry, found.tried, found.chosen_on) == (entry, 2, 3)
    assert found.chosen_at == pytest.approx(0.5)
    apart = [0.10, 0.09, 0.11]
    # On the scale of Fisher's z, on which no difference of two areas lies beyond 1.
    interval = np.tanh(stats.t.interval(0.95, 2, np.arctanh(0.1), stats.sem(apart) / (1 - 0.1**2)))
    assert found.difference["mean"] == pytest.approx(0.1)
    assert (found.difference["ci_low"], found.difference["ci_high"]) == pytest.approx(interval)
    assert found.difference["n_replicates"] == 3
    assert found.outcome == BEATS
    high = study({entry: (0.99, 0.9, 0.8, 0.9, 0.99, 0.9)})
    at = best(high, high.groups[0], [entry], "lmm")
    assert at is not None
    assert 0 < at.value["ci_low"] < at.value["ci_high"] < 1


@pytest.mark.parametrize(
    ("shift", "outcome", "words_of_all", "words_of_one"),
    [
        (0.0, BEATS, "On confounded in split-fst05 it does.", "It finds causal SNPs better than lmm does."),
        (-0.3, LOSES, "On no trait is one shown to do so; on confounded in split-fst05 the mixed model is better.",
         "It finds causal SNPs less well than lmm does."),
        (-0.1, OPEN, "On no trait is one shown to do so; on confounded in split-fst05 neither is shown to be better.",
         "Neither is shown to find causal SNPs better."),
    ],
)  # fmt: skip
def test_a_winner_is_named_only_where_the_interval_says_so(
    shift: float, outcome: str, words_of_all: str, words_of_one: str
) -> None:
    results = study({("mlp", "none", "saliency"): tuple(value + shift for value in CHOSEN)})
    text = said(results)
    assert words_of_all in text
    assert words_of_one in text
    assert "Of 1 ranking by networks, mlp under none with saliency" in text
    assert (outcome == OPEN) == ("Neither is shown to find causal SNPs better" in text)


def test_the_linear_model_alone_answers_nothing_about_networks() -> None:
    results = study({("linear", "none", "saliency"): CHOSEN}, {"linear": LEARNED, "mlp": NOTHING})
    text = said(results)
    assert "That cannot be said here" in text
    assert "No network is shown to have learned" in text
    assert "Of 1 ranking by linear models, linear under none with saliency" in text


def test_only_what_somebody_could_choose_is_chosen_from() -> None:
    results = study({})
    (group,) = results.groups
    found = entries(results, group, (), linear=False)
    assert {model for model, _, _ in found} == {"mlp"}
    assert {adjustment for _, adjustment, _ in found} == {"none", "pc-covariates"}
    assert {attribution for _, _, attribution in found} == {"gradient-input", "saliency"}
    assert entries(results, group, ("mlp",), linear=False) == []  # it failed its positive control


def test_a_ranking_without_a_number_in_a_replicate_is_not_chosen() -> None:
    gap = (0.9, 0.9, 0.9, float("nan"), 0.9, 0.9)
    results = study({("mlp", "none", "saliency"): gap, ("mlp", "none", "gradient-input"): CHOSEN})
    (group,) = results.groups
    found = best(results, group, entries(results, group, (), linear=False), "lmm")
    assert found is not None
    assert found.entry == ("mlp", "none", "gradient-input")


@pytest.mark.parametrize("n", [1, 3, 4])
def test_what_is_missing_is_said(n: int) -> None:
    results = study({("mlp", "none", "saliency"): CHOSEN}, example=replace(EXAMPLE, replicates=n))
    text = said(results)
    assert (f"takes {LEAST}; there {'is' if n == 1 else 'are'} {n}." in text) == (n < LEAST)
    assert ("has the highest mean AUC_PR" in text) == (n >= LEAST)


def test_least_squares_stand_in_for_a_mixed_model_and_nothing_does_for_both() -> None:
    values = {("mlp", "none", "saliency"): CHOSEN}
    results = study(values, example=replace(EXAMPLE, associations=("ols", "ols-pcs")))
    (group,) = results.groups
    assert yardstick(results, group) == "ols-pcs"
    results.metrics["association"] = results.metrics["association"].replace("lmm", "ols-pcs")
    text = said(results)
    assert "ols-pcs, least squares with PCs," in text
    assert "That cannot be said here" in text  # no mixed model was beaten
    alone = said(study(values, example=replace(EXAMPLE, associations=("ols",))))
    assert "No association by a mixed model or by least squares with PCs" in alone


def test_splits_of_one_cohort_are_not_halved() -> None:
    results = study({("mlp", "none", "saliency"): CHOSEN})
    (group,) = results.groups
    results.__dict__["groups"] = [replace(group, splits=group.splits[:1] * N)]
    assert "Splits of one cohort share people" in said(results)
