"""Ranks of known loci and inflation in a real cohort, compared with what the literature leads one to expect."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from scipy import stats

from stratbench.genotypes import tables
from stratbench.metrics.association import ranking
from stratbench.report.analysis.genome import at_locus, scores
from stratbench.report.analysis.results import Group, Results
from stratbench.report.analysis.verdicts import LEARNED, in_words
from stratbench.study.study import Fit

COLUMNS = (
    *("scenario", "trait", "split", "cohort", "gene", "chrom", "start", "end", "snps", "snps_seen"),
    *("model", "adjustment", "attribution", "association", "snp", "rank", "among"),
    *("found_from", "by_chance", "found", "verdict"),
)
RANK = 10  # by default, a ranking finds a locus if one of the locus's SNPs is among the first 10


@dataclass(frozen=True)
class Ranking:
    """A ranking of a split's SNPs by an association test, or by an attribution of one fit."""

    name: str
    score: pd.Series  # by SNP, larger is better
    verdict: str  # of the model, in words; blank for associations
    keys: Mapping[str, str] = field(default_factory=dict)  # model, adjustment and attribution, or association

    @property
    def judged(self) -> bool:
        """Whether conclusions may be drawn from it, because it is of an association or of a model that has learned."""
        return self.verdict in ("", LEARNED)

    @property
    def ranks(self) -> pd.Series:
        return self.score.rank(ascending=False, method="min")

    def best(self, here: pd.Series) -> int | None:
        """The best rank of any of these SNPs; None if none of them is ranked."""
        first = self.first(here)
        return None if first is None else first[1]

    def first(self, here: pd.Series) -> tuple[str, int] | None:
        """The best of these SNPs, the first of equals, and its rank; None if none of them is ranked."""
        ranks = self.ranks.reindex(here).dropna()
        return (str(ranks.idxmin()), int(ranks.min())) if len(ranks) else None


@dataclass(frozen=True)
class KnownLocus:
    """A locus of the cohort file, the ranked SNPs at it, and the rank that one of them must reach."""

    stated: dict[str, Any]
    snps: pd.Series
    rank: int
    unseen: tuple[str, ...] = ()  # further SNPs there, which only associations of all SNPs rank

    @property
    def everywhere(self) -> pd.Series:
        """All SNPs at it."""
        return pd.Series([*self.snps, *self.unseen], dtype=object)

    def by_chance(self, count: int) -> float:
        """The probability that a random order of ``count`` SNPs finds the locus."""
        return chance(len(self.snps), count, self.rank)


def chance(there: int, count: int, rank: int) -> float:
    """The probability that a random order of ``count`` SNPs has one of ``there`` of them at ``rank`` or better."""
    return float(1 - stats.hypergeom.pmf(0, count, there, min(rank, count))) if there else 0.0


@dataclass(frozen=True)
class Inflation:
    """What a cohort file expects of an association's lambda, and the row of comparisons.tsv that was found, if any."""

    association: str
    expected: dict[str, Any]
    row: Any

    @property
    def inside(self) -> bool | None:
        """Whether lambda lies between the bounds; None where there is no lambda."""
        if self.row is None:
            return None
        return bool(self.expected["low"] <= self.row["mean"] <= self.expected["high"])


def inflations(results: Results, group: Group) -> list[Inflation]:
    """Lambda of the associations for which the cohort file expects one."""
    found = []
    for name in group.associations:
        spec = results.study.spec("associations", name)
        for entry in results.inflation(group):
            wanted = entry.get("options", {})
            same = all(spec["options"].get(key) == value for key, value in wanted.items())
            if entry["method"] == spec["method"] and same:
                row = results.value(group, "lambda_gc", association=name)
                found.append(Inflation(name, entry, row))
    return found


def loci(results: Results, group: Group) -> list[KnownLocus]:
    """The known loci of a measured trait, with the SNPs that models see there, and those that they do not."""
    split = group.splits[0]
    snps = results.table(tables.VARIANTS, results.paths.variants, split)[["snp", "chrom", "pos"]]
    seen_R = snps["snp"].isin(results.snps(split).names)
    return [
        KnownLocus(
            locus,
            at_locus(snps[seen_R], locus)["snp"],
            int(locus.get("rank", RANK)),
            tuple(at_locus(snps[~seen_R], locus)["snp"]),
        )
        for locus in results.known_loci(group)
    ]


def rankings(results: Results, group: Group) -> Iterator[Ranking]:
    """Every ranking of the first split: of its associations, then of the attributions of its fits."""
    split = group.splits[0]
    for name in results.study.associations_of(split):
        table = results.association(split, name).set_index("snp")
        score = ranking(table["p"].to_numpy(), table["statistic"].to_numpy())
        if table[["p", "statistic"]].notna().any(axis=None):
            keys = {"association": name}
            yield Ranking(f"association: {name}", pd.Series(score, index=table.index), "", keys)
    for fit in results.study.fits_of(split):
        yield from _attributions(results, group, fit)


def _attributions(results: Results, group: Group, fit: Fit) -> Iterator[Ranking]:
    for attribution in results.study.attributions_of(fit):
        score = scores(results, fit, attribution)
        if score is not None:
            said = in_words(results, group, fit.model, fit.adjustment)
            keys = {"model": fit.model, "adjustment": fit.adjustment, "attribution": attribution}
            yield Ranking(", ".join(keys.values()), score, said, keys)


def table(results: Results) -> pd.DataFrame:
    """The rank of every known locus in every ranking of the first split of each group of a real cohort.

    Returns:
        A row for each locus and ranking, with ``COLUMNS``: the place of the locus, how many SNPs lie there and how many
        of them models see; the ranking; its best SNP there and that one's rank, blank where it ranks none of them;
        the rank from which on the locus counts as found, and how often a random order of as many SNPs reaches it;
        whether it was found, blank where the model is not shown to have learned.

    Raises:
        UserError: if a table is absent or damaged.
    """
    rows = [row for group in results.groups if results.known_loci(group) for row in _rows(results, group)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _rows(results: Results, group: Group) -> Iterator[dict[str, Any]]:
    known = loci(results, group)
    for one in rankings(results, group):
        among = len(one.score)
        for locus in known:
            snp, rank = one.first(locus.everywhere) or ("", None)
            there = int(locus.everywhere.isin(one.score.index).sum())
            found = "" if rank is None or not one.judged else int(rank <= locus.rank)
            yield {
                **group.keys, "cohort": group.splits[0].cohort,
                **{name: locus.stated.get(name, "") for name in ("gene", "chrom", "start", "end")},
                "snps": len(locus.everywhere), "snps_seen": len(locus.snps),
                **one.keys, "snp": snp, "rank": "" if rank is None else rank, "among": among,
                "found_from": locus.rank, "by_chance": chance(there, among, locus.rank), "found": found,
                "verdict": one.verdict,
            }  # fmt: skip
