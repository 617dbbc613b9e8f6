"""What every workflow script does around its one call: fixed threads, a log, errors without a traceback."""

import errno
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from stratbench.core import checksums, compiled, threads
from stratbench.core.errors import MethodError, UserError

REFUSED = {
    *(
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EROFS,
        errno.EACCES,
        errno.EPERM,
        errno.EIO,
        errno.EFBIG,
        errno.ENOMEM,
    ),
    *(errno.ENOTDIR, errno.EISDIR, errno.EMFILE, errno.ENAMETOOLONG),
}


Named = dict[str, Any]  # a path, or a list of paths, by the name that the rule gives it


def refusal(error: OSError | MemoryError) -> str:
    """Say in one line what the machine refused."""
    if isinstance(error, MemoryError) or error.errno == errno.ENOMEM:
        return "out of memory; raise mem_mb of the rule (--set-resources), or use fewer SNPs or individuals"
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror}; free or change the place and start again, nothing is lost"


def say(message: str) -> None:
    """Write a line of progress, with the time, to the job's log."""
    print(f"{datetime.now():%H:%M:%S} {message}", flush=True)


@contextmanager
def start(snakemake: Any) -> Iterator[tuple[Named, Named, dict[str, Any]]]:
    """Run a script's body with one thread, everything printed going to the rule's log.

    Yields what every runner takes: the rule's inputs and its outputs by their names (a list where a name stands for
    several files), and its params without ``code``, which only says when to run again.

    Before the body runs, the inputs are compared with the records of the jobs that wrote them; afterwards the outputs
    are recorded. A UserError ends the job with its message alone. Errors of the machine (memory, a disk, a
    permission) and errors of the user's method files also end it in one line, with the traceback in the log. Any
    other exception is a bug and keeps its traceback.
    """
    threads.fix(1)
    compiled.remember()
    path = Path(snakemake.log[0])
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", buffering=1) as log:
        try:
            with redirect_stdout(log), redirect_stderr(log):
                checksums.verify(snakemake.input)
                checksums.forget(snakemake.output)
                yield (
                    dict(snakemake.input.items()),
                    dict(snakemake.output.items()),
                    {name: value for name, value in snakemake.params.items() if name != "code"},
                )
                checksums.record(snakemake.output)
        except UserError as error:
            if isinstance(error, MethodError) and error.__cause__ is not None:
                traceback.print_exception(error.__cause__, file=log)  # for the author of the method
            print(f"error: {error}", file=log)
            sys.exit(f"{snakemake.rule}: {error}")
        except (OSError, MemoryError) as error:
            if isinstance(error, OSError) and error.errno not in REFUSED:
                traceback.print_exc(file=log)
                raise
            with suppress(OSError):  # the log may lie on the disk that is full
                traceback.print_exc(file=log)
            sys.exit(f"{snakemake.rule}: {refusal(error)}")
        except Exception:
            traceback.print_exc(file=log)
            raise
