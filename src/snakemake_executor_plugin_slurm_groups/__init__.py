"""Snakemake's Slurm executor (snakemake-executor-plugin-slurm), for groups of small jobs. profiles/slurm names it.

The executor that it extends starts a Snakemake for each job of a group, which costs as much as most of our jobs do.
Here one Snakemake runs all jobs of a submission. A submission that failed is reported with its cause and its log in
one line, and a run is refused where it would wait for ever: `scontrol show config`, a fixed command without a shell,
says so. Snakemake finds the module by its name.
"""

import importlib.util
import subprocess
from collections.abc import Iterator
from typing import Any

from snakemake_interface_common.exceptions import WorkflowError

from stratbench.core.errors import UserError
from stratbench.study import slurm

EXTENDED = "snakemake_executor_plugin_slurm"
# Snakemake imports every executor that it finds, whatever it is asked to do. An environment from before this one was
# there goes on to run on one machine.
INSTALLED = importlib.util.find_spec(EXTENDED) is not None
plugin: Any = importlib.import_module(EXTENDED if INSTALLED else "snakemake.executors.local")
common_settings = plugin.common_settings
if INSTALLED:
    ExecutorSettings = plugin.ExecutorSettings


class Executor(plugin.Executor):
    """Submits each group, or job without a group, as one Slurm job that runs within one Snakemake."""

    def __post_init__(self, test_mode: bool = False) -> None:
        """Refuse to start where Snakemake would never learn that a job has ended."""
        if not INSTALLED:
            raise WorkflowError(f"{EXTENDED} is not installed: run `make env-run`")
        super().__post_init__(test_mode)
        shown = subprocess.run(["scontrol", "show", "config"], capture_output=True, text=True, check=False)
        if shown.returncode:
            raise WorkflowError(f"Slurm does not answer (scontrol show config): {shown.stderr.strip()}")
        try:
            slurm.require_states(self.get_status_command(), shown.stdout)
        except UserError as error:
            raise WorkflowError(str(error)) from error

    def additional_general_args(self) -> str:
        """On the node, jobs run as on one machine."""
        return "--executor local"

    def get_job_args(self, job: Any) -> str:
        """No more cores than were asked for are used, even where Slurm does not confine a job to its cores."""
        return f"{super().get_job_args(job)} --cores {job.threads}"

    def get_account_arg(self, job: Any) -> Iterator[str]:
        """The account of the profile; where it is empty none is guessed."""
        if job.resources.get("slurm_account"):
            yield from super().get_account_arg(job)
        else:
            yield ""

    def report_job_error(self, job_info: Any, msg: str | None = None, **kwargs: Any) -> None:
        """Say in one line why a submission failed and where its log lies, which ``quiet: rules`` does not hide."""
        if job_info.external_jobid is not None:
            log, asked = job_info.aux["slurm_logfile"], job_info.job.resources
            msg = slurm.failure(log, job_info.external_jobid, asked.get("mem_mb"), asked.get("runtime"))
        self.logger.error(msg)
        super().report_job_error(job_info, msg=msg, **kwargs)
