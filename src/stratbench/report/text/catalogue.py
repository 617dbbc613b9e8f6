"""All sections of the report, found: a file of this folder that declares ``ORDER`` is a section."""

from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

from stratbench.core.found import declaring
from stratbench.report.analysis.results import Results
from stratbench.report.page import Section

FINDS = "ORDER"  # core/digest.py counts the files that declare it to all code that imports this module
FOLDER = Path(__file__).parent


@cache
def modules() -> tuple[ModuleType, ...]:
    """The modules of the sections, in the order that they declare, then by name."""
    found = [import_module(f"{__package__}.{name}") for name in declaring(FOLDER, FINDS)]
    return tuple(sorted(found, key=lambda module: (module.ORDER, module.__name__)))


def sections(results: Results) -> list[Section]:
    """The sections that have something to say of these results, in the page's order."""
    return [section for module in modules() if (section := module.build(results)) is not None]
