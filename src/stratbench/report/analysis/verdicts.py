"""The verdicts on the models and adjustments of a group, and what was expected of it, for the figures and the text."""

from typing import Any

from stratbench.metrics import verdict as rule
from stratbench.metrics.catalogue import metric
from stratbench.metrics.verdict import ANCESTRY, LEARNED, MISSING, NOT_SHOWN, NOTHING, Interval
from stratbench.report.analysis.results import Group, Results

__all__ = [
    "ANCESTRY", "LEARNED", "NOTHING", "NOT_SHOWN", "NO_INTERVAL", "NULL", "POSITIVE", "SHORTCUT", "WIDE", "Remarks",
    "control", "in_words", "labels_too_coarse", "remarks", "verdict", "verdicts", "why_not_shown",
]  # fmt: skip

POSITIVE, NULL, SHORTCUT = "positive control", "pure null", "pure shortcut"
WIDE, NO_INTERVAL = "wide interval", "no interval"  # why nothing is shown
Remarks = dict[tuple[str, str], str]  # (model, adjustment) -> a remark in a figure


def verdict(results: Results, group: Group, model: str, adjustment: str) -> str:
    """Give the verdict on a fit by the intervals of the accuracy of f, within populations and over all individuals.

    Args:
        results: the results of the study.
        group: the group.
        model: the model's label.
        adjustment: the adjustment's label.

    Returns:
        One of the four verdicts that ``metrics/verdict.py`` defines.

    Raises:
        UserError: if comparisons.tsv is absent or damaged.
    """
    of = {"model": model, "adjustment": adjustment}
    within = _interval(results.value(group, group.within_f, **of))
    several = results.several_populations(group)
    overall = _interval(results.value(group, group.overall_f, **of)) if several else MISSING
    return rule.verdict(within, overall, *_bounds(group))


def _bounds(group: Group) -> tuple[float, float]:
    """What guessing gives within populations, and below what an accuracy is as good as nothing."""
    declared = metric(group.within_f)
    assert isinstance(declared.chance, float)
    assert declared.nothing_below is not None
    return declared.chance, declared.nothing_below


def _interval(row: Any) -> Interval:
    return MISSING if row is None else (row["ci_low"], row["ci_high"])


def in_words(results: Results, group: Group, model: str, adjustment: str) -> str:
    """Write the verdict on a fit for tables.

    Args:
        results: the results of the study.
        group: the group.
        model: the model's label.
        adjustment: the adjustment's label.

    Returns:
        The verdict; 'not shown' is followed by the reason in brackets.

    Raises:
        UserError: if comparisons.tsv is absent or damaged.
    """
    said = verdict(results, group, model, adjustment)
    return f"{said} ({why_not_shown(results, group, model, adjustment)})" if said == NOT_SHOWN else said


def why_not_shown(results: Results, group: Group, model: str, adjustment: str) -> str:
    """Say why the verdict on a fit is 'not shown'.

    Args:
        results: the results of the study.
        group: the group.
        model: the model's label.
        adjustment: the adjustment's label.

    Returns:
        'no interval' if the accuracy of f within populations has none. Otherwise 'wide interval': the interval
        includes chance, and reaches so far above it that the model may have learned something.

    Raises:
        UserError: if comparisons.tsv is absent or damaged.
    """
    row = results.value(group, group.within_f, model=model, adjustment=adjustment)
    return WIDE if rule.has_interval(_interval(row)) else NO_INTERVAL


def labels_too_coarse(results: Results, group: Group) -> bool:
    """Whether PCs alone predict within the populations, so that predicting within them may still be ancestry."""
    within = _interval(results.value(group, group.within, model="floor-pcs"))
    return rule.labels_too_coarse(within, *_bounds(group))


def verdicts(results: Results, group: Group) -> dict[tuple[str, str], str]:
    """The verdict on each model and adjustment of a group; fits without a number for accuracy are left out."""
    return {
        (model, adjustment): verdict(results, group, model, adjustment)
        for model in group.models
        for adjustment in group.adjustments
        if results.value(group, group.overall, model=model, adjustment=adjustment) is not None
    }


def remarks(results: Results, group: Group) -> Remarks:
    """What a figure says of each fit that is not shown to have learned, whose attributions are drawn pale.

    It is the verdict or, where that is 'not shown' for lack of an interval or of any result, that
    reason; it is 'not run' where the study asks for no such fit.
    """
    found = verdicts(results, group)
    asked = {(fit.model, fit.adjustment) for split in group.splits for fit in results.study.fits_of(split)}
    made = {}
    for model in group.models:
        for adjustment in group.adjustments:
            missing = "no result" if (model, adjustment) in asked else "not run"
            said = found.get((model, adjustment), missing)
            if said == NOT_SHOWN and why_not_shown(results, group, model, adjustment) == NO_INTERVAL:
                said = NO_INTERVAL
            if said != LEARNED:
                made[model, adjustment] = said
    return made


def control(results: Results, group: Group) -> str:
    """Which control a simulated trait is; blank for all others.

    A positive control has genetic effects and no environment, the pure null neither, the pure shortcut no genetic
    effect but an environment that differs between populations.
    """
    spec = results.study.spec("traits", group.trait).get("simulate") or {}
    if group.measured or not group.models or "h2" not in spec:
        return ""
    environment = (spec.get("environment") or 0) > 0
    if spec["h2"] > 0:
        return "" if environment else POSITIVE
    return SHORTCUT if environment else NULL
