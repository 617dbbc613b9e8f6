"""Phrases about one trait that several sections share; none says more than its numbers do."""

import math
from collections.abc import Sequence
from typing import Any

from stratbench.report.analysis.findings import Findings, findings
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
from stratbench.report.text._sentences import corrected
from stratbench.report.wording import LEARNED as WHAT
from stratbench.report.wording import begun

IT = {  # what a sentence says of a model that is not shown to have learned
    ANCESTRY: "learned ancestry only",
    NOTHING: "learned nothing",
    WIDE: "has an interval that is too wide to tell what it learned",
    NO_INTERVAL: "has no interval that would tell what it learned",
}
SHARES = {0.1: "a tenth", 0.2: "a fifth", 0.25: "a quarter", 0.4: "two fifths", 0.5: "half", 0.6: "three fifths",
          0.75: "three quarters", 0.8: "four fifths", 0.9: "nine tenths"}  # fmt: skip


def share(value: float) -> str:
    """A share in words where there are words for it: 'a quarter', '30%'."""
    return next((text for known, text in SHARES.items() if math.isclose(value, known)), f"{value:.0%}")


def describe(results: Results, group: Group) -> str:
    """What a trait is, in a few words."""
    if group.measured:
        trait = results.trait(group)
        return trait.description if trait and trait.description else "measured trait"
    spec = results.study.spec("traits", group.trait)["simulate"]
    h2, environment = float(spec.get("h2", math.nan)), float(spec.get("environment", math.nan))
    parts = [f"{share(h2)} of the liability's variance is genetic" if h2 > 0 else "no SNP has any effect"]
    if environment > 0:
        of = "" if h2 > 0 else " of the liability's variance"
        parts.append(f"{share(environment)}{of} is environment that differs between populations")
    return " and ".join(parts) if not math.isnan(h2) else "a simulated trait"


class Phrases:
    """Phrases about one group: what its estimates and verdicts are."""

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

    def named(self, rows: Sequence[tuple[str, Any]]) -> str:
        return listed([f"{name} {self.number(row)}" for name, row in rows])

    def unadjusted(self, model: str) -> str:
        """'uncorrected linear', or 'linear under x' where the study has no uncorrected model."""
        return (
            f"uncorrected {model}"
            if self.group.baseline == "none"
            else f"{model} under {self.group.baseline}"
        )

    def levels(self) -> list[str]:
        """For each model how accurate it is without correction, over all people and within populations."""
        said = []
        for model in self.group.models:
            of = {"model": model, "adjustment": self.group.baseline}
            overall = self.results.value(self.group, self.group.overall_f, **of)
            within = self.results.value(self.group, self.group.within_f, **of)
            if overall is None:
                continue
            text = f"{model} {self.number(overall)}"
            if self.results.several_populations(self.group):
                why = self.results.reason(self.group, self.group.within_f, **of)
                unknown = f"unknown{f' ({why})' if why else ''}"
                text += f" over all people, {unknown if within is None else self.number(within)} within populations"
            family = self.results.value(self.group, self.group.family_f, **of)
            text += f", {self.number(family)} within families" if family is not None else ""
            said.append(text)
        return said

    def not_learned(self) -> str:
        """Name all models that are not shown to have learned, in a sentence for each verdict; blank without any."""
        titles = {
            ANCESTRY: "Ancestry only",
            NOTHING: "Learned nothing",
            NOT_SHOWN: "Not shown to have learned",
        }
        said = {kind: "; ".join(self._models(kind)) for kind in titles}
        return " ".join(f"{titles[kind]}: {models}." for kind, models in said.items() if models)

    def _models(self, kind: str) -> list[str]:
        """The models with this verdict: 'cnn, corrected or not', or 'cnn under a and b'."""
        parts = []
        for model in self.group.models:
            tried = [name for name in self.group.adjustments if (model, name) in self.found]
            by: dict[str, list[str]] = {}
            for name in tried:
                if self.found[model, name] == kind:
                    by.setdefault(self._because(model, name), []).append(name)
            for because, names in by.items():
                whole = names == tried and len(tried) > 1
                parts.append(
                    (f"{model}, corrected or not" if whole else f"{model} under {listed(names)}") + because
                )
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


def learned(words: Phrases, found: Findings) -> list[str]:
    """How accurate the models are, what that says of what they learned, and what stands beside it."""
    levels = words.levels()
    if not levels:
        return ["No model was trained with success."]
    said = [f"{words.metric} {'; '.join(levels)}."]
    whats: dict[str, list[str]] = {}
    for one in found.lessons:
        whats.setdefault(one.what, []).append(one.model)
    said += [f"{listed(models)} learned {WHAT[what]}." for what, models in whats.items()]
    failed = [model for model in words.group.models if model in found.controls.failed]
    said += [f"{listed(failed)} failed the positive control: nothing is concluded."] if failed else []
    return said


def brief(results: Results, group: Group) -> Text:
    """A group in a few sentences: what its models learned, and what the corrections removed and cost."""
    words, found = Phrases(results, group), findings(results, [group])
    sentences = [*learned(words, found), corrected(results, found)]
    title = (
        f"{group.trait} in {group.shown} ({describe(results, group)}; {group.split} split, n = {words.n})."
    )
    return Text(" ".join(begun(results.study, text) for text in sentences if text), strong=title)
