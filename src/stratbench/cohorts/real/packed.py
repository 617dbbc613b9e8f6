"""Unpacking: files that are gzipped or lie in a zip, and the files of a tar.

Nothing that an archive states is believed: neither a size, nor a number of members, nor a name or link that leads out
of the folder. Bytes are counted as they arrive (``bounded``).
"""

import gzip
import io
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from stratbench.cohorts.real.bounded import PIECE, Bound, Bounded, Unavailable, packed

DIRECTORY = 8 << 20  # bytes of a zip's list of its members, which is read into memory: some 100,000 members
MEMBERS = 100_000  # of a tar
ZIPS = (".zip", ".whl")
BLOCKWISE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # Python unpacks other methods in pieces of any size


class _Zip(io.FileIO):
    """A zip file, of which `zipfile` reads the list of members in one piece, and nothing else in a larger one."""

    def read(self, size: int | None = -1) -> bytes:
        if size is not None and size > DIRECTORY:
            raise Unavailable(f"the zip's list of members has {size:,} bytes, more than {DIRECTORY:,}")
        return super().read(size)


@contextmanager
def opened(path: Path, member: str | None, bound: Bound) -> Iterator[IO[bytes]]:
    """The final bytes of a stored file: taken out of a zip, and decompressed, where the name says so.

    ``bound`` is the final file's. What is read of the stream is to be counted by who reads it.
    """
    with ExitStack() as stack:
        if path.suffix not in ZIPS:
            yield _plain(stack.enter_context(path.open("rb")), path.name, bound)
        elif member is None:
            raise Unavailable(f"a {path.suffix} needs 'member'")
        else:
            archive = stack.enter_context(zipfile.ZipFile(stack.enter_context(_Zip(path))))
            if archive.getinfo(member).compress_type not in BLOCKWISE:
                raise Unavailable(f"{member} has a compression other than deflate; zip it anew with that")
            yield _plain(stack.enter_context(archive.open(member)), member, bound)


def _plain(raw: IO[bytes], name: str, bound: Bound) -> IO[bytes]:
    if not name.endswith(".gz"):
        return raw
    # what gives no bytes, such as a million empty members, is counted before it is unpacked
    return gzip.GzipFile(fileobj=Bounded(raw, packed(bound)), mode="rb")  # type: ignore[return-value]


def untar(path: Path, folder: Path) -> None:
    """Write the files of a tar below ``folder``, which is made, and links between them.

    The files together are no larger than the tar. Devices, sparse files (which would be larger) and links that
    lead out of the folder are left out. Raises Unavailable for a broken tar, a name that leads out of the
    folder, and too many members.
    """
    folder.mkdir(parents=True)
    root, links = folder.resolve(), []
    try:
        with tarfile.open(path, "r|") as archive:  # a stream: no header can send it backwards
            for k, member in enumerate(archive):
                if k >= MEMBERS:
                    raise Unavailable(f"it has more than {MEMBERS:,} members")
                target = root / _inside(member.name)
                if member.issym():
                    links.append((target, member.linkname))
                elif member.isreg() and not member.issparse():
                    _write(archive.extractfile(member), target, executable=bool(member.mode & 0o100))
        _link(links, root)
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        raise Unavailable(f"it cannot be unpacked: {error}") from error


def _inside(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise Unavailable(f"its member {name} leads out of it")
    return path


def _write(stream: IO[bytes] | None, target: Path, executable: bool) -> None:
    assert stream is not None  # tarfile's for what is no file
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as out:
        while piece := stream.read(PIECE):
            out.write(piece)
    target.chmod(0o755 if executable else 0o644)


def _link(links: list[tuple[Path, str]], root: Path) -> None:
    """Make links after all files, so that nothing is written through one; those that lead out go again."""
    for path, _ in links:
        path.parent.mkdir(parents=True, exist_ok=True)  # all before the first link, for the same reason
    for path, target in links:
        if not path.exists() and not path.is_symlink():
            path.symlink_to(target)
    for path, _ in links:
        if path.is_symlink() and not is_inside(path, root):
            path.unlink()


def is_inside(path: Path, folder: Path) -> bool:
    """Whether a path, with all links followed, leads to something below a folder."""
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # links that lead to each other
        return False
