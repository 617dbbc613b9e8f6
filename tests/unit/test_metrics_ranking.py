"""Causal recovery and agreement of rankings, against integration, simulation and SciPy."""

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from stratbench.metrics import similarity
from stratbench.metrics.agreement import agreement, of_split, pairs, top_k
from stratbench.metrics.association import lambda_gc, ranking, srmsd
from stratbench.metrics.data import SplitTables
from stratbench.metrics.precision_recall import auc_pr, precision_at, top_weights
from stratbench.metrics.recovery import ks, names, recovery
from stratbench.metrics.rows import SplitPlace
from stratbench.metrics.similarity import jaccard, jaccard_chance, rbo, rbo_chance, spearman, tau
from stratbench.metrics.split_results import AttributionResult, SplitResults


def integrated(hit, score):
    """The area under the interpolated curve by quadrature, written from the definition."""
    area, tp, fp = 0.0, 0.0, 0.0
    for threshold in sorted(set(score), reverse=True):
        d = float((hit & (score == threshold)).sum())
        e = float((~hit & (score == threshold)).sum())
        if d:
            area += integrate.quad(
                lambda x, tp=tp, fp=fp, slope=e / d: (tp + x) / (tp + x + fp + slope * x) if tp + x else 0,
                1e-12,
                d,
            )[0]
        tp, fp = tp + d, fp + e
    return area / hit.sum()


@pytest.mark.parametrize("decimals", [8, 1, 0])
def test_auc_pr_is_the_integral(decimals):
    rng = np.random.default_rng(decimals)
    for _ in range(20):
        hit = rng.random(60) < 0.2
        hit[0] = True
        score = np.round(hit + rng.normal(size=60), decimals)
        assert auc_pr(hit, score) == pytest.approx(integrated(hit, score), abs=1e-7)


def test_auc_pr_worked_by_hand():
    hit = np.array([True, False, True])
    # Recall 0 to 1/2 at precision 1; after the miss (1 + x) / (2 + x) over x in [0, 1]: 1 - ln(3/2).
    assert auc_pr(hit, np.array([3.0, 2, 1])) == pytest.approx((1 + 1 - np.log(1.5)) / 2)
    # Miss and second hit tied: (1 + x) / (1 + 2 x) over x in [0, 1]: 1/2 + ln(3) / 4.
    assert auc_pr(hit, np.array([3.0, 1, 1])) == pytest.approx((1 + 0.5 + np.log(3) / 4) / 2)
    assert auc_pr(hit, np.array([3.0, 1, 2])) == 1
    assert auc_pr(hit, np.zeros(3)) == pytest.approx(2 / 3)  # all tied: the prevalence


def test_a_random_ranking_has_the_prevalence():
    rng, hit = np.random.default_rng(2), np.arange(2000) < 100
    found = [auc_pr(hit, rng.random(2000)) for _ in range(100)]
    assert np.mean(found) == pytest.approx(0.05, rel=0.1)


def test_top_weights_and_precision_share_ties():
    score = np.array([5.0, 3, 3, 3, 1])
    assert top_weights(score, 2).tolist() == pytest.approx([1, 1 / 3, 1 / 3, 1 / 3, 0])
    assert precision_at(np.array([1, 1, 0, 0, 0]), score, 2) == pytest.approx((1 + 1 / 3) / 2)


def test_recovery_rows():
    assert ks(20, 800) == [20, 50]
    assert ks(20, 2000) == [20, 50, 500]
    assert ks(50, 90) == []
    causal, score = np.arange(800) < 20, -np.arange(800.0)
    found = {(metric, k): e for metric, k, e in recovery(score, causal, 25)}
    assert list(found) == names(25, 800)
    assert found["causal_auc_pr", None].value == 1
    assert found["causal_auc_pr_ratio", None].value == 40
    assert found["precision_at_k", 25].value == pytest.approx(20 / 25)
    for bad in (
        recovery(score, None, 0),
        recovery(score, causal & False, 0),
        recovery(score * np.nan, causal, 20),
    ):
        assert {e.status for *_, e in bad} == {"not-applicable"}
        assert all(e.reason for *_, e in bad)


def test_association_ranking_beyond_the_smallest_p():
    p, statistic = np.array([0.1, 0, 0, np.nan, 1]), np.array([1.6, -50, 40, np.nan, 0])
    assert np.argsort(-ranking(p, statistic), kind="stable").tolist() == [1, 2, 0, 3, 4]


