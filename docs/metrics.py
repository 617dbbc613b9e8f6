"""The table of metrics in contracts.md, made of their declarations: ``python docs/metrics.py`` writes it anew."""

from pathlib import Path

from stratbench.metrics import catalogue
from stratbench.metrics.metric import Metric

PAGE = Path(__file__).resolve().parent / "contracts.md"
BEGIN, END = "<!-- metrics: begin -->\n", "<!-- metrics: end -->\n"
HEAD = "| metric | says | range | better | chance | rows | formula |"


def row(metric: Metric) -> str:
    """One line of the table."""
    chance = "" if metric.chance is None else metric.chance
    if not isinstance(chance, str):
        chance = f"{chance:g}"
    rows = [
        *(["each population"] if metric.by_population else []),
        *([f"`diff_{metric.name}`"] if metric.paired else []),
        *(["claimed"] if metric.claimed else []),
        *(["the verdict"] if metric.nothing_below is not None else []),
    ]
    cells = (
        f"`{metric.name}`",
        metric.says,
        metric.range,
        metric.better,
        chance,
        ", ".join(rows),
        metric.source,
    )
    return f"| {' | '.join(cells)} |"


def table() -> str:
    """A line for each metric, in the order of families."""
    return "\n".join([HEAD, "|---" * HEAD.count(" |") + "|", *map(row, catalogue.metrics())]) + "\n"


def page(text: str) -> str:
    """The page with its table made anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{table()}{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
