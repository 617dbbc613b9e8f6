"""One own cohort from PLINK files to the report: 1,000 people, 20,000 SNPs, two models, three adjustments.

    .venv/bin/python benchmarks/own_cohort.py FOLDER [CORES]

The cohort is simulated once into FOLDER and then treated as an owner would: a config of two lines, so that splits,
models, adjustments and resamples are the defaults of the short form. Its binary trait has genes and an environment that
differs between three populations. Prints wall and CPU seconds of the run, and how many differences have an interval.
Results: README.md beside this file.
"""

import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from stratbench.cohorts.simulated.simulate import simulate
from stratbench.core import files
from stratbench.genotypes import plink

ROOT = Path(__file__).parents[1]
BAR = 30 * 60  # seconds on two cores
SIMULATED = {"populations": 3, "individuals": 334, "fst": 0.05, "chromosomes": 2, "length": 10_000_000}
CAUSAL = 50


def make(folder: Path) -> Path:
    """Write mine.bed, .bim, .fam, mine.tsv and the config; return the config's path."""
    folder.mkdir(parents=True, exist_ok=True)
    mine = {end: str(folder / f"mine.{end}") for end in ("bed", "bim", "fam")}
    simulate(
        {},
        mine | {"samples": str(folder / "samples.tsv")},
        demography="split",
        options=SIMULATED,
        names=["benchmark"],
    )
    people = files.read_tsv(folder / "samples.tsv", text=("iid", "population"))
    n, m = len(people), len(plink.read_bim(mine["bim"]))
    bed, rng = plink.open_bed(mine["bed"], n, m), np.random.default_rng(1)
    frequency_M = plink.dosages(bed, n).mean(axis=1) / 2
    common = np.flatnonzero((frequency_M > 0.2) & (frequency_M < 0.8))
    count_MN = plink.dosages(bed[rng.choice(common, CAUSAL, replace=False)], n).astype(float)
    genes_N = rng.normal(size=CAUSAL) @ (count_MN - count_MN.mean(axis=1, keepdims=True))
    place_N = people["population"].astype("category").cat.codes.to_numpy(dtype=float)
    parts = [np.sqrt(0.5) * genes_N / genes_N.std(), 0.5 * place_N / place_N.std(), 0.5 * rng.normal(size=n)]
    liability_N = np.sum(parts, axis=0)
    case_N = (liability_N > np.median(liability_N)).astype(int)
    table = pd.DataFrame({"IID": people["iid"], "case": case_N, "ancestry": people["population"]})
    files.write_tsv(table, folder / "mine.tsv")
    cohort = {"bfile": str(folder / "mine"), "phenotypes": str(folder / "mine.tsv"), "trait": "case"}
    config = {"study": "own-benchmark", "cohort": {**cohort, "population": "ancestry"}}
    (folder / "mine.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    return folder / "mine.yaml"


def main() -> None:
    """Simulate, run, and say what it took."""
    folder, cores = Path(sys.argv[1]).resolve(), sys.argv[2] if len(sys.argv) > 2 else "2"
    config, began = make(folder), time.perf_counter()
    command = [sys.executable, "-m", "snakemake", "--cores", cores, "--configfile", str(config), "--quiet"]
    subprocess.run(command, cwd=ROOT, check=True)
    wall, used = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    summary = ROOT / "results" / "own-benchmark" / "summary"
    table = files.read_tsv(summary / "comparisons.tsv", text=("metric", "basis", "population"))
    differences = table[table["metric"].str.startswith(("diff_", "agreement_delta"))]
    known = differences["ci_low"].notna().sum()
    print(f"{wall:.0f} s on {cores} cores, {used.ru_utime + used.ru_stime:.0f} s of CPU; the bar is {BAR} s")
    print(f"{known} of {len(differences)} differences have an interval:")
    print(differences.groupby(["metric", "basis"], dropna=False).size().to_string())


if __name__ == "__main__":
    main()
