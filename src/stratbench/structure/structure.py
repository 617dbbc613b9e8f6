"""PCs, GRM and FST of one split, written as tables."""

import io
from pathlib import Path

import numpy as np
import pandas as pd

from stratbench import files, keep
from stratbench.errors import UserError
from stratbench.genotypes import Genotypes, frequencies, open_cohort
from stratbench.job import say
from stratbench.structure import pca
from stratbench.structure.fst import fst
from stratbench.structure.grm import grm

MIN_MAF = 0.05


def structure(
    cohort_dir: str | Path, dataset_dir: str | Path, split_tsv: str | Path, out_dir: str | Path
) -> None:
    """Write pcs.tsv, loadings.tsv.gz, grm.npz, fst.tsv and fst_snp.tsv.gz into ``out_dir``.

    Frequencies and axes come from the unrelated training individuals, FST from all training individuals; PCs
    and GRM are of everyone in keep.iid. Nothing of a validation or test individual touches another row.
    Raises UserError if there is nothing to fit on.
    """
    cohort, dataset, out = Path(cohort_dir), Path(dataset_dir), Path(out_dir)
    people = read_people(cohort, dataset, split_tsv)
    fitted_N = unrelated(people["family"].to_numpy(), (people["set"] == "train").to_numpy())
    iids = people["iid"].tolist()
    everyone = open_cohort(cohort, structure_snps(cohort, dataset), iids)
    everyone, p_M = common(everyone, fitted_N)
    axes = pca.fit(everyone.people(fitted_N), p_M)
    say(f"{axes.loading_MK.shape[1]} PCs from {fitted_N.sum()} individuals and {len(p_M)} SNPs")
    _write_pcs(cohort, everyone, axes, iids, fitted_N, out)
    _write_grm(grm(everyone, p_M), out / "grm.npz")
    _write_fst(cohort, keep.read_snps(dataset / "keep.snp"), people[people["set"] == "train"], out)


def read_people(cohort: Path, dataset: Path, split_tsv: str | Path) -> pd.DataFrame:
    """``iid population family set`` of keep.iid in order; ``set`` is blank for who is not in the split."""
    iids = keep.read_iids(dataset / "keep.iid")
    samples = files.read_tsv(cohort / "samples.tsv").set_index("iid")
    sets = files.read_tsv(split_tsv, text=("set",)).set_index("iid")["set"]
    people = samples.loc[iids, ["population", "family"]].reset_index()
    return people.assign(set=sets.reindex(iids).fillna("").to_numpy())


def unrelated(family_N: np.ndarray, train_N: np.ndarray) -> np.ndarray:
    """The first training individual of each declared family: bool (N,)."""
    chosen_N = np.zeros(len(family_N), dtype=bool)
    train_T = np.flatnonzero(train_N)
    chosen_N[train_T[~pd.Series(family_N[train_T]).duplicated().to_numpy()]] = True
    return chosen_N


def structure_snps(cohort: Path, dataset: Path) -> list[str]:
    """LD-pruned SNPs of the cohort, also those outside keep.snp, but no untyped causal SNP."""
    variants = files.read_tsv(cohort / "variants.tsv")
    truth = files.read_tsv(dataset / "truth.tsv")
    hidden = truth["snp"][truth["visible"] == 0]
    chosen = (variants["structure"] == 1) & ~variants["snp"].isin(hidden)
    return variants["snp"][chosen].tolist()


def common(everyone: Genotypes, fitted_N: np.ndarray) -> tuple[Genotypes, np.ndarray]:
    """SNPs with MAF > 0.05 among the fitted individuals, and those individuals' frequencies (M,)."""
    p_M = frequencies(everyone.people(fitted_N))
    common_M = np.minimum(p_M, 1 - p_M) > MIN_MAF  # False where p is NaN
    if not common_M.any():
        raise UserError(
            f"structure: none of {len(p_M)} SNPs marked `structure` has MAF > {MIN_MAF} among "
            f"{fitted_N.sum()} unrelated training individuals; raise the maf of QC or relax its LD pruning"
        )
    return everyone.snps(common_M), p_M[common_M]


def _write_pcs(
    cohort: Path, everyone: Genotypes, axes: pca.Axes, iids: list[str], fitted_N: np.ndarray, out: Path
) -> None:
    names = [f"pc{k + 1}" for k in range(axes.loading_MK.shape[1])]
    pcs = pd.DataFrame(pca.project(everyone, axes), columns=names)
    pcs.insert(0, "iid", iids)
    pcs.insert(1, "fitted", fitted_N.astype(int))
    files.write_tsv(pcs, out / "pcs.tsv")
    snp = files.read_tsv(cohort / "variants.tsv")["snp"].to_numpy()[everyone.row_M]
    loadings = pd.DataFrame(axes.loading_MK, columns=names)
    loadings.insert(0, "snp", snp)
    loadings.insert(1, "a1_freq", axes.p_M)
    files.write_tsv(loadings, out / "loadings.tsv.gz")


def _write_grm(grm_NN: np.ndarray, path: Path) -> None:
    """An uncompressed .npz; NumPy dates its members 1980, so the bytes are the same each time."""
    buffer = io.BytesIO()
    np.savez(buffer, grm_NN=grm_NN)
    files.write_bytes(buffer.getvalue(), path)


def _write_fst(cohort: Path, snps: list[str], train: pd.DataFrame, out: Path) -> None:
    """FST of pairs over all SNPs of the cohort, of single SNPs over keep.snp; headers for one population."""
    genotypes = open_cohort(cohort, iids=train["iid"].tolist())
    pairs, per_snp = fst(genotypes, train["population"].to_numpy())
    files.write_tsv(pairs, out / "fst.tsv")
    per_snp.insert(0, "snp", files.read_tsv(cohort / "variants.tsv")["snp"])
    chosen = per_snp.set_index("snp").loc[snps if len(pairs) else []]
    files.write_tsv(chosen.reset_index(), out / "fst_snp.tsv.gz")
