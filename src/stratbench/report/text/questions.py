"""The four questions of the headline figure and the price of each correction, answered trait by trait."""

import math
from collections.abc import Callable
from typing import Any

from stratbench.core.words import counted
from stratbench.report.analysis.changes import FALLS, OPEN, RISES, SAME, SAME_WITHIN, UNCLEAR, direction
from stratbench.report.analysis.headline import headline_groups
from stratbench.report.analysis.numbers import listed, plain
from stratbench.report.analysis.rankings import chance_auc_pr, fall
from stratbench.report.analysis.results import Group, Results
from stratbench.report.analysis.verdicts import LEARNED, NOTHING
from stratbench.report.page import Block, Heading, Listing, Section, Text
from stratbench.report.text._phrases import Phrases, describe, price

ORDER = 20
AGAIN = {  # what the fall of agreement says: whether a ranking changes more than it does by training again
    RISES: "changes clearly more than training again changes it",
    SAME: f"changes as much as training again changes it, within {plain(SAME_WITHIN)},",
    FALLS: "changes clearly less than training again changes it",
    UNCLEAR: "has an interval that does not say whether it changes more than by training again",
    OPEN: "has no interval to judge its change",
}


def build(results: Results) -> Section | None:
    blocks = questions(results)
    return Section("Question by question", blocks) if blocks else None


def questions(results: Results) -> list[Block]:
    """The four questions of the headline figure and the price of each correction, trait by trait."""
    return [
        block for group in headline_groups(results.study, results.groups) for block in _about(results, group)
    ]


def _about(results: Results, group: Group) -> list[Block]:
    words = Phrases(results, group)
    items = [
        Text(" ".join(map(_capital, filter(None, function(words)))), strong=question)
        for question, function in QUESTIONS
    ]
    title = (
        f"{group.trait} in {group.shown} ({describe(results, group)}; {group.split} split, n = "
        f"{counted(words.n, 'replicate')})"
    )
    return [Heading(title), Listing([item for item in items if item.text])]


def _capital(sentence: str) -> str:
    """The sentence with a capital letter, unless it begins with a label of the config, which stays as it is."""
    return f"U{sentence[1:]}" if sentence.startswith("unadjusted ") else sentence


def _accuracy(words: Phrases) -> list[str]:
    results, group = words.results, words.group
    sentences = []
    for model in group.models:
        if (model, group.baseline) not in words.found:
            continue
        of = {"model": model, "adjustment": group.baseline}
        overall = words.number(results.value(group, group.overall, **of))
        within = words.within(model)
        text = f"{words.unadjusted(model)}: {words.metric} {overall} overall, {within}"
        moves = words.moves(words.changes(model, group.overall))
        text += f"; overall it {moves}" if moves else ""
        some = words.found[model, group.baseline] != NOTHING
        moves = words.moves(words.changes(model, group.within)) if some else ""
        sentences.append(text + (f"; within populations it {moves}." if moves else "."))
    marks = [
        ("the population label alone reaches {} overall", "floor-population", group.overall),
        ("the true genetic liability reaches {} within populations", "ceiling-genetic", group.within),
    ]
    beside = [
        text.format(words.number(row))
        for text, model, metric in marks
        if (row := results.value(group, metric, model=model)) is not None
    ]
    sentences.append(f"For comparison, {listed(beside)}." if beside and sentences else "")
    return [*sentences, words.not_learned()]


def _snps(words: Phrases) -> list[str]:
    group, sentences = words.group, []
    for model in group.models if group.attributions else ():
        if words.found.get((model, group.baseline)) != LEARNED:
            sentences.append(_no_conclusion(words, model))
            continue
        rows = [
            (name, row)
            for name in words.learned(model)
            if (row := fall(words.results, group, model, name, group.attributions[0])) is not None
        ]
        by = {kind: [name for name, row in rows if direction(row) == kind] for kind in AGAIN}
        parts = [f"{AGAIN[kind]} {words.under(names)}" for kind, names in by.items() if names]
        if parts:
            sentences.append(f"The ranking of SNPs by {model} ({group.attributions[0]}) {listed(parts)}.")
            sentences.append(_beyond_placebo(words, rows))
    return sentences


