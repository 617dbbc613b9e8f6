"""Ridge regression, solved exactly: GBLUP for quantitative traits, logistic ridge for binary ones."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from stratbench.models.contract import Architecture, Individuals, Problem, solved_by
from stratbench.models.methods.linear import Bias, Weights

OPTIONS = {
    "penalties": {
        "type": "array",
        "items": {"type": "number", "exclusiveMinimum": 0},
        "minItems": 1,
        "default": [0.03, 0.1, 0.3, 1, 3, 10, 30, 100],
        "description": "grid from which validation people choose; of GBLUP (1 - h2) / h2",
    },
    "criterion": {
        "enum": ["loss", "loss-within", "auroc-within"],
        "default": "loss",
        "description": "what chooses the penalty, among validation people: docs/models.md",
    },
}
CITATION = (
    "Hoerl & Kennard 1970, Technometrics 12:55 (ridge); Endelman 2011, Plant Genome 4:250 (it is GBLUP); "
    "le Cessie & van Houwelingen 1992, J R Stat Soc C 41:191 (logistic ridge)"
)
AT_ONCE = 2**24  # numbers of the inputs that are converted to float64 together
SMALL = 1e-10  # eigenvalues below this share of the largest are 0


def build(n_snps: int, options: dict[str, Any]) -> Architecture:
    """f = w'x / sqrt(M) + b; the sum of the losses plus penalty / 2 |w|^2 is least, b is not penalised.

    For a quantitative trait this is GBLUP: with the relationship matrix K = XX'/M, f of training people is the best
    linear unbiased prediction of their genetic values where the penalty is (1 - h2) / h2 (Endelman 2011). For a
    binary trait the loss is the logistic one. Both are solved in the space of people: one decomposition of K, n x n,
    serves every penalty of the grid, so that many more SNPs than people cost little. Nothing is drawn at random:
    all seeds agree. Good at: additive traits of many small effects.
    """

    def solve(problem: Problem) -> dict[str, Any]:
        space = _Space(problem)
        found = []
        for alpha_T in space.solutions(sorted(options["penalties"], reverse=True)):
            bias, f_V = space.of_validation(alpha_T)
            found.append((problem.judge(f_V), bias, alpha_T))
        _, bias, alpha_T = min(found, key=lambda one: one[0])  # of equal ones the strongest penalty
        kernel_M1 = space.weights(alpha_T)[:, None].astype(np.float32)
        return {"encoder": {"kernel": kernel_M1}, "head": {"bias": np.float32(bias)}}

    return Architecture(Weights(), Bias(), "standardised", solved_by(options["criterion"]), solve=solve)


class _Space:
    """Ridge regression in the space of people: w = X' alpha / sqrt(M), so that f = K alpha + b.

    Rows are scaled by the roots of the weights for squared errors, which makes them unweighted, and centred by
    projecting the intercept's column out; ``u_TJ`` and ``d_J`` are the eigenvectors and eigenvalues of what is left.
    """

    def __init__(self, problem: Problem) -> None:
        self.train, self.quantitative = problem.train, problem.kind == "quantitative"
        self.k_TT = _kinship(self.train.x_BM, self.train.x_BM)
        self.k_VT = _kinship(problem.validation.x_BM, self.train.x_BM)
        n = len(self.k_TT)
        self.scale_T = np.sqrt(self.train.weight_B) if self.quantitative else np.ones(n)
        axis_T = self.scale_T / np.linalg.norm(self.scale_T)
        project_TT = np.eye(n) - np.outer(axis_T, axis_T)
        scaled_TT = self.scale_T[:, None] * self.k_TT * self.scale_T
        d_T, u_TT = np.linalg.eigh(project_TT @ scaled_TT @ project_TT)
        keep_T = d_T > SMALL * max(d_T[-1], SMALL)
        self.d_J, self.u_TJ = d_T[keep_T], u_TT[:, keep_T]

    def solutions(self, penalties: list[float]) -> Iterator[np.ndarray]:
        """alpha, (T,), for each penalty, the strongest first."""
        for penalty in penalties:
            if self.quantitative:
                target_T = self.scale_T * (self.train.y_B - self.train.offset_B)
                v_J = np.sqrt(self.d_J) * (self.u_TJ.T @ target_T) / (self.d_J + penalty)
            else:
                v_J = _logistic(self.u_TJ * np.sqrt(self.d_J), self.train, penalty)[1:]
            yield self.scale_T * (self.u_TJ @ (v_J / np.sqrt(self.d_J)))

    def of_validation(self, alpha_T: np.ndarray) -> tuple[float, np.ndarray]:
        """The intercept, and f of validation people, (V,)."""
        bias = _intercept(self.k_TT @ alpha_T + self.train.offset_B, self.train, self.quantitative)
        return bias, self.k_VT @ alpha_T + bias

    def weights(self, alpha_T: np.ndarray) -> np.ndarray:
        """w, (M,)."""
        x_TM = self.train.x_BM
        parts = [alpha_T @ x_TM[:, cut].astype(np.float64) for cut in _cuts(x_TM)]
        return np.concatenate(parts) / np.sqrt(x_TM.shape[1])


def _cuts(x_BM: np.ndarray) -> list[slice]:
    """Runs of SNPs whose inputs are few enough to be converted together."""
    step = max(1, AT_ONCE // max(1, len(x_BM)))
    return [slice(first, first + step) for first in range(0, x_BM.shape[1], step)]


def _kinship(x_BM: np.ndarray, x_TM: np.ndarray) -> np.ndarray:
    """XX'/M of these people with training people, float64 (B, T)."""
    k_BT = np.zeros((len(x_BM), len(x_TM)))
    for cut in _cuts(x_TM):
        k_BT += x_BM[:, cut].astype(np.float64) @ x_TM[:, cut].astype(np.float64).T
    return k_BT / x_TM.shape[1]


def _logistic(z_TJ: np.ndarray, train: Individuals, penalty: float) -> np.ndarray:
    """Intercept and coefficients, (1 + J,), of a logistic ridge regression on the columns of z.

    The search runs in units of the curvature that the loss has at probability 1/2, where every direction is alike.
    """
    curvature = np.concatenate([[0.25 * len(z_TJ)], 0.25 * np.square(z_TJ).sum(axis=0) + penalty])
    unit = 1 / np.sqrt(curvature)

    def loss(found: np.ndarray) -> tuple[float, np.ndarray]:
        b, v_J = (found * unit)[0], (found * unit)[1:]
        score_T = b + z_TJ @ v_J + train.offset_B
        residual_T = train.weight_B * (expit(score_T) - train.y_B)
        value = train.weight_B @ (np.logaddexp(0, score_T) - train.y_B * score_T) + 0.5 * penalty * v_J @ v_J
        slope = np.concatenate([[residual_T.sum()], z_TJ.T @ residual_T + penalty * v_J])
        return float(value), slope * unit

    options: dict[str, Any] = {"maxiter": 2000, "maxfun": 4000, "ftol": 1e-15, "gtol": 1e-6}
    found: Any = minimize(loss, 0 * unit, jac=True, method="L-BFGS-B", options=options)  # type: ignore[call-overload]
    return np.asarray(found.x * unit)


def _intercept(score_T: np.ndarray, train: Individuals, quantitative: bool) -> float:
    """The constant that makes the loss least when it is added to these scores."""
    if quantitative:
        return float(np.average(train.y_B - score_T, weights=train.weight_B))
    no_columns = np.zeros((len(score_T), 0))
    return float(_logistic(no_columns, train._replace(offset_B=score_T), 0.0)[0])
