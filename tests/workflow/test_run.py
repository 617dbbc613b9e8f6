"""A real study from simulation to report: the same bytes on one core and on two, in groups, through a kill, with a
user's own method."""

import gzip
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from checkout import copy_to, snakemake, start
from stratbench.core import files

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
  cnn: {method: cnn, epochs: 2}
adjustments:
  halved: {file: mine/halved.py, by: 0.25}
blocks:
  - cohorts: [split-tiny]
    traits: [confounded]
    splits: [random]
    models: [linear, cnn]
    adjustments: [none, halved]
    attributions: [gradient-input]
    associations: [ols]
"""
HALVED = '''"""A method outside the package."""
from stratbench.adjustments.contract import Adjustment

OPTIONS = {"by": {"type": "number", "default": 0.5}}
CITATION = "Nobody 2026"


def build(options):
    return Adjustment(inputs=lambda state, params, x_BM, batch: options["by"] * x_BM)
'''
NO_NETWORK = '''"""Python imports this at its start: it refuses connections and look-ups, and writes them down."""
import socket
import sys

RECORD = __file__.replace("src/sitecustomize.py", "network.log")
EVENTS = ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname")


def note(*words):
    with open(RECORD, "a") as record:
        record.write(" ".join(map(str, words)) + "\\n")


def refuse(event, details):
    if event in EVENTS and getattr(details[0], "family", None) != socket.AF_UNIX:
        note("tried", event, details[1:])
        raise OSError("this test has no network")


note("started", *sys.orig_argv)
sys.addaudithook(refuse)
'''
SECRET = "hunter2-of-the-environment"
ARGUMENTS = ("--configfile", "tiny.yaml")
GROUPS = ("fit_1=networks", "attribute_1=networks")  # jobs that a scheduler would run as one
TABLES = ("metrics.tsv", "comparisons.tsv", "qc.tsv")


def study(base: Path) -> Path:
    copy_to(base)
    (base / "mine").mkdir()
    (base / "mine" / "halved.py").write_text(HALVED)
    (base / "tiny.yaml").write_text(CONFIG)
    (base / "src" / "sitecustomize.py").write_text(NO_NETWORK)
    return base


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study, run on two cores."""
    base = study(tmp_path_factory.mktemp("whole"))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SOME_TOKEN", SECRET)
        run = snakemake(*ARGUMENTS, cwd=base, cores=2)
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    return base


def test_a_users_method_is_trained_attributed_and_reported(whole: Path) -> None:
    results = whole / "results" / "tiny"
    metrics = files.read_tsv(results / "summary" / "metrics.tsv", text=("model", "adjustment", "metric"))
    own = metrics[(metrics["adjustment"] == "halved") & (metrics["status"] == "ok")]
    assert {"auroc", "causal_auc_pr", "ancestry_linear"} <= set(own["metric"])
    assert set(own["model"]) == {"linear", "cnn"}
    report = (results / "report.html").read_text()
    assert "halved" in report
    assert "Nobody 2026" in report


def test_nothing_is_left_to_do(whole: Path) -> None:
    again = snakemake("-n", *ARGUMENTS, cwd=whole)
    assert "Nothing to be done" in again.stdout + again.stderr


def test_no_job_and_no_plan_asks_the_network(whole: Path) -> None:
    lines = (whole / "network.log").read_text().splitlines()
    started = {line.split(".")[-2] for line in lines if line.startswith("started") and line.endswith(".py")}
    scripts = {path.stem for path in (whole / "workflow" / "scripts").glob("*.py")} - {"fetch", "read_cohort"}
    assert scripts <= started
    assert any("-m snakemake" in line for line in lines)
    assert [line for line in lines if not line.startswith("started")] == []


def test_the_network_would_have_been_refused(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "sitecustomize.py").write_text(NO_NETWORK)
    for call in ("socket.create_connection(('127.0.0.1', 9))", "socket.getaddrinfo('example.org', 80)"):
        run = subprocess.run(
            [sys.executable, "-c", f"import socket; {call}"],
            env={"PYTHONPATH": str(tmp_path / "src")}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert "this test has no network" in run.stderr
    assert "tried socket.getaddrinfo" in (tmp_path / "network.log").read_text()


def test_results_tell_nothing_of_the_environment(whole: Path) -> None:
    """Logs name paths; results are what people pass on."""
    results = whole / "results" / "tiny"
    told = [
        path
        for path in results.rglob("*")
        if path.is_file() and "logs" not in path.relative_to(results).parts
    ]
    assert len(told) > 50
    for path in told:
        data = path.read_bytes()
        data = gzip.decompress(data) if path.suffix == ".gz" else data
        for secret in (SECRET, "SOME_TOKEN", str(whole), str(Path.home()) + "/"):
            assert secret.encode() not in data, f"{path} tells {secret}"


@pytest.mark.fault
def test_killed_and_resumed_on_one_core_in_groups_the_tables_are_the_same(
    whole: Path, tmp_path: Path
) -> None:
    base = study(tmp_path)
    process = start(*ARGUMENTS, cwd=base)
    deadline = time.monotonic() + 300
    while not list(base.glob("results/tiny/models/*/*/*/*/*/fit.json")) and time.monotonic() < deadline:
        time.sleep(0.2)
    os.killpg(process.pid, signal.SIGKILL)  # in the middle of training, snakemake and its jobs alike
    process.communicate()
    assert not (base / "results/tiny/report.html").exists()
    assert snakemake("--unlock", *ARGUMENTS, cwd=base).returncode == 0
    resumed = snakemake("--rerun-incomplete", "--groups", *GROUPS, *ARGUMENTS, cwd=base)
    assert resumed.returncode == 0, resumed.stdout[-3000:] + resumed.stderr[-3000:]
    for name in TABLES:
        ours, theirs = (root / "results/tiny/summary" / name for root in (base, whole))
        assert ours.read_bytes() == theirs.read_bytes(), name
