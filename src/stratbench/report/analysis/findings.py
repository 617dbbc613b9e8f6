"""What a study found, for its answer and its headline figure: facts that intervals force, without words.

Controls come first: a model that failed its positive control has no further findings. Everything is said of f, the
network's own output, as verdicts are.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from stratbench.metrics.catalogue import metric
from stratbench.report.analysis.changes import FALLS, OPEN, RISES, UNCLEAR, direction, sign
from stratbench.report.analysis.dial import courses, strongest
from stratbench.report.analysis.rankings import either_way, fall
from stratbench.report.analysis.results import Group, Results, select
from stratbench.report.analysis.verdicts import (
    ANCESTRY,
    LEARNED,
    NO_INTERVAL,
    NOT_SHOWN,
    NOTHING,
    NULL,
    POSITIVE,
    SHORTCUT,
    control,
    labels_too_coarse,
    verdict,
    why_not_shown,
)

PLACEBO = "placebo"
# What an uncorrected model learned from a trait; beside these, the verdicts ANCESTRY, NOTHING and NOT_SHOWN.
BOTH = "biology and ancestry"
BIOLOGY = "biology"
FINER = "finer ancestry?"  # PCs predict within the populations, too: their labels are too coarse
RELATED = "ancestry or relatedness?"  # a real cohort of one population, or without labels
LEAK = "more than ancestry"  # within populations, although no gene acts
# What became of the ancestry in a model's output under a correction.
REMOVED = "removed"  # it clearly falls, and what is left is as good as nothing
REDUCED = "reduced"  # it clearly falls, but is not shown to be gone
KEPT = "kept"  # it is still above chance
NOTHING_THERE = "nothing there"  # there was none without the correction


@dataclass(frozen=True)
class Lesson:
    """What a model learned from a trait without correction."""

    group: Group
    model: str
    what: str
    overall: Any  # the row of comparisons.tsv of f over all people
    within: Any  # and within populations


@dataclass(frozen=True)
class Removal:
    """What became of the ancestry in a model's output under a correction.

    ``before`` and ``after`` are rows: of the accuracy of f over all people on a ``shortcut``, a trait without genes;
    otherwise of how well the population can be decoded from f.
    """

    group: Group
    model: str
    adjustment: str
    outcome: str
    before: Any
    after: Any
    shortcut: bool


@dataclass(frozen=True)
class Price:
    """How a correction changes the accuracy within populations (``outcome`` and ``row``), and causal recovery.

    In one population the accuracy is that within families. Where there are none either it is that over all people,
    and ``biology`` is False: what falls may be relatedness or ancestry.
    """

    group: Group
    model: str
    adjustment: str
    outcome: str
    row: Any
    biology: bool
    recovery: str


@dataclass(frozen=True)
class Reordering:
    """Whether a correction changes a ranking of SNPs more than training on other people does, and than the placebo.

    ``beyond_placebo`` is what the paired difference from the placebo says, and None where there is none; ``row`` is
    None where there is no agreement.
    """

    group: Group
    model: str
    adjustment: str
    outcome: str
    row: Any
    beyond_placebo: bool | None


@dataclass(frozen=True)
class Controls:
    """How the controls came out: models of positive controls, and fits of pure nulls.

    Attributes:
        passed, failed: models by their verdict in a positive control without correction. A model that is not shown
            to have learned has failed, unless its accuracy has no interval.
        untested: models of the study without a positive control, or without an interval there.
        alarms: models that are shown to have learned something in a pure null.
        quiet: models that are shown to have learned nothing in a pure null.
    """

    passed: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    untested: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()
    quiet: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        return bool(self.passed or self.failed or self.alarms or self.quiet)


@dataclass(frozen=True)
class Findings:
    """All that the answer and the headline say."""

    trained: bool
    controls: Controls
    lessons: tuple[Lesson, ...]
    removals: tuple[Removal, ...]
    prices: tuple[Price, ...]
    reorderings: tuple[Reordering, ...]
    corrected: bool  # whether any trait was tried with a correction


def findings(results: Results, groups: list[Group] | None = None) -> Findings:
    """Find what the study's intervals say.

    Args:
        results: the results of the study.
        groups: the groups that lessons, removals, prices and reorderings are about; without them all that the answer
            is about, but for positive controls and pure nulls. Controls are those of the whole study.

    Raises:
        UserError: if comparisons.tsv is absent or damaged.
    """
    whole = answered(results)
    controls = _controls(results, whole)
    asked = groups or [group for group in whole if control(results, group) not in (POSITIVE, NULL)]
    lessons = [
        _lesson(results, group, model) for group in asked for model in _judged(results, group, controls)
    ]
    fits = [
        (one, name)
        for one in lessons
        for name in corrections(one.group)
        if _value(results, one.group, one.group.overall_f, one.model, name) is not None
    ]
    genes = [(one, name) for one, name in fits if one.what in (BOTH, BIOLOGY, FINER, RELATED)]
    return Findings(
        any(_trained(results, group) for group in groups or whole),
        controls,
        tuple(lessons),
        tuple(_removals(results, fits)),
        tuple(_price(results, one.group, one.model, name) for one, name in genes),
        tuple(_reorderings(results, genes)),
        any(corrections(group) for group in asked),
    )


def answered(results: Results) -> list[Group]:
    """The groups with models that the answer is about: of a dial's points the strongest alone."""
    strong = strongest(results.study)
    turned = {group.name for one in courses(results.study, results.groups) for group in one.groups}
    return [
        group
        for group in results.groups
        if group.models and (group.scenario == strong or group.name not in turned)
    ]


