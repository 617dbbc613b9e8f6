"""Every job fixes its own thread pools: XLA and LAPACK give different bits on one thread and on two."""

import os

POOLS = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"),
    *("PJRT_NPROC", "NPROC"),  # XLA's CPU client, which otherwise counts the CPUs that it may run on
)
ONE_THREAD = "--xla_cpu_multi_thread_eigen=false"
DETERMINISTIC = "--xla_gpu_deterministic_ops=true"


def fix(threads: int = 1, deterministic: bool = False) -> None:
    """Fix BLAS, OpenMP and XLA's CPU pools. Call it before numpy or jax is imported.

    ``deterministic`` keeps a GPU to operations that give the same bytes each time; on a CPU all of them do.
    """
    for name in POOLS:
        os.environ[name] = str(threads)
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    flags = os.environ.get("XLA_FLAGS", "").split()
    ours = [ONE_THREAD] * (threads == 1) + [DETERMINISTIC] * deterministic
    os.environ["XLA_FLAGS"] = " ".join([*flags, *(flag for flag in ours if flag not in flags)])
