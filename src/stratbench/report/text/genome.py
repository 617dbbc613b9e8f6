"""SNP scores and association tests along the genome, and the SNPs that associations put first."""

from collections.abc import Mapping

import pandas as pd

from stratbench.core.words import counted
from stratbench.report.analysis.dial import courses, strongest
from stratbench.report.analysis.numbers import NOTHING, number, plain
from stratbench.report.analysis.results import Group, Results
from stratbench.report.analysis.top_snps import (
    QUANTILES,
    Tested,
    Unseen,
    attribution_ranks,
    best_calibrated,
    places,
    tested,
    unseen,
)
from stratbench.report.analysis.verdicts import LEARNED, verdicts
from stratbench.report.page import Block, Heading, Section, Table, Text
from stratbench.report.text._parts import images

ORDER = 90
MOST = 8  # columns of ranks


def build(results: Results) -> Section | None:
    blocks: list[Block] = []
    for group in results.groups:
        shown = images(results, "genome", group.keys)
        if shown:
            found = tested(results, group)
            said = [Text(_unseen(one)) for one in unseen(results, group, found)]
            blocks += [Heading(group.title), *said, *shown, *_tables(results, group, found)]
    if not blocks:
        return None
    first = "The first replicate of each scenario is drawn."
    if courses(results.study, results.groups):
        first += f" Of the points of the dial, the models of {strongest(results.study)} alone are drawn."
    return Section("SNPs along the genome", [Text(first), *blocks])


def _unseen(one: Unseen) -> str:
    """A sentence on a strong SNP that no model can point at."""
    near = "no SNP of that chromosome"
    if one.nearest:
        near = f"{one.nearest}, {_distance(one.distance)} away, which {one.association} ranks {one.rank:,}"
    return (
        f"The strongest SNP of {one.association}, {one.snp} (chromosome {one.chrom}, position {one.pos:,}; p = "
        f"{_p(one.p)}), is not among the {one.seen:,} SNPs that models see, so no model can point at it. The nearest "
        f"that they see is {near}."
    )


def _distance(base_pairs: int) -> str:
    """'850 bp', '12 kb'."""
    return f"{base_pairs:,} bp" if base_pairs < 1000 else f"{base_pairs / 1000:,.0f} kb"


def _tables(results: Results, group: Group, found: list[Tested]) -> list[Table]:
    """P values beside uniform ones, and the first SNPs of the test that is calibrated best."""
    best = best_calibrated(found)
    return [] if best is None else [_quantiles(group, found), _first(results, group, found, best)]


def _quantiles(group: Group, found: list[Tested]) -> Table:
    rows = [
        [one.name, f"{len(one.p):,}", plain(one.lambda_gc), *(_p(one.quantile(share)) for share in QUANTILES)]
        for one in found
    ]
    shares = [number(f"{share:.1%}".replace(".0%", "%")) for share in QUANTILES]
    head = ["association", "SNPs", "lambda", *(f"p of the first {share}" for share in shares)]
    return Table(
        f"P values of the associations, {_place(group)}: below the p of a column lies that share of all "
        f"SNPs. Without any effect the columns hold {', '.join(_p(share) for share in QUANTILES)}.",
        head,
        rows,
    )


def _first(results: Results, group: Group, found: list[Tested], best: Tested) -> Table:
    place = places(results, group, best.first)
    ranks = [
        (keys, rank)
        for keys, rank in attribution_ranks(results, group)
        if keys["attribution"] == group.attribution
    ]
    known = verdicts(results, group)
    fits, ranks = len(ranks), _shown(ranks, known)
    rows = []
    for snp in best.first:
        at = place.loc[snp]
        cells = [snp, f"{at['chrom']}:{at['pos']:,}", f"{at['a1']}/{at['a2']}", plain(float(at["maf"]))]
        cells += [_p(one.p[snp]) if snp in one.p.index else NOTHING for one in found]
        for keys, rank in ranks:
            text = f"{int(rank[snp]):,}" if snp in rank.index else "not seen"
            learned = known.get((keys["model"], keys["adjustment"])) == LEARNED
            cells.append(text if learned or snp not in rank.index else f"({text})")
        rows.append(cells)
    head = ["SNP", "place", "alleles (A1/A2)", "MAF", *(f"p, {one.name}" for one in found)]
    head += [f"rank, {keys['model']} {keys['adjustment']}" for keys, _ in ranks]
    by = (
        f" Ranks are by {group.attribution}, among {counted(len(ranks[0][1]), 'SNP')}; in brackets where the model is "
        "not shown to have learned, so that its ranks say nothing."
        if ranks
        else ""
    )
    if fits > len(ranks):
        by += f" {len(ranks)} of {fits} fits are shown, first those that learned; figures/top_snps.tsv has all ranks."
    caption = (
        f"The first {counted(len(rows), 'SNP')} of {best.name}, of all tests the one whose lambda is nearest to 1, "
        f"{_place(group)}.{by} figures/top_snps.tsv has the first SNPs of every test."
    )
    return Table(caption, head, rows)


def _shown(
    ranks: list[tuple[dict[str, str], pd.Series]], known: Mapping[tuple[str, str], str]
) -> list[tuple[dict[str, str], pd.Series]]:
    """At most MOST rankings, those of fits that learned before the others, else in the order they come in."""

    def unlearned(one: tuple[dict[str, str], pd.Series]) -> bool:
        return known.get((one[0]["model"], one[0]["adjustment"])) != LEARNED

    return ranks if len(ranks) <= MOST else sorted(ranks, key=unlearned)[:MOST]


def _p(value: float) -> str:
    """'.034' or '2e-12'."""
    return number(f"{value:.2g}")


def _place(group: Group) -> str:
    return group.title if group.real else f"{group.title}, first replicate"
