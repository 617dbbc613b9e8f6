"""The drawing of packages in architecture.md, made of the imports: ``python docs/architecture.py`` writes it anew."""

import ast
import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "architecture.md"
SOURCE = ROOT / "src" / "stratbench"
BEGIN, END = "<!-- packages: begin -->\n", "<!-- packages: end -->\n"
ORDER = (  # from the lowest: a package imports packages before it and no others
    "core", "methods", "genotypes", "popgen", "cohorts", "demographies", "datasets", "splits", "structure", "task",
    "associations", "models", "adjustments", "training", "attributions", "metrics", "probes", "summary", "study",
    "report", "commands",
)  # fmt: skip


def imports() -> dict[str, dict[str, set[str]]]:
    """package -> imported package -> the modules that import it, anywhere in a file; the package's root is left out."""
    found: dict[str, dict[str, set[str]]] = {package: defaultdict(set) for package in packages()}
    for path in sorted(SOURCE.rglob("*.py")):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        if len(parts) == 1:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            for name in _imported(node):
                target = name.split(".")[1:2]
                if target and target[0] in found and target[0] != parts[0]:
                    found[parts[0]][target[0]].add(".".join(parts))
    return found


def packages() -> list[str]:
    """The names of the package's folders that hold Python, sorted."""
    return sorted(path.parent.name for path in SOURCE.glob("*/__init__.py"))


def _imported(node: ast.AST) -> list[str]:
    """The names of ours that a node imports, dotted."""
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        names = [f"{node.module}.{alias.name}" for alias in node.names]
    else:
        names = []
    return [name for name in names if name.startswith("stratbench.")]


def drawing() -> str:
    """A line for each package, the highest first: what it is, and which packages it imports."""
    graph, lines = imports(), []
    width = max(map(len, ORDER))
    for package in reversed(ORDER):
        below = [name for name in reversed(ORDER) if name in graph[package]]
        lines.append(f"{package:>{width}}  ->  {', '.join(below) or 'nothing of ours'}")
    return "```text\n" + "\n".join(lines) + "\n```\n"


def table() -> str:
    """What each package is for, from its docstring, the lowest first."""
    rows = ["| package | holds |", "|---|---|"]
    for package in ORDER:
        text = ast.get_docstring(ast.parse((SOURCE / package / "__init__.py").read_text())) or ""
        first = re.split(r"\n\n", text)[0].replace("\n", " ").replace("``", "`")
        rows.append(f"| `{package}/` | {first} |")
    return "\n".join(rows) + "\n"


def page(text: str) -> str:
    """The page with its drawing made anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{drawing()}\n{table()}{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
