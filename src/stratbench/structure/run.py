"""What corrections may use, of one split: PCs, GRM, FST and covariates."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from stratbench.cohorts import kinship as kin
from stratbench.core import files
from stratbench.core.errors import UserError
from stratbench.core.job import say
from stratbench.core.words import counted
from stratbench.datasets import keep
from stratbench.datasets.people import read_kept, read_people, read_sets
from stratbench.genotypes import tables
from stratbench.genotypes.dosages import Dosages, frequencies, open_cohort
from stratbench.methods.options import complete
from stratbench.popgen import grm, pca, relatives
from stratbench.popgen.fst import fst
from stratbench.popgen.sampling import UNASSIGNED
from stratbench.structure.covariates import covariates

EXACT = 5000  # individuals up to whom all axes are found at once; the axes of more are iterated
OPTIONS = {
    "kinship": {
        "type": ["number", "null"],
        "minimum": 0.0442,
        "maximum": 0.5,
        "default": 0.0884,
        "description": "PCs are fitted on one of people of larger KING kinship; null: declared families alone count",
    },
    "maf": {
        "type": "number",
        "minimum": 0,
        "maximum": 0.5,
        "default": 0.05,
        "description": "PCs and GRM are of SNPs with a larger MAF among those whom PCs are fitted on",
    },
    "grm_most": {
        "type": "integer",
        "minimum": 0,
        "default": 10_000,
        "description": "individuals up to whom a GRM is stored: making one of n takes some 20 n^2 bytes of memory",
    },
    "loco": {
        "type": "boolean",
        "default": False,
        "description": "store the GRM without each chromosome, too",
    },
}


def structure(
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any],
    *,
    options: Mapping[str, Any] = MappingProxyType({}),
    mating: str = "outbred",
    declared: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Write what corrections may use: PCs, loadings, GRM, FST and covariates.

    Frequencies and axes come from the unrelated training individuals, FST from all training individuals; PCs
    and GRM are of everyone in keep.iid. Nothing of a validation or test individual touches another row.

    Args:
        inputs: the cohort's ``bed``, ``bim``, ``fam``, ``samples`` and ``variants``; the dataset's ``truth``,
            ``keep_iid`` and ``keep_snp``; the ``split``.
        outputs: ``pcs``, ``loadings``, ``grm``, ``fst``, ``fst_snp``, ``covariates`` and, if ``loco`` asks for it,
            ``grm_loco``.
        options: those of OPTIONS; what is not given has its default.
        mating: the cohort's; KING kinships count where it is ``outbred``.
        declared: the cohort's covariates, ``{column of samples.tsv: numeric or categorical}``.

    Raises UserError if there is nothing to fit on.
    """
    options = complete(OPTIONS, options, "structure")
    kept = read_kept(inputs["keep_iid"])
    people = read_people(inputs, kept)
    sets = read_sets(inputs["split"], kept)
    set_N = sets.reindex(kept.names).fillna("").to_numpy()  # blank for who is not in the split
    train_N = set_N == "train"
    fitted_N = unrelated(people["family"].to_numpy(), train_N)
    if mating == "outbred" and options["kinship"] is not None:
        fitted_N = without_kin(inputs, people["iid"].to_numpy(dtype=object), fitted_N, options["kinship"])
    everyone = open_cohort(inputs, structure_snps(inputs), kept.names)
    everyone, p_M = common(everyone, fitted_N, options["maf"])
    n = len(people)
    stored = n <= options["grm_most"]
    product_NN = grm.product(everyone, p_M) if n <= EXACT or stored else None
    axes = pca.fit(everyone, p_M, fitted_N, product_NN if n <= EXACT else None)
    found = f"{counted(axes.loading_MK.shape[1], 'PC')} from {counted(int(fitted_N.sum()), 'individual')}"
    say(f"{found} and {counted(len(p_M), 'SNP')}")
    _write_pcs(inputs["variants"], everyone, axes, kept.names, fitted_N, outputs)
    _write_grms(inputs["variants"], everyone, p_M, product_NN if stored else None, options["loco"], outputs)
    files.write_tsv(covariates(people, inputs["samples"], train_N, declared), outputs["covariates"])
    _write_fst(inputs, people[train_N], outputs)


def unrelated(family_N: np.ndarray, train_N: np.ndarray) -> np.ndarray:
    """The first training individual of each declared family: bool (N,)."""
    chosen_N = np.zeros(len(family_N), dtype=bool)
    train_T = np.flatnonzero(train_N)
    chosen_N[train_T[~pd.Series(family_N[train_T]).duplicated().to_numpy()]] = True
    return chosen_N


