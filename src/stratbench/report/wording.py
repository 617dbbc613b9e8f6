"""Words that the text and the figures share: names of traits and corrections that need no glossary, short lists."""

from collections.abc import Iterable, Sequence
from typing import Any

from stratbench.core.errors import UserError
from stratbench.methods import registry, source
from stratbench.report.analysis.findings import (
    BIOLOGY,
    BOTH,
    FINER,
    KEPT,
    LEAK,
    REDUCED,
    RELATED,
    REMOVED,
    Removal,
    corrections,
)
from stratbench.report.analysis.numbers import interval, listed, plain
from stratbench.report.analysis.results import Group, Results
from stratbench.report.analysis.verdicts import (
    ANCESTRY,
    NOT_SHOWN,
    NOTHING,
    NULL,
    POSITIVE,
    SHORTCUT,
    control,
)
from stratbench.study.study import Study

MOST_CLAUSES = 3  # of a sentence: what a reader keeps in mind
NUMBERS = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)
SIMULATED = {  # what a simulated trait is made of, by the control that it is
    POSITIVE: "genes alone",
    NULL: "noise alone",
    SHORTCUT: "environment alone",
    "": "genes and environment",
}
LEARNED = {  # what was learned, as the object of a sentence
    BOTH: "biology and ancestry",
    BIOLOGY: "biology",
    RELATED: "what may be ancestry or relatedness",
    FINER: "what may be finer ancestry, as PCs predict within populations",
    ANCESTRY: "ancestry only",
    LEAK: "more than ancestry, although no gene acts",
    NOTHING: "nothing",
    NOT_SHOWN: "nothing that is shown",
}


def spelled(count: int) -> str:
    """A number as a word, up to twelve."""
    return NUMBERS[count] if count < len(NUMBERS) else f"{count:,}"


def once(names: Iterable[str]) -> list[str]:
    """Each name once, in the order first seen."""
    return list(dict.fromkeys(names))


def few(names: Iterable[str], most: int = 3) -> str:
    """'a, b and c'; of more than ``most`` names the first, and how many others: 'a, b and two others'."""
    found = once(names)
    if len(found) <= most:
        return listed(found)
    return listed([*found[: most - 1], f"{spelled(len(found) - most + 1)} others"])


def traits(results: Results, groups: Sequence[Group], remark: str = "") -> str:
    """'environment alone (pure-shortcut) and hs-mice': what traits are made of, or the cohort where they are measured.

    Measured traits are named unless they are all of their cohort's. ``remark`` stands after the name of the traits of
    environment alone.
    """
    kinds: dict[str, list[Group]] = {}
    for group in groups:
        kinds.setdefault(group.shown if group.measured else SIMULATED[control(results, group)], []).append(
            group
        )
    parts = []
    for kind, members in kinds.items():
        names, more = once(group.trait for group in members), remark if kind == SIMULATED[SHORTCUT] else ""
        if not members[0].measured:
            parts.append(f"{kind} ({names[0] if len(names) == 1 else f'{spelled(len(names))} traits'}{more})")
            continue
        there = {
            group.trait for group in results.groups if group.measured and group.models and group.shown == kind
        }
        parts.append(kind if len(there) > 1 and there == set(names) else f"{few(names, 2)} in {kind}")
    return few(parts)


def correction(study: Study, label: str) -> str:
    """What a correction does, as its method states it ('regressing out PCs'); else its label."""
    return str(_stated(study, label, "IN_WORDS", default=label))


def reads_labels(study: Study, label: str) -> bool:
    """Whether a correction, or a part of a combination, reads the population labels of test individuals."""
    return any(_reads_labels(study, part) for part in label.split("+"))


def _reads_labels(study: Study, label: str) -> bool:
    """As its file states it: True, or the options and their values with which it does."""
    stated = _stated(study, label, "READS_LABELS_AT_TEST", default=False)
    if not isinstance(stated, dict):
        return bool(stated)
    options = study.config["adjustments"][label].get("options") or {}
    return all(options.get(name, values[0]) in values for name, values in stated.items())


def _stated(study: Study, label: str, name: str, default: Any) -> Any:
    """A constant of a correction's method file; the default for a label without one, or a file that states none."""
    spec = study.config["adjustments"].get(label)
    if spec is None:
        return default
    try:
        path = registry.find("adjustment", str(spec.get("method", label)), spec.get("file"))
        return source.stated(path, name, default=default)
    except UserError:
        return default


