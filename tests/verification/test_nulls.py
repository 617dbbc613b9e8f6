"""No model finds anything within populations where there is nothing: 20 replicates of two nulls, every model.

The pure null has labels that a coin threw. The other has labels of a trait that differs between populations, permuted
within them: ancestry predicts it, and nothing predicts it within populations. Each replicate has as many people to
train on as the default study and many more to test on, so that the interval of 20 replicates is narrow.
"""

from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from scipy import stats

from helpers import balding_nichols, write_cohort
from stratbench.core import files
from stratbench.methods import registry
from stratbench.methods.gradients import is_network
from stratbench.metrics.auroc import auroc_stratified
from stratbench.training.fit import fit_one
from trained import outputs, spec, write_task

REPLICATES = 20
EACH, POPULATIONS, SNPS = 600, 3, 800
SHARES = {
    "pure null": (0.5, 0.5, 0.5),
    "permuted within populations": (0.3, 0.5, 0.7),
}  # of cases, by population
LOWEST, HIGHEST = 0.47, 0.53
NONE = [spec("adjustment", "none")]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def compiled_once(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """All replicates have the same shapes, so that each model is compiled once."""
    jax.config.update("jax_compilation_cache_dir", str(tmp_path_factory.mktemp("compiled")))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    yield
    jax.config.update("jax_compilation_cache_dir", None)


@pytest.fixture(scope="module")
def cohorts(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Genotypes of three populations, and their PCs, which are those of the labels."""
    found = []
    for replicate in range(REPLICATES):
        rng = np.random.default_rng([7, replicate])
        count_MN, populations = balding_nichols([EACH] * POPULATIONS, SNPS, 0.05, rng)
        found.append(write_cohort(tmp_path_factory.mktemp("cohort"), count_MN, populations, chromosomes=4))
    return found


def labels(null: str, rng: np.random.Generator) -> np.ndarray:
    """0 and 1 in these shares: a fixed number of cases in each population, in random order."""
    parts = [rng.permutation(np.arange(EACH) < round(share * EACH)).astype(int) for share in SHARES[null]]
    return np.concatenate(parts)


@pytest.mark.parametrize("null", list(SHARES))
@pytest.mark.parametrize("model", [name for name in registry.names("model") if is_network({"method": name})])
def test_nothing_is_found_within_populations(
    cohorts: list[Path], tmp_path: Path, model: str, null: str
) -> None:
    """The 90% t interval of the AUROC of f over 20 replicates lies within .47 to .53."""
    values = []
    for replicate, cohort in enumerate(cohorts):
        rng = np.random.default_rng([8, replicate, list(SHARES).index(null)])
        set_N = rng.permutation(np.repeat(["train", "validation", "test"], [495, 135, 1170]))
        paths = write_task(cohort, labels(null, rng), set_N, rng.normal(size=(EACH * POPULATIONS, 2)))
        out = outputs(tmp_path / str(replicate))
        fit_one(
            paths, out, model=spec("model", model), adjustments=NONE, seeds=1, names=[f"{null} {replicate}"]
        )
        table = files.read_tsv(out["predictions"], text=("set",))
        tested = table[table["set"] == "test"]
        population = files.read_tsv(cohort / "samples.tsv").set_index("iid")["population"]
        estimate = auroc_stratified(
            tested["y"].to_numpy(), tested["f"].to_numpy(), population.loc[tested["iid"]].to_numpy()
        )
        values.append(estimate.value)
    half = stats.t.ppf(0.95, REPLICATES - 1) * np.std(values, ddof=1) / np.sqrt(REPLICATES)
    low, high = np.mean(values) - half, np.mean(values) + half
    print(f"{model}, {null}: {np.mean(values):.4f} ({low:.4f} to {high:.4f})")
    assert low > LOWEST, f"{low:.4f} to {high:.4f}"
    assert high < HIGHEST, f"{low:.4f} to {high:.4f}"