def corrections(group: Group) -> list[str]:
    """The adjustments that are meant to correct: neither the baseline nor the placebo."""
    return [name for name in group.adjustments if name not in (group.baseline, PLACEBO)]


def chosen(results: Results) -> str:
    """The network that stands for all: the config's first that is not the linear model; blank without any model."""
    models = list(dict.fromkeys(model for group in answered(results) for model in group.models))
    networks = [model for model in models if _method(results, model) != "linear"]
    return (networks or models or [""])[0]


def _method(results: Results, model: str) -> str:
    return str(results.study.spec("models", model).get("method", model))


def _value(results: Results, group: Group, name: str, model: str, adjustment: str, **keys: str) -> Any:
    return results.value(group, name, model=model, adjustment=adjustment, **keys)


def _trained(results: Results, group: Group) -> list[str]:
    """The models that have a result without correction."""
    return [m for m in group.models if _value(results, group, group.overall_f, m, group.baseline) is not None]


def _judged(results: Results, group: Group, controls: Controls) -> list[str]:
    return [model for model in _trained(results, group) if model not in controls.failed]


def _controls(results: Results, groups: list[Group]) -> Controls:
    found: dict[str, list[str]] = {"passed": [], "failed": [], "alarms": [], "quiet": [], "all": []}
    for group in groups:
        which = control(results, group)
        for model in _trained(results, group):
            found["all"].append(model)
            said = verdict(results, group, model, group.baseline)
            silent = said == NOT_SHOWN and why_not_shown(results, group, model, group.baseline) == NO_INTERVAL
            if which == POSITIVE and not silent:
                found["passed" if said == LEARNED else "failed"].append(model)
            if which == NULL and not silent:
                found[
                    "alarms" if said in (LEARNED, ANCESTRY) else "quiet" if said == NOTHING else "all"
                ].append(model)
    once = {name: tuple(dict.fromkeys(models)) for name, models in found.items()}
    failed, alarms = once["failed"], once["alarms"]
    passed = tuple(model for model in once["passed"] if model not in failed)
    untested = tuple(model for model in once["all"] if model not in (*passed, *failed))
    quiet = tuple(model for model in once["quiet"] if model not in alarms)
    return Controls(passed, failed, untested, alarms, quiet)


def _lesson(results: Results, group: Group, model: str) -> Lesson:
    overall = _value(results, group, group.overall_f, model, group.baseline)
    within = _value(results, group, group.within_f, model, group.baseline)
    return Lesson(group, model, _what(results, group, model), overall, within)


def _what(results: Results, group: Group, model: str) -> str:
    said = verdict(results, group, model, group.baseline)
    if said != LEARNED:
        return said
    if control(results, group) == SHORTCUT:
        return LEAK
    if not results.several_populations(group):
        return RELATED if group.real and not _beyond_relatives(results, group, model) else BIOLOGY
    if labels_too_coarse(results, group):
        over = results.value(group, "over_pcs", model=model, adjustment=group.baseline)
        if over is None or not over["ci_low"] > 0:
            return FINER
    return BOTH if carries_ancestry(results, group, model, group.baseline) else BIOLOGY


def _beyond_relatives(results: Results, group: Group, model: str) -> bool:
    """Whether f of an uncorrected model predicts within families or, where there are none, given PCs."""
    family = _value(results, group, group.family_f, model, group.baseline)
    given_pcs = _value(results, group, "partial_f", model, group.baseline)
    if family is not None:
        return bool(family["ci_low"] > group.chance)
    return bool(given_pcs is not None and given_pcs["ci_low"] > 0)


def carries_ancestry(results: Results, group: Group, model: str, adjustment: str) -> bool:
    """Say whether f is shown to use ancestry: it is more accurate overall than within populations.

    One replicate has no interval of that difference; there the population is decoded from f given the label.

    Args:
        results: the results of the study.
        group: the group.
        model: the model's label.
        adjustment: the adjustment's label.

    Returns:
        Whether the interval says so.

    Raises:
        UserError: if a table is absent or damaged.
    """
    row = gap(results, group, model, adjustment)
    if row is not None and not math.isnan(row["ci_low"]):
        return bool(row["ci_low"] > 0)
    decoded = _value(results, group, "ancestry_logit", model, adjustment)
    by_chance = _value(results, group, "ancestry_chance", model, adjustment)
    return bool(decoded is not None and by_chance is not None and decoded["ci_low"] > by_chance["mean"])


