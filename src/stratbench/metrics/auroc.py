"""Area under the ROC curve with DeLong's standard error, overall and stratified within population."""

import numpy as np
from scipy.stats import rankdata

from stratbench.metrics.estimate import Estimate, not_applicable, problem


def auroc(y_N: np.ndarray, score_N: np.ndarray) -> Estimate:
    """P(case scores above control), ties counted half: a constant score has .5.

    Standard error: DeLong et al. 1988, from midranks (Sun & Xu 2014, eq. 4-7); it takes individuals as
    independent, so it is too small where test individuals are related. NaN with one case or one control.
    Not applicable with missing values or one class.
    """
    reason = problem(score=score_N)
    if reason:
        return not_applicable(reason, len(y_N))
    case, control = score_N[y_N == 1], score_N[y_N != 1]
    n1, n0 = len(case), len(control)
    if min(n1, n0) == 0:
        return not_applicable(f"one class only: {n1} cases, {n0} controls", len(y_N))
    pooled = rankdata(np.concatenate([case, control]))
    below_case = (pooled[:n1] - rankdata(case)) / n0  # share of controls below each case
    below_control = (pooled[n1:] - rankdata(control)) / n1  # share of cases below each control
    se = np.nan
    if min(n1, n0) > 1:
        se = float(np.sqrt(below_case.var(ddof=1) / n1 + below_control.var(ddof=1) / n0))
    return Estimate(float(below_case.mean()), n1 + n0, se)


def auroc_stratified(
    y_N: np.ndarray, score_N: np.ndarray, population_N: np.ndarray, minimum: int = 20
) -> Estimate:
    """AUROC within populations: concordant pairs of one population over all pairs of one population.

    Each population weighs as its number of case-control pairs. The standard error combines DeLong's by the same
    weights, as the populations are independent.

    Args:
        y_N: labels 0 and 1.
        score_N: scores, float64; larger for cases.
        population_N: populations, text.
        minimum: a population with fewer cases, or fewer controls, is left out.

    Returns:
        The estimate; not applicable where no population is left, or where a score is missing.
    """
    parts, pairs = [], []
    for population in np.unique(population_N):
        inside = population_N == population
        n1 = int((y_N[inside] == 1).sum())
        n0 = int(inside.sum()) - n1
        if min(n1, n0) < minimum:
            continue
        part = auroc(y_N[inside], score_N[inside])
        if part.status != "ok":
            return part
        parts.append(part)
        pairs.append(n1 * n0)
    if not parts:
        return not_applicable(f"no population has {minimum} cases and {minimum} controls", len(y_N))
    weight = np.array(pairs, dtype=float) / sum(pairs)
    value = float(weight @ [part.value for part in parts])
    se = float(np.sqrt(weight**2 @ np.array([part.se for part in parts]) ** 2))
    return Estimate(value, sum(part.n for part in parts), se)
