"""The judge of damaged inputs is judged: everything but success, a scientific failure and a good line is told."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from damage import judge
from damage.judge import Case, require, verdict
from stratbench.core.errors import ScientificFailure, UserError


def refuse(message: str) -> Callable[[], None]:
    def run() -> None:
        raise UserError(message)

    return run


def stray() -> None:
    Path(".x.tsv.1.part").touch()
    raise UserError("x.tsv: odd")


def fail(error: type[BaseException]) -> Callable[[], None]:
    def run() -> None:
        raise error("why")

    return run


@pytest.mark.parametrize(
    ("run", "outcome"),
    [
        (lambda: None, "accepted"),
        (lambda: "failed", "failed"),
        (refuse("x.tsv: odd"), "refused"),
        (refuse("the config:\n  x.tsv: odd\n  x.tsv: empty"), "refused"),
        (refuse("odd"), "refused without a name"),
        (refuse("x.tsv: odd\nTraceback"), "refused in several lines"),
        (refuse("x.tsv: <class 'int'>"), "refused in a program's words"),
        (refuse("x.tsv: np.str_('a')"), "refused in a program's words"),
        (refuse("x.tsv: " + "why " * 300), "refused at length"),
        (refuse("x.tsv: odd" + "\n  x.tsv: odd" * 99), "refused at length"),
        (stray, "stray files"),
        (fail(ScientificFailure), "failed"),
        (fail(KeyError), "bare"),
        (fail(SystemExit), "bare"),
        (fail(AssertionError), "accepted wrongly"),
    ],
)
def test_each_outcome_is_known(run: Callable[[], str | None], outcome: str, tmp_path: Path) -> None:
    assert verdict(Case("kind", "name", run, r"x\.tsv"), tmp_path / "case")[0] == outcome


def test_what_hangs_is_bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge, "SECONDS", 1)
    found, message = verdict(Case("kind", "name", lambda: time.sleep(30), ""), tmp_path / "case")
    assert (found, "not done after 1 s" in message) == ("bare", True)


def test_too_few_cases_or_accepted_ones_fail(tmp_path: Path) -> None:
    cases = [Case("kind", f"{k}", refuse("x.tsv: odd"), r"x\.tsv") for k in range(3)]
    require(cases, tmp_path / "one", {"kind": (3, 0)})
    with pytest.raises(AssertionError, match="accepted"):
        require(cases, tmp_path / "two", {"kind": (3, 1)})
    with pytest.raises(AssertionError, match="cases"):
        require(cases, tmp_path / "three", {"kind": (4, 0)})
    with pytest.raises(AssertionError, match="kind: 7: bare: KeyError"):
        require([*cases, Case("kind", "7", fail(KeyError), "")], tmp_path / "four", {"kind": (3, 0)})
