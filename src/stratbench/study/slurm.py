"""What a Slurm site must offer before the first job is submitted, so that no run waits for ever."""

import re
from pathlib import Path

from stratbench.core.errors import UserError

LONGEST_WAIT = 180  # seconds between two looks at the jobs' states, at most (snakemake-executor-plugin-slurm)
SQUEUE, SACCT = "slurm-groups-status-command: squeue", "slurm-groups-status-command: sacct"


def require_states(command: str | None, config: str) -> None:
    """Raise UserError where Snakemake would never learn that a job has ended.

    Args:
        command: what is asked for the states of jobs: ``squeue`` or ``sacct``.
        config: what ``scontrol show config`` prints.
    """
    storage = _value("AccountingStorageType", config) or "accounting_storage/none"
    age = re.match(r"\d+", _value("MinJobAge", config) or "")
    remembered = int(age[0]) if age else 0
    database = storage.rpartition("/")[2] not in ("none", "(null)")
    if command == "sacct" and not database:
        raise UserError(
            f"Slurm has no accounting database here (AccountingStorageType = {storage}), so sacct never tells that a "
            f"job has ended: set '{SQUEUE}' in the profile"
        )
    if command == "squeue" and remembered <= LONGEST_WAIT:
        remedy = f"set '{SACCT}' in the profile" if database else "ask the site for a MinJobAge of 300"
        raise UserError(
            f"Slurm forgets a job {remembered} s after its end here (MinJobAge), so squeue may never tell that it has "
            f"ended: {remedy}"
        )


def _value(key: str, config: str) -> str | None:
    found = re.search(rf"^{key}\s*=\s*(\S+)", config, re.MULTILINE)
    return found[1] if found else None


# What Slurm writes into the log of a submission that it ends, and what that means.
ENDS = (
    (r"oom.?kill|exceeded (job |step )?memory limit|Out Of Memory", "out of memory"),
    (r"DUE TO TIME LIMIT", "out of time"),
    (r"DUE TO NODE FAILURE|NODE_FAIL", "its node failed"),
    (r"DUE TO PREEMPTION", "preempted"),
    (r"\bCANCELLED AT\b", "cancelled"),
)


def failure(log: Path, job: str, memory: object, minutes: object) -> str:
    """Why a submission failed.

    Args:
        log: what the submission printed; it may not be there.
        job: Slurm's number of the submission.
        memory: MB that it asked for.
        minutes: the time that it asked for.

    Returns:
        One line: the cause, the rule that ran, what to set, and the log.
    """
    text = log.read_text(errors="replace") if log.is_file() else ""
    cause = next(
        (words for pattern, words in ENDS if re.search(pattern, text, re.IGNORECASE)), "a job failed"
    )
    ran = re.findall(r"^Error in rule (\w+):", text, re.MULTILINE) or re.findall(
        r"^(?:local)?rule (\w+):", text, re.MULTILINE
    )
    rule = ran[-1] if ran else ""
    remedy = {
        "out of memory": f"it had asked for {memory} MB; each attempt asks for twice as much, and "
        f"--set-resources {rule or 'RULE'}:mem_mb=N asks for N at once",
        "out of time": f"it had asked for {minutes} minutes; each attempt asks for twice as much, and "
        f"--set-resources {rule or 'RULE'}:runtime=N asks for N at once",
        "a job failed": "what it said stands in the log",
    }.get(cause, "it can be submitted again as it is")
    return (
        f"Slurm job {job}: {cause}{f' in {rule}' if rule else ''}: {remedy}. Log: {log if text else 'none'}. "
    )