def _beyond_placebo(words: Phrases, rows: list[tuple[str, Any]]) -> str:
    placebo = dict(rows).get("placebo")
    if placebo is None or math.isnan(placebo["ci_high"]) or len(rows) == 1:
        return ""
    beyond = [name for name, row in rows if name != "placebo" and row["ci_low"] > placebo["ci_high"]]
    fall = f"The placebo lowers agreement by {words.number(placebo)}"
    return f"{fall}; clearly more than that (intervals apart): {listed(beyond) or 'no adjustment'}."


def _no_conclusion(words: Phrases, model: str) -> str:
    if (model, words.group.baseline) not in words.found:
        return f"{words.unadjusted(model).capitalize()} gave no result."
    why = words.it(model, words.group.baseline)
    return f"No conclusion from the attributions of {words.unadjusted(model)}: it {why}."


def _causal(words: Phrases) -> list[str]:
    results, group = words.results, words.group
    if group.measured:
        return []
    if not group.causal_snps(results.study):
        return ["There is no causal SNP to recover."]
    sentences = []
    tests = [(name, results.value(group, "causal_auc_pr", association=name)) for name in group.associations]
    tests = [(name, row) for name, row in tests if row is not None]
    chance = chance_auc_pr(results, group)
    if tests:
        random = f"; a random ranking has {plain(chance)}" if chance is not None else ""
        sentences.append(f"AUC_PR of the association tests: {words.named(tests)}{random}.")
    for model in group.models if group.attributions else ():
        of = {"model": model, "attribution": group.attributions[0]}
        row = results.value(group, "causal_auc_pr", adjustment=group.baseline, **of)
        if words.found.get((model, group.baseline)) != LEARNED or row is None:
            continue
        changes = words.changes(
            model, "causal_auc_pr", words.learned(model), attribution=group.attributions[0]
        )
        moves = words.moves(changes)
        text = f"{words.unadjusted(model)} ({group.attributions[0]}) has {words.number(row)}"
        sentences.append(f"{text} and {moves}." if moves else f"{text}.")
    without = [
        f"{words.unadjusted(model)}, which {words.it(model, group.baseline)}"
        for model in group.models
        if group.attributions and words.found.get((model, group.baseline), LEARNED) != LEARNED
    ]
    if without:
        sentences.append(f"No conclusion for {'; for '.join(without)}.")
    return sentences


def _ancestry(words: Phrases) -> list[str]:
    results, group, sentences = words.results, words.group, []
    for model in group.models:
        of = {"model": model, "adjustment": group.baseline}
        trained = results.value(group, "ancestry_linear", **of)
        untrained = results.value(group, "ancestry_linear_untrained", **of)
        logit = results.value(group, "ancestry_logit", **of)
        chance = results.value(group, "ancestry_chance", **of)
        if trained is None or chance is None:
            continue
        beside = f", untrained {words.number(untrained)}" if untrained is not None else ""
        text = (
            f"Population decoded from the hidden features of {words.unadjusted(model)}: balanced "
            "accuracy "
            f"{words.number(trained)}{beside}, chance {plain(chance['mean'])}"
        )
        text += f"; from its logit given the label {words.number(logit)}" if logit is not None else ""
        moves = words.moves(words.changes(model, "ancestry_logit"))
        sentences.append(f"{text}, which {moves}." if logit is not None and moves else f"{text}.")
    return sentences


Function = Callable[[Phrases], list[str]]
QUESTIONS: tuple[tuple[str, Function], ...] = (
    ("Does accuracy change?", _accuracy),
    ("Do the SNPs change?", _snps),
    ("Who recovers the causal SNPs?", _causal),
    ("Who still encodes ancestry?", _ancestry),
    ("Which correction removes the shortcut, at what price?", price),
)
