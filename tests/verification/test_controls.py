"""The positive control is learned, and a pure null is not: at the rate that the intervals state."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helpers import balding_nichols, write_cohort
from stations import cohort_files, dataset_files, raw_files, structure_files, task_files
from stratbench.cohorts.qc.run import qc
from stratbench.cohorts.simulated.simulate import simulate
from stratbench.core import files
from stratbench.datasets.options import OPTIONS
from stratbench.datasets.run import dataset
from stratbench.methods.options import complete
from stratbench.metrics.auroc import auroc_stratified
from stratbench.splits.run import split
from stratbench.structure.run import structure
from stratbench.training.fit import fit_one
from trained import outputs, spec

PREFIX = "genotypes"


def prepared(cohort: Path, directory: Path, options: dict[str, Any], name: str) -> dict[str, Any]:
    """Paths of a dataset with a simulated trait, a random split and PCs."""
    trait = {"simulate": complete(OPTIONS, options, "test"), "snps": None}
    dataset(cohort_files(cohort), dataset_files(directory / "dataset"), spec=trait, names=[name], declared={})
    chosen = {"method": "random", "file": None, "options": {"validation": 0.15, "test": 0.3}}
    split(
        cohort_files(cohort) | dataset_files(directory / "dataset"),
        {"split": directory / "split.tsv"},
        spec=chosen,
        names=[name],
    )
    structure(
        cohort_files(cohort) | dataset_files(directory / "dataset") | {"split": directory / "split.tsv"},
        structure_files(directory / "structure"),
    )
    return task_files(cohort, directory / "dataset", directory / "split.tsv", directory / "structure")


def stratified(
    cohort: Path, directory: Path, options: dict[str, Any], name: str, **model: float
) -> tuple[float, float]:
    """Stratified AUROC of the linear model on test individuals, and its standard error."""
    paths = prepared(cohort, directory, options, name)
    linear = spec("model", "linear", **model)
    fit_one(
        paths,
        outputs(directory / "fit"),
        model=linear,
        adjustments=[spec("adjustment", "none")],
        seeds=1,
        names=[name],
    )
    rows = files.read_tsv(directory / "fit" / "predictions.tsv", text=("set",))
    test = rows[rows["set"] == "test"]
    population = files.read_tsv(cohort / "samples.tsv").set_index("iid")["population"]
    estimate = auroc_stratified(
        test["y"].to_numpy(), test["score"].to_numpy(), population.loc[test["iid"]].to_numpy()
    )
    return estimate.value, estimate.se


def test_the_linear_model_learns_the_positive_control(tmp_path: Path) -> None:
    """The default study's positive control, one replicate: stratified AUROC above .65."""
    raw, cohort = tmp_path / "raw", tmp_path / "cohort"
    options = {"populations": 3, "fst": 0.05, "individuals": 300}
    simulate(
        {},
        raw_files(raw / PREFIX, raw / "samples.tsv"),
        demography="split",
        options=options,
        names=["positive-control"],
    )
    qc(raw_files(raw / PREFIX, raw / "samples.tsv"), cohort_files(cohort), options={"maf": 0.05})
    value, _ = stratified(cohort, tmp_path / "trait", {"h2": 0.8, "causal": 5}, "positive-control")
    assert value > 0.65


@pytest.mark.parametrize("n_null", [40])
def test_intervals_of_a_pure_null_cover_one_half_at_the_stated_rate(tmp_path: Path, n_null: int) -> None:
    """Of 40 nulls 95% intervals should cover .5 in 38; fewer than 34, or such a mean, has p < .01.

    Ridge alone: the lasso would rightly select nothing, and a constant score covers .5 for no merit.
    """
    rng, values, covered = np.random.default_rng(5), [], 0
    count_MN, populations = balding_nichols([160, 160], 60, 0.05, rng)
    cohort = write_cohort(tmp_path / "cohort", count_MN, populations)
    for k in range(n_null):
        null = {"h2": 0.0, "causal": 0, "environment": 0.0}
        value, se = stratified(cohort, tmp_path / f"null{k}", null, f"null-{k}", lasso=0.0)
        values.append(value)
        covered += abs(value - 0.5) <= 1.96 * se
    assert covered >= 34
    assert abs(np.mean(values) - 0.5) <= 2.6 * np.std(values) / np.sqrt(n_null)
