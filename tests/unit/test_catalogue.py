"""A metric is declared once, in its family's file; what else names metrics follows from that."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from stratbench.metrics import catalogue
from stratbench.metrics.metric import Metric
from stratbench.report.sections import glossary

ROOT = Path(__file__).resolve().parents[2]


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
    assert names == ["agreement", "ancestry", "association", "prediction", "recovery"]
    assert len(catalogue.metrics()) > 25


def test_paired_and_judged_metrics_are_those_of_before_the_catalogue() -> None:
    assert set(catalogue.paired()) == {
        *("accuracy", "auroc", "auroc_f", "auroc_stratified", "auroc_stratified_f", "r2"),
        *("pearson", "pearson_f", "pearson_stratified", "pearson_stratified_f", "causal_auc_pr"),
        *("ancestry_linear", "ancestry_nonlinear", "ancestry_logit"),
    }
    assert catalogue.judged() == {"auroc_stratified": 0.5, "pearson_stratified": 0.0}


def test_a_declaration_that_contradicts_itself_is_refused() -> None:
    more = {"source": "s", "label": "l", "term": "t"}
    with pytest.raises(ValueError, match="low 1 is not below high 0"):
        Metric("m", "says", 1, 0, "higher", **more)
    with pytest.raises(ValueError, match="needs a number as chance"):
        Metric("m", "says", 0, 1, "higher", **more, chance="a rule", judged=True)


def test_the_page_shows_the_declarations_as_they_are(script: ModuleType) -> None:
    text = script.PAGE.read_text()
    assert text == script.page(text), "run `python docs/metrics.py`"
    assert {metric.name for metric in catalogue.metrics()} == set(
        re.findall(r"^\| `(\w+)` \|", script.table(), re.M)
    )


def test_the_glossary_explains_each_word_once_and_every_metric() -> None:
    words = glossary.in_order((*glossary.TERMS, *catalogue.terms()))
    names = [word for word, _ in words]
    assert len(set(names)) == len(names)
    assert {metric.term for metric in catalogue.metrics()} <= set(names)
    assert dict(words)["lambda GC"] == "inflation of an association test: 1 is none"
    assert all(meaning for _, meaning in words)
