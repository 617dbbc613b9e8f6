"""The SNPs that associations put first: where they lie, how they are tested, and how attributions rank them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from stratbench.genotypes import tables
from stratbench.metrics.association import lambda_gc, numbers, ranking
from stratbench.report.analysis.genome import scores
from stratbench.report.analysis.results import Group, Results

FIRST = 10  # SNPs of each association
LEVEL = 0.05  # of Bonferroni
QUANTILES = (0.1, 0.01, 0.001)  # of p values beside those of a uniform distribution
COLUMNS = (
    *("scenario", "trait", "split", "cohort", "snp", "chrom", "pos", "a1", "a2", "maf", "seen"),
    *("model", "adjustment", "attribution", "association", "p", "lambda_gc", "rank", "among"),
)


@dataclass(frozen=True)
class Tested:
    """An association of a group's first split.

    Attributes:
        name: its label.
        p: the p value of each SNP, by SNP.
        rank: its rank, by SNP; 1 is the smallest p.
        lambda_gc: its inflation; NaN where no SNP has a p value.
    """

    name: str
    p: pd.Series
    rank: pd.Series
    lambda_gc: float

    @property
    def first(self) -> list[str]:
        """The SNPs that it puts first, at most FIRST."""
        return self.rank.sort_values(kind="stable").index[:FIRST].tolist()

    def quantile(self, share: float) -> float:
        """The p value below which this share of SNPs lies."""
        return float(self.p.quantile(share))


def tested(results: Results, group: Group) -> list[Tested]:
    """Read the associations of a group's first split, those with any p value. Raises UserError for a damaged one."""
    found = []
    for name in group.associations:
        table = results.association(group.splits[0], name)
        p_M, statistic_M = numbers(table)
        if np.isfinite(p_M).any():
            snps = pd.Index(table["snp"])
            rank = pd.Series(ranking(p_M, statistic_M), index=snps).rank(ascending=False, method="min")
            found.append(Tested(name, pd.Series(p_M, index=snps), rank, lambda_gc(p_M).value))
    return found


def best_calibrated(found: list[Tested]) -> Tested | None:
    """The association whose lambda is nearest to 1; None if there is none."""
    known = [one for one in found if np.isfinite(one.lambda_gc)]
    return min(known, key=lambda one: abs(np.log(max(one.lambda_gc, 1e-9)))) if known else None


@dataclass(frozen=True)
class Unseen:
    """An association's best SNP, which models do not see, and the nearest of its chromosome that they do.

    Attributes:
        association, snp, p: the test, its best SNP and that SNP's p.
        chrom, pos: where the SNP lies.
        seen: how many SNPs models see.
        nearest, distance, rank: the nearest SNP that they see, base pairs to it, and its rank by the same test; blank
            and 0 where they see none of the chromosome.
    """

    association: str
    snp: str
    p: float
    chrom: str
    pos: int
    seen: int
    nearest: str = ""
    distance: int = 0
    rank: int = 0


def unseen(results: Results, group: Group, found: list[Tested]) -> list[Unseen]:
    """Associations whose best SNP passes Bonferroni's threshold and is not among those that models see."""
    split, best = group.splits[0], []
    variants = results.table(tables.VARIANTS, results.paths.variants, split).set_index("snp")
    seen = pd.Index(results.snps(split).names)
    for one in found:
        snp = one.first[0]
        if snp in seen or one.p[snp] > LEVEL / len(one.p):
            continue
        chrom, pos = str(variants["chrom"][snp]), int(variants["pos"][snp])
        here = variants.loc[seen]
        away = (here.loc[here["chrom"] == chrom, "pos"].astype(int) - pos).abs()
        near = (
            (str(away.idxmin()), int(away.min()), int(one.rank[away.idxmin()])) if len(away) else ("", 0, 0)
        )
        best.append(Unseen(one.name, snp, float(one.p[snp]), chrom, pos, len(seen), *near))
    return best


def places(results: Results, group: Group, snps: list[str]) -> pd.DataFrame:
    """Where SNPs lie: chrom, pos, a1, a2, maf among the cohort and ``seen``, 1 for those that models see; by SNP."""
    split = group.splits[0]
    variants = results.table(tables.VARIANTS, results.paths.variants, split).set_index("snp")
    found = variants.loc[snps, ["chrom", "pos", "a1", "a2"]]
    frequency = variants.loc[snps, "a1_freq"].astype(float)
    seen = pd.Index(snps).isin(results.snps(split).names).astype(int)
    return found.assign(maf=np.minimum(frequency, 1 - frequency), seen=seen)


def table(results: Results) -> pd.DataFrame:
    """The first SNPs of each association, a row for each SNP and ranking, over the first replicates of all groups.

    Raises UserError if a table is absent or damaged.
    """
    rows = [row for group in results.groups for row in _rows(results, group)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _rows(results: Results, group: Group) -> Iterator[dict[str, Any]]:
    found = tested(results, group)
    snps = list(dict.fromkeys(snp for one in found for snp in one.first))
    place = places(results, group, snps)
    ranks = list(attribution_ranks(results, group))
    for snp in snps:
        here: dict[str, Any] = {**group.keys, "cohort": group.splits[0].cohort, "snp": snp}
        here |= {str(column): value for column, value in place.loc[snp].items()}
        for one in found:
            if snp in one.rank.index:
                keys = {"association": one.name, "p": one.p[snp], "lambda_gc": one.lambda_gc}
                yield {**here, **keys, "rank": int(one.rank[snp]), "among": len(one.rank)}
        for names, rank in ranks:
            if snp in rank.index:
                yield {**here, **names, "rank": int(rank[snp]), "among": len(rank)}


def attribution_ranks(results: Results, group: Group) -> Iterator[tuple[dict[str, str], pd.Series]]:
    """The rank of each SNP by each attribution of each fit of a group's first split, and the keys of that ranking."""
    for fit in results.study.fits_of(group.splits[0]):
        for attribution in results.study.attributions_of(fit):
            score = scores(results, fit, attribution)
            if score is not None:
                keys = {"model": fit.model, "adjustment": fit.adjustment, "attribution": attribution}
                yield keys, score.rank(ascending=False, method="min")


@cache
def band(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The expected -log10 p of ``count`` independent uniform p values, largest first, and the 95% limits of each."""
    from scipy import stats

    order = np.arange(1, count + 1)
    low, high = (stats.beta.ppf(q, order, count - order + 1) for q in (0.975, 0.025))
    return -np.log10((order - 0.5) / count), -np.log10(low), -np.log10(high)
