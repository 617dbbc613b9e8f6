"""Methods by name: one file each, found lazily, described without being imported.

A method file is ``src/stratbench/<kind>s/<name>.py`` or any file that a config names. It states, as literals,
``OPTIONS`` (a dict from option to its JSON schema, each with a default) and ``CITATION``, and defines the
functions of its kind (docs/contracts.md).
"""

import ast
import difflib
import importlib
import importlib.util
import traceback
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from stratbench.errors import UserError
from stratbench.inputs import require_file

PACKAGE = Path(__file__).parent
FOLDERS = {
    "demography": "demographies",
    "split": "splits",
    "model": "models",
    "adjustment": "adjustments",
    "attribution": "attributions",
    "association": "associations",
}


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
    files = (PACKAGE / FOLDERS[kind]).glob("[!_]*.py")
    return sorted(path.stem.replace("_", "-") for path in files)


def nearest(name: str, known: list[str]) -> str:
    """A hint for an error message: the nearest known name, and all of them."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"did you mean '{close[0]}'? " if close else ""
    return f"{hint}known: {', '.join(known) or 'none'}"


def find(kind: str, name: str, file: str | Path | None = None) -> Path:
    """The path of a method file. Raises UserError for an unknown name or a file that does not exist."""
    if file is not None:
        try:
            require_file(file)
        except UserError as error:
            raise UserError(f"{kind} '{name}': {error}") from error
        return Path(file)
    if name not in names(kind):
        raise UserError(f"unknown {kind} '{name}': {nearest(name, names(kind))}")
    return PACKAGE / FOLDERS[kind] / f"{name.replace('-', '_')}.py"


def literal(tree: ast.Module, name: str, path: Path) -> Any:
    """The value of a module's constant, without running the module. UserError if it is absent or computed."""
    for node in tree.body:
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            try:
                return ast.literal_eval(node.value)
            except (ValueError, TypeError, RecursionError) as error:
                raise UserError(f"{path}: {name} must be a literal") from error
    raise UserError(f"{path}: a method file must define {name}")


def describe(kind: str, name: str, file: str | Path | None = None) -> Method:
    """Read a method's options and citation from its source, without importing it."""
    path = find(kind, name, file)
    try:
        tree = ast.parse(path.read_text())
    except SyntaxError as error:
        raise UserError(f"{path}:{error.lineno}: {error.msg}") from error
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError, MemoryError) as error:  # not UTF-8, a NUL byte, or nested without end
        raise UserError(f"{path}: no Python source: {error}") from error
    return Method(kind, name, path, literal(tree, "OPTIONS", path), literal(tree, "CITATION", path))


def load(kind: str, name: str, file: str | Path | None = None) -> ModuleType:
    """Import a method file, which runs it. Raises UserError, naming the line, for a user's file that fails."""
    path = find(kind, name, file)
    if file is None:
        return importlib.import_module(f"stratbench.{FOLDERS[kind]}.{path.stem}")
    spec = importlib.util.spec_from_file_location(f"stratbench_user_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        lines = [
            frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)
        ]
        where = f"{path}:{lines[-1]}" if lines else str(path)
        raise UserError(f"{where}: running the file ends with {type(error).__name__}: {error}") from error
    return module
