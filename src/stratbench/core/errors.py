"""The two kinds of failure that are not bugs."""

import re
from pathlib import Path

LONGEST = 300  # characters that a message shows of one word, such as a path or an id


def _shown(message: str) -> str:
    """A message that a screen can show: control characters are escaped and very long words are shortened."""
    text = "".join(
        letter if letter.isprintable() or letter == "\n" else repr(letter)[1:-1] for letter in message
    )
    return re.sub(rf"\S{{{LONGEST},}}", lambda word: f"{word[0][:60]}... ({len(word[0])} characters)", text)


class UserError(Exception):
    """Bad input: the message names the file, sample or option, and what to change. Exit code is non-zero."""

    def __init__(self, message: str) -> None:
        super().__init__(_shown(message))


class MethodError(UserError):
    """A method file of the user's failed, or broke its contract. The log has the traceback of what it raised."""


class ScientificFailure(Exception):
    """The data do not allow an answer (NaN loss, one class in a fold, no overlap).

    It is a result: the job records status and reason, writes header-only tables and exits 0.
    """


def damaged(path: str | Path, what: str) -> UserError:
    """The error for a file that a job wrote and that does not hold what it should."""
    return UserError(f"{path}: {what}; delete it and run the study again, which makes it anew")
