"""Packages import in one direction, in the order that docs/architecture.md draws."""

import ast
import importlib.util
import re
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
