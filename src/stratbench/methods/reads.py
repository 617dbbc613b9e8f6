"""What adjustments read beside the dataset, said by a constant that is read without importing the method file.

``READS = ("grm",)`` at the top of an adjustment's file says that its ``fit`` asks the context for the GRM; ``truth`` is
the truth behind a simulated trait. Only jobs that fit such an adjustment have these files as inputs: a GRM is as large
as everyone squared, and what nobody asks for cannot leak.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from stratbench.core.errors import UserError
from stratbench.methods import registry, source

FILES = {"grm": ("grm",), "truth": ("truth", "liability")}  # of each thing that can be read


def reads(adjustments: Iterable[Mapping[str, Any]]) -> list[str]:
    """What some of these adjustments (``{"method", "file"}``) read, sorted. UserError for what nobody can read."""
    found: set[str] = set()
    for spec in adjustments:
        path = registry.find("adjustment", spec["method"], spec.get("file"))
        value = source.stated(path, "READS", default=())
        if not isinstance(value, tuple) or not set(value) <= FILES.keys():
            raise UserError(f"{path}: READS is {value!r}; it must be a tuple of some of {', '.join(FILES)}")
        found.update(value)
    return sorted(found)


def files_read(adjustments: Iterable[Mapping[str, Any]]) -> list[str]:
    """The names of the files that hold it."""
    return [file for name in reads(adjustments) for file in FILES[name]]
