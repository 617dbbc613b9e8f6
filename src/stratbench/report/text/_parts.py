"""Parts that several sections share: their pictures, and tables of models and adjustments."""

from collections.abc import Sequence
from typing import Any

from stratbench.core.words import counted
from stratbench.metrics.catalogue import metric as declared
from stratbench.report.analysis.numbers import cell
from stratbench.report.analysis.results import Group, Results
from stratbench.report.analysis.verdicts import in_words
from stratbench.report.figures.catalogue import pictures
from stratbench.report.page import Image, Table


def images(results: Results, section: str, subject: Any) -> list[Image]:
    """The pictures of a section's figures that are about a subject, in the figures' order, with their captions."""
    return [
        Image(picture.name, picture.module.caption(results, picture.subject), picture.kind)
        for picture in pictures(results.study)
        if picture.section == section and picture.is_about(subject)
    ]


def over(results: Results, group: Group, metric: str = "") -> str:
    """A phrase that says what the brackets in a table of this group mean, or in one of a metric of it."""
    n = results.replicates(group, metric)
    if n == 1:
        people = declared(metric).over if metric else "test individuals"
        return f"n = 1 {group.unit}; brackets: 95% intervals over {people}, where known"
    if group.unit == "split":
        return (
            f"means over n = {n} splits of one cohort; brackets: 95% intervals, which allow for their overlap"
        )
    return f"means over n = {counted(n, 'replicate')}; brackets: 95% intervals over replicates"


def fits_table(
    results: Results,
    group: Group,
    what: str,
    columns: Sequence[tuple[str, dict[str, str]]],
    baselines: Sequence[tuple[str, str]] = (),
    verdicts: bool = True,
) -> Table | None:
    """Make a table with a row for each model and adjustment of a group.

    Args:
        results: the results of the study.
        group: the group whose numbers are shown.
        what: what the numbers are, for the caption.
        columns: for each column its title, and the keys of its numbers in comparisons.tsv: ``metric`` and further
            columns. ``against: itself`` stands for the row's own adjustment. Columns without any number are left out.
        baselines: the label and the model's name of each floor and ceiling that has a row of its own.
        verdicts: whether the last column states the verdict.

    Returns:
        The table, or None if there is no number at all.

    Raises:
        UserError: if comparisons.tsv is absent or damaged.
    """
    names = [(model, adjustment) for model in group.models for adjustment in group.adjustments]
    names += [(model, "") for _, model in baselines]
    labels = {model: label for label, model in baselines}
    grid = [
        [_value(results, group, keys, model, adjustment) for _, keys in columns]
        for model, adjustment in names
    ]
    used = [k for k in range(len(columns)) if any(row[k] is not None for row in grid)]
    if not used:
        return None
    rows = []
    for (model, adjustment), values in zip(names, grid, strict=True):
        if not adjustment and all(value is None for value in values):
            continue
        row = [labels.get(model, model), adjustment, *(cell(values[k]) for k in used)]
        if verdicts:
            row.append(in_words(results, group, model, adjustment) if adjustment else "")
        rows.append(row)
    head = [
        "model",
        "adjustment",
        *(columns[k][0] for k in used),
        *(["verdict"] if verdicts else []),
    ]
    return Table(f"{what}, {group.title}; {over(results, group)}.", head, rows)


def _value(results: Results, group: Group, keys: dict[str, str], model: str, adjustment: str) -> Any:
    metric = keys["metric"]
    further = {key: value for key, value in keys.items() if key != "metric"}
    if adjustment and further.get("against") == "itself":
        further["against"] = adjustment
    return results.value(group, metric, model=model, adjustment=adjustment, **further)
