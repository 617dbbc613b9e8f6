"""Run times."""

from stratbench.report.analysis.numbers import NOTHING
from stratbench.report.analysis.results import Results
from stratbench.report.analysis.runtime import by_rule
from stratbench.report.page import Section, Table
from stratbench.report.text._parts import images

ORDER = 150


def build(results: Results) -> Section | None:
    table = by_rule(results)
    if table.empty:
        return None
    rows = [
        [
            str(row["rule"]),
            f"{row['jobs']:,}",
            f"{row['total']:,.0f}",
            f"{row['median']:,.1f}",
            f"{row['memory']:,.0f}" if row["memory"] == row["memory"] else NOTHING,
        ]
        for row in table.to_dict("records")
    ]
    head = ["rule", "jobs", "seconds, all jobs", "seconds, median job", "largest memory (MB)"]
    total = f"{table['total'].sum() / 60:,.1f}"
    caption = f"Wall-clock time by rule: {total} minutes of jobs in all."
    return Section("Run times", [*images(results, "runtime", "runtime"), Table(caption, head, rows)])
