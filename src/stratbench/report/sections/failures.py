"""What gave no answer, and why."""

from stratbench.report.page import Section, Table, Text
from stratbench.report.results import Results

WHERE = ["cohort", "trait", "split", "model", "adjustment", "attribution", "association"]
MOST = 200


def build(results: Results) -> Section | None:
    failed = results.metrics[results.metrics["status"] == "failed"]
    if failed.empty:
        return Section("Failures", [Text("Nothing failed: every fit, attribution and test gave a result.")])
    rows = [
        [*(str(row[key]) for key in (*WHERE, "reason")), f"{row['size']:,}"]
        for row in failed.groupby([*WHERE, "reason"], sort=False, as_index=False).size().to_dict("records")
    ]
    note = f" The first {MOST} are shown." if len(rows) > MOST else ""
    head = [*WHERE, "reason", "numbers missing"]
    return Section("Failures", [Table(f"What failed, with the reason given.{note}", head, rows[:MOST])])
