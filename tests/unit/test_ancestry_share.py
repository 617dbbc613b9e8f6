"""How much of an output lies between populations: the metric against theory, and the sentences that intervals force."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from example_results import Example
from made_results import learned, made, words
from stratbench.metrics.between import between
from stratbench.report.analysis.ancestry_share import shares, twin_without_environment
from stratbench.report.analysis.best_ranking import LEAST
from stratbench.report.analysis.results import KEYS, Results
from stratbench.report.analysis.verdicts import LEARNED, NOTHING
from stratbench.report.page import Heading
from stratbench.report.text import ancestry_share

EXAMPLE = Example(
    replicates=6,
    traits=("confounded", "control"),
    models=("linear", "mlp"),
    adjustments=("none", "pc-covariates"),
    attributions=(),
    associations=(),
    real=False,
)
NOISE = np.array([0.01, -0.01, 0.02, -0.02, 0.0, 0.0])
MARKS = {"ceiling-liability": 0.25, "ceiling-genetic": 0.1}


def test_it_is_the_adjusted_r2_of_populations() -> None:
    rng = np.random.default_rng(1)
    population = np.repeat(["a", "b", "c"], (30, 20, 10))
    value = rng.normal(size=60) + np.repeat([0, 1, 2], (30, 20, 10))
    means = pd.Series(value).groupby(population).transform("mean")
    r2 = means.var() / value.var(ddof=1)
    found = between(value, population, np.arange(60).astype(str))
    assert found.value == pytest.approx(1 - (1 - r2) * 59 / 57)
    assert found.n == 60


def test_its_error_is_that_of_repeated_draws() -> None:
    """Without differences it is 0 on average; with them its standard error is the spread of its draws."""
    rng = np.random.default_rng(2)
    drawn, errors, nothing = [], [], []
    for _ in range(400):
        code = rng.integers(0, 3, 240)
        noise, population = rng.normal(size=240), code.astype(str)
        one = between(noise + code, population, np.arange(240).astype(str))
        drawn.append(one.value)
        errors.append(one.se)
        nothing.append(between(noise, population, np.arange(240).astype(str)).value)
    assert np.mean(drawn) == pytest.approx(0.4, abs=0.01)  # 2/3 of 5/3
    assert np.mean(errors) == pytest.approx(np.std(drawn), rel=0.12)
    assert np.mean(nothing) == pytest.approx(0, abs=0.002)


def test_members_of_a_family_are_not_independent() -> None:
    rng = np.random.default_rng(3)
    value, population = rng.normal(size=40), np.repeat(["a", "b"], 20)
    alone, pairs = np.arange(80).astype(str), np.tile(np.arange(40), 2).astype(str)
    twice, of = np.tile(value, 2), np.tile(population, 2)
    assert between(twice, of, pairs).se == pytest.approx(np.sqrt(2) * between(twice, of, alone).se)


@pytest.mark.parametrize(
    ("value", "population", "reason"),
    [
        ([1.0, 2.0], ["a", "a"], "one population"),
        ([1.0, 2.0], ["a", "b"], "nobody shares a population"),
        ([1.0, 1.0, 1.0], ["a", "a", "b"], "does not vary"),
        ([1.0, np.nan, 1.0], ["a", "a", "b"], "missing or infinite for 1 of 3"),
    ],
)
def test_what_has_no_share_says_why(value: list[float], population: list[str], reason: str) -> None:
    family = np.arange(len(value)).astype(str)
    found = between(np.array(value), np.array(population), family)
    assert found.status == "not-applicable"
    assert reason in found.reason


def study(own: dict[tuple[str, str], float], example: Example = EXAMPLE, **kinds: str) -> Results:
    """Results in which (trait, model) has this share without correction, and both traits have the same truth."""
    kinds = {"linear": LEARNED, "mlp": LEARNED} | kinds
    rows = [row for trait in example.traits for row in learned(trait, kinds)]
    counts = [
        {"metric": "between_share", "trait": t, "n_replicates": example.replicates} for t in example.traits
    ]
    results = made(example, [*rows, *counts, *({"trait": t, "population": "p1"} for t in example.traits)])
    base: dict[str, Any] = dict.fromkeys(KEYS, "") | {"scenario": "split-fst05", "split": "random"}
    every = {(trait, model, ""): level for trait in example.traits for model, level in MARKS.items()}
    every |= {(trait, model, "none"): level for (trait, model), level in own.items()}
    results.metrics = pd.DataFrame(
        base
        | {"trait": trait, "model": model, "adjustment": adjustment, "metric": "between_share"}
        | {"replicate": str(r + 1), "value": level + (NOISE[r] if adjustment else 0)}
        for (trait, model, adjustment), level in every.items()
        for r in range(example.replicates)
    )
    return results


def of_trait(results: Results, trait: str) -> str:
    """The sentences on one trait."""
    section = ancestry_share.build(results)
    assert section is not None
    blocks = list(section.blocks)
    (at,) = [
        k for k, block in enumerate(blocks) if isinstance(block, Heading) and block.text.startswith(trait)
    ]
    return words([blocks[at + 1]])


@pytest.mark.parametrize(
    ("share", "than_liability", "than_genes"),
    [
        (0.45, "more than that of the true liability", "more than that of the true genetic value"),
        (0.25, "neither clearly more nor clearly less than that of the true liability",
         "more than that of the true genetic value"),
        (0.10, "less than that of the true liability",
         "neither clearly more nor clearly less than that of the true genetic value"),
        (0.02, "less than that of the true liability", "less than that of the true genetic value"),
    ],
)  # fmt: skip
def test_more_is_said_only_where_the_interval_says_so(
    share: float, than_liability: str, than_genes: str
) -> None:
    text = of_trait(study({("confounded", "mlp"): share}), "confounded")
    assert f"populations, {than_liability}, .25" in text
    assert f" and {than_genes}, .10" in text


def test_differences_are_those_of_replicates() -> None:
    results = study({("confounded", "mlp"): 0.45})
    group = next(group for group in results.groups if group.trait == "confounded")
    (one,), few = shares(results, group, ["linear", "mlp"])
    assert few == {"linear": 0}
    interval = stats.t.interval(0.95, 5, 0.2, stats.sem(NOISE))
    assert one.model == "mlp"
    assert one.liability.difference["mean"] == pytest.approx(0.2)
    assert (one.liability.difference["ci_low"], one.liability.difference["ci_high"]) == pytest.approx(
        interval
    )


def test_a_twin_without_environment_takes_the_place_of_the_genetic_value() -> None:
    results = study({("confounded", "mlp"): 0.45, ("control", "mlp"): 0.3})
    traits = results.study.config["traits"]
    (confounded, control) = results.groups
    assert twin_without_environment(results, confounded) is None  # another trait, with other genes
    for name in ("confounded", "control"):
        traits[name]["simulate"]["twin"] = "both"
    assert twin_without_environment(results, confounded) == control
    assert twin_without_environment(results, control) is None  # it has no environment itself
    (one,), _ = shares(results, confounded, ["mlp"])
    assert one.without_environment.twin == "control"
    assert one.without_environment.value["mean"] == pytest.approx(0.3)
    assert "its own on the twin without environment, control, .30" in of_trait(results, "confounded")
    for option in ({"between": "removed"}, {"environment": 0.1}, {"family_environment": 0.1}):
        before = dict(traits["control"]["simulate"])
        traits["control"]["simulate"] |= option
        assert twin_without_environment(results, confounded) is None
        traits["control"]["simulate"] = before


def test_nothing_is_said_of_networks_where_the_linear_model_alone_learned() -> None:
    text = of_trait(study({("confounded", "linear"): 0.45}, mlp=NOTHING), "confounded")
    assert "linear: .45" in text
    assert "mlp:" not in text
    assert "No uncorrected network is shown to have learned" in text


def test_what_is_missing_is_said() -> None:
    results = study({("confounded", "mlp"): 0.45}, replace(EXAMPLE, replicates=3), linear=NOTHING)
    text = of_trait(results, "confounded")
    assert (
        f"mlp: an interval takes {LEAST} replicates with its share and that of the truth; there are 3."
        in text
    )
