"""profiles/slurm on a real Slurm of one machine: the tables of a local run, and a job that comes back with more memory.

It takes minutes; ``make test-cluster`` runs it, ``make test`` does not.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from checkout import ROOT, copy_to, snakemake
from cluster.one_machine import PATH, cluster, run
from stratbench.commands.plan import plan
from stratbench.core import files, yaml_file
from stratbench.study.resources import Requests

pytestmark = pytest.mark.cluster
TABLES = ("metrics.tsv", "comparisons.tsv", "qc.tsv")
REPLICATES = 1  # of the smoke study, which has two
HUNGRY = '''"""A method that takes 1.5 GB for ten seconds, of which nobody who plans its job can know."""
import time

from stratbench.adjustments.contract import Adjustment

OPTIONS = {}
CITATION = "Nobody 2026"


def build(options):
    taken = b"x" * 1_500_000_000
    time.sleep(10)
    return Adjustment()
'''
LITTLE = """
study: little
cohorts:
  split:
    simulate: {demography: split, populations: 2, fst: 0.1, individuals: 60, chromosomes: 1, length: 1000000}
    replicates: 1
traits:
  t: {simulate: {h2: 0.6, causal: 5, environment: 0.3}, snps: 100}
models: {linear: {method: linear, epochs: 2}}
adjustments: {hungry: {file: hungry.py}}
blocks:
  - {cohorts: [split], traits: [t], splits: [random], models: [linear], adjustments: [hungry]}
