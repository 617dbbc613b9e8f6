"""Does what a network says follow ancestry, once the truth behind a simulated trait is known?

The logit: how much of it do principal components explain beyond the true genetic liability? The attributions: do SNPs
without effect whose frequencies differ between populations have more of them than similar SNPs whose do not?
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from stratbench.metrics.association import standardised
from stratbench.metrics.correlation import partial, partial_r2
from stratbench.metrics.data import SplitTables
from stratbench.metrics.estimate import Estimate, failed, not_applicable
from stratbench.metrics.floors import CEILINGS, PARTS, PCS
from stratbench.metrics.metric import Metric
from stratbench.metrics.null_snps import NullSnps
from stratbench.metrics.paired import Influences, paired_errors
from stratbench.metrics.rows import Row, rows
from stratbench.metrics.split_results import AttributionResult, FitResult, SplitResults

OF_LOGIT = "pcs_partial_r2"
OF_SNPS = ("fst_mass", "fst_mass_share", "fst_partial_spearman")
METRICS: tuple[Metric, ...] = (
    Metric(
        OF_LOGIT,
        "share of what the true genetic liability leaves of `f` that ten PCs explain, adjusted for their number",
        *(-np.inf, 1, "neither"),
        source="partial R2 by least squares, Ezekiel's adjustment; test individuals; influence function for the error",
        label="partial R\N{SUPERSCRIPT TWO} of PCs given the genetic liability",
        term="partial R2 of PCs",
        meaning="how much of a network's output, beyond the true genetic liability, principal components explain",
        chance=0.0,
        paired=True,
    ),
    Metric(
        "fst_mass",
        "mean attribution of SNPs of high FST without effect, over the mean of all SNPs; the truth has 0",
        *(0, np.inf, "neither"),
        source="the highest tenth of Hudson's FST among SNPs without effect or link to a causal SNP",
        label="attribution of SNPs of high FST without effect, over that of all",
        term="mass on high FST",
        meaning="the mean attribution of SNPs without effect whose frequencies differ most between populations, over "
        "that of all SNPs",
        chance=1.0,
    ),
    Metric(
        "fst_mass_share",
        "share of SNPs of high FST in the attribution of these and of SNPs of low FST of like MAF and LD score",
        *(0, 1, "neither"),
        source="as `fst_mass`; each is matched with a SNP of the lower half of FST",
        label="share of SNPs of high FST in attributions of matched SNPs",
        term="share of high FST",
        meaning="of the attribution of SNPs without effect, half of high and half of low FST, but of like frequency, "
        "the share of the former",
        chance=0.5,
        paired=True,
    ),
    Metric(
        "fst_partial_spearman",
        "Spearman's correlation of attribution and FST over SNPs without effect, given MAF and LD score",
        *(-1, 1, "neither"),
        source="partial correlation of midranks",
        label="correlation of attribution and FST given MAF and LD",
        term="correlation with FST",
        meaning="Spearman's correlation of attribution and FST over SNPs without effect, once minor allele frequency "
        "and LD score are regressed out of both",
        chance=0.0,
    ),
)


def of_scores(score_M: np.ndarray, null: NullSnps) -> list[tuple[str, Estimate]]:
    """How much of a ranking's scores lies on SNPs of high FST: all (metric, estimate) of ``OF_SNPS``.

    Args:
        score_M: scores of the SNPs that models see, float64, 0 or more.
        null: which of them have no effect, and how they are matched.
    """
    m, reason = len(score_M), null.reason
    if not reason and not np.isfinite(score_M).all():
        reason = f"score is missing or infinite for {(~np.isfinite(score_M)).sum()} of {m} SNPs"
    if not reason and not score_M.any():
        reason = "all scores are 0"
    if reason:
        return [(name, not_applicable(reason, m)) for name in OF_SNPS]
    n, high, low = len(null.high_H), float(score_M[null.high_H].mean()), float(score_M[null.low_H].mean())
    share = Estimate(high / (high + low), n) if high + low else not_applicable("their scores are 0", n)
    given_R2 = np.column_stack([rankdata(null.maf_R), rankdata(null.ld_R)])
    correlated = partial(rankdata(null.fst_R), rankdata(score_M[null.index_R]), given_R2)
    if correlated.status == "ok":
        correlated = Estimate(correlated.value, correlated.n)  # SNPs in LD are no sample of independent ones
    return [
        (OF_SNPS[0], Estimate(high / float(score_M.mean()), n)),
        (OF_SNPS[1], share),
        (OF_SNPS[2], correlated),
    ]


def of_split(results: SplitResults) -> list[Row]:
    """The rows of fits, of attributions and associations, and of the truth."""
    return [*_of_logits(results), *_of_rankings(results)]


def _of_logits(results: SplitResults) -> list[Row]:
    """The partial R2 of each fit and seed, its paired errors, and that of the liability's parts."""
    data, place = results.data, results.place
    family_V = data.of_set("test")["family"].to_numpy(dtype=str)
    found: list[Row] = []
    influences: dict[tuple[str, str], Influences] = {}
    for fit in results.fits:
        mine = influences.setdefault((fit.label["model"], fit.label["adjustment"]), {})
        for seed, estimate in _fit_estimates(data, fit):
            found += rows(place.keys(**fit.label), OF_LOGIT, estimate, seed=seed)
            if estimate.influence_N is not None:
                mine.setdefault(OF_LOGIT, {})[seed] = estimate.influence_N
    if not data.liability.empty:
        test = data.of_set("test").index
        for model, parts in PARTS.items():
            value = data.liability.loc[test, parts].sum(axis=1)
            found += rows(place.keys(model=model), OF_LOGIT, _beyond_truth(data, value))
    return found + paired_errors(place, influences, family_V)


