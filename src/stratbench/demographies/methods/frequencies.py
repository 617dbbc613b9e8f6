"""Independent loci at the published allele frequencies of real populations: their differentiation, and no linkage.

A cohort file (``source``) says where the table of frequencies is fetched. Each cohort draws its own loci from the
table, without replacement, and each individual's allele count at a locus is x ~ Bin(2, p_k) with the frequency p_k of
its population k: populations mate at random, and nothing is linked.
Loci whose minor allele is rarer than ``min_maf`` among the individuals, or that do not vary, are passed over.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from stratbench.cohorts.real import cohort_file
from stratbench.core.errors import UserError
from stratbench.core.words import counted

CITATION = "1000 Genomes Project Consortium 2015, Nature 526:68 (the populations of the shipped table)"
OPTIONS: dict[str, dict[str, Any]] = {
    "source": {
        "type": "string",
        "format": "cohort-file",
        "default": "config/cohorts/1000-genomes-frequencies.yaml",
        "description": "cohort file that names the table of frequencies, a column for each population",
    },
    "populations": {
        "type": "array",
        "items": {"type": "string", "minLength": 1},
        "minItems": 1,
        "uniqueItems": True,
        "default": ["YRI", "CEU", "CHB"],
        "description": "columns of the table; `individuals` of each are drawn",
    },
    "loci": {
        "type": "integer",
        "minimum": 1,
        "default": 10000,
        "description": "SNPs to write, evenly spaced on the chromosomes",
    },
    "recombination": {
        "type": "null",
        "default": None,
        "description": "independent loci have no recombination",
    },
    "mutation": {
        "type": "null",
        "default": None,
        "description": "independent loci have no mutation, and all vary",
    },
}
CHUNK = 1024  # loci drawn at once


def problems(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Which option cannot be as it is, and what to change; nothing if all is well. The table need not be here."""
    try:
        declared = cohort_file.read(options["source"])
    except UserError as error:
        yield "source", str(error).split("\n")[0]
        return
    if "frequencies" not in declared["files"]:
        yield "source", f"{options['source']} names no file 'frequencies'; name a cohort file that does"


def samples(options: Mapping[str, Any]) -> dict[str, int]:
    """Diploid individuals of each population."""
    return dict.fromkeys(options["populations"], options["individuals"])


def genotypes(options: Mapping[str, Any], rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield allele counts int8 (m, N) of ``loci`` loci in all.

    Raises UserError for a table that is not here, or lacks a population, and where too few of its loci vary enough.
    """
    p_ML = rng.permutation(table(options["source"], tuple(options["populations"])))
    of_N = np.repeat(np.arange(p_ML.shape[1]), options["individuals"])
    loci, kept = options["loci"], 0
    for start in range(0, len(p_ML), CHUNK):
        count_MN = rng.binomial(2, p_ML[start : start + CHUNK][:, of_N]).astype(np.int8)
        p_M = count_MN.mean(axis=1) / 2
        maf_M = np.minimum(p_M, 1 - p_M)
        chunk = count_MN[(maf_M > 0) & (maf_M >= options["min_maf"] * (1 - 1e-9))][: loci - kept]
        kept += len(chunk)
        if len(chunk):
            yield chunk
        if kept == loci:
            return
    raise UserError(
        f"demography frequencies: only {kept} of the table's {counted(len(p_ML), 'locus', 'loci')} have a minor allele "
        f"frequency of 'min_maf' {options['min_maf']:g} or more; lower it, or 'loci'"
    )


def table(source: str, populations: tuple[str, ...]) -> np.ndarray:
    """The frequencies of these populations, float64 (M, L).

    Raises UserError for a table that was not fetched, lacks a population, or holds what is no frequency.
    """
    import pandas as pd

    path = cohort_file.place(source, cohort_file.read(source)["files"]["frequencies"])
    if not Path(path).is_file():
        raise UserError(f"{path}: is not there; a run fetches what {source} names, or put it there yourself")
    with Path(path).open() as handle:
        known = handle.readline().split()
    absent = [name for name in populations if name not in known]
    if absent:
        raise UserError(f"{path}: has no population '{absent[0]}'; its columns are {', '.join(known)}")
    columns = list(populations)
    p_ML = pd.read_csv(path, sep="\t", usecols=columns)[columns].to_numpy(dtype=np.float64)
    if not ((p_ML >= 0) & (p_ML <= 1)).all():
        raise UserError(f"{path}: holds values that are no frequencies from 0 to 1; fetch it again")
    return p_ML
