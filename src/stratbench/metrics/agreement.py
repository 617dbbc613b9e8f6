"""Do two adjustments of one model point at the same SNPs, more or less than one adjustment with itself?

Networks that are trained on the same people agree because they saw the same chances of who was drawn. Agreement is
therefore taken over different resamples of the training people, within an adjustment and between two. Its null are
networks whose labels were permuted within populations: their rankings agree a little, too, because SNPs differ in
frequency. SNPs at the ends of the input, which fewer units of some networks see, are left out (``Architecture.edge``),
but at most a quarter of all at each end: they would agree in being small.
"""

from collections.abc import Callable, Mapping
from itertools import product

import numpy as np

from stratbench.genotypes.records import Resample
from stratbench.metrics.estimate import Estimate, failed, not_applicable
from stratbench.metrics.metric import Metric
from stratbench.metrics.rows import Row, rows
from stratbench.metrics.similarity import jaccard, jaccard_chance, rbo, rbo_chance, spearman, tau, tied
from stratbench.metrics.split_results import AttributionResult, SplitResults

Compared = tuple[str, str, str, int | None, Estimate]  # metric, adjustment, against, k, estimate
Scores = Mapping[int, np.ndarray]  # number of a resample -> score of each SNP (M,)
OVER = "training resamples"
PLACEBO = "placebo"  # the adjustment that others are compared with
FEW = "agreement needs two resamples"
JACKKNIFED = 3  # resamples at least, so that two are left when one is left out
TAU = (
    "tau",
    "Kendall's tau-b",
    -1.0,
    0.0,
    "Kendall 1945; SciPy's kendalltau, of at most 20,000 evenly spaced SNPs",
)
RBO = ("rbo", "rank-biased overlap (p .998)", 0.0, "`agreement_rbo_chance`", "Webber, Moffat & Zobel 2010")
MEANINGS = {
    "tau": "how many pairs of SNPs two rankings put in the same order less how many they do not, over all pairs; pairs "
    "that are tied in one ranking count for less; of more than 20,000 SNPs, over 20,000 evenly spaced ones",
    "rbo": "how much two rankings share from the top down: the first SNPs count most, and the first 140 or so have "
    "half of the weight",
}
KINDS = {  # what a metric is called beside its measure -> what it says, and its label
    "": ("{} of the rankings of `adjustment` and `against`, over different resamples", "{} of rankings"),
    "delta_": ("agreement within minus between, of {1}", "agreement within minus between, {}"),
    "permuted_": ("{1} of networks whose labels were permuted within populations", "{}, labels permuted"),
}
METRICS: tuple[Metric, ...] = (
    Metric(
        "agreement_spearman",
        "Spearman's correlation of the rankings of `adjustment` and `against`, over different resamples of the "
        "training people; `against` = `adjustment` is agreement within one",
        *(-1, 1, "neither"),
        source="Spearman 1904, midranks for ties",
        label="Spearman's correlation of rankings",
        term="agreement",
        over=OVER,
        meaning="Spearman's correlation of two rankings of SNPs, always from networks that were trained on "
        "different resamples of the training people",
        chance=0.0,
    ),
    Metric(
        "agreement_delta_spearman",
        "mean agreement within the two adjustments minus that between them, of `agreement_spearman`",
        *(-2, 2, "neither"),
        source="its definition",
        label="agreement within minus between, Spearman",
        term="agreement",
        over=OVER,
        chance=0.0,
        claimed=True,
    ),
    Metric(
        "agreement_beyond_placebo",
        "how much more `agreement_delta_spearman` is than that of the placebo on the same resamples",
        *(-4, 4, "neither"),
        source="its definition",
        label="agreement lost beyond the placebo's, Spearman",
        term="agreement",
        over=OVER,
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
        "agreement_left_out",
        "the share of SNPs, at both ends of the input, that comparisons of rankings leave out: fewer units see them",
        *(0, 1, "neither"),
        source="the network's receptive field",
        label="share of SNPs left out at the ends",
        term="ends of the input",
        meaning="SNPs at the ends of the input of a network whose convolutions stop there; fewer units see them, so "
        "that their attributions are smaller for that alone",
    ),
    Metric(
        "agreement_jaccard",
        "Jaccard index of the first `k` SNPs of `adjustment` and `against`, over different resamples",
        *(0, 1, "neither"),
        source="Jaccard 1901; expected overlap for ties",
        label="Jaccard index of the first k SNPs",
        term="Jaccard index",
        over=OVER,
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
        over=OVER,
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
    Metric(
        "agreement_permuted_spearman",
        "`agreement_spearman` of networks whose labels were permuted within populations",
        *(-1, 1, "neither"),
        source="its definition",
        label="Spearman's correlation, labels permuted",
        term="agreement",
        over=OVER,
    ),
    Metric(
        "agreement_permuted_jaccard",
        "`agreement_jaccard` of networks whose labels were permuted within populations",
        *(0, 1, "neither"),
        source="its definition",
        label="Jaccard index, labels permuted",
        term="Jaccard index",
        over=OVER,
    ),
    *(
        Metric(
            f"agreement_{kind}{name}",
            says.format(words, f"`agreement_{name}`"),
            *((low - 1 if kind == "delta_" else low), (1 - low if kind == "delta_" else 1), "neither"),
            source="its definition" if kind else source,
            label=label.format(words),
            term=words.removesuffix(" (p .998)"),
            meaning=MEANINGS[name],
            over=OVER,
            chance={"": chance, "delta_": 0.0}.get(kind),
        )
        for name, words, low, chance, source in (TAU, RBO)
        for kind, (says, label) in KINDS.items()
    ),
    Metric(
        "agreement_rbo_chance",
        "expected rank-biased overlap of two random rankings",
        *(0, 1, "neither"),
        source="its definition",
        label="rank-biased overlap of random rankings",
        term="rank-biased overlap",
    ),
)


def top_k(n_causal: int, m: int) -> int:
    """How many SNPs are compared: the number of causal SNPs, or 50 where it is not known, but at most half of all."""
    return max(1, min(n_causal or 50, m // 2))


def pairs(adjustments: list[str], reference: str = "none") -> list[tuple[str, str]]:
    """(adjustment, against): each with itself, then each pair once. The reference comes first in the order."""
    order = sorted(adjustments, key=lambda name: name != reference)
    between = [(later, earlier) for i, later in enumerate(order) for earlier in order[:i]]
    return [*((name, name) for name in order), *between]


class Similarities:
    """How similar the rankings of any two adjustments and resamples are.

    Args:
        scores: the scores of each resample of each adjustment, float (M,). Resamples with a missing score are left
            out.
        measure: the function of scores (S, M) that gives their similarities (S, S).
    """

    def __init__(self, scores: Mapping[str, Scores], measure: Callable[[np.ndarray], np.ndarray]) -> None:
        whole = {
            (name, number): score
            for name, own in scores.items()
            for number, score in own.items()
            if np.isfinite(score).all()
        }
        self._where: dict[str, dict[int, int]] = {name: {} for name in scores}
        for i, (name, number) in enumerate(whole):
            self._where[name][number] = i
        self._similarity_SS = measure(np.stack(list(whole.values()))) if whole else np.empty((0, 0))

    @property
    def names(self) -> list[str]:
        """The adjustments, with or without scores."""
        return list(self._where)

    def resamples(self, name: str) -> list[int]:
        """The resamples for which an adjustment has scores."""
        return list(self._where.get(name, {}))

    def agreement(self, name: str, against: str) -> Estimate:
        """Mean similarity of different resamples, over ordered pairs that have one of each adjustment."""
        return self._estimate(self._mean, name, against)

    def fall(self, name: str, against: str) -> Estimate:
        """Agreement within two adjustments, on average, minus that between them; its n is that of the latter."""
        return self._estimate(self._fall, name, against)

    def beyond(self, name: str, placebo: str, against: str) -> Estimate:
        """The fall from ``against`` to one adjustment minus that to the placebo, by the same resamples."""
        return self._estimate(self._beyond, name, placebo, against)

    def _mean(self, name: str, against: str, without: int | None = None) -> tuple[float, int]:
        """The mean, NaN if there is none, and the number of pairs; ``without`` is a resample that is left out."""
        values = [
            self._similarity_SS[i, j]
            for (r, i), (s, j) in product(*(self._where.get(one, {}).items() for one in (name, against)))
            if r != s and without not in (r, s)
        ]
        known = [value for value in values if np.isfinite(value)]
        return (float(np.mean(known)) if known else np.nan), len(values)

    def _fall(self, name: str, against: str, without: int | None = None) -> tuple[float, int]:
        between, n = self._mean(name, against, without)
        within = [self._mean(one, one, without) for one in (name, against)]
        value = float(np.mean([mean for mean, _ in within])) - between
        return value, n if all(number for _, number in within) else 0

    def _beyond(self, name: str, placebo: str, against: str, without: int | None = None) -> tuple[float, int]:
        falls = [self._fall(one, against, without) for one in (name, placebo)]
        return falls[0][0] - falls[1][0], min(n for _, n in falls)

    def _estimate(self, of: Callable[..., tuple[float, int]], *names: str) -> Estimate:
        """An estimate with its jackknife error over resamples; ``of`` is ``_mean``, ``_fall`` or ``_beyond``.

        The error holds for this cohort and this split of it: Efron & Tibshirani 1993, An Introduction to the
        Bootstrap, equation 11.5.
        """
        value, n = of(*names)
        if n == 0:
            return not_applicable(FEW)
        if not np.isfinite(value):
            return not_applicable("a ranking is constant", n)
        numbers = sorted({number for name in names for number in self.resamples(name)})
        se = np.nan
        if len(numbers) >= JACKKNIFED:
            without = np.array([of(*names, without=number)[0] for number in numbers])
            se = float(np.sqrt((len(numbers) - 1) * np.mean((without - without.mean()) ** 2)))
        return Estimate(value, n, se)


def agreement(
    scores: Mapping[str, Scores],
    permuted: Mapping[str, Scores],
    m: int,
    k: int,
    reasons: Mapping[str, str],
) -> list[Compared]:
    """Agreement within and between the adjustments of one model and attribution.

    Args:
        scores: the scores of each resample of each adjustment, in the study's order. An adjustment without any score
            is there, too.
        permuted: the same of networks whose labels were permuted.
        m: the number of SNPs.
        k: how many SNPs of each ranking the Jaccard index compares.
        reasons: why an adjustment has no score; its pairs are failed for this reason.

    Returns:
        (metric, adjustment, against, k, estimate) of each comparison; ``n`` of an estimate counts ordered pairs of
        resamples.
    """
    measures = {
        "spearman": (spearman, None),
        "tau": (tau, None),
        "rbo": (rbo, None),
        "jaccard": (lambda score_SM: jaccard(score_SM, k), k),
    }
    found: list[Compared] = []
    for measure, (of, size) in measures.items():
        own, null = Similarities(scores, of), Similarities(permuted, of)
        for name, against in pairs(list(scores)):
            broken = [reasons[one] for one in (name, against) if not own.resamples(one) and one in reasons]
            for metric, estimate in _compared(measure, own, null, name, against):
                found.append((metric, name, against, size, failed(broken[0]) if broken else estimate))
    for name, by_resample in scores.items():
        if by_resample:
            share = np.mean([tied(score_M) for score_M in by_resample.values()])
            found.append(("agreement_tied", name, name, None, Estimate(float(share), m)))
    by_chance = {"jaccard": (jaccard_chance(m, k), k), "rbo": (rbo_chance(m), None)}
    for measure, (chance, size) in by_chance.items():
        named = pairs(list(scores))
        found += [(f"agreement_{measure}_chance", *both, size, Estimate(chance, m)) for both in named]
    return found


def _compared(
    measure: str, own: Similarities, null: Similarities, name: str, against: str
) -> list[tuple[str, Estimate]]:
    """The metrics of one pair by one measure; an adjustment does not fall behind itself."""
    found = [
        (f"agreement_{measure}", own.agreement(name, against)),
        (f"agreement_permuted_{measure}", null.agreement(name, against)),
    ]
    if name != against:
        found.append((f"agreement_delta_{measure}", own.fall(name, against)))
    if measure == "spearman" and PLACEBO in own.names and PLACEBO not in (name, against) and name != against:
        found.append(("agreement_beyond_placebo", own.beyond(name, PLACEBO, against)))
    return found


def of_split(results: SplitResults) -> list[Row]:
    """Agreement among each model's adjustments, for each attribution of networks that were trained on resamples."""
    grouped: dict[tuple[str, str], dict[str, AttributionResult]] = {}
    for one in results.attributions:
        if one.resampled is not None:
            by_adjustment = grouped.setdefault((one.label["model"], one.label["attribution"]), {})
            by_adjustment[one.label["adjustment"]] = one
    n_snps = len(results.data.snps)
    found: list[Row] = []
    for (model, attribution), group in grouped.items():
        edge = min(max(int(one.about.get("edge", 0)) for one in group.values()), n_snps // 4)
        m = n_snps - 2 * edge
        k = top_k(results.data.n_causal, m)
        own, null = (
            {name: _scores(one, permuted, edge) for name, one in group.items()} for permuted in (False, True)
        )
        reasons = {name: one.resampled_reason for name, one in group.items()}
        for name in group if edge else ():
            keys = {"model": model, "attribution": attribution, "adjustment": name, "against": name}
            left_out = Estimate(2 * edge / n_snps, n_snps)
            found += rows(results.place.keys(**keys), "agreement_left_out", left_out)
        for metric, adjustment, against, size, estimate in agreement(own, null, m, k, reasons):
            keys = {"model": model, "attribution": attribution, "adjustment": adjustment, "against": against}
            found += rows(results.place.keys(**keys), metric, estimate, k=size)
    return found


def _scores(result: AttributionResult, permuted: bool, edge: int) -> Scores:
    """The scores of the resamples with their own labels, or of those with permuted ones, without SNPs at the ends."""
    named = {Resample.named(name): score_M for name, score_M in (result.resampled or {}).items()}
    return {
        resample.number: score_M[edge : len(score_M) - edge]
        for resample, score_M in named.items()
        if resample.permuted == permuted
    }
