"""docs/contracts.md states the functions of methods as they are: of the code that checks them, and of what ships."""

import importlib
import inspect
import re
from pathlib import Path

import pytest

from stratbench.methods import registry
from stratbench.methods.source import ASKED_FOR, FUNCTIONS, FURTHER

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "contracts.md").read_text()
METHODS = PAGE.partition("## Methods")[2].partition("## Config")[0]
WRITTEN = re.compile(r"`([a-z_.]+)\(([^)`]*)\)(?: -> [^`]*)?`")
SHIPPED = [(kind, name) for kind in registry.FOLDERS for name in registry.names(kind)]


def documented() -> dict[tuple[str, str], tuple[str, ...]]:
    """The arguments of each function by (kind, function), as the page's tables have them."""
    found = {}
    for line in METHODS.splitlines():
        kind = line.split("|")[1].strip(" `") if line.startswith("|") else ""
        if kind in registry.FOLDERS:
            stated = WRITTEN.findall(line)
        elif re.match(r"\| `[a-z]+\(", line):
            kind, stated = "demography", WRITTEN.findall(line.split("|")[1])
        else:
            continue
        found |= {
            (kind, name): tuple(arguments.split(", "))
            for name, arguments in stated
            if name not in ASKED_FOR.get(kind, ())
        }
    return found


def test_the_page_states_the_arguments_that_are_checked() -> None:
    checked = {
        (kind, name): arguments
        for table in (FUNCTIONS, FURTHER)
        for kind, functions in table.items()
        for name, arguments in functions.items()
    }
    assert documented() == checked


@pytest.mark.parametrize(("kind", "name"), SHIPPED, ids="/".join)
def test_methods_that_ship_take_the_arguments_that_the_page_states(kind: str, name: str) -> None:
    module = registry.load(kind, name)
    stated = {function: arguments for (of, function), arguments in documented().items() if of == kind}
    assert stated.keys() >= FUNCTIONS[kind].keys()
    for function, arguments in stated.items():
        if hasattr(module, function):
            own = inspect.signature(getattr(module, function)).parameters
            asked_for = ASKED_FOR.get(kind, ())
            assert tuple(name for name in own if name not in asked_for) == arguments, function
    assert all(hasattr(module, function) for function in FUNCTIONS[kind])


def test_functions_of_the_library_that_the_page_names_are_there() -> None:
    named = {(name, arguments) for name, arguments in WRITTEN.findall(PAGE) if "." in name}
    assert ("cohorts.simulated.simulate.column_names", "method, options") in named
    for dotted, arguments in sorted(named):
        module, _, function = dotted.rpartition(".")
        own = inspect.signature(getattr(importlib.import_module(f"stratbench.{module}"), function))
        if "..." not in arguments:
            assert list(own.parameters) == arguments.split(", "), dotted


def test_pages_that_tell_how_to_name_a_file_say_that_it_runs() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    telling = [page for page in pages if re.search(r"`file:`|\{file: ", page.read_text())]
    assert {page.name for page in telling} >= {"README.md", "contracts.md", "demographies.md"}
    for page in telling:
        text = " ".join(page.read_text().split())
        assert "a config from somebody else may run code on your machine" in text.lower(), page.name
