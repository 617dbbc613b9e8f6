"""One job of a study as Snakemake runs it: the rule's own script, in a process of its own, under limits."""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from checkout import ROOT
from stratbench.core import files
from trained import outputs, paths, spec, write_dataset

START = """
import json, runpy, sys
from snakemake import iocontainers as parts
script, rule, wildcards, log, config, given = json.loads(sys.argv[1])
def files(kind, given):
    found = kind()
    for name, value in given.items():
        start, many = len(found), isinstance(value, list)
        found.extend(value if many else [value])
        found._set_name(name, start, end=len(found) if many else None)
    return found
snakemake = parts.Snakemake(
    files(parts.InputFiles, given["inputs"]), files(parts.OutputFiles, given["outputs"]),
    parts.Params(fromdict=given["params"]), parts.Wildcards(fromdict=wildcards), 1,
    parts.ResourceList(fromdict=given["resources"]), parts.Log([log]), config, rule, 0,
)
runpy.run_path(script, {"snakemake": snakemake}, "__main__")
"""
DATA, RESULTS = Path("results/s/data"), Path("results/s")
SPLIT, FIT = RESULTS / "own/split.tsv", RESULTS / "fit"
LOG = RESULTS / "logs/job.log"
NAMES = ["c", "t", "s"]
MEMORY, MINUTES = 4000, 240  # what the jobs ask for
OWN_SPLIT = """
OPTIONS = {{}}
CITATION = ""


def assign(people, options, rng):
    print("assigning", flush=True)
    {body}
    return ["train", "validation", "test"] * (len(people) // 3)
"""
DYING = 10.0  # seconds that a killed process may take to end
FOR_EVER = "import time; time.sleep(10_000)"


def prepare(base: Path) -> Path:
    """A folder with what jobs read, below results/s."""
    write_dataset(base / DATA)
    kept = [line.split()[:2] for line in (base / DATA / "genotypes.fam").read_text().splitlines()]
    files.write_text("".join(f"{fid}\t{iid}\n" for fid, iid in kept), base / DATA / "keep.iid")
    return base


def job(
    rule: str, inputs: Any, written: Any, params: dict[str, Any], config: Any = None, **resources: int
) -> list[str]:
    """What starts a job of a rule, in the folder that was prepared. Its wildcards are ``NAMES``."""
    given = {
        "inputs": inputs,
        "outputs": written,
        "params": params | {"code": "x"},
        "resources": {"mem_mb": MEMORY, "runtime": MINUTES} | resources,
    }
    script, wildcards = ROOT / "workflow" / "scripts" / f"{rule}.py", dict(zip("abc", NAMES, strict=True))
    text = json.dumps([script, rule, wildcards, LOG, config or {}, given], default=str)
    return [sys.executable, "-c", START, text]


def split(base: Path, body: str = "pass", config: Any = None) -> list[str]:
    """A job that runs a split method of the user's own, which does what ``body`` says; it imports no JAX."""
    (base / "own.py").write_text(OWN_SPLIT.format(body=body))
    inputs = {name: DATA / f"{name}.tsv" for name in ("samples", "trait")}
    inputs |= {
        "fam": DATA / "genotypes.fam",
        "trait_json": DATA / "trait.json",
        "keep_iid": DATA / "keep.iid",
    }
    own = {"method": "own", "file": "own.py", "options": {}}
    return job("split", inputs, {"split": SPLIT}, {"spec": own, "names": NAMES}, config)


def fit(model: str = "linear", gpu: int = 0, config: Any = None, **options: Any) -> list[str]:
    """A job that trains a model without adjustment."""
    specs = {
        "model": spec("model", model, **({"epochs": 3} | options)),
        "adjustments": [spec("adjustment", "none")],
    }
    specs |= {"names": [*NAMES, model], "seeds": 1}
    written = {name: [path] for name, path in outputs(FIT).items()}
    return job("fit", paths(DATA), written, {"fits": [specs]}, config, gpu=gpu)


def start(
    command: list[str], base: Path, limits: Mapping[int, int] | None = None, **changes: str
) -> subprocess.Popen[str]:
    """Start a job in a session of its own.

    Args:
        command: what starts the job.
        base: the folder that was prepared.
        limits: the process's limits, by their numbers in ``resource``.
        changes: of the environment.
    """

    def limit() -> None:
        for number, value in (limits or {}).items():
            resource.setrlimit(number, (value, value))

    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JAX_", "XLA_"))}
    return subprocess.Popen(
        command,
        cwd=base,
        env=kept | {"PYTHONPATH": str(ROOT / "src")} | changes,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=limit,
    )


def run(
    command: list[str], base: Path, limits: Mapping[int, int] | None = None, **changes: str
) -> tuple[int, str]:
    """Run a job to its end: the exit status, and what the user sees."""
    return ended(start(command, base, limits, **changes))


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Wait for a job that was started: the exit status, and what the user sees. Nothing of it goes on then."""
    try:
        out, error = process.communicate(timeout=300)
    finally:
        deadline = time.monotonic() + DYING
        while (left := members(process.pid)) and time.monotonic() < deadline:
            time.sleep(0.02)
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, 9)
    assert not left, f"processes of the job go on: {left}"
    return process.returncode, out + error


def members(session: int) -> list[int]:
    """The processes of a session that still run."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            state, _, _, own = (place / "stat").read_text().rpartition(")")[2].split()[:4]
            if int(own) == session and state != "Z":
                found.append(int(place.name))
    return sorted(found)


def until(true: Callable[[], object], process: subprocess.Popen[str]) -> None:
    """Wait until something is true of a job, at most some minutes. Raises AssertionError where the job ends before."""
    deadline = time.monotonic() + 240
    while not true():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def working(base: Path, word: str = "assigning") -> bool:
    """Whether a job's log has a word that its body says."""
    with suppress(FileNotFoundError):
        return word in (base / LOG).read_text()
    return False


def line_of(said: str) -> str:
    """The one line that a job ends with. Raises AssertionError for more, and for a traceback."""
    assert said.count("\n") == 1, said
    assert "Traceback" not in said, said
    return said.strip()