def test_lambda_gc():
    p = stats.chi2.sf(1.5 * stats.chi2.ppf(np.linspace(0.001, 0.999, 999), 1), 1)
    assert lambda_gc(p).value == pytest.approx(1.5)
    assert lambda_gc(np.full(3, np.nan)).status == "not-applicable"


def test_srmsd_by_hand_and_of_calibrated_and_inflated_p():
    causal = np.array([False, False, True, False, False])
    p = np.array([0.2, 0.1, 1e-9, np.nan, 0.6])  # null and tested: .1, .2, .6 against 1/6, 3/6, 5/6
    by_hand = np.sqrt(((1 / 6 - 0.1) ** 2 + (3 / 6 - 0.2) ** 2 + (5 / 6 - 0.6) ** 2) / 3)
    assert srmsd(p, causal).value == pytest.approx(by_hand)
    assert srmsd(1 - p, causal).value == pytest.approx(-by_hand)
    assert srmsd(p, causal).n == 3
    uniform = (np.arange(1000) + 0.5) / 1000
    assert srmsd(uniform, uniform < 0).value == pytest.approx(0)
    assert srmsd(np.zeros(1000), uniform < 0).value == pytest.approx(
        np.sqrt(1 / 3), abs=1e-3
    )  # the largest there is
    assert "not known" in srmsd(p, None).reason
    assert srmsd(p, ~np.isnan(p)).status == "not-applicable"


def test_spearman_is_scipys():
    score = np.round(np.random.default_rng(3).normal(size=(4, 50)), 1)
    assert spearman(score) == pytest.approx(stats.spearmanr(score.T).statistic)


def test_tau_is_scipys_and_counts_ties():
    score = np.random.default_rng(4).integers(0, 9, (3, 50)).astype(float)
    found = tau(score)
    assert found[0, 1] == found[1, 0] == pytest.approx(stats.kendalltau(score[0], score[1]).statistic)
    # four SNPs by hand: three pairs in the same order, one in the other, and two tied, one in each ranking
    by_hand = (3 - 1) / np.sqrt(5 * 5)
    assert tau(np.array([[4.0, 3, 2, 2], [5.0, 2, 2, 3]]))[0, 1] == pytest.approx(by_hand)
    assert np.isnan(tau(np.array([np.zeros(4), np.arange(4.0)]))).sum() == 3


def test_tau_of_many_snps_is_that_of_evenly_spaced_ones():
    """Of twice as many SNPs less one it is every other one that counts."""
    own = np.random.default_rng(3).normal(size=(2, similarity.PAIRED))
    score = np.zeros((2, 2 * similarity.PAIRED - 1))
    score[:, ::2] = own
    assert tau(score)[0, 1] == pytest.approx(stats.kendalltau(*own).statistic)


def test_rank_biased_overlap_by_hand():
    """a b c d and b a d c: of the first 1, 2, 3 and 4 they share 0, 2, 2 and 4, and all of what follows."""
    score = np.array([[4.0, 3, 2, 1], [3.0, 4, 1, 2]])
    by_hand = 0.5 * (0 + 0.5 * 2 / 2 + 0.25 * 2 / 3 + 0.125 * 1) + 0.5**4
    assert rbo(score, p=0.5)[0, 1] == pytest.approx(by_hand)
    assert rbo(score, p=0.5)[0, 0] == pytest.approx(1)
    m, p, depth = 400, 0.998, np.arange(1, 401)
    one, other = np.random.default_rng(5).normal(size=(2, m))
    first, second = (np.argsort(-score) for score in (one, other))
    shared = np.array([len({*first[:d]} & {*second[:d]}) / d for d in depth])
    slow = (1 - p) * (p ** (depth - 1) * shared).sum() + p**m
    assert rbo(np.stack([one, other]))[0, 1] == pytest.approx(slow)
    many = rbo(np.random.default_rng(6).normal(size=(60, m)))
    assert many[np.triu_indices(60, 1)].mean() == pytest.approx(rbo_chance(m), rel=0.02)
    zeros = rbo(np.zeros((60, m)))
    assert zeros[np.triu_indices(60, 1)].mean() == pytest.approx(rbo_chance(m), rel=0.02)


