"""Do two adjustments of one model point at the same SNPs, more or less than one adjustment with itself?

Runs of one seed share their initialisation and batches, so agreement is always taken over different seeds.
"""

from collections.abc import Mapping

import numpy as np
from scipy import stats
from scipy.stats import rankdata

from stratbench.metrics.estimate import Estimate, failed, not_applicable
from stratbench.metrics.metric import Metric
from stratbench.metrics.precision_recall import top_weights
from stratbench.metrics.rows import Row, rows
from stratbench.metrics.split_results import AttributionResult, SplitResults

Compared = tuple[str, str, str, int | None, Estimate]  # metric, adjustment, against, k, estimate
FEW_SEEDS = "agreement needs two seeds"
METRICS: tuple[Metric, ...] = (
    Metric(
        "agreement_spearman",
        "Spearman's correlation of the rankings of `adjustment` and `against`, over different seeds; "
        "`against` = `adjustment` is agreement within one",
        *(-1, 1, "neither"),
        source="Spearman 1904, midranks for ties",
        label="Spearman's correlation of rankings",
        term="agreement",
        meaning="Spearman's correlation of two rankings of SNPs, always from trainings with different seeds",
        chance=0.0,
    ),
    Metric(
        "agreement_delta_spearman",
        "mean agreement within the two adjustments minus that between them, of `agreement_spearman`",
        *(-2, 2, "neither"),
        source="its definition",
        label="agreement within minus between, Spearman",
        term="agreement",
        chance=0.0,
        claimed=True,
    ),
    Metric(
        "agreement_tied",
        "the share of SNPs that have the same score as another SNP of the ranking, such as the zeros of a sparse model",
        *(0, 1, "neither"),
        source="its definition",
        label="share of tied SNPs",
        term="ties",
        meaning="SNPs of one score; they share a rank, and a correlation of rankings says little where most are tied",
    ),
    Metric(
        "agreement_jaccard",
        "Jaccard index of the first `k` SNPs of `adjustment` and `against`, over different seeds",
        *(0, 1, "neither"),
        source="Jaccard 1901; expected overlap for ties",
        label="Jaccard index of the first k SNPs",
        term="Jaccard index",
        meaning="of the first k SNPs of two rankings, how many are in both, over how many are in either",
        chance="`agreement_jaccard_chance`",
    ),
    Metric(
        "agreement_delta_jaccard",
        "mean agreement within the two adjustments minus that between them, of `agreement_jaccard`",
        *(-1, 1, "neither"),
        source="its definition",
        label="agreement within minus between, Jaccard",
        term="Jaccard index",
        chance=0.0,
    ),
    Metric(
        "agreement_jaccard_chance",
        "expected Jaccard index of two random sets of `k` SNPs",
        *(0, 1, "neither"),
        source="hypergeometric overlap",
        label="Jaccard index of random sets",
        term="Jaccard index",
    ),
)


def spearman(score_SM: np.ndarray) -> np.ndarray:
    """Spearman correlations (S, S) of rankings, midranks for ties; NaN where a ranking is constant."""
    rank = rankdata(score_SM, axis=1)
    rank -= rank.mean(axis=1, keepdims=True)
    norm = np.sqrt((rank**2).sum(axis=1, keepdims=True))
    rank = np.divide(rank, norm, out=np.full_like(rank, np.nan), where=norm > 0)
    return np.clip(rank @ rank.T, -1, 1)


def tied(score_M: np.ndarray) -> float:
    """The share of SNPs whose score another SNP has, too."""
    _, count = np.unique(score_M, return_counts=True)
    return float(count[count > 1].sum() / len(score_M))


def jaccard(score_SM: np.ndarray, k: int) -> np.ndarray:
    """Jaccard index (S, S) of the top k: overlap / (2k - overlap).

    Ties at the threshold are broken at random for each ranking alone; the expected overlap is used.
    """
    weight = np.stack([top_weights(score, k) for score in score_SM])
    overlap = weight @ weight.T
    return overlap / (2 * k - overlap)


def jaccard_chance(m: int, k: int) -> float:
    """Expected Jaccard of two random sets of k of m SNPs; their overlap is hypergeometric."""
    overlap = np.arange(k + 1)
    return float((stats.hypergeom.pmf(overlap, m, k, k) * overlap / (2 * k - overlap)).sum())


