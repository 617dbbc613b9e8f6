"""Criteria within populations: against a hand computation, a search, and the metrics' own AUROC; and what is kept."""

from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from stratbench.core import files
from stratbench.core.errors import ScientificFailure
from stratbench.methods import registry
from stratbench.methods.options import complete
from stratbench.metrics.auroc import auroc_stratified
from stratbench.models.contract import CRITERIA
from stratbench.training.criterion import auroc_within, criterion, judged
from stratbench.training.fit import fit_one
from stratbench.training.loss import per_individual
from trained import outputs, spec, write_dataset

RNG = np.random.default_rng(3)
POPULATION_V = np.repeat(["a", "b", "c"], [300, 250, 50])
SCORE_V = (RNG.normal(size=600) + np.repeat([1.5, -2, 0], [300, 250, 50])).astype(np.float32)
Y_V = (SCORE_V + 2 * RNG.normal(size=600) > 0).astype(np.float32)
SHIFT_V = np.repeat([-3.0, 4.0, 0.5], [300, 250, 50]).astype(np.float32)


def within(name: str, kind: str, f_V: Any, score_V: Any, y_V: Any, population_V: Any) -> float:
    """The criterion of these people."""
    people = judged(name, np.arange(len(y_V)), y_V, population_V)
    return float(criterion(name, kind, jnp.asarray(f_V), jnp.asarray(score_V), jnp.asarray(y_V), people))


@pytest.mark.parametrize("kind", ["binary", "quantitative"])
def test_the_loss_within_is_that_of_the_best_constant_of_each_population(kind: str) -> None:
    y_V = Y_V if kind == "binary" else (SCORE_V + RNG.normal(size=600)).astype(np.float32)
    total = 0.0
    for population in "abc":
        inside = population == POPULATION_V

        def loss(offset: float, inside: Any = inside) -> float:
            return float(np.sum(per_individual(kind, jnp.asarray(SCORE_V[inside] + offset), y_V[inside])))

        total += minimize_scalar(loss, bounds=(-6, 6), method="bounded").fun
    found = within("loss-within", kind, SCORE_V, SCORE_V, y_V, POPULATION_V)
    assert found == pytest.approx(total / 600, rel=1e-5)
    moved = within("loss-within", kind, SCORE_V, SCORE_V + SHIFT_V, y_V, POPULATION_V)
    assert moved == pytest.approx(found, rel=1e-4)


def test_the_loss_within_is_a_number_where_a_population_has_one_class() -> None:
    y_V = np.where(POPULATION_V == "a", 1, Y_V).astype(np.float32)
    assert 0 < within("loss-within", "binary", SCORE_V, SCORE_V, y_V, POPULATION_V) < 1


def test_the_auroc_within_is_that_of_the_metrics() -> None:
    """Of f, whatever the offset; with ties."""
    f_V = np.round(SCORE_V, 1)
    expected = auroc_stratified(Y_V, f_V.astype(float), POPULATION_V).value
    found = within("auroc-within", "binary", f_V, SCORE_V + SHIFT_V, Y_V, POPULATION_V)
    assert 1 - found == pytest.approx(expected, abs=1e-6)
    moved = within("auroc-within", "binary", np.round(f_V + SHIFT_V, 1), SCORE_V, Y_V, POPULATION_V)
    assert moved == pytest.approx(found, abs=1e-6)
    assert abs(expected - auroc_stratified(Y_V, f_V.astype(float), np.full(600, "x")).value) > 0.02


def test_pairs_of_unequal_values_count_for_quantitative_traits() -> None:
    f_V, y_V, code_V = jnp.array([1.0, 2, 3, 3, 9]), jnp.array([5.0, 7, 6, 8, 0]), jnp.array([0, 0, 0, 0, 1])
    # Of the six pairs of the first four, (1, 2) is wrong and (2, 3) is a tie.
    assert float(auroc_within(f_V, y_V, code_V)) == pytest.approx(4.5 / 6)


def test_no_pair_within_a_population_is_a_result_with_a_reason() -> None:
    y_V = (POPULATION_V == "a").astype(np.float32)
    with pytest.raises(ScientificFailure, match="no two validation people of one population"):
        within("auroc-within", "binary", SCORE_V, SCORE_V, y_V, POPULATION_V)


@pytest.mark.parametrize("name", ["loss", "loss-within", "auroc-within"])
def test_the_epoch_that_is_kept_is_the_criterions(tmp_path: Path, name: str) -> None:
    """Of trainings that end after each epoch, the kept one has the best value; a later epoch stops training."""
    paths = write_dataset(tmp_path, n=150)
    samples = files.read_tsv(tmp_path / "samples.tsv").set_index("iid")["population"]

    def kept(epochs: int, out: Path) -> float:
        """What the criterion says of the predictions."""
        model = spec(
            "model", "mlp",
            criterion=name, lasso=0.0, start=0.3, learning_rate=0.003, epochs=epochs, patience=6,
        )  # fmt: skip
        own = [spec("adjustment", "pc-covariates", pcs=2)]
        fit_one(paths, outputs(out), model=model, adjustments=own, seeds=1, names=["x"])
        table = files.read_tsv(outputs(out)["predictions"], text=("set",))
        held = table[table["set"] == "validation"]
        f_V, score_V, y_V = (held[column].to_numpy(dtype=np.float32) for column in ("f", "score", "y"))
        if name == "loss":
            return float(np.mean(per_individual("binary", jnp.asarray(score_V), y_V)))
        return within(name, "binary", f_V, score_V, y_V, samples.loc[held["iid"]].to_numpy())

    value = kept(40, tmp_path)
    run = files.read_json(outputs(tmp_path)["fit"])["seeds"][0]
    history = files.read_tsv(outputs(tmp_path)["history"])
    assert run["epochs"] == len(history) == run["best_epoch"] + 6 < 40
    lowest = 1 + int(np.argmin(history["validation_loss"]))
    best = run["best_epoch"]
    assert (lowest == best) == (name != "auroc-within")
    # Networks that end at the best epoch are the same; those that end before it have a worse one.
    assert kept(best, tmp_path / "same") == pytest.approx(value, abs=1e-6)
    assert kept(best - 1, tmp_path / "before") > value


def test_a_criterion_that_is_none_is_refused() -> None:
    from stratbench.methods.registry import describe
    from stratbench.methods.schema import problems

    schema = describe("model", "local").options["criterion"]
    assert list(problems(schema, "auroc"))
    assert not list(problems(schema, "auroc-within"))


OTHERS = {"cnn-reference", "precomputed", "wide"}  # the study's own; no training; takes its network's options


@pytest.mark.parametrize("model", sorted(set(registry.names("model")) - OTHERS))
def test_every_model_but_the_studys_own_lets_the_criterion_be_chosen(model: str) -> None:
    module = registry.load("model", model)
    assert module.OPTIONS["criterion"]["enum"] == list(CRITERIA)
    options = complete(module.OPTIONS, {"criterion": "auroc-within"}, model)
    assert module.build(800, options).recipe.criterion == "auroc-within"
