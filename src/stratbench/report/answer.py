"""The answer in words, from comparisons.tsv alone: no sentence here says more than its numbers do.

A change is 'clear' where the 95% interval of the paired difference excludes 0.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

from stratbench.core.words import counted
from stratbench.report.curves import courses
from stratbench.report.figures.agreement import change as fall_of_agreement
from stratbench.report.figures.headline import chance_auc_pr, main
from stratbench.report.movement import movements
from stratbench.report.numbers import estimate, interval, listed, plain
from stratbench.report.page import Block, Heading, Listing, Text
from stratbench.report.results import Group, Results
from stratbench.report.verdicts import LEARNED, NOTHING, UNDECIDED, verdict

Verdicts = dict[tuple[str, str], str]
FEW = 6


def verdicts(results: Results, group: Group) -> Verdicts:
    """What each trained combination of a group learned; fits without any number are left out."""
    return {
        (model, adjustment): verdict(results, group, model, adjustment)
        for model in group.models
        for adjustment in group.adjustments
        if results.value(group, group.overall, model=model, adjustment=adjustment) is not None
    }


def answer(results: Results) -> list[Block]:
    """The short answer: what was learned, and a paragraph for each trait."""
    blocks: list[Block] = [Text(_count(results))]
    if any(group.models for group in results.groups):
        blocks.append(Listing(_items(results)))
        blocks.append(Text(_caution(results)))
    return blocks


def _items(results: Results) -> list[Text]:
    """A sentence on each trait over the dial, then one on every group that is not on it."""
    moved = movements(results)
    over = {group.name for one in courses(results.study, results.groups) if moved for group in one.groups}
    return moved + [brief(results, g) for g in results.groups if g.models and g.name not in over]


def questions(results: Results) -> list[Block]:
    """The four questions of the headline figure and the price of each correction, trait by trait."""
    return [block for group in main(results.study, results.groups) for block in _about(results, group)]


def _count(results: Results) -> str:
    found = [value for group in results.groups for value in verdicts(results, group).values()]
    if not found:
        return "No model of this study was trained with success: there is no answer."
    learned, nothing, open_ = (found.count(kind) for kind in (LEARNED, NOTHING, UNDECIDED))
    text = (
        f"Of {counted(len(found), 'combination')} of trait, model and adjustment that were trained, {learned} predict "
        f"better than chance within populations and {nothing} learned nothing there"
    )
    return text + (f"; {open_} have no interval and so no verdict." if open_ else ".")


def _caution(results: Results) -> str:
    counts = [results.replicates(group) for group in results.groups if group.models]
    text = (
        "Brackets hold 95% intervals, n counts replicates, and a change is called clear where the interval of the "
        "difference excludes 0 (paired between adjustments, unpaired between points of a dial). 'Learned nothing' "
        "means that the interval of accuracy within populations includes chance: nothing is then concluded from that "
        "model's attributions. Accuracy that falls after adjustment is no failure by itself."
    )
    few = " With so few replicates only large changes can be clear, and no clear change is not proof of none."
    return text + (few if min(counts) < FEW else "")


def describe(results: Results, group: Group) -> str:
    """What a trait is, in a few words."""
    if group.measured:
        return str(results.trait(group).get("description") or "measured trait")
    spec = results.study.spec("traits", group.trait)["simulate"]
    h2, environment = float(spec.get("h2", math.nan)), float(spec.get("environment", math.nan))
    parts = f"h2 {plain(h2)}, environment tied to population {plain(environment)}"
    if h2 == 0:
        return f"{'pure shortcut' if environment > 0 else 'pure null'}: {parts}"
    return f"{'confounded by environment' if environment > 0 else 'not confounded by environment'}: {parts}"


class Phrases:
    """Phrases about one group: what its estimates, changes and verdicts are."""

    def __init__(self, results: Results, group: Group) -> None:
        self.results, self.group = results, group
        self.found = verdicts(results, group)
        self.n = results.replicates(group)
        self.others = [name for name in group.adjustments if name != group.baseline]
        self.metric = "correlation" if group.quantitative else "AUROC"

    def number(self, row: Any) -> str:
        """'.78 (.75 to .81)'; n is added only where it differs from that of the group's heading."""
        if row is not None and row["n_replicates"] == self.n and interval(row):
            return f"{plain(row['mean'])} ({interval(row)})"
        return estimate(row)

    def within(self, model: str) -> str:
        """'.64 (.63 to .65) within populations', or why there is no such number."""
        of = {"model": model, "adjustment": self.group.baseline}
        row = self.results.value(self.group, self.group.within, **of)
        if row is not None:
            return f"{self.number(row)} within populations"
        why = self.results.reason(self.group, self.group.within, **of)
        return f"within populations unknown{f' ({why})' if why else ''}"

    def named(self, rows: Sequence[tuple[str, Any]]) -> str:
        return listed([f"{name} {self.number(row)}" for name, row in rows])

    def unadjusted(self, model: str) -> str:
        """'unadjusted linear', or 'linear under x' where the study has no unadjusted model."""
        return (
            f"unadjusted {model}" if self.group.baseline == "none" else f"{model} under {self.group.baseline}"
        )

    def under(self, names: Sequence[str], every: str = "every") -> str:
        """'under a and b', 'under every adjustment'."""
        if list(names) == self.others and len(names) > 1:
            return f"under {every} adjustment"
        return f"under {listed(list(names))}"

    def changes(
        self, model: str, metric: str, names: Sequence[str] | None = None, **keys: str
    ) -> dict[str, list[str]]:
        """Adjustments by what the paired difference from the baseline says: rises, falls, unclear, open."""
        found: dict[str, list[str]] = {"rises": [], "falls": [], "unclear": [], "open": []}
        for name in self.others if names is None else names:
            of = {"model": model, "adjustment": name, "against": self.group.baseline, **keys}
            row = self.results.value(self.group, f"diff_{metric}", **of)
            if row is not None:
                kind = "unclear"
                if math.isnan(row["ci_low"]):
                    kind = "open"
                elif row["ci_low"] > 0:
                    kind = "rises"
                elif row["ci_high"] < 0:
                    kind = "falls"
                found[kind].append(name)
        return found

    def moves(self, changes: dict[str, list[str]]) -> str:
        """'clearly falls under a and does not clearly change under b'; blank where nothing is known."""
        verbs = {
            "rises": "clearly rises",
            "falls": "clearly falls",
            "unclear": "does not clearly change",
            "open": "changes without a known interval",
        }
        return listed(
            [
                f"{verbs[kind]} {self.under(names, 'any' if kind == 'unclear' else 'every')}"
                for kind, names in changes.items()
                if names
            ]
        )

    def learned_nothing(self) -> str:
        """Names of all models that learned nothing; blank if there are none."""
        parts = []
        for model in self.group.models:
            tried = [name for name in self.group.adjustments if (model, name) in self.found]
            nothing = [name for name in tried if self.found[model, name] == NOTHING]
            if nothing and nothing == tried and len(tried) > 1:
                parts.append(f"{model}, unadjusted or adjusted")
            elif nothing:
                parts.append(f"{model} under {listed(nothing)}")
        return f"Learned nothing within populations: {'; '.join(parts)}." if parts else ""

    def learned(self, model: str) -> list[str]:
        """The adjustments, other than the baseline, under which a model learned something."""
        return [name for name in self.others if self.found.get((model, name)) == LEARNED]


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
        learned = words.found[model, group.baseline] != NOTHING
        moves = words.moves(words.changes(model, group.within)) if learned else ""
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
    return [*sentences, words.learned_nothing()]


