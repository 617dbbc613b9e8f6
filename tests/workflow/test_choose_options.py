"""A tiny study of grids of adjustments: it runs, and its validation people choose."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from checkout import copy_to, snakemake

pytestmark = [pytest.mark.workflow, pytest.mark.slow]
STUDY = """
study: tiny
seeds: 1
job: split
cohorts:
  few:
    simulate: {demography: split, populations: 2, fst: 0.1, individuals: 60, chromosomes: 1, length: 1000000}
    replicates: 2
traits:
  confounded: {simulate: {kind: binary, h2: 0.6, causal: 5, environment: 0.3, prevalence: 0.5}, snps: 100}
splits:
  random: {method: random, validation: 0.3, test: 0.3}
models:
  linear-1: {method: linear, epochs: 3}
  linear-2: {method: linear, epochs: 3, ridge: 0.1}
adjustments:
  drop-aims-1: {method: drop-aims, share: 0.1}
  drop-aims-2: {method: drop-aims, share: 0.3}
blocks:
  - &one
    {cohorts: [few], traits: [confounded], splits: [random], models: [linear-1], probes: false,
     adjustments: [drop-aims-1, drop-aims-2]}
  - {<<: *one, models: [linear-1, linear-2], adjustments: [none]}
"""


@pytest.mark.parametrize("criterion", ["known", "unknown"])
def test_validation_people_choose_the_options_of_each_adjustment(base: Path, criterion: str) -> None:
    command = [sys.executable, "-m", "stratbench", "choose", "tiny.yaml", "--of", "adjustments"]
    environment = os.environ | {"PYTHONPATH": str(base / "src")}
    done = subprocess.run(
        [*command, "--criterion", criterion],
        cwd=base,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    chosen = [line for line in done.stdout.splitlines() if line.endswith("| yes |")]
    assert sorted(line.split(" | ")[1] for line in chosen) == ["drop-aims", "none"]
    assert all(" | 2 | " in line for line in chosen)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = copy_to(tmp_path_factory.mktemp("choose"))
    (base / "tiny.yaml").write_text(STUDY)
    done = snakemake("--configfile", "tiny.yaml", "--", "results/tiny/summary/comparisons.tsv", cwd=base)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return base
