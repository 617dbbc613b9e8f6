"""A run needs neither HOME nor TMPDIR, and a config may have a name with braces."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from checkout import copy_to

pytestmark = [pytest.mark.fault, pytest.mark.workflow, pytest.mark.slow]
CONFIG = """
study: short
cohorts:
  split-short:
    simulate: {demography: panmictic, individuals: 10, chromosomes: 1, length: 100000}
traits:
  none: {simulate: {h2: 0, causal: 0, environment: 0}}
blocks:
  - {cohorts: [split-short], traits: [none], splits: [random], models: [], adjustments: []}
"""
TARGET = "results/short/raw/split-short-r01/samples.tsv"


def test_a_run_without_home_and_without_tmpdir(tmp_path: Path) -> None:
    base = tmp_path / "a b"
    base.mkdir()
    copy_to(base)
    (base / "sh{o}rt.yaml").write_text(CONFIG)
    places = {"HOME": "/proc", "TMPDIR": "/proc", "PYTHONPATH": str(base / "src")}
    environment = {name: value for name, value in os.environ.items() if name != "XDG_CACHE_HOME"} | places
    command = [sys.executable, "-m", "snakemake", TARGET, "--cores", "1", "--configfile", "sh{o}rt.yaml"]
    done = subprocess.run(command, cwd=base, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (base / TARGET).exists()
