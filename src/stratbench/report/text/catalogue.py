"""All sections of the report, found: a file of this folder that declares ``ORDER`` is a section."""

from functools import cache
from pathlib import Path
from types import ModuleType

from stratbench.core.found import in_order
from stratbench.report.analysis.results import Results
from stratbench.report.page import Section

FINDS = "ORDER"  # core/digest.py counts the files that declare it to all code that imports this module
FOLDER = Path(__file__).parent


@cache
def modules() -> tuple[ModuleType, ...]:
    """The modules of the sections, in the order that they declare, then by name."""
    return in_order(str(__package__), FOLDER, FINDS)


def sections(results: Results) -> list[Section]:
    """The sections that have something to say of these results, in the page's order."""
    return [section for module in modules() if (section := module.build(results)) is not None]
