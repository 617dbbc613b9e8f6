"""Quality control that sees no label: a raw fileset becomes a cohort and a waterfall of what was removed.

Order: SNPs without a position, call rate of individuals, then of SNPs, HWE within each population, MAF,
thinning; then LD pruning marks the SNPs that PCs and GRM may use. Thresholds mean what plink2's --mind,
--geno, --hwe, --maf and --indep-pairwise mean by them. A1 stays the allele that the source counts, also
where it is the major one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stratbench import files, plink
from stratbench.cohorts import hwe, ld
from stratbench.cohorts.checked import checked
from stratbench.cohorts.reader import Reader
from stratbench.errors import UserError
from stratbench.genotypes import Genotypes
from stratbench.job import say

OPTIONS = {
    "unplaced": {
        "enum": ["drop", "keep"],
        "default": "drop",
        "description": "SNPs on chromosome 0 or at a position below 1 (plink2 skips negative ones silently)",
    },
    "mind": {
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "default": 0.1,
        "description": "individuals with a larger share of missing genotypes are removed",
    },
    "geno": {
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "default": 0.05,
        "description": "SNPs with a larger share of missing genotypes are removed",
    },
    "hwe": {
        "type": ["number", "null"],
        "minimum": 0,
        "maximum": 1,
        "default": 1e-6,
        "description": "SNPs with a smaller exact P value in any population are removed; null: not tested",
    },
    "maf": {
        "type": "number",
        "minimum": 0,
        "maximum": 0.5,
        "default": 0.01,
        "description": "SNPs with a smaller minor allele frequency are removed; constant ones always",
    },
    "thin": {
        "type": ["integer", "null"],
        "minimum": 1,
        "default": None,
        "description": "keep at most so many SNPs, evenly spaced in map order",
    },
    "structure_maf": {
        "type": "number",
        "minimum": 0,
        "maximum": 0.5,
        "default": 0.05,
        "description": "least minor allele frequency of the SNPs that PCs and GRM may use",
    },
    "ld_window": {
        "type": "integer",
        "minimum": 2,
        "default": 50,
        "description": "SNPs in a window of LD pruning",
    },
    "ld_step": {
        "type": "integer",
        "minimum": 1,
        "default": 5,
        "description": "SNPs that the window moves by",
    },
    "ld_r2": {
        "type": "number",
        "exclusiveMinimum": 0,
        "maximum": 1,
        "default": 0.2,
        "description": "of two SNPs in a window with a larger squared correlation one is pruned",
    },
    "populations": {
        "enum": ["declared", "called", "clusters"],
        "default": "declared",
        "description": "declared: everyone has a label; called: missing ones, from PCs; clusters: everyone's, of PCs",
    },
    "call_probability": {
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "default": 0.9,
        "description": "people whose called population or cluster is less probable are 'unassigned'",
    },
}
SEX_AND_MITOCHONDRIAL = {"X": 23, "Y": 24, "XY": 25, "MT": 26, "M": 26}


@dataclass
class Waterfall:
    """What each step removed; ``left`` counts individuals and SNPs."""

    left: dict[str, int]
    source: str
    rows: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for unit in self.left:
            self.add("input", unit, 0)

    def add(self, step: str, unit: str, removed: int, threshold: str = "") -> None:
        """Record a step. Raises UserError if it leaves nothing."""
        self.left[unit] -= removed
        self.rows.append(
            {"step": step, "unit": unit, "removed": removed, "left": self.left[unit], "threshold": threshold}
        )
        say(f"{step}: {removed} {unit} removed, {self.left[unit]} left")
        if self.left[unit] == 0:
            raise UserError(f"{self.source}: no {unit} left after the step '{step}' of QC ({threshold})")


@dataclass(frozen=True)
class Counts:
    """Genotypes of each SNP by population, int64 (M, K), of ``n`` individuals: A1 homozygotes, het, A2.

    ``names`` are the populations', one blank where labels are missing.
    """

    n: int
    names: tuple[str, ...]
    hom1_MK: np.ndarray
    het_MK: np.ndarray
    hom2_MK: np.ndarray

    @property
    def called_M(self) -> np.ndarray:
        return (self.hom1_MK + self.het_MK + self.hom2_MK).sum(axis=1)

    @property
    def a1_freq_M(self) -> np.ndarray:
        """A1 frequency of each SNP, float64 (M,); 0 where nobody is called."""
        return (2 * self.hom1_MK + self.het_MK).sum(axis=1) / np.maximum(2 * self.called_M, 1)

    @property
    def maf_M(self) -> np.ndarray:
        return np.minimum(self.a1_freq_M, 1 - self.a1_freq_M)

    def hwe_M(self, of_M: np.ndarray) -> np.ndarray:
        """The smallest exact P value over the populations, float64 (M,), of these SNPs; 1 of the others.

        People without a label are no population.
        """
        result_M = np.ones(len(of_M))
        if not any(self.names):
            say("HWE: not tested, as nobody has a population")
        for k, name in enumerate(self.names):
            if name:
                p = hwe.exact(*(count_MK[of_M, k] for count_MK in (self.hom1_MK, self.het_MK, self.hom2_MK)))
                result_M[of_M] = np.minimum(result_M[of_M], p)
        return result_M


def qc(
    raw_prefix: str | Path, raw_samples: str | Path, out_dir: str | Path, options: Mapping[str, Any]
) -> None:
    """Write genotypes.{bed,bim,fam}, samples.tsv, variants.tsv and qc.tsv of a cohort into ``out_dir``.

    ``options`` are those of OPTIONS; what is not given has its default. Raises UserError for files that do
    not fit together, duplicate SNP ids, missing populations if they are not to be called, and where nothing is
    left.
    """
    options = checked(OPTIONS, options, "qc")
    fam, bim, samples = _read_tables(raw_prefix, raw_samples)
    if options["populations"] == "declared":
        _require_labels(samples, raw_samples)
    reader = Reader(raw_prefix, len(fam), len(bim))
    steps = Waterfall({"individuals": len(fam), "SNPs": len(bim)}, f"{raw_prefix}.bed")

    keep_M = _placed(bim) | (options["unplaced"] == "keep")
    steps.add("unplaced", "SNPs", int((~keep_M).sum()), options["unplaced"])
    keep_N = _individuals(reader, keep_M, options["mind"])
    steps.add("sample call rate", "individuals", int((~keep_N).sum()), f"missing > {options['mind']:g}")
    counts = _count(reader, samples["population"].to_numpy(), keep_N)
    keep_M = _filter(counts, keep_M, options, steps)

    row_M = _map_order(bim)
    row_M = _thin(row_M[keep_M[row_M]], options["thin"], steps)
    table = bim.iloc[row_M].reset_index(drop=True)
    table = table.assign(a1_freq=counts.a1_freq_M[row_M], call_rate=counts.called_M[row_M] / counts.n)

    out = Path(out_dir)
    _write_genotypes(reader, row_M, keep_N, out / "genotypes.bed")
    table["structure"] = _for_structure(out / "genotypes.bed", counts.n, table, options).astype(int)
    say(f"structure: {table['structure'].sum()} SNPs are common and unlinked")
    plink.write_bim(table, out / "genotypes.bim")
    plink.write_fam(fam[keep_N], out / "genotypes.fam")
    files.write_tsv(_populations(samples[keep_N], table, out, options), out / "samples.tsv")
    columns = ["snp", "chrom", "pos", "a1", "a2", "a1_freq", "call_rate", "structure"]
    files.write_tsv(table[columns], out / "variants.tsv")
    files.write_tsv(pd.DataFrame(steps.rows), out / "qc.tsv")


def _read_tables(
    raw_prefix: str | Path, raw_samples: str | Path
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """.fam, .bim and samples.tsv of the raw contract, checked against each other."""
    fam, bim = plink.read_fam(f"{raw_prefix}.fam"), plink.read_bim(f"{raw_prefix}.bim")
    samples = files.read_tsv(raw_samples)
    if samples["iid"].tolist() != fam["iid"].tolist():
        raise UserError(f"{raw_samples}: its iids are not those of {raw_prefix}.fam in the same order")
    twice = bim["snp"][bim["snp"].duplicated()]
    if len(twice):
        raise UserError(
            f"{raw_prefix}.bim: {len(twice)} SNP ids occur before, the first is '{twice.iloc[0]}'; "
            "rename them, e.g. with plink2 --set-all-var-ids '@:#:$r:$a', or remove them with --rm-dup"
        )
    return fam, bim, samples


def _require_labels(samples: pd.DataFrame, path: str | Path) -> None:
    """Raise UserError for individuals without a population."""
    blank = samples["iid"][samples["population"] == ""]
    if len(blank):
        raise UserError(
            f"{path}: individual '{blank.iloc[0]}' has no population ({len(blank)} of {len(samples)} have none); label "
            "or remove them, or set populations under qc to called (from PCs of the labelled) or clusters"
        )


def _chromosome_key(chrom: str) -> tuple[int, str]:
    """Natural order: 1, 2, ... 22, X, Y, XY, MT, then other names by alphabet."""
    name = chrom.removeprefix("chr").upper()
    if name.isdigit():
        return int(name), ""
    return SEX_AND_MITOCHONDRIAL.get(name, 1000), name


def _placed(bim: pd.DataFrame) -> np.ndarray:
    """SNPs with a chromosome and a position: bool (M,)."""
    return ((bim["pos"] > 0) & (bim["chrom"] != "0")).to_numpy()


def _map_order(bim: pd.DataFrame) -> np.ndarray:
    """Positions of the SNPs in the .bim, by chromosome and base pair, file order among equals: int64 (M,)."""
    ranked = sorted(bim["chrom"].unique(), key=_chromosome_key)
    rank_M = bim["chrom"].map({chrom: k for k, chrom in enumerate(ranked)}).to_numpy()
    return np.lexsort([bim["pos"].to_numpy(), rank_M])


def _individuals(reader: Reader, keep_M: np.ndarray, mind: float) -> np.ndarray:
    """Individuals called often enough at the kept SNPs: bool (N,)."""
    missing_N = np.zeros(reader.n, dtype=np.int64)
    for part, count_MN in reader.chunks():
        missing_N += (count_MN[keep_M[part]] < 0).sum(axis=0)
    return missing_N <= _most(mind, int(keep_M.sum()))


def _most(share: float, n: int) -> int:
    """The largest count that is not above a share of n, with plink2's tolerance."""
    return int(share * n * (1 + ld.EPSILON))


