"""A job works in a process of its own, and its parent waits to say how that process ended.

What kills a process (the kernel out of memory, an abort in C++, a time limit, a lost node) leaves it no chance to say
anything. The parent is the process that Snakemake started; it holds no data, so that the kernel takes the worker and
not the parent, and it says in one line which job ended, how, and what to set. If the parent is killed, or
what started it, the worker is killed too: no job goes on that nobody waits for.
"""

import ctypes
import os
import resource
import signal
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from stratbench.core import machine

STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
WATCHED = {*STOPS, signal.SIGCHLD}
LOOK_EVERY = 1.0  # seconds between looks at whether the parent's own parent is still there
TAIL = 4000  # bytes at the end of a log in which a dying worker's last words are looked for
DIED_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux


def is_alone(snakemake: Any) -> bool:
    """Whether this process was started for this job alone, as Snakemake does with a script."""
    return getattr(sys.modules["__main__"], "snakemake", None) is snakemake


def apart(snakemake: Any, log: Path) -> None:
    """Return in a new process, which does the job's work; the present one waits for it and exits as it did.

    Call it before any thread is started.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED)
    parent, starter, began = os.getpid(), os.getppid(), time.monotonic()
    worker = os.fork()
    if worker == 0:
        ctypes.CDLL(None).prctl(DIED_WITH_PARENT, signal.SIGKILL)
        if os.getppid() != parent:  # it was killed in between
            os._exit(1)
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # dies at once, without a traceback
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return
    end = _waited(worker, starter)
    if end.signal == 0:
        sys.exit(end.code)
    remove_parts(snakemake.output)
    line = _obituary(snakemake, end, log, time.monotonic() - began)
    _end(f"{_name(snakemake)}: {line}; its log is {log}", log)


@dataclass(frozen=True)
class End:
    """How a worker ended.

    Attributes:
        code: its exit status, where it exited by itself.
        signal: what ended it, or made its parent end it; 0 if it exited by itself.
        held: the MB that it held at most.
        cpu: the CPU seconds that it took.
    """

    code: int
    signal: int
    held: int
    cpu: float


def _waited(worker: int, starter: int) -> End:
    """Wait for the worker, and kill it if this process is told to stop or nobody waits for it."""
    stop = None
    while True:
        told = signal.sigtimedwait(WATCHED, LOOK_EVERY)
        if told is not None and told.si_signo == signal.SIGCHLD:
            pid, status, usage = os.wait4(worker, os.WNOHANG)
            if pid == worker:
                code = os.waitstatus_to_exitcode(status)
                by = (stop or -code) if code < 0 else 0
                return End(code, by, usage.ru_maxrss // 1024, usage.ru_utime + usage.ru_stime)
        elif told is not None or os.getppid() != starter:
            stop = stop or (told.si_signo if told else signal.SIGHUP)
            os.kill(worker, signal.SIGKILL)


def remove_parts(outputs: Iterable[str]) -> None:
    """Remove what a killed job left of its outputs; ``files.whole`` writes beside them, under these names."""
    for path in map(Path, outputs):
        for part in path.parent.glob(f".{path.name}.*.part"):
            part.unlink(missing_ok=True)


def _name(snakemake: Any) -> str:
    """The rule's name and the job's, by its wildcards."""
    wildcards = "/".join(map(str, snakemake.wildcards))
    return f"{snakemake.rule} ({wildcards})" if wildcards else str(snakemake.rule)


def _obituary(snakemake: Any, end: End, log: Path, seconds: float) -> str:
    """What ended a job, and what to set so that it does not happen again."""
    rule, resources = snakemake.rule, snakemake.resources
    given, minutes = resources.get("mem_mb"), resources.get("runtime")
    held = f"it held {end.held} MB{f' of {given} that it had asked for' if given else ''}"
    most = resource.getrlimit(resource.RLIMIT_CPU)[0]
    used_up = most != resource.RLIM_INFINITY and end.cpu > most - 1  # the kernel counts in ticks
    if end.signal == signal.SIGXCPU or (end.signal == signal.SIGKILL and used_up):
        return f"stopped at its limit of {most} CPU seconds; raise it (ulimit -t), and run again: nothing else is lost"
    if end.signal == signal.SIGTERM:
        limit = f"--set-resources {rule}:runtime={2 * minutes if minutes else 'MINUTES'}"
        why = f"told to stop (SIGTERM) after {seconds / 60:.1f} minutes"
        return f"{why}; if a time limit did that, raise it ({limit}), and run again: nothing else is lost"
    if end.signal in STOPS:
        return f"stopped ({signal.Signals(end.signal).name}); run again: nothing else is lost"
    if end.signal == signal.SIGKILL:
        return machine.memory(
            held, rule, given, "killed by somebody, or by the kernel because memory ran out"
        )
    if machine.MEMORY.search(_last_words(log)):
        return machine.memory(held, rule, given)
    name = signal.strsignal(end.signal) or f"signal {end.signal}"
    return f"crashed ({name}) after {seconds:.0f} s, {held}; run it again, and report it if it happens again"


def _last_words(log: Path) -> str:
    try:
        return log.read_bytes()[-TAIL:].decode(errors="replace")
    except OSError:
        return ""


def _end(line: str, log: Path) -> NoReturn:
    """Say the line where Snakemake shows it and in the log, and exit."""
    try:
        with log.open("a") as handle:
            print(f"error: {line}", file=handle)
    except OSError:
        pass  # it may lie on a full disk
    sys.exit(line)
