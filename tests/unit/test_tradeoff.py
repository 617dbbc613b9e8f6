"""The picture of what adjustments trade: a point for each, labels that stay apart, and no picture of too few."""

from typing import Any

import numpy as np
import pytest

from example_results import Example
from made_results import made, of
from stratbench.report.analysis.results import Results
from stratbench.report.figures import tradeoff

NAMES = ("none", "pc-covariates", "input-residual", "matched")


def results(names: tuple[str, ...] = NAMES, models: tuple[str, ...] = ("linear", "cnn")) -> Results:
    """Two models, of which the second has numbers under two adjustments alone."""
    example = Example(
        traits=("confounded",), models=models, adjustments=names, attributions=(), associations=(), real=False
    )
    rows: list[dict[str, Any]] = []
    for model in models:
        for k, name in enumerate(names if model == "linear" else names[:2]):
            low, high = 0.4 + k / 20, 0.6
            numbers = {"ancestry_logit": (low, low + 0.1), "auroc_stratified_f": (high, high + 0.1)}
            rows += of(name, {**numbers, "ancestry_chance": (0.5, 0.5)}, model=model)
    return made(example, rows)


def test_each_adjustment_is_a_point_with_its_name_and_two_intervals() -> None:
    found = results()
    (picture,) = tradeoff.pictures(found.study, found.groups)
    data = tradeoff.load(found, picture[1])
    assert list(data.points) == ["linear"]
    axis = tradeoff.draw(data).axes[0]
    assert sorted(text.get_text() for text in axis.texts) == sorted(NAMES)
    drawn = {tuple(map(float, line.get_xdata())) for line in axis.lines}
    assert {(0.4, 0.5), (0.45,)} <= {tuple(round(x, 9) for x in xs) for xs in drawn}


def test_two_adjustments_make_no_picture() -> None:
    found = results(NAMES[:2])
    assert tradeoff.pictures(found.study, found.groups) == []


def test_without_numbers_the_picture_says_why() -> None:
    found = results()
    found.comparisons["metric"] = "auroc"
    data = tradeoff.load(found, found.groups[0].keys)
    assert not data.points
    assert "no 3 adjustments" in tradeoff.draw(data).axes[0].texts[0].get_text()


@pytest.mark.parametrize("seed", range(5))
def test_labels_stay_apart_and_in_order(seed: int) -> None:
    wanted = np.sort(np.random.default_rng(seed).uniform(0.3, 0.5, 12))
    placed = tradeoff.spread(wanted, 0.05)
    assert (np.diff(placed) >= 0.05 - 1e-9).all()
    assert placed.min() >= 0
    assert placed.max() <= 1
    np.testing.assert_allclose(tradeoff.spread(np.array([0.1, 0.5, 0.9]), 0.05), [0.1, 0.5, 0.9])
