"""What the machine may refuse a job: memory, a place to write to, a GPU. Each is one line with what to set."""

import errno
import re
import resource
import sys
import tempfile
from pathlib import Path

from stratbench.core.errors import UserError

PLACE = {  # errors of a place that is written to or read from
    *(errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.EFBIG),
    *(errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG),
}
LIMIT = {errno.EMFILE: "ulimit -n", errno.ENFILE: "ulimit -n", errno.EAGAIN: "ulimit -u"}
MEMORY = re.compile(  # as C++, LLVM, OpenBLAS, the loader of shared libraries, Python and XLA have it
    r"bad_alloc|out.of.memory|RESOURCE_EXHAUSTED|allocate memory|memory allocation (still )?failed"
    r"|unable to allocate|failed to map segment|\bMemoryError\b",
    re.IGNORECASE,
)
BYTES = re.compile(r"allocat\w+ (\d+) ?bytes")  # as XLA has it
GPU = re.compile(r"CUDA|CUDNN|CUBLAS|cuda|cudnn|cublas|NCCL")
LIBRARIES, LIBRARIES_AND_JAX = (
    1000,
    2500,
)  # MB of address space that a job maps before it holds anything, and a little
LONGEST = 200  # characters of an error that a line repeats


def refusal(
    error: BaseException, rule: str = "RULE", given: int | None = None, log: str | Path = ""
) -> str | None:
    """Say in one line what the machine refused and what to set; None for any other error.

    Args:
        error: what was raised.
        log: the job's log, which is what an error of a place without a name most likely speaks of.
        rule, given: as ``memory`` takes them.

    Returns:
        The line, without the job's name.
    """
    said = _first_line(error)
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return memory(said, rule, given)
    if isinstance(error, OSError):
        return _of_the_system(error, log)
    if _is_jax(error):
        if MEMORY.search(str(error)):
            return memory(said, rule, given) if _on_cpu() else _gpu_memory(said)
        return f"the GPU failed ({said}); see nvidia-smi and run again" if GPU.search(said) else None
    if isinstance(error, ImportError | SystemError) and MEMORY.search(str(error)):
        return memory(said, rule, given)  # a shared library did not fit
    if isinstance(error, RuntimeError) and said == "can't start new thread":
        return f"{said}; too many threads or processes run already, or too little memory is left (ulimit -u, ulimit -v)"
    return None


def require_writable(folder: str | Path) -> None:
    """Raise UserError unless files can be made in a folder, or in the nearest one above it that exists."""
    place = Path(folder).absolute()
    while not place.exists():
        place = place.parent
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        raise UserError(f"{folder}: cannot be written: {error.strerror}; free or change the place") from error


def require_address_space(jax: bool) -> None:
    """Raise UserError where less address space is allowed than libraries map: OpenBLAS would wait for it for ever.

    ``jax`` says whether the job uses JAX.
    """
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    least = LIBRARIES_AND_JAX if jax else LIBRARIES
    if limit != resource.RLIM_INFINITY and limit < least << 20:
        raise UserError(
            f"the address space is limited to {limit >> 20} MB (ulimit -v), and a job's libraries map {least} MB "
            "before they hold anything; lift it (ulimit -v unlimited), and let the scheduler limit memory in use"
        )


def memory(said: str = "", rule: str = "RULE", given: int | None = None, what: str = "out of memory") -> str:
    """What to do about too little memory.

    Args:
        said: what is known about it, such as how much was asked for.
        rule: the name of the job's rule.
        given: the MB that the job had asked the scheduler for.
        what: what happened, in the line's first words.

    Returns:
        One line.
    """
    most = f"{2 * given}" if given else "MB"
    return (
        f"{what}{f' ({said})' if said else ''}; on a cluster give it more (--set-resources {rule}:mem_mb={most}), "
        "on one machine run fewer jobs at once (--cores 1), or use fewer SNPs or individuals"
    )


def _gpu_memory(said: str) -> str:
    return (
        f"out of GPU memory ({said}); free the GPU of other programs (nvidia-smi; "
        "XLA_PYTHON_CLIENT_PREALLOCATE=false shares it), lower the model's batch_size or the study's seeds, or "
        "set JAX_PLATFORMS=cpu"
    )


def _of_the_system(error: OSError, log: str | Path) -> str | None:
    place = error.filename or log
    where = f"{place}: " if place else ""
    if error.errno in PLACE:
        return f"{where}{error.strerror}; free or change the place and start again, nothing is lost"
    if error.errno in LIMIT:
        return f"{where}{error.strerror}; raise the limit ({LIMIT[error.errno]}) or run fewer jobs at once"
    return None


def _is_jax(error: BaseException) -> bool:
    """Whether XLA raised it. JAX is not imported for that: where it is not, nothing of it can be raised."""
    jax = sys.modules.get("jax")
    return jax is not None and isinstance(error, jax.errors.JaxRuntimeError)


def _on_cpu() -> bool:
    return bool(sys.modules["jax"].default_backend() == "cpu")


def _first_line(error: BaseException) -> str:
    """What an error says in its first line, or how much it asked for."""
    lines = str(error).strip().splitlines()
    if lines and (found := BYTES.search(lines[0])):
        return f"it asked for {int(found[1]) // 10**6} MB at once"
    return lines[0][:LONGEST].strip().rstrip(".") if lines else ""
