"""Fits and metrics that gave no answer, and why."""

import pandas as pd

from stratbench.report.analysis.results import Results
from stratbench.report.page import Block, Section, Table, Text

ORDER = 140
WHERE = ["cohort", "trait", "split", "model", "adjustment", "attribution", "association", "reason"]
ABOUT = ["scenario", "trait", "metric", "reason"]
MOST = 200


def build(results: Results) -> Section | None:
    table = results.metrics
    failed, absent = (table[table["status"] == status] for status in ("failed", "not-applicable"))
    blocks: list[Block] = []
    if failed.empty:
        blocks.append(Text("Nothing failed: every fit, attribution and test gave a result."))
    else:
        blocks.append(_table("What failed, with the reason given.", failed, WHERE))
    if not absent.empty:
        blocks.append(_table("What the data do not allow to be asked, with the reason.", absent, ABOUT))
    return Section("Failures and gaps", blocks)


def _table(caption: str, table: pd.DataFrame, columns: list[str]) -> Table:
    counts = table.groupby(columns, sort=False, as_index=False).size().to_dict("records")
    rows = [[*(str(row[key]) for key in columns), f"{row['size']:,}"] for row in counts]
    note = f" The first {MOST} are shown." if len(rows) > MOST else ""
    return Table(caption + note, [*columns, "numbers missing"], rows[:MOST])
