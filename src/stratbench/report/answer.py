"""The answer in words, from comparisons.tsv alone: no sentence here says more than its numbers do."""

import math
from collections.abc import Callable
from typing import Any

from stratbench.report.figures.agreement import change as delta
from stratbench.report.figures.headline import chance_auc_pr, main
from stratbench.report.numbers import change, counted, estimate, listed, plain
from stratbench.report.page import Block, Heading, Listing, Text
from stratbench.report.results import Group, Results
from stratbench.report.verdicts import LEARNED, NOTHING, UNDECIDED, verdict

Verdicts = dict[tuple[str, str], str]


def verdicts(results: Results, group: Group) -> Verdicts:
    """What each trained combination of a group learned; fits without any number are left out."""
    return {
        (model, adjustment): verdict(results, group, model, adjustment)
        for model in group.models
        for adjustment in group.adjustments
        if results.value(group, group.overall, model=model, adjustment=adjustment) is not None
    }


def answer(results: Results) -> list[Block]:
    blocks: list[Block] = [Text(text) for text in (_count(results), _caution(results)) if text]
    first = main(results.groups)
    for group in first:
        blocks += _about(results, group)
    rest = [group for group in results.groups if group not in first and group.models]
    if rest:
        blocks.append(Heading("Elsewhere in this study"))
        blocks.append(Listing([_briefly(results, group) for group in rest]))
    return blocks


def _count(results: Results) -> str:
    found = [value for group in results.groups for value in verdicts(results, group).values()]
    if not found:
        return "No model of this study was trained with success: there is no answer."
    learned, nothing, unknown = (found.count(kind) for kind in (LEARNED, NOTHING, UNDECIDED))
    text = (
        f"Of {counted(len(found), 'combination')} of trait, model and adjustment that were trained, {learned} predict "
        f"better than chance within populations and {nothing} learned nothing there"
    )
    return text + (f"; for {unknown} there is no interval and so no verdict." if unknown else ".")


def _caution(results: Results) -> str:
    counts = {results.replicates(group) for group in results.groups if group.models}
    if not counts:
        return ""
    few = min(counts) < 6
    return (
        "Brackets hold 95% intervals; n is the number of replicates. 'Learned nothing' means that the interval of the "
        "model's accuracy within populations includes chance: nothing is then concluded from its attributions. Accuracy "
        "that falls after adjustment is no failure by itself."
        + (" With so few replicates only large differences can be seen." if few else "")
    )


def describe(results: Results, group: Group) -> str:
    """What a trait is, in a few words."""
    if group.measured:
        return str(results.trait(group).get("description") or "measured trait")
    spec = results.study.spec("traits", group.trait)["simulate"]
    h2, environment = float(spec.get("h2", math.nan)), float(spec.get("environment", math.nan))
    parts = f"h2 {plain(h2)}, environment tied to population {plain(environment)}"
    if h2 == 0:
        return f"{'pure shortcut' if environment > 0 else 'pure null'}: {parts}"
    return f"{'confounded' if environment > 0 else 'not confounded by environment'}: {parts}"


def _about(results: Results, group: Group) -> list[Block]:
    found = verdicts(results, group)
    items = [
        Text(" ".join(filter(None, function(results, group, found))), strong=question)
        for question, function in QUESTIONS
    ]
    n = counted(results.replicates(group), "replicate")
    title = f"{group.trait} ({describe(results, group)}; {group.scenario}, {group.split} split, {n})"
    return [Heading(title), Listing([item for item in items if item.text])]


def metric_name(group: Group) -> str:
    return "correlation" if group.quantitative else "AUROC"


def learned_nothing(group: Group, found: Verdicts) -> str:
    """Names every model that learned nothing."""
    parts = []
    for model in group.models:
        nothing = [a for a in group.adjustments if found.get((model, a)) == NOTHING]
        tried = [a for a in group.adjustments if (model, a) in found]
        if nothing and nothing == tried and len(tried) > 1:
            parts.append(f"{model} under every adjustment")
        elif nothing:
            parts.append(f"{model} under {listed(nothing)}")
    return f"Learned nothing within populations: {'; '.join(parts)}." if parts else ""


