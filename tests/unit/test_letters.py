"""The letters that end the names of arrays are those of the legend in docs/architecture.md."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECTION = (ROOT / "docs" / "architecture.md").read_text().partition("## Letters\n")[2].partition("\n## ")[0]
ROWS = re.findall(r"^\| `(\w)`(?: \.\.\. `(\w)`)? \| (.+) \|$", SECTION, re.MULTILINE)
ARRAY = re.compile(r"_?[a-z]\w*_([A-Z0-9]*[A-Z][A-Z0-9]*)")


def names(tree: ast.AST) -> Iterator[str]:
    """All names that a module defines, uses or passes arguments by."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.arg | ast.keyword) and node.arg is not None:
            yield node.arg


def letters(text: str) -> dict[str, set[str]]:
    """The letters and digits of the axes of a module's arrays, with the arrays' names."""
    found: dict[str, set[str]] = {}
    for name in names(ast.parse(text)):
        if array := ARRAY.fullmatch(name):
            for letter in array[1]:
                found.setdefault(letter, set()).add(name)
    return found


def explained() -> list[str]:
    """The letters and digits of the legend, in its order."""
    return [chr(k) for first, last, _ in ROWS for k in range(ord(first), ord(last or first) + 1)]


def test_letters_are_read_from_names_of_arrays_alone() -> None:
    text = "x_BM = f(y_N4=LIMIT_MB)\n_rows_R, per_K.left_3RN = some, two\ndef f(a_1, code_V: int): ...\n"
    assert {name for found in letters(text).values() for name in found} == {
        *("x_BM", "y_N4", "_rows_R", "per_K", "left_3RN", "code_V")
    }
    assert set(letters(text)) == set("BMN4RK3V")


def test_every_letter_is_in_the_legend_and_has_one_meaning() -> None:
    used: dict[str, set[str]] = {}
    for path in sorted((ROOT / "src").rglob("*.py")):
        for letter, of in letters(path.read_text()).items():
            used.setdefault(letter, set()).update(of)
    assert len(used) > 15  # the names were read
    unknown = {letter: sorted(of) for letter, of in used.items() if letter not in explained()}
    assert not unknown
    assert not set(explained()) - used.keys()  # and the legend explains no letter that nobody uses
    assert len(set(explained())) == len(explained())
    assert len({meaning for _, _, meaning in ROWS}) == len(ROWS)
