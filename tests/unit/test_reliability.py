"""Every fault of docs/reliability.md has its test, and every test of a fault its row."""

import ast
import re
from pathlib import Path

from checkout import ROOT

PAGE = (ROOT / "docs" / "reliability.md").read_text()
ROW = re.compile(r"^\| [^|]+ \| [^|]+ \| [^|]+ \| `(?P<test>tests/[^`|]+)` \|$", re.MULTILINE)
LEAST = 25


def is_fault(node: ast.AST) -> bool:
    """Whether a decorator, or what ``pytestmark`` is set to, holds ``pytest.mark.fault``."""
    return any(ast.unparse(part) == "pytest.mark.fault" for part in ast.walk(node))


def faults(path: Path) -> list[str]:
    """The tests of a file that inject a fault."""
    body = ast.parse(path.read_text()).body
    assigned = [node for node in body if isinstance(node, ast.Assign)]
    whole = any(is_fault(node.value) for node in assigned if ast.unparse(node.targets[0]) == "pytestmark")
    tests = [node for node in body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    injecting = [node.name for node in tests if whole or any(map(is_fault, node.decorator_list))]
    return [f"{path.relative_to(ROOT)}::{name}" for name in injecting]


def test_every_row_has_its_test_and_every_test_its_row() -> None:
    named = [row["test"] for row in ROW.finditer(PAGE)]
    injecting = [name for path in sorted((ROOT / "tests").rglob("test_*.py")) for name in faults(path)]
    assert sorted(named) == sorted(injecting)
    assert len(named) >= LEAST


def test_no_row_is_overlooked() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| fault")]
    assert len(rows) == len(ROW.findall(PAGE))


def test_other_tests_that_the_page_names_exist() -> None:
    for name in re.findall(r"`(tests/[^`:]+\.py)`", PAGE):
        assert (ROOT / name).is_file(), name
