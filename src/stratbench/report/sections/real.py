"""Real cohorts: published results beside ours, and where the known loci rank."""

import pandas as pd

from stratbench.report.figures.manhattan import at_locus, scores
from stratbench.report.numbers import NOTHING, cell, counted, plain
from stratbench.report.page import Block, Heading, Section, Table, Text
from stratbench.report.results import Group, Results
from stratbench.report.sections._parts import over
from stratbench.report.verdicts import verdict
from stratbench.study import Fit

BEST = 10


def build(results: Results) -> Section | None:
    blocks: list[Block] = []
    for group in results.groups:
        if group.real and group.measured:
            parts = [_published(results, group), *_loci(results, group)]
            found = [part for part in parts if part is not None]
            blocks += [Heading(group.title), *found] if found else []
    if not blocks:
        return None
    first = Text("What the literature reports for these cohorts, beside what was found here.")
    return Section("Real cohorts beside the literature", [first, *blocks])


def _published(results: Results, group: Group) -> Table | None:
    rows = []
    for entry in results.published(group):
        metric = str(entry["metric"])
        published = (
            f"{entry.get('source', 'published')}{', ' + str(entry['split']) if entry.get('split') else ''}"
        )
        rows.append([published, metric, plain(float(entry["value"])), ""])
        for model in group.models:
            for adjustment in group.adjustments:
                row = results.value(group, metric, model=model, adjustment=adjustment)
                found = verdict(results, group, model, adjustment)
                rows.append([f"here: {model}, {adjustment}", metric, cell(row), found])
    if not rows:
        return None
    head = ["source", "metric", "value", "verdict"]
    return Table(f"Published and found here, {group.title}; {over(results, group)}.", head, rows)


def _loci(results: Results, group: Group) -> list[Block]:
    known = results.known_loci(group)
    if not known:
        return []
    split = group.splits[0]
    snps = results.table(results.paths.variants, split)[["snp", "chrom", "pos"]]
    rankings: list[tuple[str, str, pd.Series]] = []
    for name in results.study.associations_of(split):
        table = results.table(results.paths.association, split, association=name)
        rankings.append((f"association: {name}", "", -table.set_index("snp")["p"]))
    for fit in results.study.fits_of(split):
        rankings += _attributions(results, group, fit)
    if not rankings:
        return []
    chromosomes = sorted({str(locus["chrom"]) for locus in known})
    rows, best = [], []
    for label, found, score in rankings:
        ranks = score.rank(ascending=False, method="min")
        places = [_rank(snps, locus, ranks) for locus in known]
        rows.append([label, *places, found])
        if not found:
            top = snps[snps["snp"].isin(score.sort_values(ascending=False, kind="stable").index[:BEST])]
            on = ", ".join(f"{int((top['chrom'] == c).sum())} on chromosome {c}" for c in chromosomes)
            best.append(f"Of the {BEST} best SNPs of {label.removeprefix('association: ')}, {on}.")
    names = [
        f"{locus.get('gene', '?')} ({'' if 'start' in locus else 'anywhere on '}chromosome {locus['chrom']})"
        for locus in known
    ]
    caption = (
        f"Rank of the best SNP at each known locus among {counted(len(rankings[0][2]), 'SNP')}, "
        f"{group.title}; n = 1 "
        "split, mean score over seeds. Where a model learned nothing, its rank says nothing."
    )
    return [Text(" ".join(best)), Table(caption, ["ranking", *names, "verdict"], rows)]


def _attributions(results: Results, group: Group, fit: Fit) -> list[tuple[str, str, pd.Series]]:
    found = []
    for attribution in results.study.attributions_of(fit):
        score = scores(results, fit, attribution)
        if score is not None:
            label = f"{fit.model}, {fit.adjustment}, {attribution}"
            found.append((label, verdict(results, group, fit.model, fit.adjustment), score))
    return found


def _rank(snps: pd.DataFrame, locus: dict, ranks: pd.Series) -> str:
    here = ranks.reindex(at_locus(snps, locus)["snp"]).dropna()
    return f"{here.min():,.0f}" if len(here) else NOTHING
