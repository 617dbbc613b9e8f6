"""A trait of interactions alone: a network beats the linear model, and so the two are what they are said to be."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helpers import balding_nichols, write_cohort
from stations import cohort_files, dataset_files
from stratbench.core import files
from stratbench.datasets.run import dataset
from stratbench.metrics.auroc import auroc_stratified
from stratbench.training.fit import fit_one
from trained import outputs, spec, write_task

MAKES_INTERACTIONS = {"start": 0.3, "lasso": 0.01, "learning_rate": 0.001}


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """3,000 people of three populations, 100 SNPs, two pairs across chromosomes (docs/models.md, "Interactions")."""
    folder, rng = tmp_path_factory.mktemp("cohort"), np.random.default_rng(2)
    count_MN, populations = balding_nichols([1000] * 3, 100, 0.05, rng)
    write_cohort(folder, count_MN, populations, chromosomes=4)
    options = {"h2": 0.8, "epistasis": 0.8, "epistasis_pairs": 2}
    dataset(
        cohort_files(folder),
        dataset_files(folder / "trait"),
        spec={"simulate": options},
        names=["cohort", "epistasis"],
    )
    y_N = files.read_tsv(folder / "trait" / "trait.tsv")["y"].to_numpy()
    set_N = rng.permutation(np.repeat(["train", "validation", "test"], [1650, 450, 900]))
    return folder, write_task(folder, y_N, set_N, rng.normal(size=(3000, 2)))


def within(task: tuple[Path, dict[str, Any]], name: str, **options: Any) -> float:
    """AUROC of f within populations, test people: the median of three seeds, one of which may fail by its start."""
    folder, paths = task
    out = outputs(folder / name)
    fit_one(
        paths,
        out,
        model=spec("model", name, **options),
        adjustments=[spec("adjustment", "none")],
        seeds=3,
        names=[name],
    )
    table = files.read_tsv(out["predictions"], text=("set",))
    population = files.read_tsv(folder / "samples.tsv").set_index("iid")["population"]
    found = []
    for _, tested in table[table["set"] == "test"].groupby("seed"):
        people = population.loc[tested["iid"]].to_numpy()
        found.append(auroc_stratified(tested["y"].to_numpy(), tested["f"].to_numpy(), people).value)
    return float(np.median(found))


LITTLE = 0.62  # the threshold of a binary trait gives single SNPs a little to say


def test_the_linear_model_learns_little_of_interactions(task: tuple[Path, dict[str, Any]]) -> None:
    assert within(task, "linear") < LITTLE


@pytest.mark.slow
def test_a_network_learns_them_if_it_starts_at_random(task: tuple[Path, dict[str, Any]]) -> None:
    """From 0 a pure interaction has no gradient."""
    from_random, from_zero = (
        within(task, "mlp", widths=[64, 32], patience=80, **MAKES_INTERACTIONS | {"start": start})
        for start in (0.3, 0)
    )
    assert from_random > 0.75
    assert from_zero < LITTLE
