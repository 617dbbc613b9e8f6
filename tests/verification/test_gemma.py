"""The mixed model beside GEMMA: its own example to the digits that it prints, and a small .bed SNP by SNP."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import peers
from helpers import balding_nichols, punch_missing, write_cohort
from stations import cohort_files
from stratbench.associations import mixed
from stratbench.associations.projection import orthonormal
from stratbench.associations.relatedness import Relatedness
from stratbench.associations.run import AssociationData
from stratbench.cohorts.real.debian import debian_package
from stratbench.genotypes import plink
from stratbench.genotypes.dosages import open_cohort
from stratbench.methods import registry

N, M = 150, 240
NO_FILTER = ("-maf", 0, "-miss", 1, "-r2", 1)
PVE, PVE_SE = 0.608801, 0.032774  # demo.txt of GEMMA 0.98.5, as are the rows: af beta se l_remle p_wald
ROWS = """
rs3683945 0.443 -7.788665e-02 6.193502e-02 4.317993e+00 2.087616e-01
rs3707673 0.443 -6.654282e-02 6.210234e-02 4.316144e+00 2.841271e-01
rs6269442 0.365 -5.344241e-02 5.377464e-02 4.323611e+00 3.204804e-01
rs6336442 0.443 -6.770154e-02 6.209267e-02 4.315713e+00 2.757541e-01
rs13475700 0.127 -5.659089e-02 7.175374e-02 4.340145e+00 4.304306e-01
"""


def test_the_mice_of_gemmas_example() -> None:
    """CD8 from BIMBAM genotypes: share of variance, and the five rows that demo.txt prints, to 1e-3."""
    peers.CACHE.mkdir(parents=True, exist_ok=True)
    folder = debian_package("gemma-doc", peers.CACHE) / "usr/share/doc/gemma/example"
    table = pd.read_csv(folder / "mouse_hs1940.geno.txt.gz", header=None, skipinitialspace=True)
    pheno = pd.read_csv(folder / "mouse_hs1940.pheno.txt.gz", header=None, sep=r"\s+")
    x_MN, y_N = table.iloc[:, 3:].to_numpy(dtype=float), pheno[0].to_numpy(dtype=float)
    known_N = np.isfinite(y_N)
    p_M = x_MN[:, known_N].mean(axis=1) / 2
    common_M = np.minimum(p_M, 1 - p_M) >= 0.01
    assert (len(y_N), known_N.sum(), common_M.sum()) == (1940, 1410, 10768)
    centred_MN = x_MN[common_M] - x_MN[common_M].mean(axis=1, keepdims=True)
    grm_NN = (centred_MN.T @ centred_MN / len(centred_MN))[np.ix_(known_N, known_N)]
    axes = mixed.axes(grm_NN, orthonormal(np.ones((known_N.sum(), 1))))
    model = axes.model(y_N[known_N])
    fit = model.fit()
    assert fit.share == pytest.approx(PVE, abs=1e-6)
    assert fit.share_se == pytest.approx(PVE_SE, rel=1e-3)
    rows = [row.split() for row in ROWS.split("\n") if row]
    at_M = [table[0].tolist().index(row[0]) for row in rows]
    chosen_MN = x_MN[at_M][:, known_N]
    found = mixed.tested(chosen_MN, model, axes)
    ratio_M = model.test(axes.turned(chosen_MN - 2 * p_M[at_M][:, None]))[2]
    ours = np.column_stack([p_M[at_M], found["beta"], found["se"], ratio_M, found["p"]])
    theirs = np.array([row[1:] for row in rows], dtype=float)
    np.testing.assert_allclose(ours[:, 1:], theirs[:, 1:], rtol=1e-3)
    np.testing.assert_allclose(ours[:, 0], theirs[:, 0], atol=6e-4)


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, AssociationData]:
    """Two populations with sibs in pairs and 2% missing; the first 12 SNPs have effects; three chromosomes."""
    folder, rng = tmp_path_factory.mktemp("gemma"), np.random.default_rng(11)
    count_MN, _ = balding_nichols([N // 2, N // 2], M, 0.1, rng)
    count_MN[:, 1::2] = np.where(rng.random((M, N // 2)) < 0.5, count_MN[:, ::2], count_MN[:, 1::2])
    y_N = 0.5 * count_MN[:12].sum(axis=0) + (np.arange(N) < N // 2) + rng.normal(size=N)
    write_cohort(folder, punch_missing(count_MN, 0.02, rng), chromosomes=3)
    fam = plink.read_fam(folder / "genotypes.fam")
    plink.write_fam(fam.assign(phenotype=[f"{y:.9f}" for y in y_N]), folder / "genotypes.fam")
    genotypes, bim = open_cohort(cohort_files(folder)), plink.read_bim(folder / "genotypes.bim")
    chrom_M = bim["chrom"].to_numpy(dtype=object)
    data = AssociationData(
        y_N.round(9),
        np.empty((N, 0)),
        bim["snp"].to_numpy(dtype=object),
        genotypes,
        chrom_M=chrom_M,
        relatedness=Relatedness(genotypes, chrom_M, {"all": np.ones(M, dtype=bool)}),
    )
    return folder, data


def ours(name: str, data: AssociationData) -> pd.DataFrame:
    options: dict[str, Any] = {"pcs": 0, "grm_snps": "all", "grm": "centred"}
    table: pd.DataFrame = registry.load("association", name).associate(data, options)
    return table.set_index("snp")


def require_the_same(mine: pd.DataFrame, peer: pd.DataFrame) -> None:
    """Every SNP's p to .01 in its logarithm, and effects and errors to 1e-3 of an error."""
    assert mine.index.tolist() == peer.index.tolist()
    np.testing.assert_allclose(np.log10(mine["p"]), np.log10(peer["p_wald"]), atol=0.01)
    np.testing.assert_allclose(mine["beta"], peer["beta"], atol=1e-3 * peer["se"].min())
    np.testing.assert_allclose(mine["se"], peer["se"], rtol=1e-3)


