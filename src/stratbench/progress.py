"""Progress of one long call that says nothing itself."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from stratbench.job import say

EVERY = 20.0  # seconds


@contextmanager
def telling(what: Callable[[], str]) -> Iterator[None]:
    """Say what is going on, and for how long, every EVERY seconds while the body runs."""
    done, began = threading.Event(), time.monotonic()

    def tell() -> None:
        while not done.wait(EVERY):
            say(f"{what()}, {time.monotonic() - began:.0f} s so far")

    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
