"""The mixed model of 1410 mice beside GEMMA with its kinship step: wall and CPU seconds, peak memory, same p values.

    .venv/bin/python benchmarks/associations.py   # associations.tsv

CD8 and the hard calls of GEMMA's own example (Debian's gemma-doc), 10,768 SNPs of MAF .01 among the mice with a value.
Each program is a process of its own on one thread with its start, its reading and, of ours, Python's imports, run
ROUNDS times in turn; the quickest round counts. Bars: at most .25 times GEMMA's CPU time (``-gk 1`` and ``-lmm 1``
together), and log10 p of every SNP within .01.
"""

from stratbench.core import threads

threads.fix(1)  # as every job does, before numpy is imported

import gzip
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from qc import measured, total

from stratbench.cohorts.real.debian import debian_package
from stratbench.genotypes import plink

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import peers

OUT = Path(__file__).with_suffix(".tsv")
CACHE = ROOT / ".cache" / "benchmarks"
ROUNDS, TIMES_GEMMA, CLOSE = 3, 0.25, 0.01


def ours(prefix: Path) -> None:
    """Test all SNPs that GEMMA tests, and write the table beside the .bed."""
    from stratbench.associations.methods import lmm
    from stratbench.associations.relatedness import Relatedness
    from stratbench.associations.run import AssociationData
    from stratbench.genotypes.dosages import frequencies, open_cohort

    fam = plink.read_fam(f"{prefix}.fam")
    y_N = pd.to_numeric(fam["phenotype"], errors="coerce").to_numpy()
    known_N = np.isfinite(y_N) & (y_N != -9)
    paths = {end: Path(f"{prefix}.{end}") for end in ("bed", "bim", "fam")}
    genotypes = open_cohort(paths).people(known_N)
    p_M = frequencies(genotypes)
    common_M = np.minimum(p_M, 1 - p_M) >= 0.01
    genotypes, bim = genotypes.snps(common_M), plink.read_bim(paths["bim"])[common_M]
    chrom_M = bim["chrom"].to_numpy(dtype=object)
    related = Relatedness(genotypes, chrom_M, {"all": np.ones(len(bim), dtype=bool)})
    data = AssociationData(
        y_N[known_N], np.empty((known_N.sum(), 0)), bim["snp"].to_numpy(), genotypes, relatedness=related
    )
    options = {name: schema["default"] for name, schema in lmm.OPTIONS.items()}
    lmm.associate(data, options).to_csv(f"{prefix}.ours.tsv", sep="\t", index=False)


def gemma(prefix: Path) -> list[dict[str, Any]]:
    """GEMMA's two steps, and both as one row."""
    start, environment = peers.gemma_program()
    source = [*start, "-outdir", str(prefix.parent), "-bfile", str(prefix)]
    steps = {
        "GEMMA, kinship": ["-gk", "1", "-o", "grm"],
        "GEMMA, test": ["-k", str(prefix.parent / "grm.cXX.txt"), "-lmm", "1", "-o", "peer"],
    }
    rows = [{"task": name, **measured([*source, *step], environment)[0]} for name, step in steps.items()]
    return [*rows, total("GEMMA", rows)]


def require_the_same(prefix: Path) -> float:
    """The largest difference of log10 p; exits if the SNPs are not the same or the bar is missed."""
    mine = pd.read_csv(f"{prefix}.ours.tsv", sep="\t").set_index("snp")
    peer = pd.read_csv(prefix.parent / "peer.assoc.txt", sep="\t").set_index("rs")
    if set(mine.index) != set(peer.index):
        sys.exit(f"we test {len(mine)} SNPs, GEMMA {len(peer)}")
    apart_M = np.abs(np.log10(mine["p"]) - np.log10(peer["p_wald"].loc[mine.index]))
    best = mine["p"].idxmin()
    print(f"{len(mine)} SNPs, log10 p within {apart_M.max():.2g}; smallest p {mine['p'][best]:.3g}, {best}")
    return float(apart_M.max())


def main() -> None:
    rows: list[dict[str, Any]] = []
    CACHE.mkdir(parents=True, exist_ok=True)
    source = debian_package("gemma-doc", CACHE) / "usr/share/doc/gemma/example"
    with tempfile.TemporaryDirectory() as folder:
        prefix = Path(folder) / "mice"
        for end in ("bed", "bim", "fam"):
            content = gzip.decompress((source / f"mouse_hs1940.{end}.gz").read_bytes())
            prefix.with_suffix(f".{end}").write_bytes(content)
        for _ in range(ROUNDS):
            command = [sys.executable, __file__, str(prefix)]
            row, _ = measured(command, os.environ | {"PYTHONPATH": str(ROOT / "src")})
            rows += [{"task": "StratBench", **row}, *gemma(prefix)]
        apart = require_the_same(prefix)
    table = pd.DataFrame(rows).sort_values("cpu_s", kind="stable").groupby("task", sort=False).first()
    table = table.loc[sorted(table.index)].round({"wall_s": 2, "cpu_s": 2, "peak_mb": 0})
    table.to_csv(OUT, sep="\t", lineterminator="\n")
    print(table.to_string())
    ratios = {kind: table.loc["StratBench", kind] / table.loc["GEMMA", kind] for kind in ("wall_s", "cpu_s")}
    print(f"of GEMMA's time: wall {ratios['wall_s']:.2f}, CPU {ratios['cpu_s']:.2f}")
    sys.exit("a bar is missed" if ratios["cpu_s"] > TIMES_GEMMA or apart > CLOSE else 0)


if __name__ == "__main__":
    if len(sys.argv) == 2:
        ours(Path(sys.argv[1]))
    else:
        main()
