"""Recipes are chosen by the mean over tasks; blanks are left out; lower is better for a loss."""

import pandas as pd

from stratbench.commands.choose import lines

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
