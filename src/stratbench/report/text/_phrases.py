"""Phrases about one group that several parts of the text share; none says more than its numbers do."""

import math
from collections.abc import Sequence
from typing import Any

from stratbench.report.analysis.changes import (
    FALLS,
    OPEN,
    RISES,
    SAME,
    SAME_WITHIN,
    UNCLEAR,
    paired_changes,
)
from stratbench.report.analysis.numbers import estimate, interval, listed, plain
from stratbench.report.analysis.results import Group, Results
from stratbench.report.analysis.verdicts import (
    ANCESTRY,
    LEARNED,
    NO_INTERVAL,
    NOT_SHOWN,
    NOTHING,
    WIDE,
    verdicts,
    why_not_shown,
)
from stratbench.report.page import Text

VERBS = {
    RISES: "clearly rises",
    FALLS: "clearly falls",
    SAME: f"stays within {plain(SAME_WITHIN)} of where it was",
    UNCLEAR: "has an interval that does not say whether it changes",
    OPEN: "has no interval of its change",
}
IT = {  # what a sentence says of a model that is not shown to have learned
    ANCESTRY: "shows ancestry only",
    NOTHING: "learned nothing",
    WIDE: "has a wide interval",
    NO_INTERVAL: "has no interval",
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

    def under(self, names: Sequence[str]) -> str:
        """'under a and b', 'under every adjustment'."""
        if list(names) == self.others and len(names) > 1:
            return "under every adjustment"
        return f"under {listed(list(names))}"

    def changes(
        self, model: str, metric: str, names: Sequence[str] | None = None, **keys: str
    ) -> dict[str, list[str]]:
        """Adjustments by what the paired difference from the baseline says, as ``paired_changes`` returns them."""
        names = self.others if names is None else names
        return paired_changes(self.results, self.group, model, metric, names, **keys)

    def moves(self, changes: dict[str, list[str]]) -> str:
        """'clearly falls under a and stays within .03 of where it was under b'; blank where nothing is known."""
        return listed([f"{VERBS[kind]} {self.under(names)}" for kind, names in changes.items() if names])

    def not_learned(self) -> str:
        """Name all models that are not shown to have learned, in a sentence for each verdict; blank without any."""
        titles = {
            ANCESTRY: "Above chance overall but not shown to be within populations, so ancestry only",
            NOTHING: "Learned nothing within populations",
            NOT_SHOWN: "Not shown whether anything was learned within populations",
        }
        said = {kind: "; ".join(self._models(kind)) for kind in titles}
        return " ".join(f"{titles[kind]}: {models}." for kind, models in said.items() if models)

    def _models(self, kind: str) -> list[str]:
        """The models with this verdict: 'cnn, unadjusted or adjusted', or 'cnn under a and b'."""
        parts = []
        for model in self.group.models:
            tried = [name for name in self.group.adjustments if (model, name) in self.found]
            by: dict[str, list[str]] = {}
            for name in tried:
                if self.found[model, name] == kind:
                    by.setdefault(self._because(model, name), []).append(name)
            for because, names in by.items():
                whole = names == tried and len(tried) > 1
                of = f"{model}, unadjusted or adjusted" if whole else f"{model} under {listed(names)}"
                parts.append(of + because)
        return parts

    def _because(self, model: str, adjustment: str) -> str:
        """' (wide interval)' or ' (no interval)' where nothing is shown; otherwise blank."""
        if self.found[model, adjustment] != NOT_SHOWN:
            return ""
        return f" ({why_not_shown(self.results, self.group, model, adjustment)})"

    def it(self, model: str, adjustment: str) -> str:
        """Why nothing is concluded from a model's attributions: 'learned nothing', 'has no interval'."""
        kind = self.found[model, adjustment]
        return IT[why_not_shown(self.results, self.group, model, adjustment) if kind == NOT_SHOWN else kind]

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
        if not removing:
            sentences.append(f"The ancestry in the logit of {model} {words.moves(ancestry)}.")
            continue
        prices = {"accuracy within populations": words.changes(model, group.within, removing)}
        if words.found.get((model, group.baseline)) == LEARNED and group.causal_snps(words.results.study):
            kept = [name for name in removing if words.found.get((model, name)) == LEARNED]
            by = {"attribution": group.attribution}
            prices["recovery of causal SNPs"] = words.changes(model, "causal_auc_pr", kept, **by)
        said = [f"{what} {words.moves(changes)}" for what, changes in prices.items() if any(changes.values())]
        text = f"The ancestry in the logit of {model} clearly falls under {listed(removing)}"
        sentences.append(f"{text}; {'; '.join(said) or 'the price is not known'}.")
    return sentences


def brief(results: Results, group: Group) -> Text:
    """A group in a few sentences: its accuracies, what did not learn, and what each correction costs."""
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
        words.not_learned(),
        *price(words),
    ]
    title = (
        f"{group.trait} in {group.shown} ({describe(results, group)}; {group.split} split, n = {words.n})."
    )
    return Text(" ".join(filter(None, text)), strong=title)
