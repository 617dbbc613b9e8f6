"""The layout that the dot plots share: a heading for each model, a row for each adjustment below it."""

from dataclasses import dataclass

from stratbench.report.analysis.results import Group

VERDICT_BESIDE = (
    "Beside a row stands the verdict on the network's own output, unless it is 'learned' (see the glossary)."
)


@dataclass(frozen=True)
class Row:
    """The row of a model under an adjustment, and its y coordinate."""

    model: str
    adjustment: str
    y: float


@dataclass(frozen=True)
class Layout:
    """Where the rows of a dot plot stand.

    Attributes:
        rows: the rows of models and adjustments.
        extra: the y coordinate and the name of each further row.
        ticks: the y coordinate and the label of each line, from the top down, and whether the line is a heading.
    """

    rows: tuple[Row, ...]
    extra: tuple[tuple[float, str], ...]
    ticks: tuple[tuple[float, str, bool], ...]

    @property
    def height(self) -> float:
        """Inches that the rows need."""
        return 0.215 * (max(y for y, _, _ in self.ticks) - min(y for y, _, _ in self.ticks) + 1.4)

    @property
    def left(self) -> float:
        """Inches that the row names need."""
        return 0.25 + 0.074 * max(len(label) for _, label, _ in self.ticks)


def layout(
    group: Group,
    models: tuple[str, ...] | None = None,
    extra: tuple[str, ...] = (),
    title: str = "",
    heading: bool = True,
) -> Layout:
    """Place the rows of the models' adjustments from the top down, and further rows below them.

    Args:
        group: the group whose adjustments have rows.
        models: the models whose rows are placed; all models of the group if None.
        extra: the names of the further rows.
        title: the heading of the further rows; they have none if it is blank.
        heading: whether each model's rows have its name as their heading. They need none where the panel's title
            names the model.

    Returns:
        The rows, whose y coordinates fall from 0 at the top.
    """
    rows, ticks, others, y = [], [], [], 0.0
    for model in models if models is not None else group.models:
        if heading:
            ticks.append((y, model, True))
        for adjustment in group.adjustments:
            y -= 1
            rows.append(Row(model, adjustment, y))
            ticks.append((y, adjustment, False))
        y -= 1.25
    if extra:
        if title:
            ticks.append((y, title, True))
            y -= 1
        for label in extra:
            others.append((y, label))
            ticks.append((y, label, False))
            y -= 1
    return Layout(tuple(rows), tuple(others), tuple(ticks))
