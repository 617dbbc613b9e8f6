"""PLINK 1 filesets as 2-bit bytes, with NumPy alone: this is what training reads.

A ``.bed`` holds one row of bytes per SNP, four individuals a byte, low bits first. The two-bit codes are
0 = homozygous A1, 1 = missing, 2 = heterozygous, 3 = homozygous A2, where A1 is column five of the ``.bim``.
Source: PLINK 1.9 file format reference. Genotypes count A1, everywhere in StratBench.
"""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd

from stratbench.core.errors import UserError
from stratbench.core.files import read_text, require_visible, whole, write_text
from stratbench.core.inputs import require_file
from stratbench.core.words import counted

MAGIC = bytes([0x6C, 0x1B, 0x01])
MISSING = 1  # the 2-bit code
A1_COUNT = np.array([2, -1, 1, 0], dtype=np.int8)  # A1 alleles of each code; -1 is missing
CODE = np.array([3, 2, 0, 1], dtype=np.uint8)  # code of each A1 count; CODE[-1] is missing
_SHIFT = np.arange(0, 8, 2, dtype=np.uint8)
_CODES = np.arange(256, dtype=np.uint8)[:, None] >> _SHIFT & 3  # of the four individuals of each byte
_FOUR_CODES = _CODES.view(np.uint32)[:, 0]  # four at once
_FOUR_DOSAGES = A1_COUNT[_CODES].view(np.uint32)[:, 0]
FEW = 20  # SNPs: with fewer, a person may be homozygous for A1 at all of them
BIM_COLUMNS = ["chrom", "snp", "cm", "pos", "a1", "a2"]
FAM_COLUMNS = ["fid", "iid", "father", "mother", "sex", "phenotype"]


def unpack(packed_MQ: np.ndarray, n: int) -> np.ndarray:
    """2-bit codes, uint8 (M, n), of packed bytes, uint8 (M, ceil(n / 4))."""
    return np.take(_FOUR_CODES, packed_MQ).view(np.uint8)[:, :n]


def dosages(packed_MQ: np.ndarray, n: int) -> np.ndarray:
    """A1 counts, int8 (M, n), -1 for missing, of packed bytes, uint8 (M, ceil(n / 4))."""
    return np.take(_FOUR_DOSAGES, packed_MQ).view(np.int8)[:, :n]


