"""How long simulation and .bed writing take, and how much memory, as individuals and genome grow.

    .venv/bin/python benchmarks/simulation.py [--quick]

Each point is a process of its own, one after the other, with one chromosome (the worst case: several are
simulated one by one, and memory is that of the largest). It prints the table and writes it to simulation.tsv
beside this file; ``--quick`` prints the smallest point of each demography and writes nothing. Seconds are wall
time, and depend on what else the machine does; CPU seconds are those of the coalescent with its mutations, and
of all including the .bed. Peak memory is the process's resident set, with the imports of Python packages.
Bar: 5,000 individuals in each of three populations x 50 Mb under 2,000 MB.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd

OUT = Path(__file__).with_suffix(".tsv")
DEMOGRAPHIES = ("split", "island", "out-of-africa")
INDIVIDUALS = (500, 1500, 5000)  # in each of three populations, on the shortest chromosome
MEGABASES = (10, 25, 50)  # with the most individuals
BAR_MB = 2000
COLUMNS = [
    *("demography", "individuals_per_population", "megabases"),
    *("seconds", "simulation_cpu_seconds", "cpu_seconds", "peak_mb", "snps"),
]


def points() -> list[tuple[str, int, int]]:
    """Demography, individuals in each population, megabases; the smallest of each demography first."""
    sizes = [(n, MEGABASES[0]) for n in INDIVIDUALS] + [(INDIVIDUALS[-1], mb) for mb in MEGABASES[1:]]
    return [(name, n, mb) for name in DEMOGRAPHIES for n, mb in sizes]


def measure(demography: str, individuals: int, megabases: int) -> None:
    """Simulate one cohort in this process; print what was measured as the last line."""
    from stratbench.core import threads
    from stratbench.genotypes import plink

    threads.fix(1)
    from stratbench.cohorts.simulated import simulate as module

    coalescent = 0.0
    tree_sequence = module.tree_sequence

    def timed(*arguments: Any) -> Any:
        nonlocal coalescent
        start = time.process_time()
        result = tree_sequence(*arguments)
        coalescent += time.process_time() - start
        return result

    module.tree_sequence = timed

    options = {"individuals": individuals, "chromosomes": 1, "length": megabases * 1_000_000}
    with tempfile.TemporaryDirectory() as folder:
        prefix = Path(folder) / "genotypes"
        start, cpu = time.perf_counter(), time.process_time()
        written = {end: f"{prefix}.{end}" for end in ("bed", "bim", "fam")} | {"samples": f"{prefix}.tsv"}
        module.simulate({}, written, demography=demography, options=options, names=["benchmark"])
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # of simulation alone
        snps = len(plink.read_bim(f"{prefix}.bim"))
    print(f"{seconds:.1f} {coalescent:.1f} {cpu:.1f} {peak:.0f} {snps}")


def run(point: tuple[str, int, int]) -> dict[str, object]:
    """One point in a fresh process, as a row of the table."""
    command = [sys.executable, __file__, "--point", *map(str, point)]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    *seconds, peak, snps = said.split("\n")[-2].split()
    return dict(zip(COLUMNS, (*point, *map(float, seconds), int(peak), int(snps)), strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="the smallest points alone, nothing written")
    parser.add_argument("--point", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.point:
        measure(arguments.point[0], int(arguments.point[1]), int(arguments.point[2]))
        return
    rows = []
    for point in points()[:: len(INDIVIDUALS) + len(MEGABASES) - 1] if arguments.quick else points():
        rows.append(run(point))
        print(*rows[-1].values(), sep="\t", flush=True)
    table = pd.DataFrame(rows)
    if not arguments.quick:
        table.to_csv(OUT, sep="\t", index=False, lineterminator="\n")
    sys.exit(f"more than {BAR_MB} MB" if (table["peak_mb"] > BAR_MB).any() else 0)


if __name__ == "__main__":
    main()
