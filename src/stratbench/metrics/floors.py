"""What is reachable without a network: floors, and ceilings from the true liability.

Every baseline is fitted on training individuals and evaluated on the models' own test individuals.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from sklearn.linear_model import LinearRegression, LogisticRegression

FLOORS = ("floor-majority", "floor-population", "floor-pcs", "floor-covariates", "floor-pcs-covariates")
CEILINGS = ("ceiling-genetic", "ceiling-genetic-environment")
PCS = 10


@dataclass(frozen=True)
class Prediction:
    """Of the test individuals: score (T,), probability (T,), NaN for a quantitative trait."""

    score: np.ndarray
    probability: np.ndarray


def majority(kind: str, y_train_N: np.ndarray, n_test: int) -> Prediction:
    """The training prevalence, or the training mean, for everyone."""
    if kind == "quantitative":
        return Prediction(np.full(n_test, y_train_N.mean()), np.full(n_test, np.nan))
    p = float(np.clip(y_train_N.mean(), 1e-6, 1 - 1e-6))
    return Prediction(np.full(n_test, logit(p)), np.full(n_test, p))


def regression(kind: str, x_train_NC: np.ndarray, y_train_N: np.ndarray, x_test_TC: np.ndarray) -> Prediction:
    """Logistic (ridge, scikit-learn's C = 1) or linear regression on columns standardised in training."""
    mean, sd = x_train_NC.mean(axis=0), x_train_NC.std(axis=0)
    sd = np.where(sd > 0, sd, 1)
    train, test = (x_train_NC - mean) / sd, (x_test_TC - mean) / sd
    if kind == "quantitative":
        score = LinearRegression().fit(train, y_train_N).predict(test)
        return Prediction(score, np.full(len(test), np.nan))
    if len(np.unique(y_train_N)) < 2:
        return majority(kind, y_train_N, len(test))
    score = LogisticRegression(max_iter=1000).fit(train, y_train_N).decision_function(test)
    return Prediction(score, expit(score))


def one_hot(population_N: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Indicators float (N, levels); a population that is not among the levels is all zeros."""
    return (population_N[:, None] == levels[None, :]).astype(float)


def floors(
    kind: str,
    y_train_N: np.ndarray,
    population_train_N: np.ndarray,
    pc_train_NK: np.ndarray,
    population_test_T: np.ndarray,
    pc_test_TK: np.ndarray,
    covariate_train_NC: np.ndarray | None = None,
    covariate_test_TC: np.ndarray | None = None,
) -> dict[str, Prediction]:
    """The floors by name; ``floor-pcs`` takes the first ten PCs. Those with covariates are there if any is given."""
    levels = np.unique(population_train_N)
    train, test = one_hot(population_train_N, levels), one_hot(population_test_T, levels)
    found = {
        "floor-majority": majority(kind, y_train_N, len(population_test_T)),
        "floor-population": _by_population(kind, train, y_train_N, test, population_test_T),
        "floor-pcs": regression(kind, pc_train_NK[:, :PCS], y_train_N, pc_test_TK[:, :PCS]),
    }
    if covariate_train_NC is None or covariate_test_TC is None or not covariate_train_NC.shape[1]:
        return found
    both = (
        np.hstack([pc_train_NK[:, :PCS], covariate_train_NC]),
        np.hstack([pc_test_TK[:, :PCS], covariate_test_TC]),
    )
    return found | {
        "floor-covariates": regression(kind, covariate_train_NC, y_train_N, covariate_test_TC),
        "floor-pcs-covariates": regression(kind, both[0], y_train_N, both[1]),
    }


def _by_population(
    kind: str, train_NL: np.ndarray, y_N: np.ndarray, test_TL: np.ndarray, population_T: np.ndarray
) -> Prediction:
    """Regression on the population; one score a population to the bit, so that ties within it are ties."""
    found = regression(kind, train_NL, y_N, test_TL)
    score, probability = found.score.copy(), found.probability.copy()
    for population in np.unique(population_T):
        inside = population_T == population
        score[inside], probability[inside] = score[inside][0], probability[inside][0]
    return Prediction(score, probability)


def ceilings(
    kind: str, y_train_N: np.ndarray, liability_train: pd.DataFrame, liability_test: pd.DataFrame
) -> dict[str, Prediction]:
    """The ceilings by name: the true genetic liability, and with E[environment given population] added.

    Case/control: the score is the liability itself and only its probability comes from a regression on
    training individuals. Quantitative: the regression brings the liability to the trait's units.
    """
    columns = {CEILINGS[0]: ["genetic"], CEILINGS[1]: ["genetic", "environment_expected"]}
    found = {}
    for name, parts in columns.items():
        train = liability_train[parts].sum(axis=1).to_numpy(dtype=float)
        test = liability_test[parts].sum(axis=1).to_numpy(dtype=float)
        fitted = regression(kind, train[:, None], y_train_N, test[:, None])
        found[name] = fitted if kind == "quantitative" else Prediction(test, fitted.probability)
    return found
