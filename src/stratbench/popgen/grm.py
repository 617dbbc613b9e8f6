"""The genetic relationship matrix (GRM) of all SNPs, and of the SNPs of all chromosomes but one."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from stratbench.core import files
from stratbench.core.errors import ScientificFailure, UserError, damaged
from stratbench.genotypes.dosages import Dosages


def product(genotypes: Dosages, p_M: np.ndarray, scaled: bool = True) -> np.ndarray:
    """Sum over SNPs of products of standardised genotypes, float64 (N, N), symmetric.

    (x - 2p) / sqrt(2p(1 - p)) with the given frequencies, inside (0, 1), or x - 2p if not ``scaled``; missing -> 0.
    """
    n = len(genotypes.person_N)
    product_NN = np.zeros((n, n))
    for _, z_MN in genotypes.standardised(p_M, scaled=scaled):
        product_NN += z_MN.T @ z_MN
    return product_NN


def grm(genotypes: Dosages, p_M: np.ndarray, product_NN: np.ndarray | None = None) -> np.ndarray:
    """Mean product of standardised genotypes over all M SNPs, float32 (N, N), symmetric.

    ``product_NN`` is what ``product`` returns, where it is at hand. Source: VanRaden 2008, J Dairy Sci 91:4414, second
    method; Yang et al. 2011 (GCTA). Raises UserError without SNPs.
    """
    m = len(genotypes.row_M)
    if m == 0:
        raise UserError("structure: no SNPs for the GRM; relax the LD pruning of QC")
    return ((product(genotypes, p_M) if product_NN is None else product_NN) / m).astype(np.float32)


def leaving_out(
    genotypes: Dosages, p_M: np.ndarray, chrom_M: np.ndarray, product_NN: np.ndarray | None = None
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the GRM without each chromosome, for tests of a SNP that leave its own chromosome out of the GRM.

    Source: LOCO, Yang et al. 2014, Nat Genet 46:100.

    Args:
        genotypes: the M SNPs of N individuals.
        p_M: A1 frequencies that standardise them, inside (0, 1).
        chrom_M: the chromosome of each SNP, text.
        product_NN: what ``product`` gives, where it is at hand.

    Yields:
        (chromosome, the GRM of the SNPs of all others, float32 (N, N)), in the order of ``chrom_M``.

    Raises:
        UserError: if fewer than two chromosomes have SNPs.
    """
    names = list(dict.fromkeys(chrom_M.tolist()))
    if len(names) < 2:
        raise UserError(
            f"structure: a GRM that leaves a chromosome out needs SNPs on two, and there are {len(names)}; set "
            "loco to false under structure, or use a GRM of all SNPs"
        )
    total_NN = product(genotypes, p_M) if product_NN is None else product_NN
    for name in names:
        on_M = chrom_M == name
        rest_NN = total_NN - product(genotypes.snps(on_M), p_M[on_M])
        yield name, (rest_NN / (~on_M).sum()).astype(np.float32)


def write(path: str | Path, matrices: Iterator[tuple[str, np.ndarray]]) -> None:
    """Write an uncompressed .npz of named matrices, one in memory at a time; its date is fixed, so its bytes repeat."""
    with files.whole(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, matrix in matrices:
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.ascontiguousarray(matrix), allow_pickle=False)


def stored(path: str | Path, without: str | None = None) -> np.ndarray:
    """The matrix of a grm.npz, or of grm_loco.npz ``without`` a chromosome; empty where none was stored.

    Raises UserError for a file that is cut or damaged, and for a chromosome that it does not have.
    """
    name = "grm_NN" if without is None else f"without_{without}"
    try:
        with np.load(path) as archive:
            names = list(archive)
            matrix = archive[name] if name in names else None
    except (zipfile.BadZipFile, ValueError, EOFError, KeyError, NotImplementedError) as error:
        raise damaged(path, f"is cut or damaged ({error})") from error
    if matrix is not None:
        return np.asarray(matrix)
    if without is None:
        raise damaged(path, f"holds no matrix {name}")
    raise UserError(f"{path}: no GRM without chromosome '{without}'; it has {', '.join(names)}")


def read(path: str | Path, n: int, without: str | None = None) -> np.ndarray:
    """The GRM of a grm.npz over keep.iid's ``n`` individuals, or grm_loco.npz's ``without`` a chromosome.

    float32 (n, n). Raises UserError for a damaged file, ScientificFailure where the cohort was too large for one to be
    stored.
    """
    matrix = stored(path, without)
    if matrix.shape not in ((n, n), (0, 0)):
        raise damaged(path, f"holds a matrix of shape {matrix.shape}, and {n} individuals need {(n, n)}")
    if len(matrix) != n:
        raise ScientificFailure(
            f"{path}: no GRM was stored, as {n} individuals are more than the study's grm_most; raise grm_most "
            f"under structure in the config (a GRM then takes {4 * n * n / 2**30:.1f} GiB, its making three times "
            "that), or use an adjustment that needs none"
        )
    return matrix
