"""Which SNPs lie on autosomes. That depends on the species, as chromosome 23 is X in people only.

X, Y, XY (also PAR1, PAR2) and MT are named so, or numbered after the autosomes as PLINK does: with 22 autosomes 23 to
26, with the mouse's 19 from 20 to 23. Where nobody says how many autosomes there are, every number is one, and a real
cohort may not have those that are X, Y, XY and MT in people. Names may be written 1, chr1, Chr01 or CHR_1.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stratbench.core.errors import UserError

NAMES = {"X": 1, "Y": 2, "XY": 3, "PAR1": 3, "PAR2": 3, "MT": 4, "M": 4}  # places after the autosomes
SEX_AND_MITOCHONDRIAL = 4
HUMAN_SEX = {"23", "24", "25", "26"}
HUMAN = {"hg18": "hg18|NCBI ?36|build 36|b36", "hg19": "hg19|GRCh37|b37", "hg38": "hg38|GRCh38|b38"}


@dataclass(frozen=True)
class Species:
    """What a cohort file says of the genome.

    Attributes:
        build: the genome build, in the file's own words.
        declared_autosomes: how many autosomes the file states.
    """

    build: str | None = None
    declared_autosomes: int | None = None

    @classmethod
    def of(cls, declared: Mapping[str, Any]) -> "Species":
        """From the keys ``build`` and ``autosomes`` of a cohort file, either of which may be missing."""
        return cls(declared.get("build"), declared.get("autosomes"))

    @property
    def human_build(self) -> str | None:
        """hg18, hg19 or hg38 where the build begins with one of their names; None where it does not."""
        for name, names in HUMAN.items():
            if re.match(rf"(?:{names})\b", self.build or "", re.IGNORECASE):
                return name
        return None

    @property
    def autosomes(self) -> int | None:
        """How many autosomes there are: as declared, else 22 of a human build, else None, as nobody knows."""
        if self.declared_autosomes is not None:
            return self.declared_autosomes
        return 22 if self.human_build else None


def bare(chrom: str) -> str:
    """A chromosome's name without chr (or Chr_) and leading zeros (01, PLINK's 0X), in capitals; 0 stays 0."""
    return re.sub(r"^(?:chr_?(?=.))?(?:0+(?=.))?", "", chrom, flags=re.IGNORECASE).upper()


def _each(chrom_M: pd.Series, verdict: Callable[[str], bool]) -> np.ndarray:
    """``verdict`` on the bare name of each SNP's chromosome, bool (M,). It is called once for each chromosome."""
    return chrom_M.map({chrom: verdict(bare(chrom)) for chrom in chrom_M.unique()}).to_numpy(dtype=bool)


def is_on(chrom_M: pd.Series, chrom: str) -> np.ndarray:
    """Which SNPs lie on a chromosome, whichever way its name is written: bool (M,)."""
    return _each(chrom_M, lambda name: name == bare(chrom))


def require_known(chroms: Iterable[str], species: Species, bim: str | Path) -> None:
    """Raise UserError for chromosomes 23 to 26, by number, where nobody says how many autosomes there are.

    They are X, Y, XY and MT in people, and autosomes in cattle. A wrong guess would test men for HWE on X.
    """
    found = sorted({bare(chrom) for chrom in chroms} & HUMAN_SEX)
    if found and species.autosomes is None:
        raise UserError(
            f"{bim}: has chromosome {', '.join(found)}: 23 is X in people, but an autosome in cattle; say build (hg18, "
            "hg19 or hg38), or autosomes (how many the species has), under cohort or in the cohort file"
        )


def is_autosome(chrom_M: pd.Series, n_autosomes: int | None) -> np.ndarray:
    """Which SNPs lie on autosomes: bool (M,).

    These are 1 to ``n_autosomes`` or, where that is unknown, all names but 0, X, Y, XY and MT; 1A is then one, too.
    """

    def verdict(name: str) -> bool:
        if n_autosomes is None:
            return name != "0" and name not in NAMES
        return name.isdecimal() and 0 < int(name) <= n_autosomes

    return _each(chrom_M, verdict)


def is_sex_or_mitochondrial(chrom_M: pd.Series, n_autosomes: int | None) -> np.ndarray:
    """Which SNPs lie on X, Y, XY or MT, by name or, where the number of autosomes is known, by number: bool (M,)."""

    def verdict(name: str) -> bool:
        if n_autosomes is not None and name.isdecimal():
            return n_autosomes < int(name) <= n_autosomes + SEX_AND_MITOCHONDRIAL
        return name in NAMES

    return _each(chrom_M, verdict)


def is_placed(bim: pd.DataFrame) -> np.ndarray:
    """Which SNPs have a chromosome and a position: bool (M,)."""
    return (bim["pos"] > 0).to_numpy() & ~is_on(bim["chrom"], "0")


def _key(chrom: str) -> tuple[int, str]:
    """Natural order: 1, 2, ... 22, X, Y, XY, MT, then other names by alphabet."""
    name = bare(chrom)
    if name.isdecimal():
        return int(name), ""
    return (22 + NAMES[name], name) if name in NAMES else (1000, name)


def map_order(bim: pd.DataFrame) -> np.ndarray:
    """Positions of the SNPs in the .bim, by chromosome and base pair; ties stay in file order: int64 (M,)."""
    ranked = sorted(bim["chrom"].unique(), key=_key)
    rank_M = bim["chrom"].map({chrom: k for k, chrom in enumerate(ranked)}).to_numpy()
    return np.lexsort([bim["pos"].to_numpy(), rank_M])


def is_ambiguous(bim: pd.DataFrame) -> np.ndarray:
    """Which SNPs have alleles that are each other's complement, so that the strand cannot be told: bool (M,)."""
    pair_M = bim["a1"].str.upper() + bim["a2"].str.upper()
    return pair_M.isin(["AT", "TA", "CG", "GC"]).to_numpy()
