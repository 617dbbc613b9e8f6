"""Real cohorts that the study names and nobody could fetch: which, and why each source failed."""

from stratbench.report.analysis.results import Results
from stratbench.report.page import Heading, Section, Table, Text

ORDER = 40


def build(results: Results) -> Section | None:
    absent = results.study.config.get("unavailable", [])
    if not absent:
        return None
    blocks: list[Heading | Table | Text] = [
        Text(
            "These cohorts of the study's config could not be had when the run started. All that is asked of them is "
            "left out of this report; the rest ran."
        )
    ]
    for cohort in absent:
        rows = [list(failure) for failure in cohort["failures"]]
        caption = f"{cohort['title']}: every source that was tried, and why it failed."
        blocks += [Heading(cohort["label"]), Table(caption, ["file", "source", "reason"], rows)]
    return Section("Cohorts that are missing", blocks)
