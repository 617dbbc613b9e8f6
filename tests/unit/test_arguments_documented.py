"""Public functions of four or more arguments say what each argument is, what they return and what they raise."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "src" / "stratbench"
MANY = 4
# The arguments of a method's functions, and of the checks of what they return, are those of the contract.
BY_CONTRACT = re.compile(r".*/(?:methods/\w+|returned)\.py")


def functions(
    tree: ast.Module | ast.ClassDef, inside: str = ""
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Public functions of a module, and public methods of its public classes, with their names."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield inside + node.name, node
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from functions(node, f"{node.name}.")


def undocumented(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """What the docstring of a function of many arguments lacks: arguments, what it returns, and what it raises.

    Only errors that the function raises itself are seen, not those of the functions that it calls.
    """
    own = function.args
    names = [
        one.arg for one in (*own.posonlyargs, *own.args, *own.kwonlyargs) if one.arg not in ("self", "cls")
    ]
    if len(names) < MANY:
        return []
    text = ast.get_docstring(function) or ""
    explained = re.findall(r"^ +(\w+(?:, \w+)*): ", text.partition("Args:\n")[2], re.MULTILINE)
    known = {name for line in explained for name in line.split(", ")}
    lacking = [name for name in names if name not in known]
    nothing = function.returns is None or ast.unparse(function.returns) == "None"
    if not nothing and not re.search(r"^(?:Returns|Yields):", text, re.MULTILINE):
        lacking.append("Returns")
    raises = any(isinstance(node, ast.Raise) for node in ast.walk(function))
    if raises and not re.search(r"^Raises:", text, re.MULTILINE):
        lacking.append("Raises")
    return lacking


def test_what_a_docstring_lacks_is_seen() -> None:
    text = '''
def f(a, b, c, d) -> int:
    """Add.

    Args:
        a, b: numbers.
        c: a third one.
    """
    raise ValueError
'''
    ((_, function),) = functions(ast.parse(text))
    assert undocumented(function) == ["d", "Returns", "Raises"]


def test_public_functions_of_many_arguments_are_documented() -> None:
    found, many = [], 0
    for path in sorted(SOURCE.rglob("*.py")):
        name = path.relative_to(SOURCE).as_posix()
        if BY_CONTRACT.fullmatch(name):
            continue
        for function, node in functions(ast.parse(path.read_text())):
            many += len(node.args.args) >= MANY
            if lacking := undocumented(node):
                found.append(f"{name}: {function}: {', '.join(lacking)}")
    assert many > 50  # the functions were read
    assert not found