def _fit_estimates(data: SplitTables, fit: FitResult) -> Iterator[tuple[int | None, Estimate]]:
    """(seed, estimate) of every seed of a fit, those of failed seeds included."""
    for seed, reason, test in fit.tested():
        yield seed, failed(reason) if reason else _beyond_truth(data, test.set_index("iid")["f"])


def _beyond_truth(data: SplitTables, value: pd.Series) -> Estimate:
    """The partial R2 of ten PCs on a value of test individuals given their genetic liability."""
    if data.liability.empty:
        return not_applicable("measured trait: the true liability is not known", len(value))
    people = data.people.loc[value.index]
    family_V = people["family"].to_numpy(dtype=str)
    genetic_V1 = data.liability.loc[value.index, ["genetic"]].to_numpy(dtype=float)
    pcs_VK = people[data.pcs].to_numpy(dtype=float)[:, :PCS]
    return partial_r2(value.to_numpy(dtype=float), genetic_V1, pcs_VK, family_V)


def _of_rankings(results: SplitResults) -> list[Row]:
    """The mass on high FST of attributions and, as yardsticks, of association tests' |beta / se| and of the truth."""
    data, place = results.data, results.place
    found: list[Row] = []
    for attribution in results.attributions:
        found += _attribution_rows(place.keys(**attribution.label), data, attribution)
    for name, table in results.associations.items():
        keys, reason = place.keys(association=name), results.failures.get(name)
        if reason:
            found += _failed_rows(keys, reason)
            continue
        seen = table.set_index("snp").loc[data.snps]
        for metric, estimate in of_scores(standardised(seen), data.null):
            found += rows(keys, metric, estimate)
    if found and data.causal_M is not None and data.causal_M.any():
        metric, estimate = of_scores(data.causal_M.astype(float), data.null)[0]
        found += rows(place.keys(model=CEILINGS[0]), metric, estimate)
    return found


def _attribution_rows(
    keys: Mapping[str, Any], data: SplitTables, attribution: AttributionResult
) -> list[Row]:
    """The rows of each seed's scores; failed rows for seeds without any."""
    found: list[Row] = []
    for seed, score_M in attribution.scores.items():
        for metric, estimate in of_scores(score_M, data.null):
            found += rows(keys, metric, estimate, seed=seed)
    for at, reason in attribution.without.items():
        found += _failed_rows(keys, reason, at)
    return found


def _failed_rows(keys: Mapping[str, Any], reason: str, seed: int | None = None) -> list[Row]:
    """The rows of scores that were never made."""
    return [row for metric in OF_SNPS for row in rows(keys, metric, failed(reason), seed=seed)]
