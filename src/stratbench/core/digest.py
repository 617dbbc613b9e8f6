"""One hash of a rule's code: of every source file of the package that it runs, and of its options.

Snakemake notices a change of a rule's script, but not of the library that the script imports. The digest stands in
each rule's ``params``, so that a change in a module reruns the rules that use it and no others. Method files
are loaded by name at run time; a rule names those it uses. A module that finds others in its folder says so by
``FINDS = "NAME"``: all files there that declare NAME count as imported. tests/unit/test_digest.py compares the
closure with what Python really imports.
"""

import ast
import hashlib
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from stratbench.core.found import declaring, stated

SOURCE = Path(__file__).parents[2]
SCRIPTS = Path(__file__).parents[3] / "workflow" / "scripts"
PACKAGE = "stratbench"


def digest(script: str, *method_files: str | Path, **options: Any) -> str:
    """The hash of a rule's script, its method files, all that they import of stratbench, and options.

    A file that is not Python, such as a template, counts by itself.
    """
    text = json.dumps(options, sort_keys=True, default=str)
    return hashlib.sha256(f"{_code(script, *method_files)}\n{text}".encode()).hexdigest()


@cache
def _code(script: str, *method_files: str | Path) -> str:
    files = [SCRIPTS / f"{script}.py", *(Path(file) for file in method_files)]
    sources = [(path.name, path) for path in files] + [(name, _find(name)) for name in closure(*files)]
    return "\n".join(f"{name} {_hash(path)}" for name, path in sources)


def closure(*files: Path) -> list[str]:
    """The names of the stratbench modules that these files import, directly or through each other, sorted."""
    seen: set[str] = set()
    waiting = [name for path in files for name in _imports(path, _name_of(path))]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            path = _find(name)  # a folder of methods has none
            waiting.extend(_imports(path, name) if path else ())
    return sorted(seen)


def _find(module: str) -> Path | None:
    """The source file of a module of ours; None if there is no such module."""
    path = SOURCE.joinpath(*module.split("."))
    for file in (path / "__init__.py", path.with_suffix(".py")):
        if file.is_file():
            return file
    return None


def _name_of(path: Path) -> str:
    """The module name of a file that lies in the package, its stem otherwise."""
    if not path.is_relative_to(SOURCE):
        return path.stem
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


@cache
def _imports(path: Path, name: str) -> frozenset[str]:
    """The stratbench modules that one file imports anywhere or finds, with the packages that they lie in."""
    if path.suffix != ".py":
        return frozenset()
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    tree = ast.parse(path.read_bytes(), str(path))
    finds = stated(tree, "FINDS")
    there = declaring(path.parent, ast.literal_eval(finds)) if finds else []
    found = {f"{package}.{module}" for module in there}
    for node in ast.walk(tree):
        for target in _targets(node, package):
            parents = target.split(".")
            found.update(".".join(parents[:k]) for k in range(1, len(parents) + 1))
    return frozenset(module for module in found if _is_ours(module))


def _targets(node: ast.AST, package: str) -> Iterator[str]:
    """The modules that a statement may import: ``from a import b`` imports a, and a.b if that is a module."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
        module = ".".join([*base, *([node.module] if node.module else [])])
        yield module
        yield from (f"{module}.{alias.name}" for alias in node.names)


def _is_ours(module: str) -> bool:
    return module.split(".")[0] == PACKAGE and (_find(module) is not None or _is_namespace(module))


def _is_namespace(module: str) -> bool:
    """A folder without __init__.py, such as a folder of methods: it has no source to hash."""
    return SOURCE.joinpath(*module.split(".")).is_dir()


@cache
def _hash(path: Path | None) -> str:
    return hashlib.sha256(path.read_bytes() if path else b"").hexdigest()
