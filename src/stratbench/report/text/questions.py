"""Every trait in plain words: what was learned, what corrections removed and cost, which SNPs, who tells ancestry."""

import math
from collections.abc import Callable
from typing import Any

from stratbench.core.words import counted
from stratbench.report.analysis.changes import ENOUGH, LEVEL, SAME_WITHIN
from stratbench.report.analysis.findings import Findings, findings
from stratbench.report.analysis.numbers import plain
from stratbench.report.analysis.rankings import chance_auc_pr, fall
from stratbench.report.analysis.results import Group, Results
from stratbench.report.analysis.verdicts import LEARNED
from stratbench.report.page import Block, Heading, Listing, Section, Text
from stratbench.report.text._phrases import Phrases, describe, learned
from stratbench.report.text._sentences import corrected, reordered
from stratbench.report.wording import begun

ORDER = 20


def build(results: Results) -> Section | None:
    groups = [group for group in results.groups if group.models]
    if not groups:
        return None
    first = Text(
        "Accuracies are of a network's own output, which attributions explain: what an adjustment adds to it is left "
        "out. 'Biology' is accuracy within populations, where only people of one population are compared, so that "
        "ancestry cannot help. Brackets hold 95% intervals, of one number each; n counts replicates, or splits of one "
        "cohort. A change is "
        "claimed only where its p value, adjusted by Holm for all claims that this report may make, is below "
        f"{plain(LEVEL)}, which takes {ENOUGH} of these, or one split's test people. A number 'stays' only where the "
        f"90% interval of its change lies within {plain(SAME_WITHIN)} of 0. Accuracy that falls under a correction is "
        "no failure by itself: what it lost may have been ancestry."
    )
    return Section(
        "Trait by trait", [first, *(block for group in groups for block in _about(results, group))]
    )


def _about(results: Results, group: Group) -> list[Block]:
    words, found = Phrases(results, group), findings(results, [group])
    items = []
    for question, function in QUESTIONS:
        said = [begun(results.study, sentence) for sentence in function(words, found) if sentence]
        items += [Text(" ".join(said), strong=question)] if said else []
    n = counted(words.n, group.unit)
    title = f"{group.trait} in {group.shown} ({describe(results, group)}; {group.split} split, n = {n})"
    return [Heading(title), Listing(items)]


def _learned(words: Phrases, found: Findings) -> list[str]:
    genes = words.group.causal_snps(words.results.study)
    marks = [
        ("The population label alone reaches {}.", "floor-population", words.group.overall),
        ("The true genetic liability reaches {} within populations.", "ceiling-genetic", words.group.within),
    ]
    if not words.results.several_populations(words.group):
        marks = [("The true genetic liability reaches {}.", "ceiling-genetic", words.group.overall)]
    beside = [
        text.format(words.number(row))
        for text, model, metric in marks
        if (genes or model != "ceiling-genetic")
        and (row := words.results.value(words.group, metric, model=model)) is not None
    ]
    return [*learned(words, found), *beside]


def _corrected(words: Phrases, found: Findings) -> list[str]:
    return [corrected(words.results, found)] if words.others else []


def _snps(words: Phrases, found: Findings) -> list[str]:
    group = words.group
    if not group.attributions or not words.others:
        return []
    said = [reordered(words.results, found)] if found.reorderings else []
    for model in group.explained:
        if words.found.get((model, group.baseline)) != LEARNED:
            said.append(_no_conclusion(words, model))
            continue
        rows = [
            (name, row)
            for name in words.learned(model)
            if (row := fall(words.results, group, model, name, group.attribution)) is not None
        ]
        said += [f"Agreement of {model}'s SNP rankings that is lost: {words.named(rows)}."] if rows else []
    return said


def _no_conclusion(words: Phrases, model: str) -> str:
    if (model, words.group.baseline) not in words.found:
        return f"{words.unadjusted(model)} gave no result."
    why = words.it(model, words.group.baseline)
    return f"Nothing is concluded from the SNPs of {words.unadjusted(model)}: it {why}."


def _causal(words: Phrases, found: Findings) -> list[str]:
    results, group = words.results, words.group
    if group.measured or not group.causal_snps(results.study):
        return []
    rows: list[tuple[str, Any]] = [
        (f"the test {name}", results.value(group, "causal_auc_pr", association=name))
        for name in group.associations
    ]
    for model in group.explained:
        for name in (group.baseline, *words.learned(model)):
            if words.found.get((model, name)) == LEARNED:
                of = {"model": model, "adjustment": name, "attribution": group.attribution}
                rows.append((f"{model} under {name}", results.value(group, "causal_auc_pr", **of)))
    rows = [(name, row) for name, row in rows if row is not None and not math.isnan(row["mean"])]
    if not rows:
        return []
    chance = chance_auc_pr(results, group)
    random = f"; a random ranking has {plain(chance)}" if chance is not None else ""
    return [f"AUC_PR, 1 where all causal SNPs come first: {words.named(rows)}{random}."]


def _ancestry(words: Phrases, found: Findings) -> list[str]:
    results, group, said = words.results, words.group, []
    for model in group.models:
        of = {"model": model, "adjustment": group.baseline}
        trained, untrained, output, chance = (
            results.value(group, name, **of)
            for name in ("ancestry_linear", "ancestry_linear_untrained", "ancestry_logit", "ancestry_chance")
        )
        if trained is None or chance is None:
            continue
        before = f", before training {words.number(untrained)}" if untrained is not None else ""
        text = f"a probe reads the population from the hidden layer of {words.unadjusted(model)}: balanced accuracy "
        text += f"{words.number(trained)}{before}"
        text += (
            f"; from its output, among people of one label, {words.number(output)}"
            if output is not None
            else ""
        )
        said.append(f"{text}; guessing has {plain(chance['mean'])}.")
    return said


QUESTIONS: tuple[tuple[str, Callable[[Phrases, Findings], list[str]]], ...] = (
    ("What was learned?", _learned),
    ("What did corrections remove, and at what cost?", _corrected),
    ("Do the SNPs change?", _snps),
    ("Who finds the causal SNPs?", _causal),
    ("Who still tells ancestry?", _ancestry),
)
