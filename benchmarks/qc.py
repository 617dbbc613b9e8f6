"""Reading and QC of a real panel beside plink2, bed-reader and pandas-plink: wall and CPU seconds, peak memory.

    .venv/bin/python benchmarks/qc.py

The panel is the autosomes of 427 human livers (HLC, 352,000 SNPs, 3.5% missing), from Debian's gemma-doc. QC is
--mind 0.1 --geno 0.05 --hwe 1e-6 --maf 0.01, then --indep-pairwise 50 5 0.2, on one thread; plink2 and we must leave
the same SNPs. ``and tables`` adds --missing --hardy --freq --het, as our QC always writes such tables of individuals
and SNPs. ``and duplicates`` adds the default step that these plink2 runs have no part in: KING of all pairs.
Each row is a process of its own with its start and imports, run ROUNDS times in turn with the others; the quickest
round counts, by wall time. Peak memory is the process's largest resident set (or, if that is larger, its parent's:
Linux counts from before exec). Of our QC, ``after reading`` is what remains without imports and the time spent
reading .bed, .bim and .fam. The table goes to qc.tsv beside this file. Bars: reading within 600 MB; QC after reading
within 10 times the wall time of plink2's filters and pruning, although ours writes its tables too.
"""

from stratbench.core import threads

threads.fix(1)  # as every job does, before numpy is imported

import gzip
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stratbench.core import files
from stratbench.genotypes import plink
from stratbench.cohorts.real.debian import debian_package

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import peers
from stations import cohort_files, raw_files

OUT = Path(__file__).with_suffix(".tsv")
CACHE = ROOT / ".cache" / "benchmarks"
ROUNDS = 3
READING_MB = 600
TIMES_PLINK2 = 10
FILTERS = ["--mind", "0.1", "--geno", "0.05", "--hwe", "1e-6", "--maf", "0.01"]
PRUNING = ["--indep-pairwise", "50", "5", "0.2"]
TABLES = [
    "--mind",
    "0.1",
    "--missing",
    "--hardy",
    "--freq",
    "--het",
]  # what qc_samples.tsv and qc_snps.tsv.gz hold
# The rest are QC's defaults, which are plink2's FILTERS.
OPTIONS = {"unplaced": "keep", "structure_maf": 0.01, "duplicates": None}
KINDS = {"QC: StratBench": OPTIONS, "QC: StratBench, and duplicates": {**OPTIONS, "duplicates": "auto"}}
AUTOSOMES = [str(k) for k in range(1, 23)]


def prepare(directory: Path) -> Path:
    """The autosomes of HLC as a raw cohort ``directory``/raw.{bed,bim,fam,tsv}; returns the prefix."""
    source = debian_package("gemma-doc", CACHE) / "usr/share/doc/gemma/example"
    for end in ("bed", "bim", "fam"):
        (directory / f"all.{end}").write_bytes(gzip.decompress((source / f"HLC.{end}.gz").read_bytes()))
    fam, bim = plink.read_fam(directory / "all.fam"), plink.read_bim(directory / "all.bim")
    autosomal_M = bim["chrom"].isin(AUTOSOMES).to_numpy()
    packed_MQ = plink.open_bed(directory / "all.bed", len(fam), len(bim))
    (directory / "raw.bed").write_bytes(plink.MAGIC + np.asarray(packed_MQ)[autosomal_M].tobytes())
    plink.write_bim(bim[autosomal_M], directory / "raw.bim")
    plink.write_fam(fam, directory / "raw.fam")
    samples = {"iid": fam["iid"], "population": "all", "family": fam["iid"], "sex": 0}
    files.write_tsv(pd.DataFrame(samples), directory / "raw.tsv")
    return directory / "raw"


def measured(command: list[str], environment: dict[str, str]) -> tuple[dict[str, float], str]:
    """Wall and CPU seconds and peak MB of a process, and what it printed. Exits if it fails."""
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(command, env=environment, stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"{' '.join(command)} failed")
        out.seek(0)
        said = out.read()
    cpu = usage.ru_utime + usage.ru_stime
    return {"wall_s": seconds, "cpu_s": cpu, "peak_mb": usage.ru_maxrss / 1024}, said


def ours(task: str, prefix: Path) -> list[dict[str, Any]]:
    """One of our tasks in a process of its own: its rows."""
    command = [sys.executable, __file__, task, str(prefix)]
    row, said = measured(command, os.environ | {"PYTHONPATH": str(ROOT / "src")})
    rows = [{"task": task, **row}]
    if task in KINDS:
        wall, cpu = map(float, said.split("\n")[-2].split())
        rows.append({"task": f"{task}, after reading", "wall_s": wall, "cpu_s": cpu})
    return rows