def without_kin(
    cohort: Mapping[str, Any], iid_N: np.ndarray, fitted_N: np.ndarray, threshold: float
) -> np.ndarray:
    """Leave out relatives of those whom PCs are fitted on.

    All are kept if the SNPs span too little of a genome for kinships to be precise, or if the individuals are too
    many; the log then says so.

    Args:
        cohort: paths of the cohort's files.
        iid_N: ids of the dataset's individuals.
        fitted_N: whom PCs are to be fitted on, bool.
        threshold: the KING kinship that no pair of them may exceed.

    Returns:
        Who of them is left, bool (N,).
    """
    iids, span, snps = iid_N[fitted_N].tolist(), kin.span(cohort), len(kin.autosomal(cohort))
    reasons = {
        f"{counted(len(iids), 'individual')}, more than {EXACT}": len(iids) > EXACT,
        f"autosomal SNPs span {span / 1e6:.0f} Mb, less than {kin.SPAN / 1e6:.0f}": span < kin.SPAN,
        f"{counted(snps, 'autosomal SNP')}, fewer than {kin.LEAST}": snps < kin.LEAST,
    }
    why_not = [reason for reason, holds in reasons.items() if holds]
    if why_not:
        say(f"PCs are fitted on relatives, too, as kinships are not computed: {'; '.join(why_not)}")
        return fitted_N
    result_N = fitted_N.copy()
    result_N[fitted_N] = relatives.without_relatives(kin.kinships(cohort, iids), iids, threshold)
    related = int(fitted_N.sum() - result_N.sum())
    say(f"PCs are fitted without {counted(related, 'training individual')} with relatives among the others")
    return result_N


def structure_snps(inputs: Mapping[str, Any]) -> list[str]:
    """LD-pruned SNPs of the cohort, also those outside keep.snp, but no untyped causal SNP."""
    variants = tables.read_variants(inputs)
    chosen = (variants["structure"] == 1) & keep.typed(variants, tables.read(inputs["truth"], tables.TRUTH))
    return variants["snp"][chosen].tolist()


def common(everyone: Dosages, fitted_N: np.ndarray, maf: float) -> tuple[Dosages, np.ndarray]:
    """SNPs with MAF > ``maf`` among the fitted individuals, and those individuals' frequencies (M,)."""
    p_M = frequencies(everyone.people(fitted_N))
    if not len(p_M):
        raise UserError(
            "structure: QC left no SNP that PCs and GRM may use: the last rows of the cohort's qc.tsv say why; relax "
            "structure_maf, long_range_ld or ld_r2 under qc (SNPs without a place on an autosome never serve)"
        )
    common_M = np.minimum(p_M, 1 - p_M) > maf  # False where p is NaN
    if not common_M.any():
        people = counted(int(fitted_N.sum()), "unrelated training individual")
        raise UserError(
            f"structure: none of {counted(len(p_M), 'SNP')} marked `structure` has MAF > {maf:g} among {people}; lower "
            "the config's structure: maf, or raise the maf of QC or relax its LD pruning"
        )
    return everyone.snps(common_M), p_M[common_M]


def _write_pcs(
    variants_tsv: str | Path,
    everyone: Dosages,
    axes: pca.Axes,
    iids: list[str],
    fitted_N: np.ndarray,
    outputs: Mapping[str, Any],
) -> None:
    names = [f"pc{k + 1}" for k in range(axes.loading_MK.shape[1])]
    pcs = pd.DataFrame(axes.pc_NK, columns=names)
    pcs.insert(0, "iid", iids)
    pcs.insert(1, "fitted", fitted_N.astype(int))
    files.write_tsv(pcs, outputs["pcs"])
    loadings = pd.DataFrame(axes.loading_MK, columns=names)
    loadings.insert(0, "snp", _of_snps(variants_tsv, everyone, "snp"))
    loadings.insert(1, "a1_freq", axes.p_M)
    files.write_tsv(loadings, outputs["loadings"])


def _of_snps(variants_tsv: str | Path, genotypes: Dosages, column: str) -> np.ndarray:
    """A column of variants.tsv for these SNPs."""
    variants = tables.read(variants_tsv, tables.VARIANTS)
    return np.asarray(variants[column].to_numpy()[genotypes.row_M])


def _write_grms(
    variants_tsv: str | Path,
    everyone: Dosages,
    p_M: np.ndarray,
    product_NN: np.ndarray | None,
    loco: bool,
    outputs: Mapping[str, Any],
) -> None:
    """grm.npz, empty for a cohort too large to store one, and grm_loco.npz if asked."""
    if product_NN is None:
        say("no GRM is stored: more individuals than grm_most")
        grm.write(outputs["grm"], iter([("grm_NN", np.zeros((0, 0), dtype=np.float32))]))
    else:
        grm.write(outputs["grm"], iter([("grm_NN", grm.grm(everyone, p_M, product_NN))]))
    if not loco:
        return
    if product_NN is None:
        raise UserError(
            f"structure: loco asks for GRMs of {len(everyone.person_N)} individuals, more than grm_most; raise "
            "grm_most, or set loco to false"
        )
    chrom_M = _of_snps(variants_tsv, everyone, "chrom")
    parts = grm.leaving_out(everyone, p_M, chrom_M, product_NN)
    grm.write(outputs["grm_loco"], ((f"without_{name}", grm_NN) for name, grm_NN in parts))


def _write_fst(inputs: Mapping[str, Any], train: pd.DataFrame, outputs: Mapping[str, Any]) -> None:
    """FST of pairs over all SNPs of the cohort, of single SNPs over keep.snp; headers for one population.

    Who is ``unassigned`` has no part in it.
    """
    train = train[train["population"] != UNASSIGNED]
    genotypes = open_cohort(inputs, iids=train["iid"].tolist())
    pairs, per_snp = fst(genotypes, train["population"].to_numpy())
    files.write_tsv(pairs, outputs["fst"])
    per_snp.insert(0, "snp", tables.read(inputs["variants"], tables.VARIANTS)["snp"])
    snps = keep.read_snps(inputs["keep_snp"])
    chosen = per_snp.set_index("snp").loc[snps if len(pairs) else []]
    files.write_tsv(chosen.reset_index(), outputs["fst_snp"])
