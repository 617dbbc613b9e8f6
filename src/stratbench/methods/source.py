"""A method file as text: what it states and defines, found without running it.

Every job reads the config, and no code of the user's should run then. Even so, the user learns before the first job
what a file lacks.
"""

import ast
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from stratbench.core.errors import UserError

WORDS = {"default", "description", "title", "examples", "$comment"}  # of a schema, beside those that check
LARGEST = 1_000_000  # bytes; a method is a few pages, and a file of data is no method
FUNCTIONS: dict[str, dict[str, tuple[str, ...]]] = {  # what a kind must define, and its arguments
    "demography": {"samples": ("options",)},
    "split": {"assign": ("people", "options", "rng")},
    "model": {"build": ("n_snps", "options")},
    "adjustment": {"build": ("options",)},
    "attribution": {"attribute": ("explain", "x_BM", "i_B", "options")},
    "association": {"associate": ("data", "options")},
}
FURTHER: dict[str, dict[str, tuple[str, ...]]] = {  # what it may define
    "demography": {
        "demography": ("options",),
        "problems": ("options",),
        "columns": ("options",),
        "ancestry": ("options",),
        "pedigree": ("options",),
        "genotypes": ("options", "rng"),
    },
    "attribution": {"refine": ("options", "figures"), "summary": ("options", "figures")},
}
# Arguments by name that are given to a kind's function if it has them.
ASKED_FOR: dict[str, tuple[str, ...]] = {"split": ("kinship",), "model": ("lengths", "snps")}


def written(kind: str, function: str) -> str:
    """A function as its contract writes it: ``build(n_snps, options)``."""
    arguments = (FUNCTIONS[kind] | FURTHER.get(kind, {}))[function]
    return f"{function}({', '.join(arguments)})"


def read(path: Path) -> ast.Module:
    """The syntax tree of a Python file. Raises UserError, naming the line, if the file is not valid Python."""
    if path.suffix != ".py":
        raise UserError(f"{path}: a method file is Python source, and its name ends in .py")
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise UserError(f"{path}: {size} bytes are no method file; name the .py that defines the method")
        source = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from error
    return _parsed(path, source)


@lru_cache(maxsize=256)  # a plan asks for every job
def _parsed(path: Path, source: bytes) -> ast.Module:
    try:
        tree = ast.parse(source, str(path))
        compile(tree, str(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        raise UserError(f"{path}:{error.lineno or 1}: {error.msg}") from error
    except ValueError as error:  # a NUL byte
        raise UserError(f"{path}: no Python source: {error}") from error
    except (RecursionError, MemoryError) as error:
        raise UserError(f"{path}: no Python source that can be read: it is nested too deeply") from error
    return tree


def literal(tree: ast.Module, name: str, path: Path) -> Any:
    """The value of a module's constant, without running the module.

    Raises UserError if it is absent, computed, or stated in more places than one.
    """
    stated = [node for node in tree.body if name in _assigned(node)]
    if not stated:
        raise UserError(f"{path}: a method file must define {name}")
    if len(stated) > 1:
        raise UserError(f"{path}:{stated[1].lineno}: {name} is changed here; state it once, as one literal")
    try:
        return ast.literal_eval(stated[0].value)  # type: ignore[attr-defined]
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError, AttributeError) as error:
        raise UserError(f"{path}:{stated[0].lineno}: {name} must be a literal") from error


def stated(path: Path, name: str, default: Any) -> Any:
    """The value of a constant that a module need not state; ``default`` if it does not. Raises as ``literal`` does."""
    tree = read(path)
    return literal(tree, name, path) if any(name in _assigned(node) for node in tree.body) else default


def _assigned(node: ast.stmt) -> set[str]:
    """The names that a statement assigns to, or whose items it assigns."""
    if not isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) or node.value is None:
        return set()
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    names = [target.value if isinstance(target, ast.Subscript) else target for target in targets]
    return {name.id for name in names if isinstance(name, ast.Name)}


