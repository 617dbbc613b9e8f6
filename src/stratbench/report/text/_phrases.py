"""Phrases about one group that several parts of the text share; none says more than its numbers do."""

import math
from collections.abc import Sequence
from typing import Any

from stratbench.report.analysis.changes import FALLS, OPEN, RISES, UNCLEAR, paired_changes
from stratbench.report.analysis.numbers import estimate, interval, listed, plain
from stratbench.report.analysis.results import Group, Results
from stratbench.report.analysis.verdicts import LEARNED, NOTHING, verdicts
from stratbench.report.page import Text

VERBS = {
    RISES: "clearly rises",
    FALLS: "clearly falls",
    UNCLEAR: "does not clearly change",
    OPEN: "changes without a known interval",
}


def describe(results: Results, group: Group) -> str:
    """What a trait is, in a few words."""
    if group.measured:
        trait = results.trait(group)
        return trait.description if trait and trait.description else "measured trait"
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
        names = self.others if names is None else names
        return paired_changes(self.results, self.group, model, metric, names, **keys)

    def moves(self, changes: dict[str, list[str]]) -> str:
        """'clearly falls under a and does not clearly change under b'; blank where nothing is known."""
        return listed(
            [
                f"{VERBS[kind]} {self.under(names, 'any' if kind == UNCLEAR else 'every')}"
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


def price(words: Phrases) -> list[str]:
    """Which adjustments clearly lower the ancestry in the logit, and what else clearly falls under them."""
    group, sentences = words.group, []
    for model in group.models:
        ancestry = words.changes(
            model, "ancestry_logit", [name for name in words.others if name != "placebo"]
        )
        if not any(ancestry.values()):
            continue
        removing = ancestry[FALLS]
        if ancestry[OPEN] and not removing:
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
    falls = changes[FALLS]
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
        *price(words),
    ]
    title = (
        f"{group.trait} in {group.shown} ({describe(results, group)}; {group.split} split, n = {words.n})."
    )
    return Text(" ".join(filter(None, text)), strong=title)
