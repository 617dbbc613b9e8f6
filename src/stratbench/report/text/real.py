"""Real cohorts: what was found, compared with what the literature expects, and where the known loci rank."""

from collections.abc import Iterator

from stratbench.core.words import counted
from stratbench.report.analysis.literature import RANK, KnownLocus, Ranking, inflations, loci, rankings
from stratbench.report.analysis.numbers import NOTHING, cell, plain
from stratbench.report.analysis.results import Group, Results
from stratbench.report.analysis.verdicts import in_words
from stratbench.report.page import Block, Heading, Section, Table, Text
from stratbench.report.text._parts import over

ORDER = 130
FOUND, NOT_FOUND = "found", "not found"


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
                found = in_words(results, group, model, adjustment)
                rows.append([f"here: {model}, {adjustment}", metric, cell(row), found])
    if not rows:
        return None
    head = ["source", "metric", "value", "verdict"]
    return Table(f"Published and found here, {group.title}; {over(results, group)}.", head, rows)


def _inflation(results: Results, group: Group) -> Table | None:
    """Lambda of the associations for which the cohort file expects one."""
    rows = []
    for found in inflations(results, group):
        stated = found.expected
        reported = f"{plain(float(stated['value']))}: {stated['source']}"
        bounds = f"{plain(float(stated['low']))} to {plain(float(stated['high']))}"
        said = {None: NOTHING, True: "as expected", False: "not as expected"}[found.inside]
        rows.append([found.association, reported, bounds, cell(found.row), said])
    if not rows:
        return None
    caption = (
        f"Inflation of association statistics (lambda), {group.title}, training and validation individuals. Lambda - 1 "
        "grows with the number of individuals; the bounds allow for that."
    )
    return Table(caption, ["association", "reported", "expected", "lambda here", ""], rows)


def _loci(results: Results, group: Group) -> list[Block]:
    ranked = list(rankings(results, group)) if results.known_loci(group) else []
    if not ranked:
        return []
    count, known = len(results.snps(group.splits[0]).names), loci(results, group)
    head = ["ranking", *(_described(locus, count) for locus in known)]
    rows = [[one.name, *(_cell(one, locus) for locus in known), one.verdict] for one in ranked]
    whole = any(map(results.study.tests_all, group.associations))
    wider = " (of tests of all SNPs, among all)" if whole else ""
    caption = (
        f"Rank of the best SNP at each known locus among {counted(count, 'SNP')} that models see{wider}, {group.title}"
        "; n = 1 split, mean score over seeds. The head states the rank that counts as found, and how often a random "
        "order of the SNPs would reach it. Where a model is not shown to have learned, its rank says nothing and is "
        "not judged."
    )
    return [Text(" ".join(_summary(ranked, known))), Table(caption, [*head, "verdict"], rows)]


def _described(locus: KnownLocus, count: int) -> str:
    """The head of a locus's column: place, what counts as found, and its probability by chance."""
    stated = locus.stated
    place = f"chromosome {stated['chrom']}"
    if "start" in stated and "end" in stated:
        place += f":{stated['start'] / 1e6:.2f}-{stated['end'] / 1e6:.2f} Mb"
    return (
        f"{stated.get('gene', '?')} ({place}, {counted(len(locus.snps), 'SNP')}; found if rank <= {locus.rank}, by "
        f"chance {plain(locus.by_chance(count))})"
    )


def _cell(one: Ranking, locus: KnownLocus) -> str:
    best = one.best(locus.everywhere)
    if best is None:
        return NOTHING
    if not one.judged:
        return f"{best:,}"
    return f"{best:,}, {FOUND if best <= locus.rank else NOT_FOUND}"


def _summary(ranked: list[Ranking], known: list[KnownLocus]) -> Iterator[str]:
    """A sentence a locus: which rankings found it."""
    silent = [one.name for one in ranked if not one.judged]
    judged = [one for one in ranked if one.judged]
    for locus in known:
        gene = str(locus.stated.get("gene", "The locus"))
        if not len(locus.snps):
            further = f", but {counted(len(locus.unseen), 'SNP')} that they do not" if locus.unseen else ""
            yield f"{gene}: no SNP that models see lies there{further}."
            if not locus.unseen:
                continue
        by = [one.name for one in judged if (one.best(locus.everywhere) or locus.rank + 1) <= locus.rank]
        if by:
            yield f"{gene} is found by {len(by)} of {counted(len(judged), 'ranking')}: {'; '.join(by)}."
        else:
            yield f"{gene} is not found by any of {counted(len(judged), 'ranking')}."
    if silent:
        yield f"Not shown to have learned, and so not judged: {'; '.join(silent)}."