def test_p_values_of_a_bed_are_gemmas(cohort: tuple[Path, AssociationData], tmp_path: Path) -> None:
    folder, data = cohort
    source = ("-bfile", folder / "genotypes", *NO_FILTER)
    peers.gemma(tmp_path, *source, "-gk", 1, "-o", "grm")
    peers.gemma(tmp_path, *source, "-k", tmp_path / "grm.cXX.txt", "-lmm", 1, "-o", "found")
    peer = pd.read_csv(tmp_path / "found.assoc.txt", sep="\t").set_index("rs")
    require_the_same(ours("lmm", data), peer)
    said = (tmp_path / "found.log.txt").read_text()
    share = next(line.split("=")[1] for line in said.split("\n") if "pve estimate in the null" in line)
    assert data.relatedness is not None
    axes = data.relatedness.axes(np.empty((N, 0)), "all", "centred")
    assert axes.model(data.y_N).fit().share == pytest.approx(float(share), rel=1e-3)


def test_p_values_of_loco_are_gemmas(cohort: tuple[Path, AssociationData], tmp_path: Path) -> None:
    """GEMMA leaves a chromosome out of BIMBAM genotypes (-loco), which we write from the same counts."""
    folder, data = cohort
    bim, count_MN = plink.read_bim(folder / "genotypes.bim"), data.genotypes.read()
    cells_MN = np.where(count_MN < 0, "NA", count_MN.astype(str))
    lines = [f"{snp}, A, G, {', '.join(cells)}" for snp, cells in zip(data.snp_M, cells_MN, strict=True)]
    (tmp_path / "geno.txt").write_text("\n".join(lines) + "\n")
    (tmp_path / "pheno.txt").write_text("".join(f"{y:.9f}\n" for y in data.y_N))
    places = bim[["snp", "pos", "chrom"]].astype(str).agg(", ".join, axis=1)
    (tmp_path / "anno.txt").write_text("\n".join(places) + "\n")
    files = ("-g", tmp_path / "geno.txt", "-p", tmp_path / "pheno.txt", "-a", tmp_path / "anno.txt")
    parts = []
    for chromosome in dict.fromkeys(bim["chrom"]):
        of = (*files, *NO_FILTER, "-loco", chromosome)
        peers.gemma(tmp_path, *of, "-gk", 1, "-o", "grm")
        peers.gemma(tmp_path, *of, "-k", tmp_path / "grm.cXX.txt", "-lmm", 1, "-o", "found")
        parts.append(pd.read_csv(tmp_path / "found.assoc.txt", sep="\t").set_index("rs"))
    require_the_same(ours("lmm-loco", data), pd.concat(parts))
