"""Whether a job that asked for a GPU has one."""

import os
from typing import Any

from stratbench.core.errors import UserError


def look(snakemake: Any) -> str:
    """What to say of a job that asked for a GPU and does without one; blank of any other job.

    Training on a CPU instead gives a CPU's results, more slowly, and fit.json names the device. A study that must
    not do that says so by JAX_PLATFORMS=cuda.

    Raises:
        UserError: where JAX_PLATFORMS names a device that JAX cannot start.
    """
    asked = asked_by(snakemake)
    if asked is None:
        return ""
    import jax

    wanted = os.environ.get("JAX_PLATFORMS", "")
    try:
        found = jax.default_backend()
    except (RuntimeError, AssertionError) as error:
        raise UserError(
            f"JAX_PLATFORMS={wanted}: JAX cannot start that here ({_said(error)}); see nvidia-smi, install JAX for "
            "GPUs (GPU=1 make report), or unset JAX_PLATFORMS to train on the CPU"
        ) from error
    if not asked or found != "cpu":
        return ""
    return (
        "no GPU was found, though the study asks for one (gpu: 1): this job runs on the CPU, more slowly, and its "
        "results are a CPU's; JAX_PLATFORMS=cuda refuses that"
    )


def asked_by(snakemake: Any) -> int | None:
    """The GPUs that a job asks the scheduler for; None of a job that does not use JAX."""
    asked: int | None = getattr(snakemake, "resources", {}).get("gpu")
    return asked


def _said(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else "it was built without it"
