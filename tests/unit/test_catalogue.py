"""A metric is declared once, in its family's file; what else names metrics follows from that."""

import pytest

from stratbench.metrics import catalogue
from stratbench.metrics.metric import Metric


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
