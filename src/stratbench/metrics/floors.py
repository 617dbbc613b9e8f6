"""What can be predicted without a network: floors, and ceilings from the true liability.

Every baseline is fitted on training individuals and evaluated on the models' own test individuals.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from sklearn.linear_model import LinearRegression, LogisticRegression

FLOORS = ("floor-majority", "floor-population", "floor-pcs", "floor-covariates", "floor-pcs-covariates")
PARTS = {  # of the liability, by the name of the ceiling that they make
    "ceiling-genetic": ["genetic"],
    "ceiling-genetic-environment": ["genetic", "environment_expected"],
}
CEILINGS = tuple(PARTS)
PCS = 10


@dataclass(frozen=True)
class Prediction:
    """For the V test individuals: score (V,), and probability (V,), which is NaN for a quantitative trait."""

    score: np.ndarray
    probability: np.ndarray


def majority(kind: str, y_train_T: np.ndarray, n_test: int) -> Prediction:
    """The training prevalence, or the training mean, for everyone."""
    if kind == "quantitative":
        return Prediction(np.full(n_test, y_train_T.mean()), np.full(n_test, np.nan))
    p = float(np.clip(y_train_T.mean(), 1e-6, 1 - 1e-6))
    return Prediction(np.full(n_test, logit(p)), np.full(n_test, p))


def regression(kind: str, x_train_TC: np.ndarray, y_train_T: np.ndarray, x_test_VC: np.ndarray) -> Prediction:
    """Logistic (ridge, scikit-learn's C = 1) or linear regression on columns that are standardised in training.

    Args:
        kind: ``binary`` or ``quantitative``.
        x_train_TC: the columns of the training individuals, float64.
        y_train_T: their labels.
        x_test_VC: the columns of the test individuals.

    Returns:
        The prediction of the test individuals; the training prevalence if training has one class alone.
    """
    mean, sd = x_train_TC.mean(axis=0), x_train_TC.std(axis=0)
    sd = np.where(sd > 0, sd, 1)
    train, test = (x_train_TC - mean) / sd, (x_test_VC - mean) / sd
    if kind == "quantitative":
        score = LinearRegression().fit(train, y_train_T).predict(test)
        return Prediction(score, np.full(len(test), np.nan))
    if len(np.unique(y_train_T)) < 2:
        return majority(kind, y_train_T, len(test))
    score = LogisticRegression(max_iter=1000).fit(train, y_train_T).decision_function(test)
    return Prediction(score, expit(score))


def one_hot(population_N: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Indicators float (N, levels); a population that is not among the levels is all zeros."""
    return (population_N[:, None] == levels[None, :]).astype(float)


def floors(
    kind: str,
    y_train_T: np.ndarray,
    population_train_T: np.ndarray,
    pc_train_TK: np.ndarray,
    population_test_V: np.ndarray,
    pc_test_VK: np.ndarray,
    covariate_train_TC: np.ndarray | None = None,
    covariate_test_VC: np.ndarray | None = None,
) -> dict[str, Prediction]:
    """What is reached without a genotype.

    Args:
        kind: ``binary`` or ``quantitative``.
        y_train_T: labels of the training individuals.
        population_train_T, population_test_V: populations, text.
        pc_train_TK, pc_test_VK: principal components, float64, of which the first ten count.
        covariate_train_TC, covariate_test_VC: declared covariates, float64, if there are any.

    Returns:
        The prediction of the test individuals by each floor's name; those with covariates only where there are
        covariates.
    """
    levels = np.unique(population_train_T)
    train, test = one_hot(population_train_T, levels), one_hot(population_test_V, levels)
    found = {
        "floor-majority": majority(kind, y_train_T, len(population_test_V)),
        "floor-population": _by_population(kind, train, y_train_T, test, population_test_V),
        "floor-pcs": regression(kind, pc_train_TK[:, :PCS], y_train_T, pc_test_VK[:, :PCS]),
    }
    if covariate_train_TC is None or covariate_test_VC is None or not covariate_train_TC.shape[1]:
        return found
    both = (
        np.hstack([pc_train_TK[:, :PCS], covariate_train_TC]),
        np.hstack([pc_test_VK[:, :PCS], covariate_test_VC]),
    )
    return found | {
        "floor-covariates": regression(kind, covariate_train_TC, y_train_T, covariate_test_VC),
        "floor-pcs-covariates": regression(kind, both[0], y_train_T, both[1]),
    }


def _by_population(
    kind: str, train_TL: np.ndarray, y_T: np.ndarray, test_VL: np.ndarray, population_V: np.ndarray
) -> Prediction:
    """Regression on the population. Everyone in a population has exactly the same score, so that they count as ties."""
    found = regression(kind, train_TL, y_T, test_VL)
    score, probability = found.score.copy(), found.probability.copy()
    for population in np.unique(population_V):
        inside = population_V == population
        score[inside], probability[inside] = score[inside][0], probability[inside][0]
    return Prediction(score, probability)


def ceilings(
    kind: str, y_train_T: np.ndarray, liability_train: pd.DataFrame, liability_test: pd.DataFrame
) -> dict[str, Prediction]:
    """What is reached by the true genetic liability, and with E[environment given population] added to it.

    Of a binary trait the score is the liability itself, and only its probability comes from a regression on training
    individuals. Of a quantitative trait the regression brings the liability to the trait's units.

    Args:
        kind: ``binary`` or ``quantitative``.
        y_train_T: labels of the training individuals.
        liability_train, liability_test: rows of liability.tsv.

    Returns:
        The prediction of the test individuals by each ceiling's name.
    """
    found = {}
    for name, parts in PARTS.items():
        train = liability_train[parts].sum(axis=1).to_numpy(dtype=float)
        test = liability_test[parts].sum(axis=1).to_numpy(dtype=float)
        fitted = regression(kind, train[:, None], y_train_T, test[:, None])
        found[name] = fitted if kind == "quantitative" else Prediction(test, fitted.probability)
    return found
