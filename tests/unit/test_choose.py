"""Recipes are chosen by the mean over tasks; blanks are left out; lower is better for a loss."""

from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from stratbench.commands.choose import lines, of_adjustments, stem
from stratbench.study import config as configs
from stratbench.study.study import Study

ROOT = Path(__file__).resolve().parents[2]

MODELS = {
    "mlp-1": {"method": "mlp", "options": {"lasso": 0.1, "start": 0}},
    "mlp-2": {"method": "mlp", "options": {"lasso": 0.2, "start": 0}},
    "line": {"method": "linear", "options": {"lasso": 0.1}},
}
VALUES = {  # model -> value of each task (trait, adjustment), in two cohorts
    "mlp-1": {("t", "none"): (0.9, 0.7), ("t", "pcs"): (0.5, 0.5)},
    "mlp-2": {("t", "none"): (0.7, 0.7), ("t", "pcs"): (0.8, 0.6)},
    "line": {("t", "none"): (0.6, 0.8)},
}


def rows() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "model": model,
            "trait": trait,
            "adjustment": adjustment,
            "cohort": f"c{k}",
            "seed": 1,
            "value": value,
        }
        for model, tasks in VALUES.items()
        for (trait, adjustment), values in tasks.items()
        for k, value in enumerate(values)
    )


def test_the_best_recipe_of_each_architecture_is_chosen() -> None:
    found = lines(rows(), MODELS, True, "accuracy")
    assert (
        found[0] == "Means over 2 replicates (standard error): accuracy. The best mean of a row comes first."
    )
    assert found[2:] == [
        "| architecture | recipe | t under none | t under pcs | mean | first |",
        "|---|---|---|---|---|---|",
        "| linear | defaults | 0.700 (0.100) |  | 0.7000 | yes |",
        "| mlp | lasso 0.2 | 0.700 (0.000) | 0.700 (0.100) | 0.7000 | yes |",
        "| mlp | lasso 0.1 | 0.800 (0.100) | 0.500 (0.000) | 0.6500 |  |",
    ]


def test_of_a_loss_the_lowest_is_chosen() -> None:
    found = lines(rows(), MODELS, False, "loss")
    assert [line.split(" | ")[1] for line in found if line.endswith("| yes |")] == ["defaults", "lasso 0.1"]


CONFIG = {
    "models": {
        "line-1": {"method": "linear", "options": {"ridge": 0}},
        "line-2": {"method": "linear", "options": {"ridge": 1}},
    },
    "adjustments": {
        "none": {"method": "none", "options": {}},
        "drop-1": {"method": "drop-aims", "options": {"share": 0.1, "by": "fst"}},
        "drop-2": {"method": "drop-aims", "options": {"share": 0.2, "by": "fst"}},
        "pcs": {"method": "pc-covariates", "options": {"pcs": 10}},
    },
}
GRID = {  # (model, adjustment) -> its value in each of two cohorts
    ("line-1", "none"): (0.6, 0.7),
    ("line-2", "none"): (0.7, 0.8),
    ("line-1", "drop-1"): (0.9,),
    ("line-1", "drop-2"): (0.6, 0.6),
    ("line-1", "pcs+drop-1"): (0.5, 0.6),
    ("line-1", "pcs+drop-2"): (0.5, 0.7),
}


def grid() -> pd.DataFrame:
    keys = {"trait": "t", "seed": 1}
    return pd.DataFrame(
        {**keys, "model": model, "adjustment": adjustment, "cohort": f"c{k}", "value": value}
        for (model, adjustment), values in GRID.items()
        for k, value in enumerate(values)
    )


def test_options_of_each_adjustment_are_chosen_within_its_grid() -> None:
    """The grid of an adjustment without options is of recipes; what failed in a replicate is not chosen."""
    found = of_adjustments(grid(), CONFIG, True, "accuracy")
    assert found[2] == "| architecture | adjustment | of | options | t | mean | first |"
    assert set(found[4:]) == {
        "| linear | none | 2 | ridge 1 | 0.750 (0.050) | 0.7500 | yes |",
        "| linear | none | 2 | ridge 0 | 0.650 (0.050) | 0.6500 |  |",
        "| linear | drop | 2 | share 0.2 | 0.600 (0.000) | 0.6000 | yes |",
        "| linear | drop | 2 | share 0.1 |  |  |  |",
        "| linear | pcs+drop | 2 | share 0.2 | 0.600 (0.100) | 0.6000 | yes |",
        "| linear | pcs+drop | 2 | share 0.1 | 0.550 (0.050) | 0.5500 |  |",
    }
    lowest = of_adjustments(grid(), CONFIG, False, "loss")
    assert "| linear | none | 2 | ridge 0 | 0.650 (0.050) | 0.6500 | yes |" in lowest


@pytest.mark.parametrize(
    ("label", "of"),
    [("none", "none"), ("v-rex-3", "v-rex"), ("pcs-2+mixed-model", "pcs+mixed-model"), ("a+b-12", "a+b")],
)
def test_a_grid_is_told_by_the_numbers_at_the_ends_of_its_labels(label: str, of: str) -> None:
    assert stem(label) == of


def test_every_adjustment_has_the_same_number_of_fits_and_none_twice() -> None:
    """config/tune-adjustments.yaml, whose replicates no other study has."""
    study = Study(configs.load(ROOT / "config" / "tune-adjustments.yaml"))
    specs = study.config
    counts: Counter[tuple[str, str]] = Counter()
    recipes = set()
    for fit in study.fits:
        counts[specs["models"][fit.model]["method"], stem(fit.adjustment)] += 1
        recipes.add((fit.cohort, repr(specs["models"][fit.model]), repr(study.adjustment(fit.adjustment))))
    assert set(counts.values()) == {12}
    assert len(counts) == 48
    assert len(recipes) == len(study.fits)
    others = [path for path in (ROOT / "config").glob("*.yaml") if path.name != "tune-adjustments.yaml"]
    assert not any("tune-adjust-fst05" in path.read_text() for path in others)
