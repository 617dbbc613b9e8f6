"""The human livers and the mice: after each step of QC the very individuals and SNPs that plink2 leaves."""

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import subspace_angles

import peers
from stations import cohort_files, raw_files
from stratbench.cohorts.qc.run import qc
from stratbench.cohorts.real import cohort_file
from stratbench.cohorts.real.debian import debian_package
from stratbench.core import files
from stratbench.genotypes import plink
from stratbench.genotypes.dosages import frequencies, open_bed, open_cohort
from stratbench.popgen import grm, king, pca

HLC = Path(__file__).resolve().parents[2] / "config" / "cohorts" / "hlc.yaml"
FLAGS = {"sample call rate": ("--mind", 0.1), "SNP call rate": ("--geno", 0.05), "HWE": ("--hwe", 1e-6)}
FLAGS["MAF"] = ("--maf", 0.01)
LIMITS: dict[str, Any] = {"mind": 0.1, "geno": 0.05, "hwe": 1e-6, "maf": 0.01, "structure_maf": 0.01}
LIMITS |= {"duplicates": None, "long_range_ld": None}
HUMAN, MOUSE = {"autosomes": 22}, {"autosomes": 19, "mating": "pedigree"}


def example(name: str, out: Path) -> Path:
    """GEMMA's example of this name as a raw cohort: one population, no parents."""
    source = debian_package("gemma-doc", peers.CACHE) / "usr/share/doc/gemma/example"
    out.mkdir()
    for end in ("bed", "bim", "fam"):
        (out / f"genotypes.{end}").write_bytes(gzip.decompress((source / f"{name}.{end}.gz").read_bytes()))
    fam = plink.read_fam(out / "genotypes.fam")
    table = pd.DataFrame({"iid": fam["iid"], "population": "all", "family": fam["fid"], "sex": 0})
    files.write_tsv(table, out / "samples.tsv")
    return out


@pytest.fixture(scope="module")
def livers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return example("HLC", tmp_path_factory.mktemp("livers") / "raw")


def compare(raw: Path, about: dict[str, Any], plink2: Any, *which: object, **options: Any) -> dict[str, int]:
    """Check every step against plink2's individuals and SNPs; return how many SNPs each step removed."""
    out = raw.parent / f"out{len(list(raw.parent.iterdir()))}"
    qc(
        raw_files(raw / "genotypes", raw / "samples.tsv"),
        cohort_files(out),
        options=LIMITS | options,
        about=about,
    )
    samples, snps = files.read_tsv(out / "qc_samples.tsv"), files.read_tsv(out / "qc_snps.tsv.gz")
    for table in (samples, snps):
        table["removed_by"] = table["removed_by"].fillna("")
    fam = plink.read_fam(raw / "genotypes.fam").assign(father="0", mother="0")  # else plink2 sees no founders
    peer = out / "peer"
    plink.write_fam(fam, out / "source.fam")
    files_of = ("--bed", raw / "genotypes.bed", "--bim", raw / "genotypes.bim", "--fam", out / "source.fam")
    plink2(*files_of, "--chr-set", about["autosomes"], *which, "--sort-vars", "--make-pgen", "--out", peer)
    flags: list[object] = []
    gone = {"unplaced", "sex chromosomes"}
    for step, flag in FLAGS.items():
        flags += flag
        gone.add(step)
        done = peer.with_name(f"after{len(flags)}")
        lists = ("--write-samples", "--write-snplist", "--out", done)
        plink2("--pfile", peer, "--chr-set", about["autosomes"], *flags, *lists)
        theirs = pd.read_csv(f"{done}.id", sep="\t", dtype=str).rename(columns=lambda name: name.lstrip("#"))[
            "IID"
        ]
        ours = samples.loc[~samples["removed_by"].isin(gone), "iid"].astype(str)
        assert ours.tolist() == theirs.tolist(), step
        left = snps.loc[~snps["removed_by"].isin(gone), "snp"]
        assert set(left) == set(Path(f"{done}.snplist").read_text().split()), step
    variants = files.read_tsv(out / "variants.tsv")
    ours_fam = plink.read_fam(out / "genotypes.fam").assign(father="0", mother="0")
    plink.write_fam(ours_fam, out / "genotypes.fam")
    plink2("--bfile", out / "genotypes", "--chr-set", about["autosomes"], "--autosome", "--nonfounders",
           "--indep-pairwise", 50, 5, 0.2, "--out", peer)  # fmt: skip
    kept = variants.loc[variants["structure"] == 1, "snp"].tolist()
    pruned = Path(f"{peer}.prune.in").read_text().split()
    on_autosome = set(variants.loc[variants["chrom"].astype(str) != "0", "snp"])
    assert kept == [snp for snp in pruned if snp in on_autosome]  # plink2 takes chromosome 0 for an autosome
    steps = files.read_tsv(out / "qc.tsv")
    table = steps[steps["unit"] != "individuals"].set_index("step")
    return {step: int(table.loc[step, "removed"]) for step in ("SNP call rate", "HWE", "MAF")} | {
        "structure": int(table["left"].iloc[-1])
    }


