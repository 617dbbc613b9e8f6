"""The keep lists of a dataset: who is in, and which SNPs a model may see."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from stratbench.core import files
from stratbench.core.errors import damaged


def write_iids(fids: Sequence[str], iids: Sequence[str], path: str | Path) -> None:
    """Write ``FID IID`` lines, as plink's --keep reads them."""
    files.write_text("".join(f"{fid} {iid}\n" for fid, iid in zip(fids, iids, strict=True)), path)


def read_iids(path: str | Path) -> list[str]:
    """The IIDs of a keep.iid, in order. Raises UserError for a file that is cut or holds anything else."""
    pairs = [line.split() for line in files.read_lines(path)]
    for number, pair in enumerate(pairs, 1):
        if len(pair) != 2:
            raise damaged(path, f"line {number} holds {len(pair)} words, not FID and IID")
    return _unique([iid for _, iid in pairs], path)


def write_snps(snps: Sequence[str], path: str | Path) -> None:
    """Write a SNP id a line, as plink's --extract reads them."""
    files.write_text("".join(f"{snp}\n" for snp in snps), path)


def read_snps(path: str | Path) -> list[str]:
    """The SNP ids of a keep.snp, in order. Raises UserError for a file that is cut or holds anything else."""
    return _unique(files.read_lines(path), path)


def typed(variants: pd.DataFrame, truth: pd.DataFrame) -> np.ndarray:
    """Which rows of a cohort's variants.tsv anybody may see, bool (R,): all but untyped causal SNPs of truth.tsv."""
    hidden = truth["snp"][truth["visible"] == 0]
    return ~variants["snp"].isin(hidden).to_numpy()


def _unique(ids: list[str], path: str | Path) -> list[str]:
    seen: set[str] = set()
    for number, name in enumerate(ids, 1):
        if name in seen:
            raise damaged(path, f"line {number} holds '{name}' a second time")
        seen.add(name)
    return ids
