"""Each case is matched with one control of the same ancestry, and people without a partner train nothing.

Within a caliper of 0.2 standard deviations of the logit of P(case given PCs), the nearest unused person of the other
class by the Mahalanobis distance of the PCs is taken (both together: Rosenbaum & Rubin 1985; the caliper: Austin
2011). Covariance and standard deviation are those within classes, pooled. The smaller class is matched, in random
order. Matched people have weight 1 and all others 0.

Known failure: it costs people, most where ancestry predicts the trait best; the log says how many are left. A trait
without classes has no controls.
"""

from typing import Any

import numpy as np
from jax import Array
from sklearn.linear_model import LogisticRegression

from stratbench.adjustments.contract import Adjustment, Batch, Context, State
from stratbench.core.errors import ScientificFailure
from stratbench.core.job import say

OPTIONS = {
    "pcs": {"type": "integer", "minimum": 1, "maximum": 20, "default": 10},
    "caliper": {
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 0.2,
        "description": "the largest difference of a pair, in standard deviations of the propensity's logit",
    },
}
CITATION = "Rosenbaum & Rubin 1985, Am Stat 39:33; Austin 2011, Pharm Stat 10:150 (caliper)"
IN_WORDS = "matching cases with controls"
FEWEST = 5  # pairs


def pairs(pcs_TK: np.ndarray, logit_T: np.ndarray, y_T: np.ndarray, caliper: float, seed: int) -> np.ndarray:
    """Match each person of the smaller class with one of the other, or with none.

    Args:
        pcs_TK: PCs, float64 (T, K).
        logit_T: the logit of the propensity, float64 (T,).
        y_T: labels, 0 or 1.
        caliper: the largest difference of the logits of a pair, in their standard deviations, the root of the mean of
            the two classes' variances (Austin 2011).
        seed: of the order in which people choose.

    Returns:
        The places of both members of each pair, int64 (pairs, 2).
    """
    few, many = sorted((np.flatnonzero(y_T == label) for label in (0, 1)), key=len)
    classes = [y_T == label for label in (0, 1)]
    covariance_KK = np.mean([np.atleast_2d(np.cov(pcs_TK[own_T], rowvar=False)) for own_T in classes], axis=0)
    metric_KK = np.linalg.pinv(covariance_KK)
    within = caliper * np.sqrt(np.mean([logit_T[own_T].var(ddof=1) for own_T in classes]))
    found, free = [], np.ones(len(many), dtype=bool)
    for one in np.random.default_rng(seed).permutation(few):
        near = np.flatnonzero(free & (np.abs(logit_T[many] - logit_T[one]) <= within))
        if len(near):
            apart = pcs_TK[many[near]] - pcs_TK[one]
            best = near[np.argmin(np.einsum("rk,kj,rj->r", apart, metric_KK, apart))]
            found.append((one, many[best]))
            free[best] = False
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def build(options: dict[str, Any]) -> Adjustment:
    def fit(context: Context) -> State:
        if context.kind != "binary":
            raise ScientificFailure(
                "matched needs cases and controls, and the trait is quantitative; take offset"
            )
        train = context.sets["train"]
        pcs_TK = context.pcs_NK[train, : options["pcs"]].astype(np.float64)
        y_T = context.y_N[train]
        logit_T = LogisticRegression(C=1.0, max_iter=1000).fit(pcs_TK, y_T).decision_function(pcs_TK)
        found = pairs(pcs_TK, logit_T, y_T, options["caliper"], context.seed)
        if len(found) < FEWEST:
            raise ScientificFailure(
                f"matched: {len(found)} pairs within the caliper of {options['caliper']:g}; "
                "take a wider caliper or fewer PCs"
            )
        say(f"matched: {2 * len(found)} of {len(train)} training individuals are in pairs")
        weight_N = np.zeros(len(context.y_N), dtype=np.float32)
        weight_N[train[found.ravel()]] = 1
        return State({}, {"weight": weight_N})

    def weights(state: State, batch: Batch) -> Array:
        return state.rows["weight"][batch.i_B]

    return Adjustment(fit=fit, weights=weights, per_seed=True)