def _count(reader: Reader, population_N: np.ndarray, keep_N: np.ndarray) -> Counts:
    """Genotype counts of every SNP among the kept individuals, by population."""
    code_N, names = pd.factorize(population_N[keep_N])
    members_KN = [np.flatnonzero(keep_N)[code_N == k] for k in range(len(names))]
    tables = [np.zeros((reader.m, len(names)), dtype=np.int64) for _ in range(3)]
    for part, count_MN in reader.chunks():
        for k, members in enumerate(members_KN):
            of_population = count_MN[:, members]
            for value, table in zip((2, 1, 0), tables, strict=True):
                table[part, k] = np.count_nonzero(of_population == value, axis=1)
    return Counts(int(keep_N.sum()), tuple(names), *tables)


def _filter(counts: Counts, keep_M: np.ndarray, options: Mapping[str, Any], steps: Waterfall) -> np.ndarray:
    """SNPs that pass call rate, HWE and MAF: bool (M,); each step is recorded."""

    def apply(step: str, passes_M: np.ndarray, threshold: str) -> None:
        steps.add(step, "SNPs", int((keep_M & ~passes_M).sum()), threshold)
        keep_M[:] &= passes_M

    keep_M = keep_M.copy()
    missing_M = counts.n - counts.called_M
    apply("SNP call rate", missing_M <= _most(options["geno"], counts.n), f"missing > {options['geno']:g}")
    if options["hwe"] is not None:
        apply("HWE", counts.hwe_M(keep_M) >= options["hwe"], f"P < {options['hwe']:g}")
    maf_M = counts.maf_M
    common_M = (maf_M >= options["maf"] * (1 - ld.EPSILON)) & (maf_M > 0)
    apply("MAF", common_M, f"MAF < {options['maf']:g}" if options["maf"] else "monomorphic")
    return keep_M