def _snps(words: Phrases) -> list[str]:
    group, sentences = words.group, []
    for model in group.models if group.attributions else ():
        if words.found.get((model, group.baseline)) != LEARNED:
            sentences.append(_no_conclusion(words, model))
            continue
        rows = [
            (name, row)
            for name in words.learned(model)
            if (row := fall_of_agreement(words.results, group, model, name, group.attributions[0]))
            is not None
        ]
        more = [name for name, row in rows if row["ci_low"] > 0]
        same = [name for name, row in rows if row["ci_low"] <= 0]
        open_ = [name for name, row in rows if math.isnan(row["ci_low"])]
        parts = [f"changes clearly more than training again changes it {words.under(more)}"] if more else []
        parts += [f"does not clearly change more than that {words.under(same, 'any')}"] if same else []
        parts += [f"has no interval to judge its change {words.under(open_)}"] if open_ else []
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
    kind = words.found.get((model, words.group.baseline))
    if kind is None:
        return f"{words.unadjusted(model).capitalize()} gave no result."
    why = "learned nothing" if kind == NOTHING else "has no interval"
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
        model for model in group.models
        if group.attributions and words.found.get((model, group.baseline)) == NOTHING
    ]  # fmt: skip
    if without:
        sentences.append(f"No conclusion for {listed(without)}: learned nothing.")
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


