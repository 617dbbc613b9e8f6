"""The associations of config/anchors.yaml against the means that Yao & Ochoa (2023, eLife 12:e79238) publish."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from checkout import copy_to, snakemake
from stratbench.core import files

CONFIG = "config/anchors.yaml"
THEIRS = 50  # replicates that the published means are of
PUBLISHED = {  # association, metric -> mean; their admixture simulation, random coefficients, h2 .8
    ("ols", "srmsd"): 0.210,
    ("ols", "causal_auc_pr"): 0.083,
    ("ols-pcs", "srmsd"): 0.001,
    ("ols-pcs", "causal_auc_pr"): 0.208,
    ("lmm", "srmsd"): -0.002,
    ("lmm", "causal_auc_pr"): 0.212,
}


@pytest.fixture(scope="module")
def replicates(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """A row for each replicate, a column for each association and metric."""
    base = copy_to(tmp_path_factory.mktemp("anchors"))
    run = snakemake("--configfile", CONFIG, "--until", "metrics", cwd=base)
    assert run.returncode == 0, run.stderr
    found = [files.read_tsv(path) for path in sorted(base.glob("results/anchors/metrics/*/*/*/metrics.tsv"))]
    table = pd.concat(found).pivot_table(index="cohort", columns=["association", "metric"], values="value")
    assert (
        len(table)
        == yaml.safe_load(Path(base / CONFIG).read_text())["cohorts"]["admixture"]["replicates"]
        >= 20
    )
    return table


@pytest.mark.slow
@pytest.mark.parametrize(("association", "metric"), list(PUBLISHED))
def test_the_mean_over_replicates_is_the_published_one(
    replicates: pd.DataFrame, association: str, metric: str
) -> None:
    """Within three standard errors of the difference of two means, theirs taken to scatter as ours does."""
    value_R = replicates[association, metric].to_numpy()
    error = value_R.std(ddof=1) * np.sqrt(1 / len(value_R) + 1 / THEIRS)
    assert value_R.mean() == pytest.approx(PUBLISHED[association, metric], abs=3 * error)