def test_jaccard_and_its_chance():
    rng, m, k = np.random.default_rng(4), 200, 30
    score = rng.random((60, m))
    found = jaccard(score, k)
    top = [set(np.argsort(-row)[:k]) for row in score]
    assert found[0, 1] == pytest.approx(len(top[0] & top[1]) / len(top[0] | top[1]))
    off = found[~np.eye(60, dtype=bool)]
    assert off.mean() == pytest.approx(jaccard_chance(m, k), rel=0.03)
    assert jaccard_chance(10, 10) == pytest.approx(1)


def test_ties_do_not_agree_by_their_order():
    constant = np.zeros((2, 100))
    assert jaccard(constant, 10)[0, 1] == pytest.approx(jaccard_chance(100, 10), rel=0.1)


def test_agreement_is_over_different_resamples():
    rng, m = np.random.default_rng(5), 300
    truth, seeds = rng.normal(size=m), rng.normal(size=(3, m))
    none = {s: truth + 0.5 * seeds[s] for s in range(3)}
    other = {
        s: 0.2 * truth + 0.5 * seeds[s] for s in range(3)
    }  # agrees with none of the same resample by it alone
    found = {row[:3]: row[4] for row in agreement({"other": other, "none": none}, {}, m, top_k(0, m), {})}
    same_seed = stats.spearmanr(none[0], other[0]).statistic
    by_hand = np.mean(
        [stats.spearmanr(none[s], other[t]).statistic for s in range(3) for t in range(3) if s != t]
    )
    between = found["agreement_spearman", "other", "none"]
    assert between.value == pytest.approx(by_hand)
    assert between.value < same_seed - 0.2
    assert between.n == 6
    delta = found["agreement_delta_spearman", "other", "none"].value
    within = [found["agreement_spearman", name, name].value for name in ("none", "other")]
    assert delta == pytest.approx(np.mean(within) - by_hand)
    assert ("agreement_spearman", "none", "other") not in found


def test_scores_that_are_mostly_tied_say_so():
    """A sparse model's zeros have one midrank; how many there are stands beside the correlation."""
    sparse, dense = np.r_[np.arange(1.0, 21), np.zeros(80)], np.arange(100.0)
    runs = {"none": {1: sparse, 2: dense}, "b": {1: dense, 2: dense[::-1]}}
    found = {row[:3]: row[4] for row in agreement(runs, {}, 100, 20, {})}
    assert found["agreement_tied", "none", "none"].value == pytest.approx(0.8 / 2)
    assert found["agreement_tied", "b", "b"].value == 0
    assert found["agreement_spearman", "none", "none"].value == pytest.approx(
        stats.spearmanr(sparse, dense)[0]
    )


def test_the_error_of_agreement_is_the_jackknife_over_resamples():
    rng, m = np.random.default_rng(6), 200
    truth, noise = rng.normal(size=m), rng.normal(size=(2, 4, m))
    none, other = ({s: truth + noise[a, s] for s in range(4)} for a in range(2))
    found = {row[:3]: row[4] for row in agreement({"none": none, "b": other}, {}, m, 20, {})}
    without = [
        agreement({"none": _without(none, s), "b": _without(other, s)}, {}, m, 20, {}) for s in range(4)
    ]
    for key in (("agreement_delta_spearman", "b", "none"), ("agreement_jaccard", "none", "none")):
        values = np.array([{row[:3]: row[4] for row in rows}[key].value for rows in without])
        by_hand = np.sqrt(3 / 4 * ((values - values.mean()) ** 2).sum())
        assert found[key].se == pytest.approx(by_hand)
    two = agreement({"none": {1: none[1], 2: none[2]}}, {}, m, 20, {})
    assert np.isnan(two[0][4].se)


