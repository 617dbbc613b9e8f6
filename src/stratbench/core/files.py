"""Files are written whole or not at all, and the same content gives the same bytes."""

import csv
import errno
import gzip
import json
import math
import os
import re
import tempfile
import unicodedata
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stratbench.core import machine
from stratbench.core.errors import UserError, damaged
from stratbench.core.inputs import require_file

FLOAT_FORMAT = "%.9g"
GZIP_LEVEL = 2  # a table of SNPs is a fifth larger than at level 9 and takes a fifteenth of the time
IDENTIFIERS = (
    *("iid", "iid_1", "iid_2", "fid", "family", "snp", "chrom", "a1", "a2"),
    *("population", "population_1", "population_2", "population_declared"),
)
CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


UNWRITABLE = {  # these are errors of the place that is written to, not of what the block itself reads or fetches
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EISDIR,
}  # fmt: skip


@contextmanager
def whole(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; move it into place only if the block succeeds.

    Raises UserError, naming the path, where it cannot be written; then nothing is left behind.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    except OSError as error:
        if error.errno in machine.LIMIT:  # the place is not to blame
            raise
        raise _unwritable(path, error) from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(
            0o666 & ~umask
        )  # mkstemp makes files of mode 0600, but the whole group should be able to read results
        temporary.replace(path)
    except OSError as error:
        if error.errno in UNWRITABLE and error.filename in (None, name, str(path)):
            raise _unwritable(path, error) from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


def _unwritable(path: Path, error: OSError) -> UserError:
    return UserError(
        f"{path}: cannot be written: {error.strerror}; free or change the place and start again, nothing is lost"
    )


def write_bytes(data: bytes, path: str | Path) -> None:
    """Write a file, whole or not at all."""
    with whole(path) as temporary:
        temporary.write_bytes(data)


def write_text(text: str, path: str | Path) -> None:
    """Write text as UTF-8."""
    write_bytes(text.encode(), path)


def write_tsv(table: pd.DataFrame, path: str | Path) -> None:
    """Write a table as TSV (gzip if the name ends in .gz, without a time stamp); missing values are empty.

    The bytes are those of ``to_csv``, which formats numbers one by one and takes several times as long.
    """
    columns = [[str(name), *_as_text(table.iloc[:, k])] for k, name in enumerate(table.columns)]
    data = _joined(columns).encode()
    write_bytes(gzip.compress(data, GZIP_LEVEL, mtime=0) if str(path).endswith(".gz") else data, path)


def _joined(columns: list[list[str]]) -> str:
    """Lines of columns of equal length; the csv module quotes where a value holds a tab, a quote or a line end."""
    text = "\n".join(map("\t".join, zip(*columns, strict=True))) + "\n"
    rows = len(columns[0])
    separators = text.count("\n") == rows and text.count("\t") == rows * (len(columns) - 1)
    if separators and '"' not in text and len(columns) > 1:
        return text
    out = StringIO(newline="")
    csv.writer(out, delimiter="\t", lineterminator="\n").writerows(zip(*columns, strict=True))
    return out.getvalue()


def _as_text(column: pd.Series) -> list[str]:
    """The text of each value. Tables of SNPs repeat many numbers, so each distinct number is formatted once."""
    if column.dtype == np.int64:
        return list(map(str, column.tolist()))
    if column.dtype.kind != "f":
        values: list[Any] = column.tolist()
        if set(map(type, values)) == {str}:
            return values
        return list(map(str, column.astype(object).where(column.notna(), "").tolist()))
    bits_R = column.to_numpy(dtype=np.float64, na_value=np.nan).view(
        np.int64
    )  # 0 and -0 are equal but have different texts
    bits_U, which_R = np.unique(bits_R, return_inverse=True)
    text_U = ["" if math.isnan(value) else FLOAT_FORMAT % value for value in bits_U.view(np.float64).tolist()]
    result: list[str] = np.array(text_U, dtype=object)[which_R].tolist()
    return result


def read_tsv(path: str | Path, text: tuple[str, ...] = (), exact: bool = False) -> pd.DataFrame:
    """Read a TSV of ours. Identifier columns, and those named in ``text``, stay text ("NA" is a name).

    ``exact`` reads numbers of more than nine digits, which measurements have, as the nearest double. Raises UserError
    for a file that is cut, or that is no table; what a table must hold is said in ``tables``.
    """
    names = (*IDENTIFIERS, *text)
    return _numbers(_parsed(path, dict.fromkeys(names, str), "round_trip" if exact else None), keep=names)


def read_texts(path: str | Path) -> pd.DataFrame:
    """Read a TSV of ours as text alone, blank where missing: 01, 1 and 1.0 stay three values.

    Raises UserError as ``read_tsv`` does.
    """
    return _parsed(path, str)


def _parsed(path: str | Path, dtype: Any, precision: Any = None) -> pd.DataFrame:
    data = read_content(path)
    _require_even(data, path)
    _require_names(data, path)
    try:
        return pd.read_csv(
            BytesIO(data),
            sep="\t",
            dtype=dtype,
            keep_default_na=False,
            na_values={},
            float_precision=precision,
            skip_blank_lines=False,
        )
    except ValueError as error:
        raise damaged(path, f"cannot be read as a table ({error})") from error


def read_content(path: str | Path) -> bytes:
    """What a file of ours holds, decompressed if its name ends in .gz.

    Raises UserError for a file that cannot be read, and for a compressed one that is cut or damaged.
    """
    try:
        data = Path(path).read_bytes()
        return gzip.decompress(data) if str(path).endswith(".gz") else data
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise damaged(path, f"is cut or damaged ({error})") from error
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror or error}") from error


