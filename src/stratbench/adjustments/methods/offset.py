"""What PCs and covariates predict of the trait is added to the logit, fixed before the network is trained.

    logit P(y) = o(PCs, covariates) + f(x)          (a quantitative trait: y = o + f(x) + noise)

o is a regression (``linear``) or a small network (``mlp``, as DeepNull has it). Training individuals get the o of a
fit from which their fold was left out, so that nobody's own label enters his offset; validation and test individuals
get that of a fit on all training individuals.

Known failure: genetic differences between populations go to o with everything else that ancestry predicts, so that f
does not learn them; relatives in different folds share what o should not know.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from jax import Array
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.neural_network import MLPClassifier, MLPRegressor

from stratbench.adjustments.contract import Adjustment, Batch, Context, Params, State
from stratbench.core.errors import ScientificFailure

OPTIONS = {
    "form": {"enum": ["linear", "mlp"], "default": "linear"},
    "pcs": {"type": "integer", "minimum": 1, "maximum": 20, "default": 10},
    "folds": {"type": "integer", "minimum": 2, "maximum": 20, "default": 5},
}
CITATION = "McCaw et al. 2022, Nat Commun 13:241 (DeepNull); Chernozhukov et al. 2018, Econom J 21:C1 (cross-fitting)"
IN_WORDS = "adding what PCs predict"
UNITS = (16,)  # of the mlp's hidden layers
RIDGE = 10.0  # of the mlp's weights; keeps its o near a constant where few people train and PCs say nothing
ITERATIONS = 5000  # at most, of the mlp
CLIPPED = 1e-6  # probabilities lie between this and 1 less this


def estimator(form: str, kind: str, seed: int) -> Any:
    """An unfitted scikit-learn regression of this form for this kind of trait."""
    if form == "linear":
        return LogisticRegression(C=1.0, max_iter=1000) if kind == "binary" else LinearRegression()
    own = {"hidden_layer_sizes": UNITS, "solver": "lbfgs", "alpha": RIDGE, "max_iter": ITERATIONS}
    own["random_state"] = seed % 2**32
    return MLPClassifier(**own) if kind == "binary" else MLPRegressor(**own)


def predicted(fitted: Any, c_NK: np.ndarray) -> np.ndarray:
    """The logit of a fitted classifier, or the value of a fitted regression, float32 (N,)."""
    if not hasattr(fitted, "predict_proba"):
        return np.asarray(fitted.predict(c_NK), dtype=np.float32)
    p_N = np.clip(fitted.predict_proba(c_NK)[:, 1], CLIPPED, 1 - CLIPPED)
    return np.log(p_N / (1 - p_N)).astype(np.float32)


def build(options: dict[str, Any]) -> Adjustment:
    def fit(context: Context) -> State:
        c_NK = context.pcs_and_covariates(options["pcs"])
        c_NK, y_N = c_NK.astype(np.float64), context.y_N.astype(np.float64)  # lbfgs stops early in float32
        train = context.sets["train"]
        c_TK, y_T = c_NK[train], y_N[train]

        def fitted(rows: Any) -> Any:
            return estimator(options["form"], context.kind, context.seed).fit(c_TK[rows], y_T[rows])

        offset_N = predicted(fitted(slice(None)), c_NK)
        for others, own in divided(y_T, options["folds"], context.kind, context.seed % 2**32):
            offset_N[train[own]] = predicted(fitted(others), c_TK[own])
        return State({}, {"offset": offset_N})

    def offset(state: State, params: Params, batch: Batch) -> Array:
        return state.rows["offset"][batch.i_B]

    return Adjustment(fit=fit, offset=offset, per_seed=True)


def divided(y_T: np.ndarray, folds: int, kind: str, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Places of everyone else and of the members, for each fold; each has its share of the cases.

    Raises ScientificFailure if a class has fewer people than there are folds.
    """
    counts = np.unique(y_T, return_counts=True)[1] if kind == "binary" else np.array([len(y_T)])
    if counts.min() < folds:
        raise ScientificFailure(
            f"offset: {folds} folds, and {counts.min()} training individuals in the smaller class; take fewer folds"
        )
    divide = StratifiedKFold if kind == "binary" else KFold
    yield from divide(folds, shuffle=True, random_state=seed).split(y_T, y_T)
