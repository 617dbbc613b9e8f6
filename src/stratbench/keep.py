"""The keep lists of a dataset: who is in, and which SNPs a model may see."""

from collections.abc import Sequence
from pathlib import Path

from stratbench import files


def write_iids(fids: Sequence[str], iids: Sequence[str], path: str | Path) -> None:
    """Write ``FID IID`` lines, as plink's --keep reads them."""
    files.write_text("".join(f"{fid} {iid}\n" for fid, iid in zip(fids, iids, strict=True)), path)


def read_iids(path: str | Path) -> list[str]:
    """The IIDs of a keep.iid, in order."""
    return [line.split()[1] for line in files.read_lines(path)]


def write_snps(snps: Sequence[str], path: str | Path) -> None:
    """Write a SNP id a line, as plink's --extract reads them."""
    files.write_text("".join(f"{snp}\n" for snp in snps), path)


def read_snps(path: str | Path) -> list[str]:
    """The SNP ids of a keep.snp, in order."""
    return files.read_lines(path)