def _changes(
    results: Results, group: Group, model: str, adjustments: list[str], metric: str, **keys: str
) -> dict[str, list[tuple[str, Any]]]:
    """Paired differences from the baseline, sorted into rises, falls, no clear change."""
    found: dict[str, list[tuple[str, Any]]] = {"rises": [], "falls": [], "unclear": [], "no interval": []}
    for name in adjustments:
        row = results.value(
            group, f"diff_{metric}", model=model, adjustment=name, against=group.baseline, **keys
        )
        if row is None:
            continue
        if math.isnan(row["ci_low"]):
            found["no interval"].append((name, row))
        elif row["ci_low"] > 0:
            found["rises"].append((name, row))
        elif row["ci_high"] < 0:
            found["falls"].append((name, row))
        else:
            found["unclear"].append((name, row))
    return found


def _sentence(subject: str, changes: dict[str, list[tuple[str, Any]]]) -> str:
    """'It falls under a (..) and shows no clear change under b (..).'"""
    verbs = {
        "rises": "rises under",
        "falls": "falls under",
        "unclear": "shows no clear change under",
        "no interval": "differs, without an interval, under",
    }
    parts = [
        f"{verbs[kind]} {listed([f'{name} {change(row)}' for name, row in rows])}"
        for kind, rows in changes.items()
        if rows
    ]
    return f"{subject} {listed(parts)}." if parts else ""


def _others(group: Group) -> list[str]:
    return [name for name in group.adjustments if name != group.baseline]


def _accuracy(results: Results, group: Group, found: Verdicts) -> list[str]:
    name, sentences = metric_name(group), []
    for model in group.models:
        if (model, group.baseline) not in found:
            continue
        of = {"model": model, "adjustment": group.baseline}
        overall = results.value(group, group.overall, **of)
        within = results.value(group, group.within, **of)
        unadjusted = "Unadjusted" if group.baseline == "none" else f"With {group.baseline}"
        sentences.append(
            f"{unadjusted}, {model} reaches {name} {estimate(overall)} over all test individuals and "
            f"{estimate(within)} within populations."
        )
        changes = _changes(results, group, model, _others(group), group.overall)
        sentences.append(_sentence(f"Overall {name} of {model}", changes))
        changes = _changes(results, group, model, _others(group), group.within)
        sentences.append(_sentence("Within populations it", changes))
    floor = results.value(group, group.overall, model="floor-population")
    if floor is not None:
        sentences.append(f"The population label alone reaches {estimate(floor)}.")
    ceiling = results.value(group, group.within, model="ceiling-genetic")
    if ceiling is not None:
        sentences.append(f"The true genetic liability reaches {estimate(ceiling)} within populations.")
    return [*sentences, learned_nothing(group, found)]


def _snps(results: Results, group: Group, found: Verdicts) -> list[str]:
    if not group.attributions:
        return []
    attribution, sentences = group.attributions[0], []
    for model in group.models:
        if found.get((model, group.baseline)) != LEARNED:
            sentences.append(_no_conclusion(model, group.baseline, found))
            continue
        rows = []
        for name in _others(group):
            row = delta(results, group, model, name, attribution)
            if row is not None and found.get((model, name)) == LEARNED:
                rows.append((name, row))
        if not rows:
            continue
        more = [(n, row) for n, row in rows if row["ci_low"] > 0]
        unclear = [(n, row) for n, row in rows if not row["ci_low"] > 0]
        parts = []
        if more:
            parts.append(f"moves more than training again moves it under {_named(more)}")
        if unclear:
            parts.append(f"shows no clear move beyond that under {_named(unclear)}")
        own = results.value(
            group, "agreement_spearman", model=model, adjustment=group.baseline, against=group.baseline,
            attribution=attribution,
        )  # fmt: skip
        within = f" (agreement within {group.baseline}: {estimate(own)})" if own is not None else ""
        sentences.append(
            f"The SNP ranking of {model} by {attribution}{within} {listed(parts)}; numbers are the fall of Spearman's "
            "correlation."
        )
        sentences.append(_beyond_placebo(rows))
    return list(dict.fromkeys(sentences))


def _named(rows: list[tuple[str, Any]]) -> str:
    return listed([f"{name} {estimate(row)}" for name, row in rows])


