"""What every workflow script does around its one call: fixed threads, a log, errors without a traceback."""

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from stratbench.core import checksums, compiled, gpu, machine, threads, worker
from stratbench.core.errors import MethodError, UserError

Named = dict[str, Any]  # a path, or a list of paths, by the name that the rule gives it


def say(message: str) -> None:
    """Write a line of progress, with the time, to the job's log."""
    print(f"{datetime.now():%H:%M:%S} {message}", flush=True)


@contextmanager
def start(snakemake: Any) -> Iterator[tuple[Named, Named, dict[str, Any]]]:
    """Run a script's body with one thread, everything printed going to the rule's log.

    Yields what every runner takes: the rule's inputs and its outputs by their names (a list where a name stands for
    several files), and its params without ``code``, which only says when to run again.

    The body runs in a process of its own where Snakemake started this one for the job alone (``worker``). Before it
    runs, the inputs are compared with the records of the jobs that wrote them; afterwards the outputs are recorded. A
    UserError ends the job with its message alone. What the machine refuses (memory, a disk, a permission, a GPU) and
    errors of the user's method files also end it in one line, with the traceback in the log. Any other exception is a
    bug and keeps its traceback.
    """
    threads.fix(1, deterministic=bool(getattr(snakemake, "config", {}).get("deterministic")))
    compiled.remember()
    path = Path(snakemake.log[0])
    alone = worker.is_alone(snakemake)
    if alone:
        worker.apart(snakemake, path)
    try:
        with _log(path, alone) as (log, terminal), _told(snakemake, log):
            machine.require_address_space(jax=gpu.asked_by(snakemake) is not None)
            worker.remove_parts(snakemake.output)
            checksums.verify(snakemake.input)
            checksums.forget(snakemake.output)
            if notice := gpu.look(snakemake):
                say(notice)
                print(f"{snakemake.rule}: {notice}", file=terminal, flush=True)
            yield (
                dict(snakemake.input.items()),
                dict(snakemake.output.items()),
                {name: value for name, value in snakemake.params.items() if name != "code"},
            )
            checksums.record(snakemake.output)
    except OSError as error:  # the log itself
        if (line := machine.refusal(error, log=path)) is None:
            raise
        sys.exit(f"{snakemake.rule}: {line}")


@contextmanager
def _log(path: Path, alone: bool) -> Iterator[tuple[TextIO, TextIO]]:
    """A new log, to which everything printed goes, and the stream that the user sees.

    In a process of its own, what libraries in C and C++ print goes to the log too.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", buffering=1) as log, os.fdopen(os.dup(2), "w") as terminal:
        try:
            with redirect_stdout(log), redirect_stderr(log):
                if alone:
                    os.dup2(log.fileno(), 2)
                yield log, terminal
        finally:
            if alone:
                os.dup2(terminal.fileno(), 2)


@contextmanager
def _told(snakemake: Any, log: TextIO) -> Iterator[None]:
    """End the job in one line for every error but a bug."""
    rule = snakemake.rule
    try:
        yield
    except UserError as error:
        with suppress(OSError):  # the log may lie on the disk that is full
            if isinstance(error, MethodError) and error.__cause__ is not None:
                traceback.print_exception(error.__cause__, file=log)  # for the author of the method
            print(f"error: {error}", file=log)
        sys.exit(f"{rule}: {error}")
    except Exception as error:
        with suppress(OSError):
            traceback.print_exc(file=log)
        line = machine.refusal(error, rule, getattr(snakemake, "resources", {}).get("mem_mb"), log.name)
        if line is None:
            raise
        sys.exit(f"{rule}: {line}")