def test_the_fall_is_compared_with_the_placebos_resample_by_resample():
    """What all adjustments share by the chance of a resample cancels: the error is that of the paired difference."""
    rng, m = np.random.default_rng(8), 300
    truth, shared = rng.normal(size=m), 0.5 * rng.normal(size=(4, m))
    moved = 0.7 * rng.normal(size=m)
    scores = {
        "none": {s: truth + shared[s] for s in range(4)},
        "placebo": {s: truth + shared[s] + 0.1 * rng.normal(size=m) for s in range(4)},
        "b": {s: truth + moved + shared[s] for s in range(4)},
    }
    found = {row[:3]: row[4] for row in agreement(scores, {}, m, 20, {})}
    falls = [found["agreement_delta_spearman", name, "none"] for name in ("b", "placebo")]
    more = found["agreement_beyond_placebo", "b", "none"]
    assert more.value == pytest.approx(falls[0].value - falls[1].value)
    assert more.n == 12
    without = [{name: _without(own, s) for name, own in scores.items()} for s in range(4)]
    values = np.array(
        [
            {row[:3]: row[4] for row in agreement(one, {}, m, 20, {})}[
                "agreement_beyond_placebo", "b", "none"
            ].value
            for one in without
        ]
    )
    assert more.se == pytest.approx(np.sqrt(3 / 4 * ((values - values.mean()) ** 2).sum()))
    assert not any(row[0] == "agreement_beyond_placebo" and "placebo" in row[1:3] for row in found)


def _without(scores, left_out):
    return {s: score for s, score in scores.items() if s != left_out}


def test_two_adjustments_of_one_ranking_and_of_random_labels_show_no_change():
    """The fall is 0 on average where both adjustments give one ranking, and where both give random ones."""
    rng, m = np.random.default_rng(7), 300
    same, random = [], []
    for _ in range(60):
        truth = rng.normal(size=m)
        one, other = ({s: truth + rng.normal(size=m) for s in range(3)} for _ in range(2))
        noise = {name: {s: rng.normal(size=m) for s in range(3)} for name in ("none", "b")}
        found = {row[:3]: row[4] for row in agreement({"none": one, "b": other}, noise, m, 30, {})}
        same.append(found["agreement_delta_spearman", "b", "none"].value)
        random.append(found["agreement_permuted_spearman", "b", "none"].value)
    for values in (same, random):
        assert abs(np.mean(values)) < 3.3 * np.std(values) / np.sqrt(60)
    assert found["agreement_spearman", "none", "none"].value > 0.3


def test_snps_at_the_ends_are_not_compared():
    """They agree in being small; of a network that has them, and at most a quarter of the SNPs at each end."""
    rng, m = np.random.default_rng(9), 200
    snps = pd.Index([f"s{j}" for j in range(m)])
    place = SplitPlace("s", "c", 1, "c", "t", "random")
    data = SplitTables("binary", pd.DataFrame(), snps, None, 0, pd.DataFrame())
    near = np.minimum(np.arange(m), np.arange(m)[::-1]) < 40
    found = {}
    for edge in (0, 40, 1000):
        scores = {f"{k}": np.where(near, 0.01, 1) * rng.gamma(1, 1, m) for k in (1, 2, 3)}
        label = {"model": "cnn", "adjustment": "none", "attribution": "g"}
        one = AttributionResult(label, {}, {}, scores, about={"edge": edge} if edge else {})
        table = of_split(SplitResults(place, data, (), (one,), {}, ()))
        found[edge] = {row["metric"]: row["value"] for row in table}
    assert found[0]["agreement_spearman"] > 0.5
    assert abs(found[40]["agreement_spearman"]) < 0.15
    assert "agreement_left_out" not in found[0]
    assert (found[40]["agreement_left_out"], found[1000]["agreement_left_out"]) == (0.4, 0.5)


def test_agreement_names_pairs_once_reference_first():
    assert pairs(["b", "none"]) == [("none", "none"), ("b", "b"), ("b", "none")]


def test_agreement_without_an_answer_says_why():
    one = {"none": {1: np.arange(9.0)}, "b": {1: np.arange(9.0)}, "c": {}}
    found = {row[:3]: row[4] for row in agreement(one, {}, 9, 3, {"c": "loss is NaN"})}
    assert found["agreement_spearman", "none", "none"].status == "not-applicable"
    assert found["agreement_spearman", "b", "none"].reason == "agreement needs two resamples"
    broken = found["agreement_delta_jaccard", "c", "none"]
    assert (broken.status, broken.reason) == ("failed", "loss is NaN")
    flat = {"none": {1: np.zeros(9), 2: np.zeros(9)}}
    constant = agreement(flat, {}, 9, 3, {})[0][4]
    assert (constant.status, constant.reason) == ("not-applicable", "a ranking is constant")
    assert agreement({"none": {}}, {}, 9, 3, {"none": "x"})[0][4].status == "failed"
