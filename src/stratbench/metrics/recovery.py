"""Does a ranking of SNPs put the causal ones first?"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from stratbench.metrics.association import numbers, ranking
from stratbench.metrics.data import SplitTables
from stratbench.metrics.estimate import Estimate, failed, not_applicable
from stratbench.metrics.metric import Metric
from stratbench.metrics.precision_recall import auc_pr, precision_at
from stratbench.metrics.rows import Row, rows
from stratbench.metrics.split_results import AttributionResult, SplitResults

FIXED_K = (50, 500)
METRICS: tuple[Metric, ...] = (
    Metric(
        "causal_auc_pr",
        "recovery of visible causal SNPs by an attribution or an association: area under the precision-recall curve",
        *(0, 1, "higher"),
        source="Davis & Goadrich 2006; Keilwagen, Grosse & Grau 2014",
        label="AUC_PR for causal SNPs",
        term="AUC_PR",
        meaning="area under the precision-recall curve: how early a ranking lists the causal SNPs",
        chance="the share of visible SNPs that are causal",
        paired=True,
        claimed=True,
    ),
    Metric(
        "causal_auc_pr_ratio",
        "`causal_auc_pr` over the share of visible SNPs that are causal",
        *(0, np.inf, "higher"),
        source="as `causal_auc_pr`",
        label="AUC_PR over that of a random ranking",
        term="AUC_PR",
        chance=1.0,
    ),
    Metric(
        "precision_at_k",
        "the share of causal SNPs among the first k of a ranking (column `k`), ties broken at random",
        *(0, 1, "higher"),
        source="its definition; expectation over ties",
        label="share of causal SNPs among the first k",
        term="precision at k",
        meaning="the share of causal SNPs among the first k of a ranking",
        chance="the share of visible SNPs that are causal",
    ),
)


def ks(n_causal: int, m: int) -> list[int]:
    """The k of precision at k: the number of causal SNPs, 50 and 500, if they are at most half of the m SNPs."""
    return sorted({k for k in (n_causal, *FIXED_K) if 0 < k <= m / 2})


def names(n_causal: int, m: int) -> list[tuple[str, int | None]]:
    """The (metric, k) that a ranking of m SNPs should have a value of."""
    return [
        ("causal_auc_pr", None),
        ("causal_auc_pr_ratio", None),
        *(("precision_at_k", k) for k in ks(n_causal, m)),
    ]


def recovery(
    score_M: np.ndarray, causal_M: np.ndarray | None, n_causal: int
) -> list[tuple[str, int | None, Estimate]]:
    """All (metric, k or None, estimate) of one ranking; larger scores stand higher.

    ``causal_M`` is bool over the same SNPs, None for a measured trait; ``n_causal`` counts causal SNPs,
    visible or not, so that k is the same in all replicates of a scenario. A missing score, no causal SNP or
    nothing but causal SNPs make every metric not applicable.
    """
    m = len(score_M)
    reason = ""
    if causal_M is None:
        reason = "measured trait: the causal SNPs are not known"
    elif not causal_M.any():
        reason = "no causal SNP is visible"
    elif causal_M.all():
        reason = "every visible SNP is causal"
    elif not np.isfinite(score_M).all():
        reason = f"score is missing or infinite for {(~np.isfinite(score_M)).sum()} of {m} SNPs"
    if reason or causal_M is None:
        return [(name, k, not_applicable(reason, m)) for name, k in names(n_causal, m)]
    area = auc_pr(causal_M, score_M)
    found = [
        ("causal_auc_pr", None, Estimate(area, m)),
        ("causal_auc_pr_ratio", None, Estimate(area / float(causal_M.mean()), m)),
    ]
    at_k = [("precision_at_k", k, Estimate(precision_at(causal_M, score_M, k), m)) for k in ks(n_causal, m)]
    return [*found, *at_k]


def of_split(results: SplitResults) -> list[Row]:
    """Recovery of the causal SNPs by each association and by each attribution and seed."""
    data = results.data
    found: list[Row] = []
    for name, table in results.associations.items():
        keys, reason = results.place.keys(association=name), results.failures.get(name)
        if reason:
            found += _failed_rows(keys, data, reason)
            continue
        # Of a test of all SNPs those that models see, so that its ranks compare with theirs.
        seen = table.set_index("snp").loc[data.snps]
        for metric, k, estimate in recovery(ranking(*numbers(seen)), data.causal_M, data.n_causal):
            found += rows(keys, metric, estimate, k=k)
    for attribution in results.attributions:
        found += attribution_rows(results.place.keys(**attribution.label), data, attribution)
    return found


def attribution_rows(keys: Mapping[str, Any], data: SplitTables, attribution: AttributionResult) -> list[Row]:
    """Recovery by each seed's scores; failed rows for seeds without any."""
    found: list[Row] = []
    for seed, score_M in attribution.scores.items():
        for metric, k, estimate in recovery(score_M, data.causal_M, data.n_causal):
            found += rows(keys, metric, estimate, k=k, seed=seed)
    for at, reason in attribution.without.items():
        found += _failed_rows(keys, data, reason, at)
    return found


def _failed_rows(
    keys: Mapping[str, Any], data: SplitTables, reason: str, seed: int | None = None
) -> list[Row]:
    """The rows of a ranking that was never made."""
    found: list[Row] = []
    for metric, k in names(data.n_causal, len(data.snps)):
        found += rows(keys, metric, failed(reason), k=k, seed=seed)
    return found
