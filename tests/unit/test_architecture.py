"""Packages import in one direction, in the order that docs/architecture.md draws."""

import ast
import importlib.util
import re
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "stratbench"


@pytest.fixture(scope="module")
def architecture() -> ModuleType:
    """The script that draws the page."""
    spec = importlib.util.spec_from_file_location("architecture", ROOT / "docs" / "architecture.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_package_has_a_place_in_the_order(architecture: ModuleType) -> None:
    assert sorted(architecture.ORDER) == architecture.packages()


def test_packages_import_those_before_them_alone(architecture: ModuleType) -> None:
    print(" < ".join(architecture.ORDER))
    place = {package: number for number, package in enumerate(architecture.ORDER)}
    graph = architecture.imports()
    assert sum(map(len, graph.values())) > 50  # the imports were read
    upwards = [
        f"{importer} imports {target}"
        for package, targets in graph.items()
        for target, importers in targets.items()
        for importer in sorted(importers)
        if place[target] > place[package]
    ]
    assert not upwards


def test_an_import_inside_a_function_counts(architecture: ModuleType, tmp_path: Path, monkeypatch) -> None:
    for package, text in (("core", "def f():\n    from stratbench.report import page\n"), ("report", "")):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text("")
        (tmp_path / package / "page.py").write_text(text)
    monkeypatch.setattr(architecture, "SOURCE", tmp_path)
    assert architecture.imports()["core"] == {"report": {"core.page"}}


def test_the_page_shows_the_imports_as_they_are(architecture: ModuleType) -> None:
    text = architecture.PAGE.read_text()
    assert text == architecture.page(text), "run `python docs/architecture.py`"


def test_few_modules_lie_outside_a_package() -> None:
    assert len(list(SOURCE.glob("*.py"))) <= 4


def test_no_two_classes_have_one_name() -> None:
    modules = sorted(SOURCE.rglob("*.py"))
    nodes = [node for path in modules for node in ast.walk(ast.parse(path.read_text()))]
    number = Counter(node.name for node in nodes if isinstance(node, ast.ClassDef))
    assert len(number) > 50  # the classes were read
    assert not [name for name, n in number.items() if n > 1]


@pytest.mark.parametrize("kind", ["splits", "models", "adjustments", "attributions", "associations"])
def test_an_axis_is_a_folder_with_its_methods(kind: str) -> None:
    assert (SOURCE / kind / "methods" / "__init__.py").is_file()
    assert (SOURCE / kind / "returned.py").is_file()


def test_files_that_the_page_names_exist() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    named = set(re.findall(r"`((?:src|docs|config|tests|rules|workflow)/[\w./-]+)`", text))
    assert named
    assert not [name for name in sorted(named) if not (ROOT / name).exists()]
    inside = set(re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.py)`", text)) - named
    assert inside
    assert not [name for name in sorted(inside) if not (SOURCE / name).exists()]


def imported(path: Path) -> set[str]:
    """The modules of ours that a file imports anywhere, with what it takes from them, dotted."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    found = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            base = path.relative_to(SOURCE.parent).parts[: -node.level] if node.level else ()
            module = ".".join((*base, *filter(None, [node.module])))
            found |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return {name for name in found if name.startswith("stratbench.")}


def reaches(path: Path, *packages: str) -> list[str]:
    """What a file imports of these packages of the report, but for the catalogue, which draws nothing."""
    inside = tuple(f"stratbench.report.{package}" for package in packages)
    catalogue = "stratbench.report.figures.catalogue"
    return sorted(
        f"{path.stem} imports {name}"
        for name in imported(path)
        if f"{name}.".startswith(tuple(f"{package}." for package in inside))
        and not name.startswith(catalogue)
    )


@pytest.mark.parametrize(
    ("package", "forbidden"),
    [
        ("analysis", ("figures", "text", "style", "page")),
        ("text", ("figures", "style")),
        ("figures", ("text",)),
    ],
)
def test_analysis_figures_and_text_keep_apart(package: str, forbidden: tuple[str, ...]) -> None:
    """Numbers come from analysis, which neither draws nor writes; figures and text know nothing of each other."""
    files = sorted((SOURCE / "report" / package).glob("*.py"))
    read = set().union(*map(imported, files))
    assert any(
        name.startswith("stratbench.report.analysis.results.") for name in read
    )  # the imports were read
    assert not [found for path in files for found in reaches(path, *forbidden)]


@pytest.mark.parametrize(
    "line",
    [
        "from stratbench.report.figures import fst",
        "from stratbench.report.figures.fst import draw",
        "def f():\n    import stratbench.report.figures.fst as g",
        "from ..figures import fst",
        "from stratbench.report.text.dial import build",
        "from stratbench.report import text",
    ],
)
def test_an_import_of_a_figure_or_a_section_is_seen(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[__name__], "SOURCE", tmp_path / "stratbench")
    path = tmp_path / "stratbench" / "report" / "analysis" / "new.py"
    path.parent.mkdir(parents=True)
    path.write_text(line)
    assert reaches(path, "figures", "text")
    path.write_text("from stratbench.report.figures.catalogue import pictures")
    assert not reaches(path, "figures", "text")
