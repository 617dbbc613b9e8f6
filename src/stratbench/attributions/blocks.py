"""LD blocks: neighbouring SNPs that are correlated within populations, or groups that a file names."""

from pathlib import Path

import numpy as np

from stratbench.attributions.panel import A1, CALLED, ReferencePanel
from stratbench.genotypes import groups

R2, SIZE = 0.2, 50  # neighbours that are less correlated part; SNPs of a block at most


def ld_blocks(panel: ReferencePanel, r2: float = R2, size: int = SIZE) -> np.ndarray:
    """Cut the SNPs into runs of neighbours, each correlated with the next.

    Args:
        panel: of whom the training individuals count.
        r2: a block ends where the squared correlation of two neighbours within populations is below this.
        size: SNPs of a block at most. No block spans two chromosomes.

    Returns:
        The block of each SNP, int64 (M,), numbered from 0.
    """
    starts_M = np.concatenate([[True], neighbours(panel) < r2])
    starts_M[np.cumsum([0, *panel.lengths[:-1]])] = True
    first_M = np.maximum.accumulate(np.where(starts_M, np.arange(len(starts_M)), 0))
    starts_M |= (np.arange(len(starts_M)) - first_M) % size == 0
    return np.cumsum(starts_M) - 1


def neighbours(panel: ReferencePanel) -> np.ndarray:
    """The squared correlation of each SNP with the next, within populations, float64 (M - 1,).

    Dosages are centred in each population; a missing genotype counts as its mean. It is 0 for a SNP without variance.
    """
    m = panel.genotypes.n_snps
    square_M, product = np.zeros(m), np.zeros(max(m - 1, 0))
    population_T = panel.population_N[panel.train_T]
    for name in sorted(set(population_T)):
        parts = panel.codes(panel.train_T[population_T == name])
        called_M = sum(CALLED[part].sum(axis=0) for part in parts)
        mean_M = sum(A1[part].sum(axis=0) for part in parts) / np.maximum(called_M, 1)
        for part in parts:
            x_BM = (A1[part] - mean_M) * CALLED[part]
            square_M += np.square(x_BM).sum(axis=0)
            product += (x_BM[:, 1:] * x_BM[:, :-1]).sum(axis=0)
    both = square_M[1:] * square_M[:-1]
    return np.divide(np.square(product), both, out=np.zeros_like(product), where=both > 0)


def named_blocks(panel: ReferencePanel, path: str | Path | None, r2: float, size: int) -> np.ndarray:
    """LD blocks, but for the SNPs that a file of groups names: those make blocks of its groups.

    Args:
        panel: see ``ld_blocks``.
        path: a TSV with the columns snp and group; None if there is none.
        r2, size: see ``ld_blocks``.

    Returns:
        The block of each SNP, int64 (M,), numbered from 0 in the order of their first SNPs.

    Raises:
        UserError: for a file that cannot be read.
    """
    block_M = ld_blocks(panel, r2, size)
    if path is None:
        return block_M
    group_of = groups.read(path)
    names = [group_of.get(snp, int(block)) for snp, block in zip(panel.snp_M, block_M, strict=True)]
    number = {name: k for k, name in enumerate(dict.fromkeys(names))}
    return np.array([number[name] for name in names], dtype=np.int64)
