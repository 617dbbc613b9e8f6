"""The four questions of the headline figure, answered one by one."""

from stratbench.report.answer import questions
from stratbench.report.page import Section
from stratbench.report.results import Results


def build(results: Results) -> Section | None:
    blocks = questions(results)
    return Section("Question by question", blocks) if blocks else None