def top_k(n_causal: int, m: int) -> int:
    """How many SNPs are compared: the number of causal SNPs, or 50 where it is not known, but at most half of all."""
    return max(1, min(n_causal or 50, m // 2))


def _pairs(similarity_SS: np.ndarray, seeds_1: Mapping[int, int], seeds_2: Mapping[int, int]) -> Estimate:
    """Mean similarity over ordered pairs of different seeds; the mappings give each seed's row."""
    values = [similarity_SS[i, j] for s, i in seeds_1.items() for t, j in seeds_2.items() if s != t]
    if not values:
        return not_applicable(FEW_SEEDS)
    known = [value for value in values if np.isfinite(value)]
    if not known:
        return not_applicable("a ranking is constant", len(values))
    return Estimate(float(np.mean(known)), len(known))


def _delta(within_1: Estimate, within_2: Estimate, between: Estimate) -> Estimate:
    """Mean agreement within two adjustments minus the agreement between them."""
    for part in (between, within_1, within_2):
        if part.status != "ok":
            return part
    return Estimate((within_1.value + within_2.value) / 2 - between.value, between.n)


def pairs(adjustments: list[str], reference: str = "none") -> list[tuple[str, str]]:
    """(adjustment, against): each with itself, then each pair once. The reference comes first in the order."""
    order = sorted(adjustments, key=lambda name: name != reference)
    between = [(later, earlier) for i, later in enumerate(order) for earlier in order[:i]]
    return [*((name, name) for name in order), *between]


def agreement(
    scores: Mapping[str, Mapping[int, np.ndarray]], m: int, k: int, reasons: Mapping[str, str]
) -> list[Compared]:
    """Agreement within and between the adjustments of one model and attribution.

    Args:
        scores: the scores of each seed of each adjustment, float (M,), in the study's order. An adjustment without any
            score is there, too. Seeds with a missing score are left out.
        m: the number of SNPs.
        k: how many SNPs of each ranking the Jaccard index compares.
        reasons: why an adjustment has no score; its pairs are failed for this reason.

    Returns:
        (metric, adjustment, against, k, estimate) of each comparison; ``n`` of an estimate counts ordered pairs of
        seeds.
    """
    stacked: list[np.ndarray] = []
    where: dict[str, dict[int, int]] = {name: {} for name in scores}
    for name, by_seed in scores.items():
        for seed, score in by_seed.items():
            if np.isfinite(score).all():
                where[name][seed] = len(stacked)
                stacked.append(score)
    score_SM = np.array(stacked).reshape(len(stacked), m)
    found: list[Compared] = []
    for measure, size in (("spearman", None), ("jaccard", k)):
        found += _measure(f"agreement_{measure}", size, score_SM, where, reasons)
    for name, rows_of in where.items():
        if rows_of:
            share = np.mean([tied(score_SM[row]) for row in rows_of.values()])
            found.append(("agreement_tied", name, name, None, Estimate(float(share), m)))
    chance = Estimate(jaccard_chance(m, k), m)
    found += [("agreement_jaccard_chance", name, against, k, chance) for name, against in pairs(list(scores))]
    return found


def _measure(
    metric: str,
    k: int | None,
    score_SM: np.ndarray,
    where: Mapping[str, Mapping[int, int]],
    reasons: Mapping[str, str],
) -> list[Compared]:
    similarity_SS = np.empty((0, 0))
    if len(score_SM):
        similarity_SS = spearman(score_SM) if k is None else jaccard(score_SM, k)
    value: dict[tuple[str, str], Estimate] = {}
    for name, against in pairs(list(where)):
        broken = [reasons[label] for label in (name, against) if not where[label] and label in reasons]
        value[name, against] = (
            failed(broken[0]) if broken else _pairs(similarity_SS, where[name], where[against])
        )
    found: list[Compared] = [
        (metric, name, against, k, estimate) for (name, against), estimate in value.items()
    ]
    delta = metric.replace("agreement_", "agreement_delta_")
    for (name, against), between in value.items():
        if name != against:
            estimate = _delta(value[name, name], value[against, against], between)
            found.append((delta, name, against, k, estimate))
    return found


def of_split(results: SplitResults) -> list[Row]:
    """Agreement among each model's adjustments, for each attribution."""
    grouped: dict[tuple[str, str], dict[str, AttributionResult]] = {}
    for one in results.attributions:
        by_adjustment = grouped.setdefault((one.label["model"], one.label["attribution"]), {})
        by_adjustment[one.label["adjustment"]] = one
    m = len(results.data.snps)
    k = top_k(results.data.n_causal, m)
    found: list[Row] = []
    for (model, attribution), group in grouped.items():
        scores = {name: one.scores for name, one in group.items()}
        reasons = {name: one.reason for name, one in group.items()}
        for metric, adjustment, against, size, estimate in agreement(scores, m, k, reasons):
            keys = {"model": model, "attribution": attribution, "adjustment": adjustment, "against": against}
            found += rows(results.place.keys(**keys), metric, estimate, k=size)
    return found
