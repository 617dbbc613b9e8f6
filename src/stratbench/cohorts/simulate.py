"""Cohorts from the coalescent with recombination (msprime), written as PLINK files.

Chromosomes are independent tree sequences. Sites with exactly two alleles are kept; A1, the counted allele,
is the derived one. Genotypes go from the tree sequence to the .bed in chunks of SNPs, never as one dense
matrix. Source: Baumdicker et al. 2022, Genetics 220:iyab229 (msprime 1.x).
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from stratbench import files, plink, registry
from stratbench.cohorts.checked import checked
from stratbench.errors import UserError
from stratbench.job import say
from stratbench.seeds import seed

if TYPE_CHECKING:
    import tskit

CHUNK = 1024  # SNPs held at once: 15 MB of counts for 15,000 individuals

# What every demography's simulation takes; a demography adds its own (registry.describe).
OPTIONS = {
    "individuals": {
        "type": "integer",
        "minimum": 2,
        "default": 200,
        "description": "diploid individuals sampled from each population",
    },
    "chromosomes": {"type": "integer", "minimum": 1, "default": 4, "description": "independent chromosomes"},
    "length": {
        "type": "number",
        "minimum": 1000,
        "multipleOf": 1,
        "default": 5000000,
        "description": "base pairs of each chromosome",
    },
    "recombination": {
        "type": "number",
        "minimum": 0,
        "maximum": 0.01,
        "default": 1e-8,
        "description": "rate per base pair and generation",
    },
    "mutation": {
        "type": "number",
        "exclusiveMinimum": 0,
        "maximum": 0.01,
        "default": 1e-8,
        "description": "rate per base pair and generation (Jukes-Cantor)",
    },
    "min_maf": {
        "type": "number",
        "minimum": 0,
        "exclusiveMaximum": 0.5,
        "default": 0.005,
        "description": "sites rarer than this among all individuals are not written; 0 keeps all that vary",
    },
}


def all_options(demography: str, file: str | Path | None = None) -> dict[str, dict[str, Any]]:
    """The schemas of a simulation's options: the common ones and those of the demography."""
    return OPTIONS | registry.describe("demography", demography, file).options


def simulate(
    demography: str,
    options: Mapping[str, Any],
    seed_names: Sequence[object],
    out_prefix: str | Path,
    samples_tsv: str | Path,
    file: str | Path | None = None,
) -> None:
    """Simulate one cohort and write ``out_prefix``.{bed,bim,fam} and ``samples_tsv`` (raw contract).

    ``demography`` is a method's name, ``file`` its file if it is not one of ours; ``options`` are the
    demography's and those of OPTIONS, what is not given has its default. The result depends on the options
    and on ``seed_names``, nothing else. Raises UserError for options that their schemas refuse, and where
    no site varies.
    """
    options = checked(all_options(demography, file), options, f"demography '{demography}'")
    method = registry.load("demography", demography, file)
    samples: dict[str, int] = method.samples(options)
    iids = [f"{name}_{k + 1:05d}" for name, n in samples.items() for k in range(n)]
    populations = [name for name, n in samples.items() for _ in range(n)]

    tables = []
    with plink.write_bed(f"{out_prefix}.bed", len(iids)) as bed:
        for number in range(1, options["chromosomes"] + 1):
            sequence = _tree_sequence(method.demography(options), samples, options, [*seed_names, number])
            tables.append(_write_chromosome(bed, sequence, str(number), options["min_maf"]))
            say(f"chromosome {number}: {sequence.num_sites} sites, {len(tables[-1])} SNPs written")
        if bed.m == 0:
            raise UserError(
                f"demography '{demography}': no site varies; raise 'mutation' or 'length', or lower 'min_maf'"
            )
    plink.write_bim(pd.concat(tables, ignore_index=True), f"{out_prefix}.bim")
    fam = pd.DataFrame(
        {"fid": iids, "iid": iids, "father": "0", "mother": "0", "sex": "0", "phenotype": "-9"}
    )
    plink.write_fam(fam, f"{out_prefix}.fam")
    table = pd.DataFrame({"iid": iids, "population": populations, "family": iids, "sex": 0})
    files.write_tsv(table, samples_tsv)


def _tree_sequence(
    demography: Any, samples: Mapping[str, int], options: Mapping[str, Any], seed_names: Sequence[object]
) -> "tskit.TreeSequence":
    """Ancestry and mutations of one chromosome; sample nodes 2i and 2i + 1 are individual i."""
    import msprime

    ancestry = msprime.sim_ancestry(
        [msprime.SampleSet(n, population=name) for name, n in samples.items()],
        demography=demography,
        sequence_length=options["length"],
        recombination_rate=options["recombination"],
        random_seed=_positive(seed(*seed_names, "ancestry")),
    )
    return msprime.sim_mutations(
        ancestry, rate=options["mutation"], random_seed=_positive(seed(*seed_names, "mutations"))
    )


def _positive(value: int) -> int:
    return value or 1  # msprime refuses 0


def _write_chromosome(
    bed: plink.Writer, sequence: "tskit.TreeSequence", chrom: str, min_maf: float
) -> pd.DataFrame:
    """Append a chromosome's SNPs to the .bed, a chunk at a time; return their .bim rows."""
    rows: list[tuple[int, str, str]] = []
    chunk: list[np.ndarray] = []
    for position, ancestral, derived, count_N in snps(sequence, min_maf):
        rows.append((position, derived, ancestral))
        chunk.append(count_N)
        if len(chunk) == CHUNK:
            bed.append(np.stack(chunk))
            chunk.clear()
    if chunk:
        bed.append(np.stack(chunk))
    table = pd.DataFrame(rows, columns=["pos", "a1", "a2"])
    snp = [f"chr{chrom}:{position}" for position in table["pos"]]
    return table.assign(chrom=chrom, cm=0, snp=snp)[plink.BIM_COLUMNS]


def snps(sequence: "tskit.TreeSequence", min_maf: float) -> Iterator[tuple[int, str, str, np.ndarray]]:
    """Yield 1-based position, ancestral allele, derived allele, derived count int8 (N,) of two-allele sites.

    Sites that do not vary in the sample, or whose minor allele is rarer than ``min_maf``, are passed over.
    """
    n = sequence.num_samples // 2
    _require_pairs(sequence)
    least = max(1, int(np.ceil(min_maf * 2 * n * (1 - 1e-9))))
    for variant in sequence.variants(copy=False):
        if variant.num_alleles != 2:
            continue
        derived = int(np.count_nonzero(variant.genotypes))
        if min(derived, 2 * n - derived) < least:
            continue
        ancestral_allele, derived_allele = variant.alleles
        count_N = variant.genotypes.reshape(n, 2).sum(axis=1, dtype=np.int8)
        yield int(variant.site.position) + 1, ancestral_allele, derived_allele, count_N


def _require_pairs(sequence: "tskit.TreeSequence") -> None:
    """Individuals are pairs of neighbouring samples; another order would mix people up without a sign."""
    individual = sequence.nodes_individual[sequence.samples()]
    if not (individual == np.repeat(np.arange(sequence.num_samples // 2), 2)).all():
        raise ValueError("sample nodes do not come in pairs by individual")