def _price(words: Phrases) -> list[str]:
    """Which adjustments clearly lower the ancestry in the logit, and what else clearly falls under them."""
    group, sentences = words.group, []
    for model in group.models:
        ancestry = words.changes(
            model, "ancestry_logit", [name for name in words.others if name != "placebo"]
        )
        if not any(ancestry.values()):
            continue
        removing = ancestry["falls"]
        if ancestry["open"] and not removing:
            sentences.append(
                f"Whether the ancestry in the logit of {model} falls is not known: no intervals."
            )
            continue
        if not removing:
            sentences.append(f"No adjustment clearly lowers the ancestry in the logit of {model}.")
            continue
        kind = words.found.get((model, group.baseline))
        if kind == LEARNED:
            prices = [_loss("accuracy within populations", words.changes(model, group.within, removing))]
            if group.attributions and group.causal_snps(words.results.study):
                by = {"attribution": group.attributions[0]}
                kept = [name for name in removing if words.found.get((model, name)) == LEARNED]
                prices.append(
                    _loss("recovery of causal SNPs", words.changes(model, "causal_auc_pr", kept, **by))
                )
        elif kind == NOTHING:
            prices = ["within populations there was nothing to lose"]
        else:
            prices = ["the price is not known"]
        text = f"The ancestry in the logit of {model} clearly falls under {listed(removing)}"
        sentences.append(f"{text}; {listed([price for price in prices if price])}.")
    return sentences


def _loss(what: str, changes: dict[str, list[str]]) -> str:
    """'accuracy clearly falls under a', or that it does not; blank where nothing is known."""
    if not any(changes.values()):
        return ""
    falls = changes["falls"]
    return f"{what} clearly falls under {listed(falls)}" if falls else f"{what} does not clearly fall there"


def brief(results: Results, group: Group) -> Text:
    words, levels = Phrases(results, group), []
    for model in group.models:
        of = {"model": model, "adjustment": group.baseline}
        overall = results.value(group, group.overall, **of)
        if overall is not None:
            levels.append(f"{model} {words.number(overall)} overall, {words.within(model)}")
    floor = results.value(group, group.overall, model="floor-population")
    if floor is not None and levels:
        levels.append(f"the population label alone {words.number(floor)} overall")
    how = "Unadjusted" if group.baseline == "none" else f"With {group.baseline}"
    text = [
        f"{how} {words.metric}: {'; '.join(levels)}." if levels else "No result.",
        words.learned_nothing(),
        *_price(words),
    ]
    title = (
        f"{group.trait} in {group.shown} ({describe(results, group)}; {group.split} split, n = {words.n})."
    )
    return Text(" ".join(filter(None, text)), strong=title)


Function = Callable[[Phrases], list[str]]
QUESTIONS: tuple[tuple[str, Function], ...] = (
    ("Does accuracy change?", _accuracy),
    ("Do the SNPs change?", _snps),
    ("Who recovers the causal SNPs?", _causal),
    ("Who still encodes ancestry?", _ancestry),
    ("Which correction removes the shortcut, at what price?", _price),
)