def require_options(options: Any, citation: Any, path: Path) -> None:
    """Raise UserError unless OPTIONS maps names to JSON schemas whose defaults they accept, and CITATION is text."""
    if not isinstance(citation, str):
        raise UserError(f"{path}: CITATION is {citation!r}; it must be text, '' for none")
    if not isinstance(options, dict):
        raise UserError(
            f"{path}: OPTIONS is of type {type(options).__name__}; it must be a dict from option to JSON schema"
        )
    for name, schema in options.items():
        if not isinstance(name, str) or not name.isidentifier() or name in ("method", "file", "demography"):
            raise UserError(
                f"{path}: OPTIONS: {name!r} cannot be an option's name; take letters, digits and _, and none of "
                "method, file and demography"
            )
        problem = _problem(schema)
        if problem:
            raise UserError(f"{path}: OPTIONS: '{name}': {problem}")


def _problem(schema: Any) -> str:
    """What is wrong with an option's schema; blank if nothing is."""
    from stratbench.methods.schema import VALIDATOR, problems

    if not isinstance(schema, dict):
        return f'{schema!r} is no JSON schema; write e.g. {{"type": "integer", "default": 2}}'
    try:
        text = json.dumps(schema, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        return f"holds what JSON does not know, such as a set, an infinite number or a complex one ({error})"
    if '"$ref"' in text or '"$dynamicRef"' in text:
        return "refers to another schema ($ref); write it out"
    wrong = next(
        VALIDATOR(VALIDATOR.META_SCHEMA, format_checker=VALIDATOR.FORMAT_CHECKER).iter_errors(schema), None
    )
    if wrong is not None:
        return f"no JSON schema: {wrong.message}"
    unknown = sorted(schema.keys() - WORDS - VALIDATOR.VALIDATORS.keys())
    if unknown:
        return f"'{unknown[0]}' is no word of JSON schema, and would check nothing"
    refused = [message for _, message in problems(schema, schema["default"])] if "default" in schema else []
    return f"its default does not meet its own schema: {refused[0]}" if refused else ""


def require_functions(tree: ast.Module, kind: str, path: Path) -> None:
    """Raise UserError for a function of the kind that the source does not define, or with other arguments."""
    defined = _names(tree)
    if "*" not in defined:
        for function in FUNCTIONS[kind]:
            if function not in defined:
                raise UserError(
                    f"{path}: defines no {function}; {_a(kind)} defines {written(kind, function)} (docs/contracts.md)"
                )
        if kind == "demography" and not {"demography", "genotypes"} & defined:
            raise UserError(
                f"{path}: a demography defines demography(options) or genotypes(options, rng) (docs/contracts.md)"
            )
    known = FUNCTIONS[kind] | FURTHER.get(kind, {})
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef) or node.name not in known:
            continue
        if not _takes(node.args, len(known[node.name]), ASKED_FOR.get(kind, ())):
            raise UserError(
                f"{path}:{node.lineno}: {node.name} takes other arguments than {written(kind, node.name)} "
                "(docs/contracts.md)"
            )


def _a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def _names(tree: ast.Module) -> set[str]:
    """All names that a module defines or imports anywhere; ``*`` where it imports whatever another has."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.alias):
            found.add(node.asname or node.name)
    return found


def _takes(arguments: ast.arguments, count: int, asked_for: tuple[str, ...]) -> bool:
    """Whether a function can be called with so many arguments by position, and with no others but those asked for."""
    given = [
        argument.arg for argument in (*arguments.args, *arguments.kwonlyargs) if argument.arg in asked_for
    ]
    needed = [
        a for a, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if default is None
    ]
    if any(argument.arg not in asked_for for argument in needed):
        return False
    positional = len(arguments.posonlyargs) + len(arguments.args)
    count += sum(argument.arg in given for argument in arguments.args)
    return positional - len(arguments.defaults) <= count and (
        count <= positional or arguments.vararg is not None
    )
