"""Whether adjustments help or hurt in a population of which nobody trained."""

from typing import Any

from stratbench.core.words import counted
from stratbench.report.analysis.changes import ENOUGH, FALLS, RISES, SAME, SAME_WITHIN, direction
from stratbench.report.analysis.numbers import cell, interval, listed, plain, signed
from stratbench.report.analysis.results import Results
from stratbench.report.analysis.transfer import Place, places
from stratbench.report.page import Block, Listing, Section, Table, Text
from stratbench.report.text._parts import over

ORDER = 67


def build(results: Results) -> Section | None:
    found = [(place, said) for place in places(results) if (said := answer(results, place)) is not None]
    if not found:
        return None
    first = Text(
        "Accuracy within a population of which nobody trained, adjusted less not adjusted, on the same test people: "
        "above 0 the adjustment helps those whom the network never saw. These are differences and no ratios. They are "
        f"claimed as everywhere in this report, over replicates from {ENOUGH} on; where nothing is claimed, an "
        "adjustment is shown neither to help nor to do no harm."
    )
    blocks: list[Block] = [_table(results, place) for place, _ in found]
    return Section(
        "In populations of which nobody trained", [first, Listing([said for _, said in found]), *blocks]
    )


def answer(results: Results, place: Place) -> Text | None:
    """Whether an adjustment helps or hurts a model in this population; None if no difference has a number."""
    clauses: dict[str, list[str]] = {RISES: [], FALLS: [], SAME: []}
    pairs = [(m, a, row) for m, a, row in _changes(results, place) if row is not None]
    for model, adjustment, row in pairs:
        outcome = direction(row)
        if outcome in clauses:
            clauses[outcome].append(
                f"{adjustment} in {model} ({signed(row['mean'])}, {interval(row, signed)})"
            )
    if not pairs:
        return None
    verbs = {
        RISES: "helped by",
        FALLS: "hurt by",
        SAME: f"the same within {plain(SAME_WITHIN)} under",
    }
    said = [f"{verbs[outcome]} {listed(names)}" for outcome, names in clauses.items() if names]
    unclear = len(pairs) - sum(map(len, clauses.values()))
    if unclear:
        said.append(f"not shown to be helped or hurt by {_rest(unclear, len(pairs))}")
    group = place.group
    return Text(
        f"(split {group.split}, {group.trait} in {group.shown}) is {'; '.join(said)}.",
        strong=place.population,
    )


def _rest(unclear: int, total: int) -> str:
    """Of how many pairs nothing is shown."""
    pairs = counted(total, "pair of an adjustment and a model", "pairs of an adjustment and a model")
    return f"any of {pairs}" if unclear == total else f"{unclear} of {pairs}"


def _changes(results: Results, place: Place) -> list[tuple[str, str, Any]]:
    """(model, adjustment, row of the difference or None) of all but the baseline."""
    group = place.group
    return [
        (model, adjustment, place.change(results, model, adjustment))
        for model in group.models
        for adjustment in group.adjustments
        if adjustment != group.baseline
    ]


def _table(results: Results, place: Place) -> Table:
    """A row for each model and adjustment: accuracy, what the adjustment changes, and what other splits have there."""
    group = place.group
    rows = []
    for model in group.models:
        for adjustment in group.adjustments:
            values = [place.value(results, "", model, adjustment), place.change(results, model, adjustment)]
            shown = [cell(values[0]), cell(values[1], signed)]
            shown += [
                cell(place.value(results, prefix, model, adjustment, other), signed)
                for other in place.against
                for prefix in ("transfer_", "transfer_diff_")
            ]
            rows.append([model, adjustment, *shown])
    name = "correlation" if group.quantitative else "AUROC"
    less = [text for other in place.against for text in (f"less that of {other}", "change of that")]
    return Table(
        f"{name} within {place.population}, of whom nobody trained; {group.title}; {over(results, group)}.",
        ["model", "adjustment", name, f"less that of {group.baseline}", *less],
        rows,
    )
