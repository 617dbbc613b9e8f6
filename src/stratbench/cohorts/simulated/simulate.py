"""Simulated cohorts, written as PLINK files in the raw contract.

A demography (docs/contracts.md) says who is sampled and how their genomes come about: by the coalescent with
recombination, chromosomes being independent tree sequences (``trees``), or as independent loci that it draws
itself. Sites with exactly two alleles are kept; A1, the counted allele, is the derived one. Genotypes go to the
.bed in chunks of SNPs, never as one dense matrix.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from stratbench.cohorts.simulated.snps import bim_rows, write_chromosome
from stratbench.cohorts.simulated.trees import base_pairs_by_ancestry, tree_sequence
from stratbench.core import files
from stratbench.core.errors import UserError
from stratbench.core.job import say
from stratbench.core.progress import telling
from stratbench.core.seeds import seed
from stratbench.core.words import counted
from stratbench.genotypes import plink
from stratbench.methods import registry
from stratbench.methods.checked import checked, problems_of

if TYPE_CHECKING:
    import tskit

# What every demography's simulation takes; a demography adds its own, or restates one of these.
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
    """The schemas of a simulation's options: the common ones and those of the demography, which win."""
    return OPTIONS | registry.describe("demography", demography, file).options


def column_names(method: ModuleType, options: Mapping[str, Any]) -> list[str]:
    """The columns that a demography adds to samples.tsv: its own, then true ancestry."""
    own = list(method.columns(options)) if hasattr(method, "columns") else []
    looked_for = _ancestry(method, options)
    return own + [f"ancestry_{name}" for name in (looked_for[1] if looked_for else ())]


def simulate(
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any],
    *,
    demography: str,
    options: Mapping[str, Any],
    names: Sequence[object],
    file: str | Path | None = None,
) -> None:
    """Simulate one raw cohort. The result depends on the options and the names, and on nothing else.

    Args:
        inputs: nothing is read.
        outputs: the raw ``bed``, ``bim``, ``fam`` and ``samples``.
        demography: the name of a demography.
        options: the demography's and those of OPTIONS; what is not given has its default.
        names: what random numbers are drawn by: the cohort.
        file: the demography's file if it is not one of ours.

    Raises:
        UserError: for options that their schemas or the demography refuse, and where no site varies.
    """
    options = checked(all_options(demography, file), options, f"demography '{demography}'")
    method = registry.load("demography", demography, file)
    for option, message in problems_of(method, options):
        raise UserError(f"demography '{demography}': option '{option}': {message}")
    people = _people(method, options)
    own = method.columns(options) if hasattr(method, "columns") else {}
    draw = _independent_loci if hasattr(method, "genotypes") else _coalescent
    with plink.write_bed(outputs["bed"], len(people)) as bed:
        bim, ancestry = draw(method, options, names, bed)
        if bed.m == 0:
            raise UserError(
                f"demography '{demography}': no site varies; raise 'mutation' or 'length', or lower 'min_maf'"
            )
    plink.write_bim(bim, outputs["bim"])
    fam = people.rename(columns={"family": "fid"}).assign(phenotype="-9")
    plink.write_fam(fam, outputs["fam"])
    table = people[["iid", "population", "family", "sex"]].assign(**own, **ancestry)
    files.write_tsv(table, outputs["samples"])


def _people(method: ModuleType, options: Mapping[str, Any]) -> pd.DataFrame:
    """Sampled individuals: iid, population, family, father, mother, sex."""
    if hasattr(method, "pedigree"):
        return method.pedigree(options).query("genotyped").reset_index(drop=True)
    samples: dict[str, int] = method.samples(options)
    iids = [f"{name}_{k + 1:05d}" for name, n in samples.items() for k in range(n)]
    populations = [name for name, n in samples.items() for _ in range(n)]
    people = pd.DataFrame({"iid": iids, "population": populations, "family": iids})
    return people.assign(father="0", mother="0", sex=0)


