"""What every workflow script does around its one call: fixed threads, a log, errors without a traceback."""

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import datetime
from pathlib import Path
from typing import Any

from stratbench import threads
from stratbench.errors import UserError


def say(message: str) -> None:
    """A line of progress, with the time, to the job's log."""
    print(f"{datetime.now():%H:%M:%S} {message}", flush=True)


@contextmanager
def start(snakemake: Any) -> Iterator[None]:
    """Run a script's body with one thread, everything printed going to the rule's log.

    A UserError ends the job with its message alone; any other exception is a bug and keeps its traceback.
    """
    threads.fix(1)
    path = Path(snakemake.log[0])
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", buffering=1) as log:
        try:
            with redirect_stdout(log), redirect_stderr(log):
                yield
        except UserError as error:
            print(f"error: {error}", file=log)
            sys.exit(f"{snakemake.rule}: {error}")
        except Exception:
            traceback.print_exc(file=log)
            raise