def plink2(prefix: Path) -> list[dict[str, Any]]:
    """plink2's filters and pruning as one row, and with the tables that our QC writes too: seconds are added up."""
    start, environment = peers.plink2_program()
    parts = []
    for base, flags, out in (
        (prefix, [*FILTERS, "--make-bed"], "peer"),
        (prefix.with_name("peer"), PRUNING, "peer"),
        (prefix, TABLES, "tables"),
    ):
        arguments = ["--bfile", str(base), *flags, "--out", str(prefix.with_name(out))]
        parts.append(measured([*start, *arguments], environment)[0])
    return [total("QC: plink2", parts[:2]), total("QC: plink2, and tables", parts)]


def total(task: str, parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Runs after each other as one row."""
    seconds = {key: sum(part[key] for part in parts) for key in ("wall_s", "cpu_s")}
    return {"task": task, **seconds, "peak_mb": max(part["peak_mb"] for part in parts)}


def timed(owner: Any, name: str, spent: list[float]) -> None:
    """Add the wall and CPU seconds of every call of a function to ``spent``."""
    function = getattr(owner, name)

    def wrapped(*arguments: Any, **options: Any) -> Any:
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            return function(*arguments, **options)
        finally:
            spent[0] += time.perf_counter() - wall
            spent[1] += time.process_time() - cpu

    setattr(owner, name, wrapped)


def our_qc(prefix: Path, options: dict[str, Any], out: Path) -> None:
    """QC; prints the wall and CPU seconds that it takes apart from imports and from reading files."""
    import pandas_plink  # noqa: F401  # imported late by the reader, and no part of QC

    from stratbench.cohorts.qc import run as qc
    from stratbench.genotypes import fileset

    reading, all_of_it = [0.0, 0.0], [0.0, 0.0]
    for name in ("__init__", "_read"):
        timed(fileset.FilesetDosages, name, reading)
    for name in ("read_fam", "read_bim"):
        timed(plink, name, reading)
    timed(qc, "qc", all_of_it)
    qc.qc(raw_files(prefix, prefix.with_suffix(".tsv")), cohort_files(out), options=options)
    print(*(total - part for total, part in zip(all_of_it, reading, strict=True)))


def task(name: str, prefix: Path) -> None:
    """What a process of its own does."""
    ends = (f"{prefix}.bed", f"{prefix}.bim", f"{prefix}.fam")
    if name in KINDS:
        our_qc(prefix, KINDS[name], prefix.with_name("ours" if name == "QC: StratBench" else "duplicates"))
    elif name == "read: StratBench":
        from stratbench.genotypes.fileset import FilesetDosages

        reader = FilesetDosages(
            raw_files(prefix, ""), len(plink.read_fam(ends[2])), len(plink.read_bim(ends[1]))
        )
        print(sum(int(np.count_nonzero(count_MN == -1)) for _, count_MN in reader.chunks()))
    elif name == "read: pandas-plink":
        from pandas_plink import read_plink1_bin

        print(int(np.isnan(read_plink1_bin(*ends, verbose=False).values).sum()))
    else:
        from bed_reader import open_bed

        with open_bed(ends[0], num_threads=1) as bed:
            print(int(np.count_nonzero(bed.read(dtype="int8") == -127)))


def require_the_same(prefix: Path) -> None:
    """Exit if plink2 and we did not keep the same SNPs, all and pruned."""
    variants = files.read_tsv(prefix.with_name("ours") / "variants.tsv")
    peer = plink.read_bim(prefix.with_name("peer.bim"))["snp"].tolist()
    pruned = prefix.with_name("peer.prune.in").read_text().split()
    if variants["snp"].tolist() != peer or variants.loc[variants["structure"] == 1, "snp"].tolist() != pruned:
        sys.exit("plink2 and StratBench do not keep the same SNPs")
    print(f"both keep {len(peer)} SNPs, {len(pruned)} after pruning")


def main() -> None:
    names = ["read: StratBench", "read: bed-reader", "read: pandas-plink", *KINDS]
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        CACHE.mkdir(parents=True, exist_ok=True)
        prefix = prepare(Path(folder))
        for _ in range(ROUNDS):
            for name in names:
                rows += ours(name, prefix)
            rows += plink2(prefix)
        require_the_same(prefix)
    table = pd.DataFrame(rows).sort_values("wall_s", kind="stable").groupby("task", sort=False).first()
    table = table.loc[sorted(table.index, reverse=True)].round({"wall_s": 2, "cpu_s": 2, "peak_mb": 0})
    table.to_csv(OUT, sep="\t", lineterminator="\n")
    print(table.to_string())
    wall = table["wall_s"]
    ratio = wall["QC: StratBench, after reading"] / wall["QC: plink2"]
    alike = wall["QC: StratBench, after reading"] / wall["QC: plink2, and tables"]
    reading = table.loc["read: StratBench", "peak_mb"]
    print(f"QC after reading takes {ratio:.1f} times plink2's wall time ({alike:.1f} times with its tables)")
    print(f"reading takes {reading:.0f} MB")
    sys.exit("a bar is missed" if ratio > TIMES_PLINK2 or reading > READING_MB else 0)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        task(sys.argv[1], Path(sys.argv[2]))
    else:
        main()
