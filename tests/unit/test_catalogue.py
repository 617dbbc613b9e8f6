"""A metric is declared once, in its family's file; what else names metrics follows from that."""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from stratbench.metrics import catalogue
from stratbench.metrics.metric import Metric
from stratbench.report.text import glossary

ROOT = Path(__file__).resolve().parents[2]
FAMILY = '''"""How far predictions are spread."""

from stratbench.metrics.estimate import Estimate
from stratbench.metrics.metric import Metric
from stratbench.metrics.rows import rows

METRICS: tuple[Metric, ...] = (
    Metric("spread", "the largest minus the smallest score", 0, 100, "neither", "its definition", "spread of scores",
           "spread", paired=True),
)


def of_split(results):
    found = []
    for fit in results.fits:
        for seed, table in fit.predictions.groupby("seed"):
            estimate = Estimate(float(table["score"].max() - table["score"].min()), len(table))
            found += rows(results.place.keys(**fit.label), "spread", estimate, seed=seed)
    return found
'''
ASK = """
import json, sys
from pathlib import Path
import numpy as np
sys.path[:0] = [*TESTS, DOCS]
import metrics
from test_metrics_table import run, write_split
from stratbench.core.digest import digest
from stratbench.metrics import catalogue
from stratbench.report.text import glossary
from stratbench.summary.comparisons import comparisons
base = Path(sys.argv[1])
write_split(base, np.random.default_rng(1))
table = run(base)
print(json.dumps({
    "package": catalogue.__file__,
    "metrics": sorted(set(table["metric"])),
    "comparisons": sorted(set(comparisons(table)["metric"])),
    "glossary": [term for block in glossary.build(None).blocks for term, _ in block.pairs],
    "label": {metric.name: catalogue.label(metric.name) for metric in catalogue.metrics()},
    "page": metrics.table(),
    "digests": [digest(script) for script in ("metrics", "summary", "report")],
}))
"""


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script that writes the table of docs/contracts.md."""
    spec = importlib.util.spec_from_file_location("metrics_page", ROOT / "docs" / "metrics.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_families_are_found() -> None:
    names = [family.__name__.rpartition(".")[2] for family in catalogue.families()]
    assert names == [
        *("agreement", "ancestry", "association", "between", "explanation", "prediction", "recovery"),
        *("selection", "shortcut", "split_size"),
    ]
    assert len(catalogue.metrics()) > 25


def test_accuracy_ancestry_and_recovery_are_paired() -> None:
    assert set(catalogue.paired()) == {
        *("accuracy", "auroc", "auroc_f", "auroc_stratified", "auroc_stratified_f", "r2"),
        *("pearson", "pearson_f", "pearson_stratified", "pearson_stratified_f", "causal_auc_pr"),
        *("ancestry_linear", "ancestry_nonlinear", "ancestry_logit"),
        *("auroc_family", "auroc_family_f", "pearson_family", "pearson_family_f", "partial_f"),
        *("pcs_partial_r2", "fst_mass_share"),
    }


def test_verdicts_are_taken_on_f_within_populations() -> None:
    judged = {m.name: (m.chance, m.nothing_below) for m in catalogue.metrics() if m.nothing_below is not None}
    assert judged == {"auroc_stratified_f": (0.5, 0.55), "pearson_stratified_f": (0.0, 0.1)}


def test_a_declaration_that_contradicts_itself_is_refused() -> None:
    more = {"source": "s", "label": "l", "term": "t"}
    with pytest.raises(ValueError, match="low 1 is not below high 0"):
        Metric("m", "says", 1, 0, "higher", **more)
    with pytest.raises(ValueError, match="needs a number as chance"):
        Metric("m", "says", 0, 1, "higher", **more, chance="a rule", nothing_below=0.6)
    for limit in (0.5, 1.1):
        with pytest.raises(ValueError, match=f"nothing_below {limit} is not above chance 0.5"):
            Metric("m", "says", 0, 1, "higher", **more, chance=0.5, nothing_below=limit)


def test_the_page_shows_the_declarations_as_they_are(script: ModuleType) -> None:
    text = script.PAGE.read_text()
    assert text == script.page(text), "run `python docs/metrics.py`"
    assert {metric.name for metric in catalogue.metrics()} == set(
        re.findall(r"^\| `(\w+)` \|", script.table(), re.M)
    )


def test_the_glossary_explains_each_word_once_and_every_metric() -> None:
    words = glossary.words()
    names = [word for word, _ in words]
    assert len(set(names)) == len(names)
    assert {metric.term for metric in catalogue.metrics()} <= set(names)
    assert dict(words)["lambda GC"] == "inflation of an association test: 1 is none"
    assert all(meaning for _, meaning in words)


def asked(package: Path, base: Path) -> dict:
    """What tables, report and page say with the package of this folder."""
    code = ASK.replace("TESTS", repr([str(ROOT / "tests" / "unit"), str(ROOT / "tests")])).replace(
        "DOCS", repr(str(ROOT / "docs"))
    )
    run = subprocess.run(
        [sys.executable, "-c", code, base],
        env={"PYTHONPATH": str(package)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout.splitlines()[-1])
    assert found["package"].startswith(str(package))
    return found


def test_one_new_file_is_a_metric_everywhere(tmp_path: Path) -> None:
    source = tmp_path / "copy" / "src"
    shutil.copytree(ROOT / "src", source, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "workflow", source.parent / "workflow")
    before = asked(source, tmp_path / "before")
    (source / "stratbench" / "metrics" / "spread.py").write_text(FAMILY)
    after = asked(source, tmp_path / "after")
    assert set(after["metrics"]) - set(before["metrics"]) == {"spread"}
    assert set(after["comparisons"]) - set(before["comparisons"]) == {"spread", "diff_spread"}
    assert set(after["glossary"]) - set(before["glossary"]) == {"spread"}
    assert after["label"]["spread"] == "spread of scores"
    new = set(after["page"].splitlines()) - set(before["page"].splitlines())
    assert [line.split(" | ")[0] for line in new] == ["| `spread`"]
    assert not set(after["digests"]) & set(before["digests"])  # the rules that use it run again
