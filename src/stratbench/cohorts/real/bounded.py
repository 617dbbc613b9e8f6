"""Limits on the size of what is fetched. Bytes are counted as they arrive, whatever a header states.

A cohort file states the `bytes` of a final file and the `largest` size of what a source stores. What it does not
state has the limits of this file, which are far above any of the cohorts that are shipped.
"""

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

LARGEST = 2_000_000_000  # bytes, of a final file without `bytes` and of an archive without `largest`
MARGIN = (
    65_536  # a gzipped file may be larger than its content by so many bytes and a hundredth of the content
)
PIECE = 1 << 20


class Unavailable(Exception):
    """A package or file that cannot be had; the message says why."""


class TooLarge(Unavailable):
    """More bytes than a limit allows; the message names the limit and how to raise it."""


@dataclass(frozen=True)
class Bound:
    """A limit in bytes, and the message about more than that."""

    most: int
    refusal: str

    def require(self, size: int) -> None:
        """Raise TooLarge for a size above the limit."""
        if size > self.most:
            raise TooLarge(self.refusal)


def pieces(read: Callable[[int], bytes], bound: Bound) -> Iterator[bytes]:
    """Yield what ``read`` returns, a piece at a time, until the end. Raises TooLarge at the first byte too many."""
    size = 0
    while piece := read(min(PIECE, bound.most - size + 1)):
        size += len(piece)
        bound.require(size)
        yield piece


class Bounded(io.RawIOBase):
    """A stream that raises TooLarge at the first byte too many, for readers that want a file."""

    def __init__(self, stream: IO[bytes], bound: Bound) -> None:
        self.stream, self.bound, self.size = stream, bound, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self.stream.read(len(buffer))
        self.size += len(piece)
        self.bound.require(self.size)
        buffer[: len(piece)] = piece
        return len(piece)


def final(entry: Mapping[str, Any]) -> Bound:
    """The limit of a final file, an entry of a cohort file's `files`."""
    if "bytes" in entry:
        most, where = entry["bytes"], "which the cohort file states; correct its 'bytes' there"
    else:
        most, where = LARGEST, "the limit of a file without 'bytes'; state its 'bytes' in the cohort file"
    return Bound(most, f"{entry['name']} is larger than {most:,} bytes, {where} if this source is right")


def stored(source: Mapping[str, Any], entry: Mapping[str, Any]) -> Bound:
    """The limit of what lies at a source: as `largest` says, or else as its kind and the final file imply."""
    implied = _with_margin(final(entry).most)
    if "largest" in source:
        most, where = source["largest"], "the source's 'largest' in the cohort file; raise that"
    elif is_archive(source):
        most = max(LARGEST, implied)
        where = "the limit of an archive; state 'largest' for this source in the cohort file"
    else:
        most, where = (
            implied,
            f"enough for {entry['name']}; correct its 'bytes', or state 'largest' for this source, in the cohort file",
        )
    what = "the package, packed or unpacked," if "debian" in source else "what lies there"
    return Bound(most, f"{what} is larger than {most:,} bytes, {where} if this source is right")


def packed(bound: Bound) -> Bound:
    """The limit of a gzipped stream whose content has this limit."""
    return Bound(_with_margin(bound.most), bound.refusal)


def is_archive(source: Mapping[str, Any]) -> bool:
    """Whether a source holds more than the file that is wanted: a zip, a wheel or a Debian package."""
    return (
        "debian" in source
        or "wheel" in source
        or str(source.get("url") or source.get("mirror")).endswith(".zip")
    )


def _with_margin(size: int) -> int:
    return size + size // 100 + MARGIN
