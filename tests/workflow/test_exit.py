"""Snakemake ends with its last job: the timers that the profile lets it start are cancelled."""

import subprocess
from pathlib import Path

import pytest

from checkout import copy_to, start

pytestmark = pytest.mark.workflow
PROFILE = ("--workflow-profile", "profiles/default")
PATIENCE = 240  # seconds; a run takes about ten, and one whose timers are left alone ten minutes
CONFIG = """
study: short
cohorts:
  split-short:
    simulate: {file: mine.py, individuals: 10, chromosomes: 1, length: 100000}
traits:
  none: {simulate: {h2: 0, causal: 0, environment: 0}}
blocks:
  - {cohorts: [split-short], traits: [none], splits: [random], models: [], adjustments: []}
"""
DEMOGRAPHY = """
OPTIONS = {}
CITATION = "Nobody 2026"


def samples(options):
    return {"pop_0": options["individuals"]}


def demography(options):
    import msprime

    return msprime.Demography.isolated_model([1000])
"""
BROKEN = DEMOGRAPHY.replace("    import msprime\n", '    raise RuntimeError("broken on purpose")\n')


@pytest.mark.parametrize(("source", "status"), [(DEMOGRAPHY, 0), (BROKEN, 1)], ids=["success", "failure"])
@pytest.mark.fault
def test_snakemake_ends_with_its_last_job(tmp_path: Path, source: str, status: int) -> None:
    base = copy_to(tmp_path)
    (base / "mine.py").write_text(source)
    (base / "short.yaml").write_text(CONFIG)
    target = "results/short/raw/split-short-r01/samples.tsv"
    process = start("--configfile", "short.yaml", *PROFILE, target, cwd=base)
    try:
        out, error = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        pytest.fail(f"Snakemake still runs {PATIENCE} s after its start: {process.communicate()}")
    assert process.returncode == status, out + error
