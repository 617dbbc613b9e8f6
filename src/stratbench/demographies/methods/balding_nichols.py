"""Independent loci whose frequencies drift from a common ancestor: no tree, no linkage, no mutation.

The model of bnpsd, which the reference study used: ancestral frequencies p ~ U(.01, .5); population k drifts by
F_k, p_k ~ Beta(p (1/F_k - 1), (1 - p) (1/F_k - 1)), with mean p and variance p (1 - p) F_k; an individual with
ancestry shares q has allele count x ~ Bin(2, q'p). Independent populations: q is all one population, and Hudson
FST of populations j and k is (F_j + F_k) / 2. Admixture: individuals stand evenly on a line from 1/2 to K + 1/2,
population k at k, and q_k is proportional to the normal density of their distance with sd ``spread`` (bnpsd's
admix_prop_1d_linear). Loci whose minor allele is rarer than ``min_maf``, or that do not vary, are drawn again.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from stratbench.core.errors import UserError
from stratbench.core.words import counted

CITATION = "Balding & Nichols 1995, Genetica 96:3; Ochoa & Storey 2021, PLoS Genetics 17:e1009241 (bnpsd)"
OPTIONS: dict[str, dict[str, Any]] = {
    "populations": {"type": "integer", "minimum": 1, "default": 3, "description": "K; p1 ... pK"},
    "fst": {
        "type": ["number", "array"],
        "exclusiveMinimum": 0,
        "exclusiveMaximum": 1,
        "items": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        "default": 0.05,
        "description": "F of every population, or a list with one for each",
    },
    "admixture": {
        "type": "boolean",
        "default": False,
        "description": "one population 'admixed' of individuals between p1 ... pK instead of each apart",
    },
    "spread": {
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 1,
        "description": "with admixture: how far ancestry reaches, in distances of neighbouring populations",
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
ANCESTRAL = (0.01, 0.5)  # range of the ancestral frequencies
CHUNK = 1024  # loci drawn at once
PATIENCE = 100  # draws for each locus that is kept


def problems(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Which option cannot be as it is, given the others, and what to change; nothing if all is well."""
    fst, k = options["fst"], options["populations"]
    if isinstance(fst, list) and len(fst) != k:
        yield (
            "fst",
            f"{counted(len(fst), 'value')} for {counted(k, 'population')}; give one for each, or one number for all",
        )
    if not options["admixture"] and options["spread"] != OPTIONS["spread"]["default"]:
        yield "spread", "it is of admixed people; set 'admixture' to true, or leave it out"


def drift(options: Mapping[str, Any]) -> np.ndarray:
    """F of each population, float64 (L,)."""
    fst, k = options["fst"], options["populations"]
    return np.full(k, fst) if isinstance(fst, int | float) else np.array(fst, dtype=float)


def frequencies(ancestral_M: np.ndarray, fst_L: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Frequencies in the populations after their drift, float64 (M, L)."""
    scale_L = 1 / fst_L - 1
    p_M1 = ancestral_M[:, None]
    return rng.beta(p_M1 * scale_L, (1 - p_M1) * scale_L)


def samples(options: Mapping[str, Any]) -> dict[str, int]:
    """Diploid individuals of each population."""
    if options["admixture"]:
        return {"admixed": options["individuals"]}
    return {f"p{k + 1}": options["individuals"] for k in range(options["populations"])}


def shares(options: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Ancestry shares of each individual, float64 (N, L), and its place on the line, float64 (N,)."""
    n, k = options["individuals"], options["populations"]
    if not options["admixture"]:
        whole_NL = np.repeat(np.eye(k), n, axis=0)
        return whole_NL, np.repeat(np.arange(1.0, k + 1), n)
    place_N = np.linspace(0.5, k + 0.5, n)
    exponent_NL = -(((place_N[:, None] - np.arange(1, k + 1)) / options["spread"]) ** 2) / 2
    density_NL = np.exp(exponent_NL - exponent_NL.max(axis=1, keepdims=True))
    return density_NL / density_NL.sum(axis=1, keepdims=True), place_N


def columns(options: Mapping[str, Any]) -> dict[str, list[float]]:
    """With admixture, true ancestry shares and the place on the line of each individual."""
    if not options["admixture"]:
        return {}
    share_NL, place_N = shares(options)
    ancestry = {f"ancestry_p{k + 1}": share_NL[:, k].tolist() for k in range(options["populations"])}
    return {"position": place_N.tolist(), **ancestry}


def genotypes(options: Mapping[str, Any], rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield allele counts int8 (m, N) of ``loci`` loci in all.

    Raises UserError where loci are so rarely common enough that no end is in sight.
    """
    fst_L, (share_NL, _) = drift(options), shares(options)
    n, loci, least = len(share_NL), options["loci"], options["min_maf"]
    kept = drawn = 0
    while kept < loci:
        if drawn > PATIENCE * (kept + CHUNK):
            raise UserError(
                f"demography balding-nichols: of {drawn} loci {kept} have a minor allele frequency of "
                f"'min_maf' {least:g} or more; lower it, or 'fst'"
            )
        p_ML = frequencies(rng.uniform(*ANCESTRAL, CHUNK), fst_L, rng)
        count_MN = rng.binomial(2, np.clip(p_ML @ share_NL.T, 0, 1)).astype(np.int8)
        p_M = count_MN.sum(axis=1) / (2 * n)
        maf_M = np.minimum(p_M, 1 - p_M)
        drawn += CHUNK
        chunk = count_MN[(maf_M > 0) & (maf_M >= least * (1 - 1e-9))][: loci - kept]
        kept += len(chunk)
        if len(chunk):
            yield chunk
