"""The parts of the report, one file each.

``build(results)`` gives a Section, or None where there is nothing to say.
Adding a part is a file and a line below.
"""

from stratbench.report.page import Section
from stratbench.report.results import Results
from stratbench.report.sections import (
    accuracy,
    agreement,
    ancestry,
    changes,
    cohorts,
    controls,
    dial,
    failures,
    glossary,
    manhattan,
    methods,
    provenance,
    questions,
    real,
    recovery,
    runtime,
    shortcut,
    unavailable,
)

MODULES = (dial, questions, changes,
    unavailable, cohorts, accuracy, shortcut, controls, manhattan, agreement, recovery, ancestry, real, failures,
    runtime, provenance, methods, glossary,
)  # fmt: skip


def sections(results: Results) -> list[Section]:
    return [section for module in MODULES if (section := module.build(results)) is not None]
