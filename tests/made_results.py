"""Results whose comparisons.tsv is made up row by row, for tests of what the report concludes from it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from example_results import Example, config
from stratbench.report.analysis.results import KEYS, Results
from stratbench.report.analysis.verdicts import ANCESTRY, LEARNED, NOT_SHOWN, NOTHING
from stratbench.report.page import Listing, Text
from stratbench.study.study import Study

NAN = float("nan")
ONE = Example(
    traits=("control",), models=("cnn",), adjustments=("none", "pc-covariates"), associations=(), real=False
)
WITHIN = {  # verdict -> the interval of f within populations, and overall
    LEARNED: ((0.6, 0.7), (0.6, 0.7)),
    ANCESTRY: ((0.4, 0.7), (0.6, 0.7)),
    NOTHING: ((0.48, 0.52), (0.48, 0.52)),
    NOT_SHOWN: ((0.4, 0.7), (0.4, 0.7)),
}
STUDY = Example(
    traits=("control", "null", "confounded", "shortcut"),
    models=("linear", "mlp", "cnn"),
    adjustments=("none", "pc-covariates", "input-residual", "placebo"),
    attributions=("gradient-input",),
    associations=(),
    real=False,
)
CORRECTIONS = ("pc-covariates", "input-residual")
Kinds = dict[str, str]  # model -> verdict
Intervals = dict[str, tuple[float, float]]


def made(example: Example, rows: Iterable[dict], several: bool = True) -> Results:
    """Results whose comparisons.tsv has these rows, and one of each trait's populations if they are several."""
    keys = {"study": "example", "scenario": "split-fst05", "split": "random", "trait": example.traits[0]}
    base = dict.fromkeys(KEYS, "") | keys | {"n_replicates": 6}
    by_population = [
        {
            **{"trait": trait, "model": "cnn", "adjustment": "none", "metric": "auroc"},
            **{"population": "p1", "n_replicates": 1},
        }
        for trait in (example.traits if several else ())
    ]
    table = pd.DataFrame([{**base, **row} for row in [*by_population, *rows]])
    results = Results(Study(config(example)), Path("no such folder"))
    ends = {"mean": NAN, "ci_low": NAN, "ci_high": NAN}
    results.comparisons = table.reindex(columns=[*dict.fromkeys([*table.columns, *ends])])
    results.metrics = pd.DataFrame(columns=[*KEYS, "value", "n"])
    return results


def of(adjustment: str, numbers: Intervals, **keys: str | int) -> list[dict]:
    """Rows of one fit: a metric's interval, and the middle of it as its mean."""
    fit = {"model": "cnn", "adjustment": adjustment, **keys}
    return [
        {
            **fit,
            "metric": metric,
            "mean": (low + high) / 2 if low == low else 0.6,
            "ci_low": low,
            "ci_high": high,
        }
        for metric, (low, high) in numbers.items()
    ]


def fit(adjustment: str, kind: str, **keys: str | int) -> list[dict]:
    """Rows of a fit with this verdict."""
    within, overall = WITHIN[kind]
    scores = {"auroc": overall, "auroc_stratified": within}
    return of(adjustment, {**scores, "auroc_f": overall, "auroc_stratified_f": within}, **keys)


def change(adjustment: str, metric: str, low: float, high: float, **keys: str | int) -> list[dict]:
    """The row of a paired difference from 'none'."""
    return of(adjustment, {f"diff_{metric}": (low, high)}, **{"against": "none", **keys})


def fall(adjustment: str, low: float, high: float, **keys: str | int) -> list[dict]:
    """The row of the agreement of SNP rankings that is lost between an adjustment and 'none'."""
    by = {"against": "none", "attribution": "gradient-input"}
    return of(adjustment, {"agreement_delta_spearman": (low, high)}, **by, **keys)


def beyond(adjustment: str, low: float, high: float, **keys: str | int) -> list[dict]:
    """The row of how much more agreement is lost than under the placebo."""
    by = {"against": "none", "attribution": "gradient-input"}
    return of(adjustment, {"agreement_beyond_placebo": (low, high)}, **by, **keys)


def learned(trait: str, kinds: Kinds, **keys: Any) -> list[dict]:
    """Rows of uncorrected models with these verdicts."""
    return [
        row for model, kind in kinds.items() for row in fit("none", kind, model=model, trait=trait, **keys)
    ]


def controls(models: tuple[str, ...], **keys: Any) -> list[dict]:
    """Rows of a positive control that all pass, and of a null in which none learns anything."""
    passed, quiet = dict.fromkeys(models, LEARNED), dict.fromkeys(models, NOTHING)
    return [*learned("control", passed, **keys), *learned("null", quiet, **keys)]


def ancestry(models: tuple[str, ...], n: int = 6) -> list[dict]:
    """Rows of the confounded trait that say how well the population is read from the output: above chance."""
    both = {"ancestry_logit": (0.6, 0.7), "ancestry_chance": (0.5, 0.5)}
    return [row for m in models for row in of("none", both, model=m, trait="confounded", n_replicates=n)]


def corrected(name: str, after: tuple[float, float], fell: tuple[float, float], **keys: Any) -> list[dict]:
    """Rows of a model on the pure shortcut under a correction: f over all people, and how far it fell."""
    keys = {"trait": "shortcut", **keys}
    return [
        *of(name, {"auroc": after, "auroc_f": after, "auroc_stratified_f": (0.48, 0.52)}, **keys),
        *change(name, "auroc_f", *fell, **keys),
    ]


def genes(name: str, cost: tuple[float, float], lost: tuple[float, float], **keys: Any) -> list[dict]:
    """Rows of a model that learns the confounded trait under a correction too: its cost, and how its SNPs move."""
    keys = {"trait": "confounded", **keys}
    return [
        *fit(name, LEARNED, **keys),
        *change(name, "auroc_stratified_f", *cost, **keys),
        *fall(name, *lost, **keys),
    ]


def clear(cost: tuple[float, float] = (-0.1, 0.1), n: int = 6) -> list[dict]:
    """A study in which all is clear, but for the cost: cnn keeps ancestry under one correction."""
    rows = [*controls(STUDY.models, n_replicates=n), *ancestry(("linear", "mlp"), n)]
    rows += learned("confounded", {"linear": LEARNED, "mlp": LEARNED}, n_replicates=n)
    rows += learned("shortcut", dict.fromkeys(STUDY.models, ANCESTRY), n_replicates=n)
    for model in ("linear", "mlp"):
        for name in CORRECTIONS:
            rows += corrected(name, (0.48, 0.53), (-0.2, -0.1), model=model, n_replicates=n)
            rows += genes(name, cost, (0.2, 0.3), model=model, n_replicates=n)
            rows += beyond(name, 0.1, 0.2, model=model, trait="confounded", n_replicates=n)
        rows += genes("placebo", cost, (0.01, 0.04), model=model, n_replicates=n)
    return [*rows, *corrected("input-residual", (0.60, 0.71), (-0.1, -0.02), model="cnn", n_replicates=n)]


def words(blocks: list) -> str:
    """All text of some blocks."""
    items = [item for block in blocks for item in (block.items if isinstance(block, Listing) else [block])]
    return " ".join(f"{item.strong} {item.text}" for item in items if isinstance(item, Text))