"""


@pytest.fixture(scope="module", autouse=True)
def slurm() -> Iterator[Path]:
    """A cluster for the tests of this file."""
    with cluster() as base:
        yield base


def site(base: Path) -> Path:
    """A copy of the checkout in which a site has put its names into the profile, as docs/cluster.md says."""
    base.mkdir(exist_ok=True)
    copy_to(base)
    partitions = base / "profiles" / "slurm" / "partitions.yaml"
    text = partitions.read_text()
    for ours, theirs in (("cpu", "plain"), ("gpu", "accelerated")):
        text, edited = re.subn(rf"^  {ours}: (.+)  # edit: .*$", rf"  {theirs}: \1", text, flags=re.MULTILINE)
        assert edited == 1
    partitions.write_text(text)
    return base


def through_slurm(base: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Run snakemake with the profile, to its end."""
    command = [sys.executable, "-m", "snakemake", "--nocolor", "--workflow-profile", "profiles/slurm"]
    settings = ("--slurm-groups-init-seconds-before-status-checks", "5")
    environment = {"PATH": PATH, "PYTHONPATH": str(base / "src"), "XDG_CACHE_HOME": str(base / ".cache")}
    return subprocess.run(
        [*command, *arguments, *settings],
        cwd=base,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def submissions() -> dict[int, dict[str, str]]:
    """What Slurm remembers of each job, by its number."""
    shown = [
        dict(re.findall(r"(\w+)=(\S+)", line)) for line in run("scontrol", "show", "job", "-o").splitlines()
    ]
    return {int(job["JobId"]): job for job in shown if "JobId" in job}


def seconds(elapsed: str) -> int:
    """Of Slurm's hours:minutes:seconds."""
    hours, minutes, rest = map(int, elapsed.split(":"))
    return 3600 * hours + 60 * minutes + rest


def tell_overhead(results: Path, jobs: list[dict[str, str]]) -> None:
    """Print what submissions cost here, and what they would cost the default study.

    A submission's computing is its time beyond that of its jobs, by the share of time that jobs could compute here.
    """
    held = sum(seconds(job["RunTime"]) * int(job["NumCPUs"]) for job in jobs)
    measured = [files.read_tsv(path).iloc[0] for path in results.rglob("benchmarks/**/*.tsv")]
    worked = sum(row["s"] for row in measured)
    each = (held - worked) / len(jobs) * sum(row["cpu_time"] for row in measured) / worked
    print(f"\n{len(jobs)} submissions held {held} core-seconds, jobs took {worked:.0f} s of them: overhead")
    print(f"{(held - worked) / held:.0%} of this small study, {each:.1f} CPU seconds a submission")
    config = ROOT / "config" / "config.yaml"
    hours = float(re.search(r"core-hours: (\d*\.\d+)", config.read_text())[1])  # type: ignore[index]
    requests = Requests(plan(yaml_file.read(config), looking=False))
    count = 1 + len({requests.group("fit", vars(split)) for split in requests.study.splits})
    share = count * each / (count * each + 3600 * hours)
    print(f"the default study: {count} submissions beside {hours} core-hours: overhead {share:.0%}")


def test_the_smoke_study_has_the_bytes_of_a_local_run(tmp_path: Path) -> None:
    config = yaml.safe_load((ROOT / "config" / "smoke.yaml").read_text()) | {"gpu": 1}
    config["cohorts"]["split-small"]["replicates"] = REPLICATES
    (tmp_path / "here").mkdir()
    here, there = copy_to(tmp_path / "here"), site(tmp_path / "there")
    for base in (here, there):
        (base / "smoke.yaml").write_text(yaml.safe_dump(config))
    local = snakemake("--configfile", "smoke.yaml", cwd=here, cores=2)
    assert local.returncode == 0, local.stdout[-3000:] + local.stderr[-3000:]
    before = set(submissions())
    done = through_slurm(there, "--configfile", "smoke.yaml")
    assert done.returncode == 0, done.stdout[-6000:]
    jobs = [job for number, job in submissions().items() if number not in before]
    assert {job["Partition"] for job in jobs} == {"plain", "accelerated"}
    assert all(("gpu" in job.get("TresPerJob", "")) == (job["Partition"] == "accelerated") for job in jobs)
    assert len(jobs) <= 6
    tell_overhead(there / "results" / "smoke", jobs)
    for name in TABLES:
        ours, theirs = (base / "results" / "smoke" / "summary" / name for base in (there, here))
        assert ours.read_bytes() == theirs.read_bytes(), name


def test_a_job_killed_for_memory_comes_back_with_twice_as_much(tmp_path: Path) -> None:
    base = site(tmp_path)
    (base / "hungry.py").write_text(HUNGRY)
    (base / "little.yaml").write_text(LITTLE)
    fit = "results/little/models/split-r01/t/random/linear/hungry/fit.json"
    before = set(submissions())
    done = through_slurm(base, fit, "--configfile", "little.yaml")
    assert done.returncode == 0, done.stdout[-6000:]
    jobs = [job for number, job in sorted(submissions().items()) if number not in before]
    first, last = (job for job in jobs)
    assert last["JobState"] == "COMPLETED"
    asked = [int(job["MinMemoryNode"].removesuffix("M")) for job in (first, last)]
    assert asked[1] == pytest.approx(2 * asked[0], abs=4)
    (told,) = re.findall(r"^Slurm job \d+: out of memory in fit_1: .*$", done.stdout, re.MULTILINE)
    assert f"it had asked for {asked[0]} MB" in told
    log = Path(re.search(r"Log: (\S+\.log)", told)[1])  # type: ignore[index]
    assert "fit_1" in log.read_text()
    assert (base / fit).is_file()


def test_a_run_that_would_never_learn_of_an_end_is_refused_before_it_submits(tmp_path: Path) -> None:
    base = site(tmp_path)
    (base / "smoke.yaml").write_text((ROOT / "config" / "smoke.yaml").read_text())
    before = set(submissions())
    refused = through_slurm(base, "--configfile", "smoke.yaml", "--slurm-groups-status-command", "sacct")
    assert refused.returncode != 0
    assert re.search(
        r"no accounting database here .*set 'slurm-groups-status-command: squeue'", refused.stdout
    )
    assert "Traceback" not in refused.stdout
    assert set(submissions()) == before
