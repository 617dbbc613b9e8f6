"""docs/adjustments.md says of every adjustment what its file says, and names no other."""

import importlib.util
import re
import subprocess
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from example_results import Example, make
from stratbench.core import files
from stratbench.methods import registry
from stratbench.metrics.rows import COMPARISONS

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = ROOT / "results" / "published"
MOST_BYTES = 5_000_000  # of one study's committed tables
SMALL = Example(
    traits=("shortcut",),
    models=("linear",),
    adjustments=("none", "pc-covariates", "input-residual", "matched"),
    failed=(("linear", "matched"),),
    attributions=(),
    associations=(),
    real=False,
)


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("adjustments_page", ROOT / "docs" / "adjustments.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_says_what_the_files_say(script: ModuleType) -> None:
    text = script.PAGE.read_text()
    assert text == script.page(text), "run `python docs/adjustments.py`"


def test_every_adjustment_states_what_it_fails_at(script: ModuleType) -> None:
    for name in registry.names("adjustment"):
        assert len(script.failure(registry.load("adjustment", name))) > 20, name


def test_the_page_chooses_among_adjustments_and_options_that_exist(script: ModuleType) -> None:
    """What stands in the first column of a table, or is combined by +, is the name of an adjustment.

    The tables of results have the labels of a study, which are not all such names.
    """
    text = re.sub(
        r"<!-- results: begin -->.*<!-- results: end -->", "", script.PAGE.read_text(), flags=re.DOTALL
    )
    firsts = re.findall(r"^\| ((?:`[a-z-]+`(?:, )?)+) \|", text, re.MULTILINE)
    named = {name for cell in firsts for name in re.findall(r"`([a-z-]+)`", cell)}
    named |= {part for pair in re.findall(r"`([a-z-]+\+[a-z-]+)`", text) for part in pair.split("+")} - {
        "a",
        "b",
    }
    assert len(named) >= 12
    assert named <= set(registry.names("adjustment"))
    options = {key for name in named for key in registry.describe("adjustment", name).options}
    assert set(re.findall(r"`([a-z_]+): [^`]+`", text)) <= options


def summary(folder: Path, changes: dict[tuple[str, str], tuple[float, float]]) -> Path:
    """The summary of a made-up study whose rows of these (adjustment, metric) have these intervals."""
    make(folder, SMALL)
    found = folder / "results/example/summary"
    table = pd.read_csv(found / "comparisons.tsv", sep="\t", keep_default_na=False)
    for (adjustment, metric), (low, high) in changes.items():
        here = (table["adjustment"] == adjustment) & (table["metric"] == metric)
        assert here.sum() == 1
        table.loc[here, ["mean", "ci_low", "ci_high"]] = (low + high) / 2, low, high
    files.write_tsv(table[list(COMPARISONS.columns)], found / "comparisons.tsv")
    return found


def test_a_study_is_shown_by_its_tables(script: ModuleType, tmp_path: Path) -> None:
    """Cells are the table's rows, and a change is told where its interval excludes 0."""
    lines = script.results(
        summary(
            tmp_path,
            {
                ("none", "ancestry_logit"): (0.6, 0.8),
                ("pc-covariates", "diff_ancestry_logit"): (-0.3, -0.1),
                ("input-residual", "diff_ancestry_logit"): (-0.2, 0.1),
                ("pc-covariates", "diff_auroc_stratified_f"): (-0.1, 0.1),
                ("input-residual", "diff_auroc_stratified_f"): (0.02, 0.06),
            },
        )
    )
    text = "\n".join(lines)
    assert "### shortcut, linear" in lines
    assert "3 replicates" in lines[0]
    of_none = next(line for line in lines if line.startswith("| `none` |"))
    assert of_none.split(" | ")[1] == ".70 (.60 to .80)"
    assert len(of_none.split(" | ")) == len(script.COLUMNS) + 1
    ancestry, auroc = (line for line in lines if line.startswith("Of 2 intervals"))
    assert "f given y, 1 excludes 0" in ancestry
    assert "fell under `pc-covariates`, and rose under none of them." in ancestry
    assert "fell under none of them, and rose under `input-residual`." in auroc
    assert text.count("`matched`") == 1
    assert "`matched` has no value: " in text
    assert "the reason is not published" not in text
    (tmp_path / "results/example/summary/metrics.tsv").unlink()
    without = script.results(tmp_path / "results/example/summary")
    assert without[:-1] == lines[:-1]
    assert without[-1] == "`matched` has no value: the reason is not published."


def test_without_tables_the_page_shows_nothing(script: ModuleType, tmp_path: Path) -> None:
    (line,) = script.results(tmp_path / "none")
    assert "nothing is said" in line


def test_no_claim_stands_beside_the_tables(script: ModuleType) -> None:
    """Written text has no measured number, but for CPU seconds, and says of no adjustment how well it did."""
    text = script.PAGE.read_text()
    for name in script.parts():
        begin, end = script.marks(name)
        before, _, rest = text.partition(begin)
        text = before + rest.partition(end)[2]
    text = text.partition("## What each costs")[0]
    assert not re.findall(r"(?<![\w`])-?0?\.\d+|\d%", text.replace("FST .05", "FST"))
    said = r"\b(?:removed?s?|outperform\w*|beats?|superior|halve[ds]|more accurate|less accurate)\b"
    assert not re.findall(said, text)


def test_committed_tables_are_what_a_workflow_wrote_and_small() -> None:
    """Git lets results/published through, which holds the summaries of studies and nothing else."""
    ignored = subprocess.run(
        ["git", "check-ignore", "-q", "results/published/a/summary/metrics.tsv"], cwd=ROOT, check=False
    )
    if ignored.returncode == 128:
        pytest.skip("not a git checkout")
    assert ignored.returncode == 1
    for study in PUBLISHED.iterdir() if PUBLISHED.is_dir() else ():
        held = [path for path in study.rglob("*") if path.is_file()]
        assert {path.parent for path in held} == {study / "summary"}
        assert {path.name for path in held if path.suffix != ".tsv"} == {"provenance.json"}
        assert sum(path.stat().st_size for path in held) <= MOST_BYTES, study.name
