"""A cache of what XLA compiles, shared by all jobs: a network takes seconds to compile, and hundreds of jobs need it.

JAX looks a computation up by all that its code depends on (the computation, JAX's and XLA's versions, flags, the kind
of device), but not by the processor's instruction set, so each kind of processor has a folder of its own. The
cache returns the machine code that was compiled, so results have the same bytes with and without it. A damaged entry is
compiled again. Source: JAX documentation, "Persistent compilation cache".
"""

import hashlib
import os
import platform
from pathlib import Path

CACHE = Path(".cache", "compiled")  # below the directory that the workflow runs in; no result lies here


def processor() -> str:
    """A name for what this machine's processor can execute."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    flags = {line for line in lines if line.startswith(("flags", "Features", "model name"))}
    return hashlib.sha256("\n".join([platform.machine(), *sorted(flags)]).encode()).hexdigest()[:12]


def remember() -> None:
    """Keep what is compiled, unless JAX_COMPILATION_CACHE_DIR names another place. Call it before jax is imported."""
    defaults = {
        "JAX_COMPILATION_CACHE_DIR": str((CACHE / processor()).absolute()),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        # Genotypes are constants of a network's functions; passed as arguments, they are no part of the code.
        "JAX_USE_SIMPLIFIED_JAXPR_CONSTANTS": "1",
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