def gap(results: Results, group: Group, model: str, adjustment: str) -> dict[str, Any] | None:
    """Compute by how much f is more accurate over all people than within populations, replicate by replicate.

    Args:
        results: the results of the study.
        group: the group.
        model: the model's label.
        adjustment: the adjustment's label.

    Returns:
        ``mean``, ``ci_low`` and ``ci_high`` (a t interval, which allows for the overlap of repeated splits) in the unit
        of the accuracy, and ``n_replicates``; the ends are NaN for one replicate. None if no replicate has both
        numbers, or all people are of one population.

    Raises:
        UserError: if metrics.tsv is absent or damaged.
    """
    from stratbench.metrics.intervals import (
        t_interval,
    )  # it imports SciPy, which names of figures do not need

    if not results.several_populations(group):
        return None
    rows = select(results.metrics, **group.keys, model=model, adjustment=adjustment, population="")
    rows = rows[rows["metric"].isin([group.overall_f, group.within_f])]
    if rows.empty:
        return None
    means = rows.groupby(["replicate", "metric"])["value"].mean().unstack()
    if not {group.overall_f, group.within_f} <= set(means.columns):
        return None
    found = (means[group.overall_f] - means[group.within_f]).dropna()
    if found.empty:
        return None
    low, high = t_interval(found.mean(), found.std(), len(found), overlap=results.overlap(group))
    return {"mean": found.mean(), "ci_low": float(low), "ci_high": float(high), "n_replicates": len(found)}


def _removals(results: Results, fits: list[tuple[Lesson, str]]) -> Iterator[Removal]:
    """What became of ancestry: by the pure shortcuts if there are any, else by what f says of the population."""
    shortcuts = [(one, name) for one, name in fits if control(results, one.group) == SHORTCUT]
    for one, name in shortcuts or fits:
        group = one.group
        if not results.several_populations(group):
            continue
        declared = metric(group.within_f)
        measure, chance, limit = group.overall_f, group.chance, declared.nothing_below
        if not shortcuts:
            measure, by_chance = "ancestry_logit", _value(results, group, "ancestry_chance", one.model, name)
            if by_chance is None:
                continue
            chance = float(by_chance["mean"])
            limit = chance + 0.05
        before = _value(results, group, measure, one.model, group.baseline)
        after = _value(results, group, measure, one.model, name)
        diff = _value(results, group, f"diff_{measure}", one.model, name, against=group.baseline)
        if before is not None and after is not None and limit is not None:
            outcome = removal(before, after, diff, chance, limit)
            if not shortcuts and outcome == KEPT and diff is not None and sign(diff) == FALLS:
                outcome = REDUCED  # genes that differ between populations tell of them, too
            yield Removal(group, one.model, name, outcome, before, after, bool(shortcuts))


def removal(before: Any, after: Any, diff: Any, chance: float, limit: float) -> str:
    """Decide what became of ancestry.

    Args:
        before: the row of the measure of ancestry without correction.
        after: the row under the correction.
        diff: the row of their paired difference; None if there is none.
        chance: the measure's value where there is no ancestry.
        limit: ancestry is as good as gone where the interval ends below this.

    Returns:
        REMOVED, REDUCED, KEPT, NOTHING_THERE, UNCLEAR, or OPEN without an interval.
    """
    if math.isnan(before["ci_low"]) or math.isnan(after["ci_low"]):
        return OPEN
    if after["ci_low"] > chance:
        return KEPT
    if before["ci_low"] <= chance:
        return NOTHING_THERE
    if diff is None or sign(diff) != FALLS:
        return UNCLEAR
    return REMOVED if after["ci_high"] < limit else REDUCED


def _price(results: Results, group: Group, model: str, name: str) -> Price:
    of = {"against": group.baseline}
    several = results.several_populations(group)
    family = _value(results, group, group.family_f, model, name)
    measure = group.within_f if several or family is None else group.family_f
    row = _value(results, group, f"diff_{measure}", model, name, **of)
    both = verdict(results, group, model, name) == LEARNED
    causal = None
    if both and group.causal_snps(results.study):
        by = {"attribution": group.attribution}
        causal = _value(results, group, "diff_causal_auc_pr", model, name, **of, **by)
    outcome = OPEN if row is None else direction(row)
    biology = several or family is not None
    return Price(group, model, name, outcome, row, biology, OPEN if causal is None else direction(causal))


def _reorderings(results: Results, fits: list[tuple[Lesson, str]]) -> Iterator[Reordering]:
    """Of fits that learned with and without the correction; nothing is concluded from others' attributions.

    Where agreement was not measured the outcome is OPEN.
    """
    for one, name in fits:
        group, by = one.group, one.group.attribution
        if not by or verdict(results, group, one.model, name) != LEARNED:
            continue
        row = fall(results, group, one.model, name, by)
        if row is None:
            yield Reordering(group, one.model, name, OPEN, None, None)
            continue
        of = {"model": one.model, "attribution": by}
        more = either_way(results, group, "agreement_beyond_placebo", name, **of)
        beyond = None if more is None or math.isnan(more["ci_low"]) else sign(more) == RISES
        yield Reordering(group, one.model, name, direction(row), row, beyond)
