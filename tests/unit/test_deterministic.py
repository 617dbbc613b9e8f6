"""The option that keeps a GPU to operations of the same bytes reaches XLA, beside flags of the user's own."""

import os
from pathlib import Path

import pytest

import jobs
from stratbench.core import threads
from stratbench.study.config import check

BODY = "import os; print('flags:', os.environ['XLA_FLAGS'], flush=True)"


@pytest.mark.parametrize("asked", [True, False])
def test_a_study_that_asks_for_it_gives_its_jobs_the_flag(tmp_path: Path, asked: bool) -> None:
    base = jobs.prepare(tmp_path)
    config = {"deterministic": True} if asked else {}
    assert jobs.run(jobs.split(base, BODY, config), base, XLA_FLAGS="--xla_dump_to=none") == (0, "")
    (line,) = [line for line in (base / jobs.LOG).read_text().splitlines() if line.startswith("flags:")]
    wanted = ["--xla_dump_to=none", threads.ONE_THREAD] + [threads.DETERMINISTIC] * asked
    assert line.split()[1:] == wanted


def test_flags_are_given_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XLA_FLAGS", "")
    for _ in range(2):
        threads.fix(1, deterministic=True)
    assert os.environ["XLA_FLAGS"].split() == [threads.ONE_THREAD, threads.DETERMINISTIC]


def test_a_config_states_it_in_either_form() -> None:
    block = {
        "cohorts": ["a"],
        "traits": ["t"],
        "splits": ["random"],
        "models": ["linear"],
        "adjustments": ["none"],
    }
    config = {
        "study": "s",
        "cohorts": {"a": {"simulate": {"demography": "panmictic"}}},
        "traits": {"t": {"simulate": {}}},
        "blocks": [block],
    }
    assert check(config)["deterministic"] is False
    assert check(config | {"deterministic": True})["deterministic"] is True
