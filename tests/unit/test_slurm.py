"""Slurm: runs that would wait for ever are refused, and failures are told in a line."""

import re
from pathlib import Path

import pytest

from stratbench.core.errors import UserError
from stratbench.study.slurm import failure, require_states


def shown(storage: str = "accounting_storage/none", age: str = "300 sec") -> str:
    return f"AccountingStorageType   = {storage}\nMinJobAge               = {age}\n"


def test_sites_where_the_end_of_a_job_is_learnt() -> None:
    require_states("squeue", shown())
    require_states("squeue", shown("accounting_storage/slurmdbd"))
    require_states("sacct", shown("accounting_storage/slurmdbd", "2 sec"))


@pytest.mark.parametrize(
    ("command", "config", "words"),
    [
        ("sacct", shown(), "no accounting database.*slurm-groups-status-command: squeue"),
        ("sacct", "", "no accounting database.*slurm-groups-status-command: squeue"),
        (
            "squeue",
            shown("accounting_storage/slurmdbd", "60 sec"),
            "60 s after.*slurm-groups-status-command: sacct",
        ),
        ("squeue", shown(age="60 sec"), "60 s after.*ask the site"),
        ("squeue", shown(age="0 sec"), "0 s after.*ask the site"),
    ],
)
def test_a_run_that_would_wait_for_ever_is_refused(command: str, config: str, words: str) -> None:
    with pytest.raises(UserError, match=words) as refused:
        require_states(command, config)
    assert "\n" not in str(refused.value)


RAN = "localrule qc:\n    log: a\n\nlocalrule fit_1:\n    log: b\n"


@pytest.mark.parametrize(
    ("printed", "words"),
    [
        (
            f"{RAN}slurmstepd: error: Job 7 exceeded memory limit (1 > 0), being killed",
            r"Slurm job 7: out of memory in fit_1: it had asked for 1200 MB; .*--set-resources fit_1:mem_mb=N",
        ),
        (f"{RAN}Detected 1 oom_kill event in StepId=7.batch.", "out of memory in fit_1"),
        (
            f"{RAN}slurmstepd: error: *** JOB 7 ON n1 CANCELLED AT 2026-11-28T09:00:00 DUE TO TIME LIMIT ***",
            "out of time in fit_1: it had asked for 30 minutes; .*--set-resources fit_1:runtime=N",
        ),
        (f"{RAN}*** JOB 7 ON n1 CANCELLED AT 2026-11-28T09:00:00 ***", "cancelled in fit_1"),
        (f"{RAN}*** JOB 7 CANCELLED AT 2026 DUE TO NODE FAILURE ***", "its node failed in fit_1"),
        (f"{RAN}localrule probe:\n    log: c\nError in rule fit_1:\n", "a job failed in fit_1"),
        ("", "Slurm job 7: a job failed: what it said.*Log: none"),
    ],
)
def test_a_failure_names_its_cause_the_rule_what_to_set_and_the_log(
    tmp_path: Path, printed: str, words: str
) -> None:
    log = tmp_path / "7.log"
    if printed:
        log.write_text(printed)
    line = failure(log, "7", 1200, 30)
    assert "\n" not in line
    assert re.search(words, line)
    assert (str(log) in line) == bool(printed)