def named(
    results: Results,
    labels: Sequence[str],
    groups: Sequence[Group],
    least: int = 3,
    every: str = "every correction",
) -> str:
    """Name corrections in words: 'adding PCs or regressing out PCs'.

    Args:
        results: the results of the study.
        labels: the corrections.
        groups: the groups that they are about.
        least: from how many corrections on all that these groups have are not named one by one.
        every: what is said instead.

    Returns:
        The phrase, without a capital letter.
    """
    tried = set(once(name for group in groups for name in corrections(group)))
    if len(tried) >= least and set(labels) == tried:
        return every
    words = [correction(results.study, label) for label in labels]
    return " or ".join(words) if len(words) < 3 else few(words, 2)


def begun(study: Study, text: str) -> str:
    """The text with a capital first letter, unless it begins with a label of the config, which stays as it is."""
    first = text.split(" ")[0].rstrip(",;:.")
    labels = {*study.config["models"], *study.config["adjustments"]}
    return text if first in labels else text[:1].upper() + text[1:]


def gathered(found: Iterable[tuple[str, str]]) -> list[tuple[list[str], list[str]]]:
    """Gather pairs of a correction and a model into lists of corrections that concern the same models."""
    models: dict[str, list[str]] = {}
    for label, model in found:
        models.setdefault(label, []).append(model)
    same: dict[tuple[str, ...], list[str]] = {}
    for label, of in models.items():
        same.setdefault(tuple(once(of)), []).append(label)
    return [(labels, list(of)) for of, labels in same.items()]


def fates(results: Results, removals: Sequence[Removal], short: bool = False) -> list[str]:
    """Clauses that say which corrections removed ancestry from which models, and which did not.

    Args:
        results: the results of the study.
        removals: what became of ancestry.
        short: whether corrections have their labels instead of words, and nothing has a number.
    """
    removed = _fate(results, removals, REMOVED, "removed {} from", short)
    worked = {one.adjustment for one in removals if one.outcome == REMOVED}
    after = [one for one in removals if one.adjustment in worked]
    others = [one for one in removals if one.adjustment not in worked]
    # First what is unexpected: a correction that works in one model and fails in another.
    failed = [clause for part in (after, others) for clause in _left(results, part, short)]
    if len(removed) + len(failed) <= MOST_CLAUSES:
        return _with_it([*removed, *failed])
    labels = once(one.adjustment for one in others if one.outcome in (REDUCED, KEPT))
    by = few(labels, 2) if short else named(results, labels, [one.group for one in removals])
    some = [f"{by} left some"] if removed else [f"{by} left {{}}"]
    return _with_it([*removed, *_left(results, after, short), *(some if labels else [])])


def _left(results: Results, removals: Sequence[Removal], short: bool) -> list[str]:
    """Clauses on corrections that lowered ancestry or left it, with a gap for 'ancestry' or 'it'."""
    verbs = {REDUCED: "lowered, but did not clearly remove, {} in", KEPT: "left {} in"}
    return [
        clause for outcome, verb in verbs.items() for clause in _fate(results, removals, outcome, verb, short)
    ]


def _fate(results: Results, removals: Sequence[Removal], outcome: str, verb: str, short: bool) -> list[str]:
    """Clauses on one outcome, with a gap for 'ancestry' or 'it'."""
    here, clauses = [one for one in removals if one.outcome == outcome], []
    for labels, models in gathered((one.adjustment, one.model) for one in here):
        by = few(labels, 2) if short else named(results, labels, [one.group for one in removals])
        text = f"{by} {verb} {few(models)}"
        most = max((one for one in here if one.model in models), key=lambda one: one.after["mean"])
        if outcome == KEPT and most.shortcut and not short:
            text += f" ({level(most.after)})"
        clauses.append(text)
    return clauses


def _with_it(clauses: Sequence[str]) -> list[str]:
    """The clauses, of which the first names ancestry."""
    return [clause.format("it" if k else "ancestry") for k, clause in enumerate(clauses)]


def level(row: dict) -> str:
    """'.65, .60 to .71'."""
    return f"{plain(row['mean'])}, {interval(row)}"
