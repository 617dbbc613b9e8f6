"""Logistic regression of cases and controls on each SNP, by Firth's likelihood where the plain one has no maximum.

The score of Firth's likelihood is that of the plain one plus h (1/2 - p) for each person, where h is the leverage
(Firth 1993, Biometrika 80:27; Heinze & Schemper 2002, Statistics in Medicine 21:2409). Both are solved by Newton's
method, all SNPs of a chunk at once. The test is Wald's, as that of plink2's ``--glm firth-fallback``.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from stratbench.associations.projection import COLLINEAR, centred, fixed_basis, residual, two_sided
from stratbench.associations.run import COLUMNS, AssociationData
from stratbench.core.errors import ScientificFailure
from stratbench.core.job import say
from stratbench.core.words import counted
from stratbench.genotypes.dosages import with_nan

STEPS, FIRTH_STEPS = 25, 200  # of Newton's method, before a SNP is said not to converge
LONGEST = 5.0  # step of a coefficient, in standard deviations of its column
TOLERANCE = 1e-8  # length of the last step


def logistic(data: AssociationData, covariate_NC: np.ndarray) -> pd.DataFrame:
    """logit P(y = 1) = constant + covariates + SNP for each SNP; ``snp beta se statistic p n``.

    Missing genotypes count as the SNP's mean. A SNP whose genotypes in cases and in controls share one value at most,
    and one whose plain likelihood is not maximised in STEPS steps, is tested by Firth's likelihood. One that does not
    vary, that the covariates explain, or that does not converge then either, has beta 0, statistic 0, p 1 and no se.

    Args:
        data: what is tested.
        covariate_NC: covariates, float64, without the constant.

    Raises ScientificFailure for a quantitative label, one class, or too few people.
    """
    n, y_N = len(data.y_N), data.y_N
    if data.kind != "binary":
        raise ScientificFailure(
            "associations: logistic needs a binary trait, and this one is quantitative: use ols-pcs or lmm"
        )
    if len(np.unique(y_N)) < 2:
        raise ScientificFailure(
            f"associations: logistic finds no {'controls' if y_N[0] else 'cases'} among those it tests"
        )
    basis_NC = fixed_basis(covariate_NC) * np.sqrt(n)
    label = CaseLabel(y_N, basis_NC)
    found = [_chunk(with_nan(count_MN), label) for _, count_MN in data.genotypes.chunks()]
    table = pd.concat([part for part, _ in found], ignore_index=True)
    firth, failed = np.sum([counts for _, counts in found], axis=0)
    say(f"Firth's likelihood for {counted(int(firth), 'SNP')}, {int(failed)} of which did not converge")
    table.insert(0, "snp", data.snp_M)
    return table[COLUMNS]


@dataclass(frozen=True)
class CaseLabel:
    """A 0/1 label and the covariates that every SNP's regression has.

    Attributes:
        y_N: the label, float64.
        basis_NC: covariates at right angles to each other, the constant among them, of mean square 1.
    """

    y_N: np.ndarray
    basis_NC: np.ndarray

    @property
    def pair_NU(self) -> np.ndarray:
        """Products of two covariates of a person: float64 (N, C C)."""
        n, c = self.basis_NC.shape
        return (self.basis_NC[:, :, None] * self.basis_NC[:, None, :]).reshape(n, c * c)

    def fit(self, x_MN: np.ndarray, firth: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Maximise the likelihood of each SNP.

        Args:
            x_MN: genotypes at right angles to the covariates, of mean square 1.
            firth: whether the likelihood is Firth's.

        Returns:
            The SNP's coefficient and its variance, float64 (M,), and whether Newton's method converged, bool (M,).
        """
        m, c = len(x_MN), self.basis_NC.shape[1]
        effect_MC = np.zeros((m, c + 1))
        variance_M, done_M = np.zeros(m), np.zeros(m, dtype=bool)
        left_R, pair_NU = np.arange(m), self.pair_NU
        for _ in range(FIRTH_STEPS if firth else STEPS):
            step_RC, variance_R = self._step(effect_MC[left_R], x_MN[left_R], pair_NU, firth)
            length_R = np.abs(step_RC).max(axis=1)
            good_R = np.isfinite(length_R)
            step_RC = (
                step_RC[good_R] * np.minimum(1, LONGEST / np.maximum(length_R[good_R], TOLERANCE))[:, None]
            )
            left_R, length_R, variance_R = left_R[good_R], length_R[good_R], variance_R[good_R]
            effect_MC[left_R] += step_RC
            variance_M[left_R] = variance_R
            done_M[left_R[length_R < TOLERANCE]] = True
            left_R = left_R[length_R >= TOLERANCE]
            if not len(left_R):
                break
        return effect_MC[:, -1], variance_M, done_M

    def _step(
        self, effect_MC: np.ndarray, x_MN: np.ndarray, pair_NU: np.ndarray, firth: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        """Newton's step (M, C + 1), and the variance of the SNP's coefficient (M,); NaN where there is none."""
        (m, _), c = x_MN.shape, self.basis_NC.shape[1]
        p_MN = expit(effect_MC[:, :-1] @ self.basis_NC.T + effect_MC[:, -1:] * x_MN)
        weight_MN = p_MN * (1 - p_MN)
        information_MCC = np.empty((m, c + 1, c + 1))
        information_MCC[:, :c, :c] = (weight_MN @ pair_NU).reshape(m, c, c)
        information_MCC[:, c, :c] = information_MCC[:, :c, c] = (weight_MN * x_MN) @ self.basis_NC
        information_MCC[:, c, c] = np.einsum("mn,mn,mn->m", weight_MN, x_MN, x_MN)
        inverse_MCC = _inverse(information_MCC)
        left_MN = self.y_N - p_MN
        if firth:
            spread_MN = inverse_MCC[:, :c, :c].reshape(m, c * c) @ pair_NU.T
            spread_MN += 2 * x_MN * (inverse_MCC[:, c, :c] @ self.basis_NC.T)
            spread_MN += inverse_MCC[:, c, c, None] * x_MN**2
            left_MN += weight_MN * spread_MN * (0.5 - p_MN)
        score_MC = np.column_stack([left_MN @ self.basis_NC, np.einsum("mn,mn->m", left_MN, x_MN)])
        return np.einsum("mcd,md->mc", inverse_MCC, score_MC), inverse_MCC[:, c, c]


def _inverse(matrix_MCC: np.ndarray) -> np.ndarray:
    """The inverses of positive definite matrices; NaN where one is singular."""
    singular_M = ~np.isfinite(matrix_MCC).all(axis=(1, 2)) | (np.linalg.cond(matrix_MCC) > 1e12)
    safe_MCC = np.where(singular_M[:, None, None], np.eye(matrix_MCC.shape[1]), matrix_MCC)
    return np.where(singular_M[:, None, None], np.nan, np.linalg.inv(safe_MCC))


def separated(count_MN: np.ndarray, y_N: np.ndarray) -> np.ndarray:
    """Whether cases' and controls' genotypes share one value at most, bool (M,): the likelihood then has no maximum.

    ``count_MN`` are A1 counts without missing ones, or these less a number for each SNP.
    """
    case_MV, control_MV = count_MN[:, y_N == 1], count_MN[:, y_N == 0]
    above_M = case_MV.min(axis=1) >= control_MV.max(axis=1)
    return above_M | (case_MV.max(axis=1) <= control_MV.min(axis=1))


def _chunk(count_MN: np.ndarray, label: CaseLabel) -> tuple[pd.DataFrame, tuple[int, int]]:
    """beta, se, statistic, p and n of a chunk of SNPs; how many took Firth's likelihood, and how many it failed for."""
    centred_MN, called_M = centred(count_MN)
    n = len(label.y_N)
    x_MN = residual(centred_MN, label.basis_NC / np.sqrt(n))
    size_M, variance_M = (np.einsum("mn,mn->m", one_MN, one_MN) for one_MN in (x_MN, centred_MN))
    own_R = np.flatnonzero(size_M > COLLINEAR * np.maximum(variance_M, 1.0))
    scale_R = np.sqrt(size_M[own_R] / n)
    x_RN = x_MN[own_R] / scale_R[:, None]
    effect_R, spread_R, done_R = label.fit(x_RN, firth=False)
    firth_R = ~done_R | separated(centred_MN[own_R], label.y_N)
    if firth_R.any():
        effect_R[firth_R], spread_R[firth_R], done_R[firth_R] = label.fit(x_RN[firth_R], firth=True)
    beta_M, se_M, statistic_M = np.zeros(len(x_MN)), np.full(len(x_MN), np.nan), np.zeros(len(x_MN))
    tested_R = own_R[done_R]
    beta_M[tested_R] = (effect_R / scale_R)[done_R]
    se_M[tested_R] = (np.sqrt(spread_R) / scale_R)[done_R]
    statistic_M[tested_R] = beta_M[tested_R] / se_M[tested_R]
    p_M = two_sided(statistic_M)
    table = pd.DataFrame({"beta": beta_M, "se": se_M, "statistic": statistic_M, "p": p_M, "n": called_M})
    return table, (int(firth_R.sum()), int((~done_R).sum()))