def pack(code_MN: np.ndarray) -> np.ndarray:
    """Packed bytes, uint8 (M, ceil(N / 4)), of 2-bit codes, uint8 (M, N)."""
    m, n = code_MN.shape
    padded = np.zeros((m, -(-n // 4) * 4), dtype=np.uint8)
    padded[:, :n] = code_MN
    quads = padded.reshape(m, padded.shape[1] // 4, 4)
    return quads[:, :, 0] | quads[:, :, 1] << 2 | quads[:, :, 2] << 4 | quads[:, :, 3] << 6


def open_bed(bed: str | Path, n: int, m: int) -> np.memmap:
    """The bytes of a SNP-major .bed of ``m`` SNPs and ``n`` individuals, mapped: uint8 (m, ceil(n / 4)).

    Raises UserError if magic, orientation or size are not what the .bim and .fam say.
    """
    bed = Path(bed)
    require_file(bed)
    try:
        with bed.open("rb") as handle:
            head = handle.read(3)
    except OSError as error:
        raise UserError(f"{bed}: cannot be read: {error.strerror}") from error
    if head[:2] != MAGIC[:2]:
        raise UserError(
            f"{bed}: not a PLINK 1 .bed file (wrong magic number); make one with plink2 --make-bed"
        )
    if head[2:] == b"\0":
        raise UserError(f"{bed}: sample-major .bed; convert it with plink 1.9 --make-bed")
    if head[2:] != MAGIC[2:]:
        raise UserError(f"{bed}: cut, or not a PLINK 1 .bed file (third byte); copy or make it again")
    expected = 3 + m * -(-n // 4)
    if bed.stat().st_size != expected:
        raise UserError(
            f"{bed}: {bed.stat().st_size} bytes, but {counted(m, 'SNP')} (.bim) x {counted(n, 'individual')} (.fam) "
            f"need {expected}; the .bed is damaged, or its .bim and .fam are another's: copy all three again"
        )
    return np.memmap(bed, dtype=np.uint8, mode="r", offset=3, shape=(m, -(-n // 4)))


def require_same_people(bed: str | Path, packed_MQ: np.ndarray, n: int) -> None:
    """Refuse a .fam with a few individuals more or less than its .bed, which the size of the .bed need not show.

    Four individuals share a byte: the bits past the last one are 0, and so is, at every SNP, an individual who is
    not in the .bed (0 is homozygous A1). Raises UserError.
    """
    last_M = np.asarray(packed_MQ[:, -1])
    inside = (n - 1) % 4 * 2  # position of the last individual's bits
    if np.any(last_M >> inside >> 2):
        raise UserError(
            f"{bed}: holds genotypes past the last of {counted(n, 'individual')}; the .fam has lost lines, or is "
            "another's"
        )
    if len(last_M) >= FEW and not np.any(last_M >> inside):
        raise UserError(
            f"{bed}: the last of {counted(n, 'individual')} is homozygous for A1 at all of "
            f"{counted(len(last_M), 'SNP')}; the .fam has lines that the .bed lacks, or is another's; if this person "
            "is so in truth, put another last (plink2 --make-bed --indiv-sort file <ids in another order>)"
        )


class Writer:
    """Appends SNPs to a .bed; see ``write_bed``."""

    def __init__(self, handle: IO[bytes], n: int) -> None:
        self._handle, self.n, self.m = handle, n, 0

    def append(self, count_MN: np.ndarray) -> None:
        """Append SNPs given as A1 counts 0, 1, 2 with -1 for missing: integers (M, N)."""
        if count_MN.shape[1] != self.n:
            raise ValueError(f"{count_MN.shape[1]} individuals given, {self.n} declared")
        self._handle.write(pack(CODE[count_MN]).tobytes())
        self.m += len(count_MN)


@contextmanager
def write_bed(bed: str | Path, n: int) -> Iterator[Writer]:
    """Write a SNP-major .bed of ``n`` individuals chunk by chunk, whole or not at all."""
    with whole(bed) as temporary, temporary.open("wb") as handle:
        handle.write(MAGIC)
        yield Writer(handle, n)


def _read_columns(path: Path, columns: list[str]) -> pd.DataFrame:
    """A table without header, separated by blanks, all text. Raises UserError that names file and line."""
    text = read_text(path)
    if '"' in text:  # programs differ in whether it quotes
        line = text[: text.index('"')].count("\n") + 1
        raise UserError(f"{path}: line {line} holds a quotation mark; remove it")
    if not text.strip():
        raise UserError(f"{path}: empty; at least {counted(len(columns), 'column')} are needed")
    try:
        table = pd.read_csv(
            StringIO(text),
            sep=r"\s+",
            header=None,
            dtype=str,
            keep_default_na=False,
            quoting=csv.QUOTE_NONE,
            low_memory=False,
        )
    except pd.errors.ParserError as error:
        raise UserError(
            f"{path}: {str(error).removeprefix('Error tokenizing data. C error: ').strip()}"
        ) from error
    if table.shape[1] < len(columns):
        raise UserError(f"{path}: {counted(table.shape[1], 'column')}, at least {len(columns)} needed")
    short = (table.isna() | (table == "")).any(axis=1)
    if short.any():
        raise UserError(f"{path}: line {int(np.argmax(short)) + 1} has fewer columns than the first")
    extra = [f"fam_{k + 1}" for k in range(len(columns), table.shape[1])]
    return table.set_axis([*columns, *extra], axis=1)


def _numbers(table: pd.DataFrame, column: str, whole_only: bool, path: Path) -> np.ndarray:
    """A column as int64 or float64 (rows,). Raises UserError that names the line of what is no number."""
    number_R = pd.to_numeric(table[column], errors="coerce").to_numpy(dtype=np.float64)
    good_R = np.isfinite(number_R)
    if whole_only:  # as PLINK has it: no 1e6, no 5.0
        good_R &= table[column].str.fullmatch(r"-?[0-9]+").to_numpy(dtype=bool) & (
            np.abs(number_R) < 2**31 - 1
        )
    if not good_R.all():
        row = int(np.argmin(good_R))
        kind = "a whole number" if whole_only else "a number"
        raise UserError(f"{path}: line {row + 1}: {column} is '{table[column].iloc[row]}', not {kind}")
    return number_R.astype(np.int64) if whole_only else number_R


def read_bim(path: str | Path) -> pd.DataFrame:
    """A .bim as text columns, except pos (int64, base pairs) and cm (float64). Raises UserError for what is none."""
    path = Path(path)
    table = _read_columns(path, BIM_COLUMNS)
    if table.shape[1] > len(BIM_COLUMNS):
        raise UserError(
            f"{path}: {table.shape[1]} columns; a .bim has six: chromosome, id, morgans, position, and two alleles"
        )
    return table.assign(cm=_numbers(table, "cm", False, path), pos=_numbers(table, "pos", True, path))


def read_fam(path: str | Path) -> pd.DataFrame:
    """A .fam as text; columns after the sixth are kept as fam_7, fam_8, ....

    Raises UserError for ids with a sign that cannot be seen, such as a no-break space.
    """
    table = _read_columns(Path(path), FAM_COLUMNS)
    by_line = table.set_axis(table.index + 1)
    for column in FAM_COLUMNS[:4]:
        require_visible(by_line[column], path, column)
    return table


def write_bim(table: pd.DataFrame, path: str | Path) -> None:
    """Write a .bim, a row for each SNP; further columns are left out."""
    _write_rows(table[BIM_COLUMNS], path)


def write_fam(table: pd.DataFrame, path: str | Path) -> None:
    """Write a .fam, a row for each individual; further columns are left out."""
    _write_rows(table[FAM_COLUMNS], path)


def _write_rows(table: pd.DataFrame, path: str | Path) -> None:
    """As PLINK reads it: tabs, no header, nothing quoted."""
    columns = (map(str, table[name].tolist()) for name in table.columns)
    write_text("".join(f"{line}\n" for line in map("\t".join, zip(*columns, strict=True))), path)
