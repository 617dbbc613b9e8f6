"""Planning of large studies: CPU seconds and memory of a dry run, beside a bare Snakemake workflow of as many jobs.

    .venv/bin/python benchmarks/planning.py [JOBS ...]

The study is the default one without its real cohort, with so many replicates that it has about JOBS jobs (500, 2,000
and 5,000). The bare workflow has as many jobs, each with one output and at most one input, and a last one that reads
half of them. Each row is a process of its own, started in this order; CPU seconds are user and system together.
Results: planning.tsv and README.md beside this file.
"""

import copy
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

ROOT = Path(__file__).parents[1]
OUT = Path(__file__).with_suffix(".tsv")
JOBS = (500, 2000, 5000)
BARS = {500: 10, 5000: 40}  # CPU seconds
SIMULATED = "split-fst05"
BARE = """
rule all:
    input: "last"

rule last:
    input: expand("b/{{k}}", k=range({pairs}))
    output: "last"
    shell: "touch {{output}}"

rule b:
    input: "a/{{k}}"
    output: "b/{{k}}"
    shell: "touch {{output}}"

rule a:
    output: "a/{{k}}"
    shell: "touch {{output}}"
"""


def study(replicates: int) -> dict[str, Any]:
    """The default study with so many replicates, without its real cohort."""
    config = copy.deepcopy(yaml.safe_load((ROOT / "config" / "config.yaml").read_text()))
    config["study"] = "planned"
    config["cohorts"] = {SIMULATED: {**config["cohorts"][SIMULATED], "replicates": replicates}}
    config["blocks"] = [block for block in config["blocks"] if block["cohorts"] == [SIMULATED]]
    used = {trait for block in config["blocks"] for trait in block["traits"]}
    config["traits"] = {label: spec for label, spec in config["traits"].items() if label in used}
    return config


def planned(task: str, arguments: list[str], folder: Path) -> dict[str, Any]:
    """A dry run as a row: jobs, wall and CPU seconds, and the largest resident set up to then, in MB."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "--dry-run",
        "--cores",
        "1",
        "--quiet",
        "rules",
        "reason",
        *arguments,
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{task}: {done.stderr[-2000:]}")
    jobs = int(re.findall(r"^total\s+(\d+)$", done.stdout + done.stderr, re.MULTILINE)[0])
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"task": task, "jobs": jobs, "wall_s": wall, "cpu_s": cpu, "peak_mb": after.ru_maxrss / 1024}


def ours(replicates: int, work: Path) -> dict[str, Any]:
    path = work / f"planned-{replicates}.yaml"
    path.write_text(yaml.safe_dump(study(replicates)))
    return planned("StratBench", ["--configfile", str(path)], ROOT)


def bare(jobs: int, work: Path) -> dict[str, Any]:
    folder = work / f"bare-{jobs}"
    folder.mkdir()
    (folder / "Snakefile").write_text(BARE.format(pairs=(jobs - 2) // 2))
    return planned("Snakemake alone", [], folder)


def main() -> None:
    rows, missed = [], []
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        one, two = ours(1, work), ours(2, work)
        each = two["jobs"] - one["jobs"]
        rows = [one]
        for jobs in tuple(map(int, sys.argv[1:])) or JOBS:
            mine = ours(round((jobs - one["jobs"]) / each) + 1, work)
            peer = bare(mine["jobs"], work)
            rows += [mine, peer]
            a_job = 1000 * (mine["cpu_s"] - one["cpu_s"]) / (mine["jobs"] - one["jobs"])
            ratio = mine["cpu_s"] / peer["cpu_s"]
            said = f"{mine['jobs']} jobs: {mine['cpu_s']:.1f} CPU s, {a_job:.1f} ms a job"
            print(f"{said}, {ratio:.1f} times Snakemake alone")
            if mine["cpu_s"] > BARS.get(jobs, float("inf")):
                missed.append(jobs)
    table = pd.DataFrame(rows).round({"wall_s": 1, "cpu_s": 1, "peak_mb": 0})
    table.to_csv(OUT, sep="\t", lineterminator="\n", index=False)
    print(table.to_string(index=False))
    sys.exit(f"a bar is missed: {missed}" if missed else 0)


if __name__ == "__main__":
    main()
