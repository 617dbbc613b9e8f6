"""The verdicts on the models and adjustments of a group, and what was expected of it, for the figures and the text."""

from stratbench.metrics import verdict as rule
from stratbench.metrics.verdict import LEARNED, NOTHING, UNDECIDED
from stratbench.report.analysis.results import Group, Results

__all__ = ["LEARNED", "NOTHING", "UNDECIDED", "control", "fits_with", "is_shortcut", "verdict", "verdicts"]

Fits = frozenset[tuple[str, str]]  # of (model, adjustment)


def verdict(results: Results, group: Group, model: str, adjustment: str) -> str:
    """The verdict by the interval of the accuracy within populations; undecided if there is no such number."""
    row = results.value(group, group.within, model=model, adjustment=adjustment)
    return UNDECIDED if row is None else rule.verdict(row["ci_low"], row["ci_high"], group.chance)


def verdicts(results: Results, group: Group) -> dict[tuple[str, str], str]:
    """What each trained combination of a group learned; fits without any number are left out."""
    return {
        (model, adjustment): verdict(results, group, model, adjustment)
        for model in group.models
        for adjustment in group.adjustments
        if results.value(group, group.overall, model=model, adjustment=adjustment) is not None
    }


def fits_with(results: Results, group: Group, kind: str) -> Fits:
    """The models and adjustments of a group whose verdict is of this kind, those without any number included."""
    return frozenset(
        (model, adjustment)
        for model in group.models
        for adjustment in group.adjustments
        if verdict(results, group, model, adjustment) == kind
    )


def control(results: Results, group: Group) -> str:
    """'positive': genetic effects and no environment; 'null': neither; otherwise blank."""
    spec = results.study.spec("traits", group.trait).get("simulate") or {}
    if group.measured or not group.models or (spec.get("environment") or 0) > 0 or "h2" not in spec:
        return ""
    return "positive" if spec["h2"] > 0 else "null"


def is_shortcut(results: Results, group: Group) -> bool:
    """Whether a trait has no genetic effect and is caused by the environment of the populations."""
    spec = results.study.spec("traits", group.trait).get("simulate") or {}
    return not group.measured and spec.get("h2") == 0 and (spec.get("environment") or 0) > 0