def _beyond_placebo(rows: list[tuple[str, Any]]) -> str:
    placebo = dict(rows).get("placebo")
    if placebo is None or math.isnan(placebo["ci_high"]):
        return ""
    beyond = [name for name, row in rows if name != "placebo" and row["ci_low"] > placebo["ci_high"]]
    if not beyond:
        return "No adjustment moves it clearly more than the placebo does."
    return f"Clearly more than the placebo (intervals apart): {listed(beyond)}."


def _no_conclusion(model: str, adjustment: str, found: Verdicts) -> str:
    kind = found.get((model, adjustment))
    if kind is None:
        return f"{model} under {adjustment} gave no result."
    why = "learned nothing" if kind == NOTHING else "has no interval"
    return f"No conclusion from the attributions of {model}: under {adjustment} it {why}."


def _causal(results: Results, group: Group, found: Verdicts) -> list[str]:
    sentences = []
    tests = [(name, results.value(group, "causal_auc_pr", association=name)) for name in group.associations]
    tests = [(name, row) for name, row in tests if row is not None]
    if tests:
        sentences.append(f"Association tests reach AUC_PR {_named(tests)}.")
    rows = []
    for (model, adjustment), kind in found.items():
        for attribution in group.attributions:
            row = results.value(
                group, "causal_auc_pr", model=model, adjustment=adjustment, attribution=attribution
            )
            if row is not None and kind == LEARNED:
                rows.append((f"{model} with {adjustment} by {attribution}", row))
    if rows:
        best = max(rows, key=lambda item: item[1]["mean"])
        sentences.append(
            f"Of the networks that learned something, the highest mean is that of {_named([best])}."
        )
        for model in group.models:
            learned = [a for a in _others(group) if found.get((model, a)) == LEARNED]
            if found.get((model, group.baseline)) == LEARNED:
                by = group.attributions[0]
                changes = _changes(results, group, model, learned, "causal_auc_pr", attribution=by)
                sentences.append(_sentence(f"Against {group.baseline}, recovery by {model}", changes))
    chance = chance_auc_pr(results, group)
    if sentences and chance is not None:
        sentences.append(f"A random ranking has {plain(chance)}.")
    if not group.measured and not group.causal_snps(results.study):
        return ["There is no causal SNP to recover."]
    return sentences


def _ancestry(results: Results, group: Group, found: Verdicts) -> list[str]:
    sentences = []
    for model in group.models:
        of = {"model": model, "adjustment": group.baseline}
        trained = results.value(group, "ancestry_linear", **of)
        untrained = results.value(group, "ancestry_linear_untrained", **of)
        logit = results.value(group, "ancestry_logit", **of)
        chance = results.value(group, "ancestry_chance", **of)
        if trained is None or chance is None:
            continue
        beside = f" (untrained: {estimate(untrained)})" if untrained is not None else ""
        text = (
            f"Population is decoded from the hidden features of {model} ({group.baseline}) with balanced accuracy "
            f"{estimate(trained)}{beside}; chance is {plain(chance['mean'])}"
        )
        sentences.append(
            f"{text}; from its logit given the label {estimate(logit)}." if logit is not None else f"{text}."
        )
        changes = _changes(results, group, model, _others(group), "ancestry_logit")
        sentences.append(_sentence("What the logit reveals", changes))
    return sentences


def _briefly(results: Results, group: Group) -> Text:
    found = verdicts(results, group)
    name, parts = metric_name(group), []
    for model in group.models:
        rows = [(a, results.value(group, group.within, model=model, adjustment=a)) for a in group.adjustments]
        rows = [(a, row) for a, row in rows if row is not None]
        if rows:
            parts.append(f"{model}: {_named(rows)}")
    where = f"{name} within populations by adjustment: " if parts else "no result"
    text = f"{where}{'; '.join(parts)}. {learned_nothing(group, found)}"
    return Text(text.strip(), strong=group.title + ":")


Function = Callable[[Results, Group, Verdicts], list[str]]
QUESTIONS: tuple[tuple[str, Function], ...] = (
    ("Does accuracy change?", _accuracy),
    ("Do the SNPs change?", _snps),
    ("Who recovers the causal SNPs?", _causal),
    ("Who still encodes ancestry?", _ancestry),
)