def _thin(row_M: np.ndarray, most: int | None, steps: Waterfall) -> np.ndarray:
    """At most so many of these SNPs, evenly spaced."""
    if most is None:
        return row_M
    left = min(most, len(row_M))
    steps.add("thin", "SNPs", len(row_M) - left, f"at most {most}")
    return row_M[np.arange(left) * len(row_M) // left]


def _write_genotypes(reader: Reader, row_M: np.ndarray, keep_N: np.ndarray, bed: Path) -> None:
    with plink.write_bed(bed, int(keep_N.sum())) as writer:
        for count_MN in reader.rows(row_M):
            writer.append(count_MN[:, keep_N])


def _populations(
    samples: pd.DataFrame, table: pd.DataFrame, out: Path, options: Mapping[str, Any]
) -> pd.DataFrame:
    """samples.tsv, with populations called if that is asked for."""
    if options["populations"] != "declared":
        from stratbench.structure.calls import call

        row_M = np.flatnonzero(table["structure"] == 1)
        packed_MB = plink.open_bed(out / "genotypes.bed", len(samples), len(table))
        return call(Genotypes(packed_MB, len(samples), row_M, np.arange(len(samples))), samples, options)
    return samples


def _for_structure(bed: Path, n: int, table: pd.DataFrame, options: Mapping[str, Any]) -> np.ndarray:
    """SNPs that PCs and GRM may use, common and LD-pruned: bool (M,)."""
    maf_M = table["a1_freq"].clip(upper=1 - table["a1_freq"]).to_numpy()
    common = np.flatnonzero(maf_M >= options["structure_maf"] * (1 - ld.EPSILON))
    packed_MB = plink.open_bed(bed, n, len(table))[common]
    keep = ld.prune(
        packed_MB,
        n,
        table["chrom"].to_numpy()[common],
        maf_M[common],
        options["ld_window"],
        options["ld_step"],
        options["ld_r2"],
    )
    result = np.zeros(len(table), dtype=bool)
    result[common[keep]] = True
    return result
