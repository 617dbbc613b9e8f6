"""Progress of long calls: a line in the log every EVERY seconds, whichever part of a job takes long.

A job says what it is doing, and so does each of its parts. One timer for the whole job writes the lines, each with the
words of all parts that are going on, so that a change from one part to the next does not delay the next line.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from stratbench.core.job import say

EVERY = 20.0  # seconds
Words = str | Callable[[], str]
_going_on: list[Words] = []  # from the job to the innermost of its parts


@contextmanager
def telling(what: Words) -> Iterator[None]:
    """Say what is going on, and for how long, every EVERY seconds while the body runs.

    Inside another `telling` it adds its words to that one's. ``what`` is text, or a function that returns it.
    Another thread calls this function: it may read what the body holds, and must not wait for anything.
    """
    _going_on.append(what)
    try:
        if len(_going_on) > 1:
            yield
        else:
            with _speaking():
                yield
    finally:
        _going_on.pop()


@contextmanager
def _speaking() -> Iterator[None]:
    done, began = threading.Event(), time.monotonic()

    def tell() -> None:
        while not done.wait(EVERY):
            words = ", ".join(what if isinstance(what, str) else what() for what in tuple(_going_on))
            say(f"{words}, {duration(time.monotonic() - began)} so far")

    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def duration(seconds: float) -> str:
    """A time in a suitable unit: 41 s, 9 min, 2.5 h."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