def _ancestry(method: ModuleType, options: Mapping[str, Any]) -> tuple[float, Sequence[str]] | None:
    """When, and in which populations, ancestors are looked for; None if the demography does not ask for it."""
    return method.ancestry(options) if hasattr(method, "ancestry") else None


def _coalescent(
    method: ModuleType, options: Mapping[str, Any], seed_names: Sequence[object], bed: plink.Writer
) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """Write the SNPs of all chromosomes; return the .bim and true ancestry shares by column."""
    chromosomes, looked_for = options["chromosomes"], _ancestry(method, options)
    census, populations = looked_for or (None, ())
    pedigree = method.pedigree(options) if hasattr(method, "pedigree") else None
    tables, base_pairs = [], np.zeros((bed.n, len(populations)))
    for number in range(1, chromosomes + 1):
        say(
            f"{(number - 1) / chromosomes:.0%}: chromosome {number} of {chromosomes}, {counted(bed.n, 'individual')}"
        )
        sequence = _trees(method, options, [*seed_names, number], pedigree, census)
        if sequence.num_samples != 2 * bed.n:
            where = method.guard.path if hasattr(method, "guard") else method.__name__
            raise UserError(
                f"{where}: {sequence.num_samples // 2} individuals are simulated, but samples(options) named {bed.n} "
                "at first; it must give the same answer at each call"
            )
        sites = counted(sequence.num_sites, "site")
        say(f"chromosome {number}: {counted(sequence.num_trees, 'tree')} and {sites} simulated")
        if census is not None:
            with _blamed(method, "ancestry(options)"):
                base_pairs += base_pairs_by_ancestry(sequence, census, populations)
        tables.append(write_chromosome(bed, sequence, number, chromosomes, options["min_maf"]))
        all_of_it = counted(len(tables[-1]), "SNP")
        say(f"{number / chromosomes:.0%}: chromosome {number}, {all_of_it} written, all that it has")
    share_NL = base_pairs / (2 * chromosomes * options["length"])
    ancestry = {f"ancestry_{name}": share_NL[:, k] for k, name in enumerate(populations)}
    return pd.concat(tables, ignore_index=True), ancestry


def _trees(
    method: ModuleType,
    options: Mapping[str, Any],
    seed_names: Sequence[object],
    pedigree: pd.DataFrame | None,
    census: float | None,
) -> "tskit.TreeSequence":
    """The tree sequence of one chromosome, whose number is the last of the seed's names. It may take minutes."""
    model, samples = method.demography(options), method.samples(options)
    with (
        telling(lambda: f"chromosome {seed_names[-1]}: its coalescent is running"),
        _blamed(method, "simulating its demography"),
    ):
        return tree_sequence(model, samples, options, seed_names, pedigree, census)


def _blamed(method: ModuleType, what: str) -> AbstractContextManager[None]:
    """Report what msprime and tskit refuse of a user's demography as an error of its file."""
    guard = getattr(method, "guard", None)
    return guard.calling(what) if guard else nullcontext()


def _independent_loci(
    method: ModuleType, options: Mapping[str, Any], seed_names: Sequence[object], bed: plink.Writer
) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """Write the loci that the demography draws, spread evenly over the chromosomes; return their .bim."""
    with telling(lambda: f"{bed.m} independent loci written"):
        for count_MN in method.genotypes(options, np.random.default_rng(seed(*seed_names, "genotypes"))):
            bed.append(count_MN)
    say(f"{bed.m} independent loci written")
    tables = []
    for k, loci in enumerate(np.array_split(np.arange(bed.m), options["chromosomes"])):
        step = options["length"] / max(len(loci), 1)
        if step < 1:
            raise UserError(
                f"'length' is {options['length']:g} base pairs, too few for {len(loci)} loci on each of "
                f"{counted(options['chromosomes'], 'chromosome')}; raise it or 'chromosomes'"
            )
        position = ((np.arange(len(loci)) + 0.5) * step).astype(np.int64) + 1
        tables.append(bim_rows(str(k + 1), pd.DataFrame({"pos": position, "a1": "A", "a2": "G"})))
    return pd.concat(tables, ignore_index=True), {}