def test_livers_on_autosomes(livers: Path, plink2) -> None:
    counts = compare(livers, HUMAN, plink2, "--autosome", "--not-chr", 0)
    assert counts["HWE"] > 100
    assert counts["structure"] > 60_000


@pytest.mark.slow
def test_all_livers(livers: Path, plink2) -> None:
    counts = compare(livers, HUMAN, plink2, unplaced="keep", sex_chromosomes="keep")
    assert (counts["SNP call rate"], counts["HWE"], counts["MAF"]) == (83419, 165, 84)


@pytest.mark.parametrize("forged", [False, True])
def test_mice(tmp_path: Path, plink2, forged: bool) -> None:
    """All mice have parents in the .fam: ours counts them, as plink2 does once the columns are zeroed."""
    raw = example("mouse_hs1940", tmp_path / "raw")
    bim = plink.read_bim(raw / "genotypes.bim")
    if forged:
        plink.write_bim(bim.assign(pos=np.arange(len(bim)) + 1), raw / "genotypes.bim")
        counts = compare(raw, MOUSE, plink2)
        assert counts["HWE"] > 703
        return
    assert compare(raw, MOUSE, plink2) == {"SNP call rate": 0, "HWE": 703, "MAF": 1187, "structure": 722}


def test_kinship_of_livers_is_plink2s(livers: Path, tmp_path: Path, plink2) -> None:
    """Every pair, at every autosomal SNP."""
    fam, bim = plink.read_fam(livers / "genotypes.fam"), plink.read_bim(livers / "genotypes.bim")
    row_M = np.flatnonzero(bim["chrom"].astype(int).between(1, 22))
    (tmp_path / "some").write_text("\n".join(bim["snp"].iloc[row_M]))
    chosen = ("--extract", tmp_path / "some", "--make-king-table", "--out", tmp_path / "peer")
    plink2("--bfile", livers / "genotypes", *chosen)
    peer = pd.read_csv(tmp_path / "peer.kin0", sep="\t", dtype={"IID1": str, "IID2": str})
    genotypes = open_bed(livers / "genotypes.bed", len(fam), len(bim)).snps(row_M)
    kinship_NN = king.kinship(lambda: (dosage_MN for _, dosage_MN in genotypes.chunks()), len(fam))
    at = pd.Series(np.arange(len(fam)), index=fam["iid"].to_numpy())
    ours = kinship_NN[at[peer["IID1"]], at[peer["IID2"]]]
    assert len(row_M) > 350_000
    assert len(peer) == 427 * 426 // 2
    assert np.abs(ours - peer["KINSHIP"].to_numpy()).max() < 1e-4
    assert (peer["KINSHIP"] > king.DUPLICATES).sum() == 7


def test_pcs_of_livers_span_the_space_of_plink2s(livers: Path, tmp_path: Path, plink2) -> None:
    """Of everyone whom the cohort's own QC leaves, at its pruned SNPs; up to where an eigenvalue is 3% above the next.

    Two are: from the third on each is within 1.3% of the next, and single axes differ.
    """
    qc(
        raw_files(livers / "genotypes", livers / "samples.tsv"),
        cohort_files(tmp_path),
        options={},
        about=cohort_file.read(HLC),
    )
    variants = files.read_tsv(tmp_path / "variants.tsv")
    snps = variants["snp"][variants["structure"] == 1].tolist()
    genotypes = open_cohort(cohort_files(tmp_path), snps)
    p_M, everyone_N = frequencies(genotypes), np.ones(len(genotypes.person_N), dtype=bool)
    axes = pca.fit(genotypes, p_M, everyone_N, grm.product(genotypes, p_M))
    (tmp_path / "snps").write_text("\n".join(snps))
    plink.write_fam(
        plink.read_fam(tmp_path / "genotypes.fam").assign(father="0", mother="0"), tmp_path / "fam"
    )
    source = ("--bfile", tmp_path / "genotypes", "--fam", tmp_path / "fam", "--extract", tmp_path / "snps")
    plink2(*source, "--pca", 20, "--out", tmp_path / "peer")
    peer_NK = pd.read_csv(tmp_path / "peer.eigenvec", sep="\t").filter(regex="^PC").to_numpy()
    value_K = np.loadtxt(tmp_path / "peer.eigenval")
    assert len(snps) > 60_000
    assert [k for k in range(1, 20) if value_K[k - 1] > 1.03 * value_K[k]] == [1, 2]
    for k, least in ((1, 0.9999), (2, 0.999)):
        assert np.cos(subspace_angles(axes.pc_NK[:, :k], peer_NK[:, :k])).min() > least, k
