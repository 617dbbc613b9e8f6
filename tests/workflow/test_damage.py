"""A byte that changes in an intermediate file, its time of change unchanged: who notices it, and that remedies work."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from checkout import copy_to, snakemake

pytestmark = pytest.mark.workflow
CONFIG = """
study: tiny
seeds: 2
cohorts:
  split-tiny:
    simulate: {demography: split, populations: 2, fst: 0.1, individuals: 70, chromosomes: 1, length: 1000000}
    replicates: 1
    qc: {maf: 0.05}
traits:
  confounded: {simulate: {h2: 0.6, causal: 5, environment: 0.3}, snps: 150}
splits:
  random: {method: random, validation: 0.2, test: 0.4}
models:
  linear: {method: linear, epochs: 5}
blocks:
  - cohorts: [split-tiny]
    traits: [confounded]
    splits: [random]
    models: [linear]
    adjustments: [none]
"""
SPLIT = "split-tiny-r01/confounded/random"
PREDICTIONS = f"results/tiny/models/{SPLIT}/linear/none/predictions.tsv"
METRICS = f"results/tiny/metrics/{SPLIT}/metrics.tsv"
OURS = ("logs", "benchmarks", "checksums")
SUMMARY = ("metrics.tsv", "comparisons.tsv", "qc.tsv")


def run(base: Path, *arguments: str) -> tuple[int, str]:
    """Run the study up to its summary, asking for something of every job; the exit status, and all that was said."""
    targets = ("results/tiny/summary/metrics.tsv", METRICS, PREDICTIONS)
    done = snakemake(*targets, "--configfile", "tiny.yaml", *arguments, cwd=base)
    return done.returncode, done.stdout + done.stderr


def check(base: Path) -> tuple[int, str]:
    """``stratbench check --results`` of the copy."""
    command = [sys.executable, "-m", "stratbench", "check", "--results", "results/tiny"]
    environment = os.environ | {"PYTHONPATH": str(base / "src")}
    done = subprocess.run(command, cwd=base, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def flip(path: Path) -> None:
    """Another digit near the end, the time of change unchanged."""
    data, times = bytearray(path.read_bytes()), path.stat()
    at = max(k for k, byte in enumerate(data[:-9]) if chr(byte).isdigit())
    data[at] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


@pytest.mark.fault
def test_the_next_reader_refuses_it_and_the_remedy_gives_the_same_summary(tmp_path: Path) -> None:
    base = copy_to(tmp_path)
    (base / "tiny.yaml").write_text(CONFIG)
    status, said = run(base)
    assert status == 0, said[-3000:]
    summary = [(base / "results/tiny/summary" / name).read_bytes() for name in SUMMARY]
    left = [
        path for path in (base / "results/tiny").rglob("*.*") if path.parts[len(base.parts) + 2] not in OURS
    ]
    assert check(base) == (
        0,
        f"results/tiny: {len(left)} files are what their jobs left, 0 differ, 0 are missing\n",
    )

    flip(base / PREDICTIONS)
    status, said = run(base, "--forcerun", METRICS)  # as a change of its code would
    assert status != 0
    line = f"metrics: {PREDICTIONS}: is not what the job that wrote it left (SHA-256 "
    assert [text for text in said.splitlines() if text.startswith(line)], said[-3000:]
    assert "Traceback" not in said
    assert not (base / METRICS).exists()
    status, said = check(base)
    assert status == 1
    assert f"{PREDICTIONS}: differs from what its job left\n" in said

    (base / PREDICTIONS).unlink()  # as the message says
    assert run(base)[0] == 0
    assert [(base / "results/tiny/summary" / name).read_bytes() for name in SUMMARY] == summary

    flip(base / METRICS)  # whose readers are done, so that a run alone would not look at it
    status, said = check(base)
    assert (status, said.count("differs from what its job left")) == (1, 1)
    assert run(base, "--forcerun", METRICS)[0] == 0
    assert check(base)[0] == 0
    assert [(base / "results/tiny/summary" / name).read_bytes() for name in SUMMARY] == summary
