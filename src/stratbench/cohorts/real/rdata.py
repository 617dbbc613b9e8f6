"""Data frames and SnpMatrix objects of an .RData file, without R.

R's serialisation in its XDR form (R Internals, section 1.8), as `save()` writes it: a tagged pair list of the
saved objects, in turn made of vectors with attributes. PyPI's rdata has no RAW vectors, in which snpStats
keeps its genotypes, and its parser offers no public place to add them; hence these few types here. Whatever
else a file holds (closures, environments, byte code, ALTREP) is refused by its type number.
"""

import bz2
import gzip
import io
import lzma
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stratbench.cohorts.real.bounded import LARGEST, Bound, TooLarge, pieces
from stratbench.core.errors import UserError

MAGIC = {b"RDX2\n": 2, b"RDX3\n": 3}
PACKED: dict[bytes, Any] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}
NA_INTEGER = -(2**31)
SYM, PAIRLIST, CHAR, S4, RAW, REF, GLOBALENV, NIL = 1, 2, 9, 25, 24, 255, 253, 254
NUMBERS = {10: ">i4", 13: ">i4", 14: ">f8", RAW: "u1"}  # logical, integer, real, raw
LISTS = (16, 19, 20)  # character vectors, lists, expressions
HAS_ATTRIBUTES, HAS_TAG = 1 << 9, 1 << 10


@dataclass
class Vector:
    """An R vector (an array, or a list of strings or objects) or S4 object, with its attributes."""

    value: Any
    attributes: dict[str, Any] = field(default_factory=dict)


def read_rdata(path: str | Path, largest: int = LARGEST) -> dict[str, Vector]:
    """The objects of an .RData file by name.

    Raises UserError for what is none, holds unknown types, or has more than ``largest`` bytes, decompressed.
    """
    try:
        data = _decompressed(Path(path), largest)
        if data[:5] not in MAGIC or data[5:7] != b"X\n":
            raise UserError(f"{path}: not an .RData file in R's XDR format (as save() writes it)")
        objects = _Stream(data, 7).file(MAGIC[data[:5]])
    except (struct.error, IndexError, ValueError, EOFError, OSError, lzma.LZMAError, RecursionError) as error:
        raise UserError(f"{path}: broken .RData file: {error}") from error
    except TooLarge as error:
        raise UserError(f"{path}: {error}") from error
    except NotImplementedError as error:
        raise UserError(f"{path}: {error}") from error
    return objects


def _decompressed(path: Path, largest: int) -> bytes:
    """The bytes of an .RData file, decompressed a piece at a time and no further than the limit."""
    with path.open("rb") as handle:
        start = handle.read(max(map(len, PACKED)))
    unpack = next((found for magic, found in PACKED.items() if start.startswith(magic)), open)
    refusal = (
        f"decompressed, it is larger than {largest:,} bytes; raise 'largest' of the cohort file's 'convert' if this "
        "file is right"
    )
    out = io.BytesIO()
    with unpack(path, "rb") as stream:
        out.writelines(pieces(stream.read, Bound(largest, refusal)))
    return out.getvalue()


def data_frame(frame: Vector) -> pd.DataFrame:
    """An R data frame: factors and characters as text, blank where NA; its row names are the index."""
    columns = {
        name: _column(column)
        for name, column in zip(frame.attributes["names"].value, frame.value, strict=True)
    }
    return pd.DataFrame(columns, index=row_names(frame))


def row_names(frame: Vector) -> list[str]:
    """Row names of a data frame; R stores 1 ... n as (NA, +-n), and n is not believed but compared with the rows."""
    names = frame.attributes["row.names"].value
    if isinstance(names, list):
        return names
    if len(names) == 2 and names[0] == NA_INTEGER:
        rows = len(frame.value[0].value) if frame.value else 0
        if abs(int(names[1])) != rows:
            raise ValueError(f"a data frame of {rows} rows has {abs(int(names[1]))} row names")
        return [str(k + 1) for k in range(rows)]
    return [str(name) for name in names]


def _column(column: Vector) -> Any:
    levels = column.attributes.get("levels")
    if levels is not None:
        return ["" if code == NA_INTEGER else levels.value[code - 1] for code in column.value]
    if isinstance(column.value, list):
        return ["" if text is None else text for text in column.value]
    if column.value.dtype.kind == "i" and (column.value == NA_INTEGER).any():
        return np.where(column.value == NA_INTEGER, np.nan, column.value)
    return column.value


class _Stream:
    """A cursor over the serialised bytes."""

    def __init__(self, data: bytes, start: int) -> None:
        self.data, self.at = data, start
        self.known: list[Any] = []  # what later references mean, in order of appearance

    def file(self, version: int) -> dict[str, Vector]:
        self.at += 12  # format, and the versions of R that wrote and can read it
        if version == 3:
            self.bytes(self.integer())  # the native encoding
        return self.item()

    def integer(self) -> int:
        (value,) = struct.unpack_from(">i", self.data, self.at)
        self.at += 4
        return int(value)

    def bytes(self, length: int) -> bytes:
        piece = self.data[self.at : self.at + length]
        if len(piece) != length:
            raise EOFError(f"it ends at byte {len(self.data)}")
        self.at += length
        return piece

    def length(self) -> int:
        short = self.integer()
        return short if short >= 0 else (self.integer() << 32) + self.integer()

    def item(self) -> Any:
        flags = self.integer()
        kind = flags & 255
        if kind in (NIL, GLOBALENV):
            return {}
        if kind == REF:
            return self.known[((flags >> 8) or self.integer()) - 1]
        if kind == SYM:
            self.known.append(self.item())
            return self.known[-1]
        if kind == CHAR:
            length = self.integer()
            return None if length < 0 else self.bytes(length).decode("utf-8", "replace")
        if kind == PAIRLIST:
            return self.pairs(flags)
        value: Any = None
        if kind in NUMBERS:
            dtype = np.dtype(NUMBERS[kind])
            stored = np.frombuffer(self.bytes(self.length() * dtype.itemsize), dtype)
            value = stored.astype(dtype.newbyteorder("="), copy=False)
        elif kind in LISTS:
            value = [self.item() for _ in range(self.length())]
        elif kind != S4:
            raise NotImplementedError(f"holds an R object of type {kind}, which is not read here")
        return Vector(value, self.item() if flags & HAS_ATTRIBUTES else {})

    def pairs(self, flags: int) -> dict[str, Any]:
        """A pair list, by tag, without recursion along its length."""
        found: dict[str, Any] = {}
        while flags & 255 == PAIRLIST:
            if flags & HAS_ATTRIBUTES:
                self.item()
            tag = self.item() if flags & HAS_TAG else str(len(found))
            found[tag] = self.item()
            flags = self.integer()
        if flags & 255 != NIL:
            raise ValueError(f"a list that ends with type {flags & 255}")
        return found