def _require_even(data: bytes, path: str | Path) -> None:
    """Raise UserError unless all lines of a table have the columns of the first, and the last line has an end."""
    _require_end(data, path)
    if b'"' in data:  # which quotes a tab or a line end
        text = StringIO(data.decode(errors="replace"), newline="")
        try:
            widths = [len(row) for row in csv.reader(text, delimiter="\t")]
        except csv.Error as error:
            raise damaged(path, f"cannot be read as a table ({error})") from error
    else:
        widths = [line.count(b"\t") + 1 for line in data.split(b"\n")[:-1]]
    for line, width in enumerate(widths, 1):
        if width != widths[0]:
            raise damaged(path, f"line {line} has {width} columns, the header has {widths[0]}")


def _require_names(data: bytes, path: str | Path) -> None:
    """Raise UserError for a column that stands twice, of which pandas renames one, and for zero bytes."""
    if b"\0" in data:
        raise damaged(path, "holds a zero byte")
    names = data.partition(b"\n")[0].split(b"\t")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise damaged(path, f"has two columns named '{twice.decode(errors='replace')}'")


def _require_end(data: bytes, path: str | Path) -> None:
    if not data:
        raise damaged(path, "is empty")
    if not data.endswith(b"\n"):
        raise damaged(path, "ends within a line: it was cut")


def _numbers(table: pd.DataFrame, keep: tuple[str, ...]) -> pd.DataFrame:
    """Turn every column that holds only numbers and blanks into numbers; leave ``keep`` as text."""
    for column in table.columns:
        if column not in keep and table[column].dtype == object:
            numbers = pd.to_numeric(table[column].replace("", None), errors="coerce")
            if (numbers.notna() | (table[column] == "")).all():
                table[column] = numbers
    return table


def read_text(path: str | Path) -> str:
    """A text file that somebody else wrote: UTF-8 without its byte order mark, and every line end as ``\\n``.

    Raises UserError, naming the file and, of undecodable text, the line.
    """
    require_file(path)
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror or error}") from error
    control = CONTROL.search(data)
    if control:
        line = data[: control.start()].count(b"\n") + 1
        raise UserError(
            f"{path}: line {line} holds the byte {control.group()[0]:#04x}: no text, or UTF-16; save it as UTF-8"
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise UserError(f"{path}: line {line} is not UTF-8 ({error.reason}); save it as UTF-8") from error
    if "\ufeff" in text:
        line = text[: text.index("\ufeff")].count("\n") + 1
        raise UserError(
            f"{path}: line {line} holds a byte order mark (U+FEFF, which is not seen) that is not the file's first; "
            "remove it"
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def require_visible(values: pd.Series, path: str | Path, what: str) -> None:
    """Refuse text with a sign that nobody sees, such as a no-break space: two texts would look the same.

    ``values`` is indexed by line, and ``what`` names it in the UserError that is raised.
    """
    if "".join(values).isprintable():
        return
    line, text = next((line, text) for line, text in values.items() if not text.isprintable())
    sign = next(sign for sign in text if not sign.isprintable())
    name = unicodedata.name(sign, "a control character").lower()
    raise UserError(
        f"{path}: line {line}: {what} {text!r} holds a sign that cannot be seen, U+{ord(sign):04X} ({name}); remove it"
    )


def write_json(value: Any, path: str | Path) -> None:
    """Write JSON with sorted keys. Raises ValueError for a number that is not finite."""
    write_text(json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n", path)


def read_json(path: str | Path) -> Any:
    """A JSON file of ours. Raises UserError if it is cut or damaged."""
    try:
        return json.loads(read_content(path))
    except ValueError as error:
        raise damaged(path, f"is not JSON ({error})") from error


def read_lines(path: str | Path) -> list[str]:
    """The lines of a text file of ours. Raises UserError if it is empty, cut or damaged."""
    data = read_content(path)
    _require_end(data, path)
    try:
        return data.decode().split("\n")[:-1]
    except UnicodeDecodeError as error:
        raise damaged(path, f"is not UTF-8 ({error.reason})") from error
