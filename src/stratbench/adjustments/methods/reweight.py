"""Training individuals are weighted so that the label says nothing of ancestry.

``propensity``: stabilised inverse propensity, w = P(y) / P(y given PCs), cut to its 1st and 99th percentile. P is a
logistic regression; of a quantitative trait, a ratio of normal densities, whose mean given the PCs is a regression.
``balance``: all classes of all populations have the same total weight, w = 1 / (number of people of one's label and
population); people who are unassigned have none.

Known failure: where populations hardly overlap in the label, few people carry most of the weight, and the network
learns from them. The log says how many people as many equal weights would be (n_effective).
"""

from typing import Any

import numpy as np
from jax import Array
from scipy.stats import norm
from sklearn.linear_model import LinearRegression, LogisticRegression

from stratbench.adjustments.contract import Adjustment, Batch, Context, State
from stratbench.adjustments.populations import training_populations
from stratbench.core.errors import ScientificFailure
from stratbench.core.job import say

OPTIONS = {
    "form": {"enum": ["propensity", "balance"], "default": "propensity"},
    "pcs": {
        "type": "integer",
        "minimum": 1,
        "maximum": 20,
        "default": 10,
        "description": "of the form propensity",
    },
}
CITATION = (
    "Robins, Hernan & Brumback 2000, Epidemiology 11:550 (stabilised inverse propensity); Idrissi et al. 2022, CLeaR, "
    "arXiv:2110.14503 (balance)"
)
IN_WORDS = "weighting people"
PERCENTILES = (1, 99)


def propensity(c_TK: np.ndarray, y_T: np.ndarray, kind: str) -> np.ndarray:
    """P(y) / P(y given c), cut to its percentiles, float64 (T,)."""
    if kind == "binary":
        p_T = LogisticRegression(C=1.0, max_iter=1000).fit(c_TK, y_T).predict_proba(c_TK)[:, 1]
        given_T = np.where(y_T == 1, p_T, 1 - p_T)
        weight_T = np.where(y_T == 1, y_T.mean(), 1 - y_T.mean()) / given_T
    else:
        residual_T = y_T - LinearRegression().fit(c_TK, y_T).predict(c_TK)
        given_T = norm.pdf(residual_T, scale=max(residual_T.std(), 1e-6))
        weight_T = norm.pdf(y_T, y_T.mean(), y_T.std()) / np.maximum(given_T, 1e-300)
    return np.clip(weight_T, *np.percentile(weight_T, PERCENTILES))


def balance(context: Context) -> np.ndarray:
    """1 / (training individuals of the same label and population), 0 for who is unassigned, float64 (T,).

    Raises ScientificFailure for a quantitative trait, and where there are no populations or a population lacks a class.
    """
    remedy = "take form: propensity, which reads PCs"
    if context.kind != "binary":
        raise ScientificFailure(
            f"reweight, form balance, needs classes, and the trait is quantitative; {remedy}"
        )
    names, code_N = training_populations(context, "reweight, form balance,", remedy)
    train = context.sets["train"]
    cell_T = 2 * code_N[train] + context.y_N[train].astype(int)
    known_T = code_N[train] < len(names)
    size = np.bincount(cell_T[known_T], minlength=2 * len(names))
    lacking = [names[cell // 2] for cell in np.flatnonzero(size == 0)]
    if lacking:
        raise ScientificFailure(f"reweight, form balance: '{lacking[0]}' has one class in training; {remedy}")
    return np.where(known_T, 1 / size[np.where(known_T, cell_T, 0)], 0)


def build(options: dict[str, Any]) -> Adjustment:
    def fit(context: Context) -> State:
        train = context.sets["train"]
        if options["form"] == "balance":
            weight_T = balance(context)
        else:
            c_TK = context.pcs_NK[train, : options["pcs"]].astype(np.float64)
            weight_T = propensity(c_TK, context.y_N[train].astype(np.float64), context.kind)
        weight_T = weight_T / weight_T.mean()
        effective = weight_T.sum() ** 2 / np.square(weight_T).sum()
        say(f"reweight: {len(train)} training individuals, n_effective {effective:.0f}")
        weight_N = np.ones(len(context.y_N), dtype=np.float32)  # nobody outside training is weighted
        weight_N[train] = weight_T
        return State({}, {"weight": weight_N})

    def weights(state: State, batch: Batch) -> Array:
        return state.rows["weight"][batch.i_B]

    return Adjustment(fit=fit, weights=weights)
