"""Which adjustment x attribution finds causal SNPs best, and whether any does so better than a linear mixed model."""

from stratbench.core.words import counted
from stratbench.report.analysis.best_ranking import (
    BEATS,
    LEAST,
    LOSES,
    OPEN,
    Best,
    best,
    entries,
    mixed,
    yardstick,
)
from stratbench.report.analysis.findings import findings
from stratbench.report.analysis.numbers import estimate, plain, signed
from stratbench.report.analysis.results import Group, Results
from stratbench.report.page import Listing, Section, Text
from stratbench.report.wording import begun, few

ORDER = 22
NETWORKS, LINEAR = "networks", "linear models"
QUESTION = "Does any network find causal SNPs better than a linear mixed model?"
OUTCOMES = {
    BEATS: "It finds causal SNPs better than {} does",
    LOSES: "It finds causal SNPs less well than {} does",
    OPEN: "Neither is shown to find causal SNPs better",
}


def build(results: Results) -> Section | None:
    groups = [group for group in results.groups if group.attributions and group.causal_snps(results.study)]
    if not groups:
        return None
    failed = findings(results).controls.failed
    found = {group.name: _both(results, group, failed) for group in groups}
    first = Text(
        "Of all rankings by models that learned, under adjustments that do not know the truth, the one with the "
        "highest mean AUC_PR on every second replicate is chosen. On the other replicates it is compared with an "
        "association test, so that choosing the best of many does not flatter it. Brackets hold 95% intervals of one "
        "number each (Student's t over replicates), n counts replicates. A winner is named only where the interval of "
        "the paired difference excludes 0."
    )
    items = [
        Text(_about(results, group, found[group.name], failed), strong=f"{group.title}.") for group in groups
    ]
    return Section(
        "Networks beside the mixed model", [first, Text(_overall(results, groups, found)), Listing(items)]
    )


def _both(results: Results, group: Group, failed: tuple[str, ...]) -> dict[str, Best | None]:
    """The best ranking by networks, and that by linear models."""
    against = yardstick(results, group)
    if not against or group.unit != "replicate":
        return dict.fromkeys((NETWORKS, LINEAR))
    return {
        who: best(results, group, entries(results, group, failed, linear), against)
        for who, linear in ((NETWORKS, False), (LINEAR, True))
    }


def _overall(results: Results, groups: list[Group], found: dict[str, dict[str, Best | None]]) -> str:
    """Whether any network beats the mixed model, over all traits."""
    by: dict[str, list[str]] = {}
    for group in groups:
        one = found[group.name][NETWORKS]
        if one is not None and mixed(results, one.against):
            by.setdefault(one.outcome, []).append(f"{group.trait} in {group.shown}")
    if not by:
        return f"{QUESTION} That cannot be said here; the list says why."
    winners = f"On {few(by[BEATS])} it does" if BEATS in by else "On no trait is one shown to do so"
    losers = f"; on {few(by[LOSES])} the mixed model is better" if LOSES in by else ""
    open_ = f"; on {few(by[OPEN])} neither is shown to be better" if OPEN in by else ""
    return f"{QUESTION} {winners}{losers}{open_}."


def _about(results: Results, group: Group, found: dict[str, Best | None], failed: tuple[str, ...]) -> str:
    said = [_of(results, who, one) for who, one in found.items() if one is not None]
    if found[NETWORKS] is None:
        said.insert(0, _missing(results, group, failed))
    return " ".join(said)


def _of(results: Results, who: str, one: Best) -> str:
    """The chosen ranking with its numbers, and what the interval says."""
    model, adjustment, attribution = one.entry
    test = "the mixed model" if mixed(results, one.against) else "least squares with PCs"
    of = f"{counted(one.tried, 'ranking')} by {who}"
    return (
        f"Of {of}, {model} under {adjustment} with {attribution} has the highest mean AUC_PR where it is chosen "
        f"({plain(one.chosen_at)}, n = {one.chosen_on}). On the other replicates it has {estimate(one.value)} and "
        f"{one.against}, {test}, {estimate(one.yardstick)}: a difference of {estimate(one.difference, signed)}. "
        f"{OUTCOMES[one.outcome].format(one.against)}."
    )


def _missing(results: Results, group: Group, failed: tuple[str, ...]) -> str:
    """Why there is no such ranking by a network."""
    if not yardstick(results, group):
        return "No association by a mixed model or by least squares with PCs is there to compare with."
    if group.unit != "replicate":
        return "Splits of one cohort share people, so that halves of them are not apart: it takes replicates."
    n = results.replicates(group, "causal_auc_pr")
    if n < LEAST:
        return (
            f"To choose on half of the replicates and to compare on the other half takes {LEAST}; there "
            f"{'is' if n == 1 else 'are'} {n}."
        )
    if not entries(results, group, failed, linear=False):
        return begun(
            results.study,
            "no network is shown to have learned, and nothing is concluded from the SNPs of one.",
        )
    return "No ranking by a network has a number in every replicate."
