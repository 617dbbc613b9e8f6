"""Every job fixes its own thread pools: XLA and LAPACK give different bits on one thread and on two."""

import os

POOLS = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"),
    *("PJRT_NPROC", "NPROC"),  # XLA's CPU client, which otherwise counts the CPUs that it may run on
)


def fix(threads: int = 1) -> None:
    """Fix BLAS, OpenMP and XLA's CPU pools. Call it before numpy or jax is imported."""
    for name in POOLS:
        os.environ[name] = str(threads)
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    if threads == 1:
        ours = "--xla_cpu_multi_thread_eigen=false"
        flags = os.environ.get("XLA_FLAGS", "")
        if ours not in flags:
            os.environ["XLA_FLAGS"] = f"{flags} {ours}".strip()
