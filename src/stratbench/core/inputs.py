"""Files that the user names: anything but a plain file is refused, as reading from a FIFO would wait for ever."""

import os
import stat
from pathlib import Path

from stratbench.core.errors import UserError

KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a FIFO (a named pipe), which can be read once at most",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def require_file(path: str | Path) -> None:
    """Raise UserError, with the path and the reason, unless it is a plain file or a link to one."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError as error:
        raise UserError(f"no such file: {_named(path)}") from error
    except OSError as error:
        raise UserError(f"{_named(path)}: cannot be read: {error.strerror or error}") from error
    except ValueError as error:  # a NUL byte
        raise UserError(f"{str(path)!r}: no path: {error}") from error
    if not stat.S_ISREG(mode):
        kind = KINDS.get(stat.S_IFMT(mode), "no plain file")
        raise UserError(f"{_named(path)}: is {kind}; give the path of a plain file")


def _named(path: str | Path) -> str:
    """A path as a message of one line shows it."""
    text = str(path)
    return text if text.isprintable() else repr(text)
