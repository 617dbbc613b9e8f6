"""Methods by name: one file each, found lazily, described without being imported.

A method file is ``src/stratbench/<kind>s/methods/<name>.py`` or any file that a config names. It states, as literals,
``OPTIONS`` (a dict from option to its JSON schema, each with a default) and ``CITATION``, and defines the
functions of its kind (docs/contracts.md).
"""

import difflib
import hashlib
import importlib
import importlib.util
import os
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from stratbench.core.errors import MethodError, UserError
from stratbench.core.inputs import require_file
from stratbench.methods import source as method_source
from stratbench.methods.source import literal as literal

PACKAGE = Path(__file__).parents[1]
ROOMS = {
    "demography": "demographies",
    "split": "splits",
    "model": "models",
    "adjustment": "adjustments",
    "attribution": "attributions",
    "association": "associations",
}
FOLDERS = {kind: f"{room}/methods" for kind, room in ROOMS.items()}
LISTED = 20  # names that a message lists


@dataclass(frozen=True)
class Method:
    """A method file, described: where it lies, what options it takes, what to cite."""

    kind: str
    name: str
    path: Path
    options: dict[str, dict[str, Any]]
    citation: str


def names(kind: str) -> list[str]:
    """The names of all methods of a kind that ship with StratBench."""
    return list(_shipped(kind))


@cache
def _shipped(kind: str) -> tuple[str, ...]:
    """The names, of which the folder is listed once a process: each job of a study asks for several methods."""
    files = (PACKAGE / FOLDERS[kind]).glob("[!_]*.py")
    return tuple(sorted(path.stem.replace("_", "-") for path in files))


def nearest(name: str, known: list[str]) -> str:
    """A hint for an error message: the nearest known name, and all of them, or the first of many."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"did you mean '{close[0]}'? " if close else ""
    more = f", ... ({len(known)} in all)" if len(known) > LISTED else ""
    return f"{hint}known: {', '.join(known[:LISTED]) or 'none'}{more}"


def find(kind: str, name: str, file: str | Path | None = None) -> Path:
    """The path of a method file. Raises UserError for an unknown name or a file that does not exist."""
    if file is not None:
        try:
            require_file(file)
        except UserError as error:
            raise UserError(f"{kind} '{name}': {error}") from error
        return Path(file)
    if name not in _shipped(kind):
        raise UserError(f"unknown {kind} {name!r}: {nearest(name, names(kind))}")
    return PACKAGE / FOLDERS[kind] / f"{name.replace('-', '_')}.py"


def describe(kind: str, name: str, file: str | Path | None = None) -> Method:
    """Read a method's options and citation from its source, without importing it.

    Raises UserError for a user's file that is no Python, states no sound OPTIONS and CITATION, or lacks a function
    of its kind.
    """
    path = find(kind, name, file)
    tree = method_source.read(path)
    options, citation = (method_source.literal(tree, constant, path) for constant in ("OPTIONS", "CITATION"))
    if file is not None:
        method_source.require_options(options, citation, path)
        method_source.require_functions(tree, kind, path)
    return Method(kind, name, path, options, citation)


def load(kind: str, name: str, file: str | Path | None = None) -> Any:
    """Import a method file. The functions of a user's file are guarded (``stratbench.methods.guard``).

    Raises MethodError for a user's file that cannot be imported, or does not define what its source says.
    """
    path = find(kind, name, file)
    if file is None:
        return importlib.import_module(f"stratbench.{FOLDERS[kind].replace('/', '.')}.{path.stem}")
    described = describe(kind, name, file)
    from stratbench.methods import (
        guard as contracts,  # it imports pandas, which the check of most configs does not need
    )

    module = _imported(path, contracts.Guard(kind, path))
    if getattr(module, "OPTIONS", None) != described.options:
        raise MethodError(f"{path}: OPTIONS is changed after its literal; state it once")
    return contracts.guarded(kind, module, path)


def _imported(path: Path, guard: Any) -> ModuleType:
    """A user's file as a module. Two files of one name are two modules, whatever else is named so."""
    place = hashlib.sha256(os.path.abspath(path).encode()).hexdigest()[:12]
    name = f"stratbench_user_{path.stem}_{place}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # as dataclasses and flax want it
    try:
        with guard.calling("importing it"):
            spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
