"""One damaged input at a time: it is refused in a line that names what is wrong, or accepted rightly; nothing else."""

import contextlib
import io
import os
import re
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from stratbench.core.errors import ScientificFailure, UserError

SECONDS = 30  # of one case, a busy machine included
LONGEST, MOST = 700, 25  # characters of a line that a person reads, and lines
LEAKS = re.compile(
    r"Traceback|<class |<function|object at 0x|\bpd\.|\bnp\.|DataFrame\b(?! )|nan\b.*nan\b.*nan"
)


@dataclass(frozen=True)
class Case:
    """A damaged input.

    Attributes:
        kind, name: what was damaged, and how.
        run: does with the input what a study does, in the current directory, and raises AssertionError where the
            result is not the one that a strict reader has. It returns what it did: ``accepted``, ``failed``.
        names: what a refusal has to name: a file, a key or a function.
    """

    kind: str
    name: str
    run: Callable[[], str | None]
    names: str


@contextlib.contextmanager
def no_longer(seconds: int) -> Iterator[None]:
    """Raise TimeoutError in what takes longer."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"not done after {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def verdict(case: Case, place: Path) -> tuple[str, str]:
    """(``accepted``, ``refused`` or what is wrong, details) of one case, run in an empty directory."""
    place.mkdir(parents=True)
    before, said = os.getcwd(), io.StringIO()
    os.chdir(place)
    try:
        with no_longer(SECONDS), contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            outcome, message = case.run() or "accepted", ""
    except UserError as error:
        outcome, message = _of_message(str(error), case.names), str(error)
    except ScientificFailure as error:
        outcome, message = "failed", str(error)
    except AssertionError as error:
        outcome, message = "accepted wrongly", str(error)
    except BaseException as error:
        outcome, message = "bare", f"{type(error).__name__}: {error}"
    finally:
        os.chdir(before)
    left = sorted(str(path.relative_to(place)) for path in place.rglob("*.part"))
    return ("stray files", ", ".join(left)) if left else (outcome, message)


def _of_message(message: str, names: str) -> str:
    """``refused``, or what is wrong with the message: a line, or a headline and a line for each problem."""
    lines = message.split("\n")
    if any(not (line.startswith("  ") or re.search(names, line)) for line in lines[1:]):
        return "refused in several lines"
    if LEAKS.search(message) or any(ord(letter) < 32 for line in lines for letter in line):
        return "refused in a program's words"
    if max(map(len, lines)) > LONGEST or len(lines) > MOST:
        return "refused at length"
    return "refused" if re.search(names, message) else "refused without a name"


GOOD = ("accepted", "refused", "failed")


def judge(cases: Iterable[Case], place: Path) -> tuple[dict[str, Counter[str]], list[str]]:
    """How many cases of each kind ended how, and a line for each that ended badly."""
    counts: dict[str, Counter[str]] = {}
    bad = []
    for number, case in enumerate(cases):
        outcome, message = verdict(case, place / f"{number:04d}")
        counts.setdefault(case.kind, Counter())[outcome if outcome in GOOD else "bad"] += 1
        if outcome not in GOOD:
            bad.append(f"{case.kind}: {case.name}: {outcome}: {message}")
    return counts, bad


def require(cases: Iterable[Case], place: Path, least: Mapping[str, tuple[int, int]]) -> None:
    """Raise AssertionError for a case that ended badly, and for a kind of too few cases or too few accepted ones.

    Args:
        cases: of any kinds.
        place: a folder for their files.
        least: by kind how many cases there have to be, and how many of them have to be accepted: who refuses
            everything passes no test.
    """
    counts, bad = judge(cases, place)
    assert not bad, "\n".join(bad)
    for kind, count in counts.items():
        of, accepted = least[kind]
        assert count.total() >= of, f"{kind}: {count.total()} cases, at least {of} wanted"
        assert count["accepted"] >= accepted, (
            f"{kind}: {count['accepted']} accepted, at least {accepted} wanted"
        )
