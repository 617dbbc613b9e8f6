"""Real cohorts: what was found, compared with what the literature expects, and where the known loci rank."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
from scipy import stats

from stratbench.core.words import counted
from stratbench.genotypes import tables
from stratbench.metrics.association import ranking
from stratbench.report.figures.manhattan import at_locus, scores
from stratbench.report.numbers import NOTHING, cell, plain
from stratbench.report.page import Block, Heading, Section, Table, Text
from stratbench.report.results import Group, Results
from stratbench.report.sections._parts import over
from stratbench.report.verdicts import NOTHING as LEARNED_NOTHING
from stratbench.report.verdicts import verdict
from stratbench.study.study import Fit

FOUND, NOT_FOUND = "found", "not found"
RANK = 10  # by default a ranking finds a locus if one of its SNPs is among so many best


@dataclass(frozen=True)
class Ranking:
    """An order of a split's SNPs: of an association, or of an attribution of one fit."""

    name: str
    score: pd.Series  # by SNP, larger is better
    verdict: str  # of the model; blank for associations

    @property
    def ranks(self) -> pd.Series:
        return self.score.rank(ascending=False, method="min")


def build(results: Results) -> Section | None:
    blocks: list[Block] = []
    for group in results.groups:
        if group.real and group.measured:
            parts = [_published(results, group), _inflation(results, group), *_loci(results, group)]
            found = [part for part in parts if part is not None]
            note = results.cohort_file(group.scenario).get("note")
            noted = [Text(str(note))] if note else []
            blocks += [Heading(group.title), *noted, *found] if noted or found else []
    if not blocks:
        return None
    first = Text(
        "What the literature reports for these cohorts, beside what was found here. What counts as found was fixed "
        f"before any run: the rank that one of a locus's SNPs must reach ({RANK}, or what the cohort file says), and "
        "the bounds of lambda. Of a cohort without such expectations its note alone is shown."
    )
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


def _inflation(results: Results, group: Group) -> Table | None:
    """Lambda of the associations for which the cohort file expects one."""
    rows = []
    for name in group.associations:
        spec = results.study.spec("associations", name)
        for entry in results.inflation(group):
            if entry["method"] == spec["method"] and _within(entry.get("options", {}), spec["options"]):
                row = results.value(group, "lambda_gc", association=name)
                inside = row is not None and entry["low"] <= row["mean"] <= entry["high"]
                bounds = f"{plain(float(entry['low']))} to {plain(float(entry['high']))}"
                reported = f"{plain(float(entry['value']))}: {entry['source']}"
                said = NOTHING if row is None else "as expected" if inside else "not as expected"
                rows.append([name, reported, bounds, cell(row), said])
    if not rows:
        return None
    caption = (
        f"Inflation of association statistics (lambda), {group.title}, training and validation individuals. Lambda - 1 "
        "grows with the number of individuals; the bounds allow for that."
    )
    return Table(caption, ["association", "reported", "expected", "lambda here", ""], rows)


def _within(wanted: dict[str, Any], options: dict[str, Any]) -> bool:
    return all(options.get(key) == value for key, value in wanted.items())


def _loci(results: Results, group: Group) -> list[Block]:
    known = results.known_loci(group)
    split = group.splits[0]
    rankings = list(_rankings(results, group)) if known else []
    if not rankings:
        return []
    snps = results.table(tables.VARIANTS, results.paths.variants, split)[["snp", "chrom", "pos"]]
    ranked = snps[snps["snp"].isin(rankings[0].score.index)]
    head, at = ["ranking"], []
    for locus in known:
        here = at_locus(ranked, locus)["snp"]
        at.append((here, int(locus.get("rank", RANK))))
        head.append(_described(locus, here, at[-1][1], len(ranked)))
    rows = [[one.name, *(_cell(one, *place) for place in at), one.verdict] for one in rankings]
    caption = (
        f"Rank of the best SNP at each known locus among {counted(len(ranked), 'SNP')}, {group.title}; n = 1 split, "
        "mean score over seeds. The head states the rank that counts as found, and how often a random order of the "
        "SNPs would reach it. Where a model learned nothing, its rank says nothing and is not judged."
    )
    return [Text(" ".join(_summary(rankings, known, at))), Table(caption, [*head, "verdict"], rows)]


def _described(locus: dict[str, Any], here: pd.Series, rank: int, count: int) -> str:
    """The head of a locus's column: place, what counts as found, and its probability by chance."""
    place = f"chromosome {locus['chrom']}"
    if "start" in locus and "end" in locus:
        place += f":{locus['start'] / 1e6:.2f}-{locus['end'] / 1e6:.2f} Mb"
    by_chance = 1 - stats.hypergeom.pmf(0, count, len(here), min(rank, count)) if len(here) else 0.0
    return (
        f"{locus.get('gene', '?')} ({place}, {counted(len(here), 'SNP')}; found if rank <= {rank}, by chance "
        f"{plain(float(by_chance))})"
    )


def _cell(one: Ranking, here: pd.Series, rank: int) -> str:
    best = _best(one, here)
    if best is None:
        return NOTHING
    if one.verdict == LEARNED_NOTHING:
        return f"{best:,}"
    return f"{best:,}, {FOUND if best <= rank else NOT_FOUND}"


def _best(one: Ranking, here: pd.Series) -> int | None:
    ranks = one.ranks.reindex(here).dropna()
    return int(ranks.min()) if len(ranks) else None


def _summary(rankings: list[Ranking], known: list[dict], at: list[tuple[pd.Series, int]]) -> Iterator[str]:
    """A sentence a locus: which rankings found it."""
    silent = [one.name for one in rankings if one.verdict == LEARNED_NOTHING]
    judged = [one for one in rankings if one.verdict != LEARNED_NOTHING]
    for locus, (here, rank) in zip(known, at, strict=True):
        gene = str(locus.get("gene", "The locus"))
        if not len(here):
            yield f"{gene}: no SNP of this set lies there."
            continue
        by = [one.name for one in judged if (_best(one, here) or rank + 1) <= rank]
        if by:
            yield f"{gene} is found by {len(by)} of {counted(len(judged), 'ranking')}: {'; '.join(by)}."
        else:
            yield f"{gene} is not found by any of {counted(len(judged), 'ranking')}."
    if silent:
        yield f"Learned nothing, and so not judged: {'; '.join(silent)}."


def _rankings(results: Results, group: Group) -> Iterator[Ranking]:
    split = group.splits[0]
    for name in results.study.associations_of(split):
        table = results.association(split, name).set_index("snp")
        score = ranking(table["p"].to_numpy(), table["statistic"].to_numpy())
        if table["p"].notna().any():
            yield Ranking(f"association: {name}", pd.Series(score, index=table.index), "")
    for fit in results.study.fits_of(split):
        yield from _attributions(results, group, fit)


def _attributions(results: Results, group: Group, fit: Fit) -> Iterator[Ranking]:
    for attribution in results.study.attributions_of(fit):
        score = scores(results, fit, attribution)
        if score is not None:
            said = verdict(results, group, fit.model, fit.adjustment)
            yield Ranking(f"{fit.model}, {fit.adjustment}, {attribution}", score, said)
