"""Cohorts that cannot be had leave the study, with their reasons; who may fetch, and who believes the note."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from stratbench.cohorts.real import available
from stratbench.cohorts.real import fetch as fetching
from stratbench.core.errors import UserError
from stratbench.study import config as configs
from stratbench.study.study import Study

FAM = b"f i1 0 0 0 1\n"
FILES = {"bed": b"l\x1b\x01\x00", "bim": b"1 s 0 1 A G\n", "fam": FAM}


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """A checked config with a simulated cohort, and real ones of which the mirror holds those in ``had``."""
    monkeypatch.setenv(fetching.MIRROR, str(tmp_path / "mirror"))

    def make(*names: str, had: tuple[str, ...] = (), simulated: bool = True) -> dict[str, Any]:
        cohorts: dict[str, Any] = {"made": {"simulate": {"demography": "panmictic"}}} if simulated else {}
        for name in names:
            entries = {}
            for end, data in FILES.items():
                sources = [{"mirror": f"{name}.{end}"}, {"url": (tmp_path / "away").as_uri()}]
                digest = hashlib.sha256(data).hexdigest()
                entries[end] = {"name": f"{name}.{end}", "sha256": digest, "sources": sources}
                if name in had:
                    (tmp_path / "mirror").mkdir(exist_ok=True)
                    (tmp_path / "mirror" / f"{name}.{end}").write_bytes(data)
            content = {"title": name, "licence": "l", "citation": "c", "mating": "outbred", "files": entries}
            traits = {"columns": {"t": 6}, "traits": {"t": {"kind": "quantitative", "column": "t"}}}
            (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(content | traits))
            cohorts[name] = {"real": str(tmp_path / f"{name}.yaml")}
        block = {"splits": ["random"], "models": ["linear"], "adjustments": ["none"]}
        blocks = [block | {"cohorts": ["made"], "traits": ["y"]}] if simulated else []
        blocks.append(block | {"cohorts": list(names), "traits": ["t"]})
        traits = {"y": {"simulate": {}}, "t": {"measured": "t"}}
        return configs.check({"study": "s", "cohorts": cohorts, "traits": traits, "blocks": blocks})

    return make


def labels(config: dict[str, Any]) -> list[str]:
    return [cohort.scenario for cohort in Study(config).cohorts]


def test_what_cannot_be_had_is_left_out_and_told(study, tmp_path: Path, capsys) -> None:
    config = study("here", "away", had=("here",))
    left = available.resolve(config, True, tmp_path / "got")
    assert set(labels(left)) == {"made", "here"}
    assert labels(config).count("away") == 1  # what was given is not changed
    (absent,) = left["unavailable"]
    assert (absent["label"], absent["title"]) == ("away", "away")
    assert [(file, source.split()[0]) for file, source, _ in absent["failures"]] == [
        ("away.bed", "mirror"),
        ("away.bed", (tmp_path / "away").as_uri()),
    ]
    assert all(reason for _, _, reason in absent["failures"])
    out, told = capsys.readouterr()
    assert out == ""
    assert "the cohort 'away' is unavailable and left out" in told
    assert "no such file" in told
    assert not list((tmp_path / "got" / "away").glob("*.bed"))


def test_only_who_starts_a_run_fetches_and_the_others_agree(study, tmp_path: Path) -> None:
    config, got = study("here", "away", had=("here",)), tmp_path / "got"
    assert set(labels(available.resolve(config, False, got))) == {"made", "here", "away"}
    assert not got.exists()
    started = available.resolve(config, True, got)
    assert available.resolve(config, False, got) == started


def test_a_change_is_seen_by_the_next_run(study, tmp_path: Path) -> None:
    config, got = study("away"), tmp_path / "got"
    assert set(labels(available.resolve(config, True, got))) == {"made"}
    study("away", had=("away",))
    assert set(labels(available.resolve(config, False, got))) == {"made"}  # a job of the run before
    for seen in (available.resolve(config, True, got), available.resolve(config, False, got)):
        assert set(labels(seen)) == {"made", "away"}
        assert "unavailable" not in seen


def test_what_is_there_is_not_asked_for_again(study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config, got = study("here", had=("here",)), tmp_path / "got"
    available.resolve(config, True, got)
    monkeypatch.delenv(fetching.MIRROR)
    (tmp_path / "mirror" / "here.bed").unlink()
    assert "here" in labels(available.resolve(config, True, got))
    (got / "here" / "here.bed").write_bytes(b"broken")
    assert "here" not in labels(available.resolve(config, True, got))


def test_nothing_left_is_an_error_with_the_reasons(study, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="none of the study's cohorts is available") as error:
        available.resolve(study("away", "gone", simulated=False), True, tmp_path / "got")
    assert "away.bed from mirror away.bed" in str(error.value)
    assert "gone.bed" in str(error.value)


def test_the_dial_loses_the_points_of_missing_cohorts(study, tmp_path: Path) -> None:
    config = study("away") | {"dial": {"title": "d", "points": {"made": 1.0, "away": 2.0}}}
    assert available.resolve(config, True, tmp_path / "got")["dial"]["points"] == {"made": 1.0}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--cores", "2"], True),
        (["--cores", "all", "--rerun-incomplete", "--configfile", "x.yaml"], True),
        (["-n"], False),
        (["--lint"], False),
        (["--unlock", "--cores", "1"], False),
        (["--touch"], False),
        (["--report=x.html"], False),
        (["--summary"], False),
    ],
)
def test_which_calls_of_snakemake_run_jobs(arguments: list[str], expected: bool) -> None:
    assert available.runs(arguments) == expected


def test_the_note_is_what_the_next_reader_needs(study, tmp_path: Path) -> None:
    available.resolve(study("away"), True, tmp_path / "got")
    note = json.loads((tmp_path / "got" / "away" / available.NOTE).read_text())
    assert len(note["failures"]) == 2
