"""Files of a folder that are found by what they declare, so that adding one needs no list elsewhere."""

import ast
from importlib import import_module
from pathlib import Path
from types import ModuleType


def declared(path: Path, name: str) -> ast.expr | None:
    """What a Python file assigns to ``name`` at its top level, read without importing it; None if it does not."""
    return stated(ast.parse(path.read_bytes(), str(path)), name)


def stated(tree: ast.Module, name: str) -> ast.expr | None:
    """What the source of a module assigns to ``name`` at its top level; None if it does not."""
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return getattr(node, "value", None)
    return None


def declaring(folder: Path, name: str) -> list[str]:
    """The modules of a folder that assign ``name`` at their top level, sorted."""
    return sorted(path.stem for path in folder.glob("*.py") if declared(path, name) is not None)


def in_order(package: str, folder: Path, name: str) -> tuple[ModuleType, ...]:
    """The modules of a package's folder that assign ``name``, in the order of their ``ORDER``, then by name."""
    found = [import_module(f"{package}.{module}") for module in declaring(folder, name)]
    return tuple(sorted(found, key=lambda module: (module.ORDER, module.__name__)))
