"""A digest covers every module that a script really imports, and nothing that it does not."""

import subprocess
import sys
from pathlib import Path

import pytest

from stratbench.core import digest as module
from stratbench.core.digest import closure, digest

SCRIPTS = sorted(path.stem for path in module.SCRIPTS.glob("*.py"))
IMPORT_ALL = """
import ast, sys
for node in ast.walk(ast.parse(open(sys.argv[1]).read())):
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        exec(compile(ast.Module([node], []), "script", "exec"), {})
print("\\n".join(name for name in sys.modules if name.split(".")[0] == "stratbench"))
"""


@pytest.fixture
def source(tmp_path, monkeypatch):
    """A package ``stratbench`` of its own, with one script ``rule`` that imports ``stratbench.a``."""
    package = tmp_path / "src" / "stratbench"
    files = {
        "__init__.py": "",
        "a.py": "from stratbench import b\n\ndef f():\n    from .folder import deep\n",
        "b.py": "",
        "unused.py": "",
        "folder/__init__.py": "from . import sibling",
        "folder/deep.py": "import stratbench.c as c",
        "folder/sibling.py": "import numpy",
        "c.py": "",
        "models/methods/cnn.py": "from stratbench.d import name",
        "d.py": "name = 1",
    }
    for name, text in files.items():
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "rule.py").write_text("with 1:\n    from stratbench.a import f\n")
    monkeypatch.setattr(module, "SOURCE", tmp_path / "src")
    monkeypatch.setattr(module, "SCRIPTS", tmp_path)
    forget()
    yield package
    forget()


def forget():
    module._code.cache_clear()
    module._imports.cache_clear()
    module._hash.cache_clear()


def changed(path: Path, *args) -> bool:
    """Whether a change of this file changes digest(*args)."""
    before = digest(*args)
    path.write_text(path.read_text() + "\n# changed")
    forget()
    return digest(*args) != before


@pytest.mark.parametrize("script", SCRIPTS)
def test_closure_covers_what_python_imports(script):
    path = module.SCRIPTS / f"{script}.py"
    run = subprocess.run([sys.executable, "-c", IMPORT_ALL, path], capture_output=True, text=True, check=True)
    really, found = set(run.stdout.split()), set(closure(path))
    assert really <= found
    lazy = found - really  # imported inside functions, or for type checkers: named by a module of ours
    named = {target for name in found for target in module._imports(module._find(name), name)}
    assert lazy <= named


def test_closure_is_transitive_and_sees_functions_and_relative_imports(source):
    names = ["a", "b", "c", "folder", "folder.deep", "folder.sibling"]
    assert closure(source.parents[1] / "rule.py") == ["stratbench", *(f"stratbench.{name}" for name in names)]


@pytest.mark.parametrize("name", ["__init__.py", "a.py", "folder/__init__.py", "folder/deep.py", "c.py"])
def test_changed_module_changes_the_digest(source, name):
    assert changed(source / name, "rule")


def test_a_module_that_is_found_counts_with_its_imports(source):
    (source / "finder.py").write_text('FINDS = "TABLE"\n')
    (source / "b.py").write_text("from stratbench import finder\n")
    before = digest("rule")
    (source / "found.py").write_text("from stratbench import d\n\nTABLE: tuple = ()\n")
    (source / "unused.py").write_text("def f():\n    TABLE = 1\n")
    forget()
    assert digest("rule") != before
    assert {"stratbench.found", "stratbench.d"} <= set(closure(source.parents[1] / "rule.py"))
    assert changed(source / "d.py", "rule")
    assert not changed(source / "unused.py", "rule")


def test_changed_script_changes_the_digest(source):
    assert changed(source.parents[1] / "rule.py", "rule")


@pytest.mark.parametrize("name", ["unused.py", "d.py", "models/methods/cnn.py"])
def test_module_that_is_not_imported_does_not(source, name):
    assert not changed(source / name, "rule")


@pytest.mark.parametrize("name", ["models/methods/cnn.py", "d.py"])
def test_method_file_counts_with_its_imports(source, name):
    assert changed(source / name, "rule", source / "models/methods/cnn.py")


def test_user_method_file_counts_with_its_imports(source, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("from stratbench.d import name")
    assert changed(source / "d.py", "rule", file)
    assert changed(file, "rule", file)


def test_template_counts(source, tmp_path):
    template = tmp_path / "page.html"
    template.write_text("<p>{{ not Python }}")
    assert changed(template, "rule", template)


def test_new_method_file_changes_nothing(source):
    before = digest("rule", source / "models/methods/cnn.py")
    (source / "models/other.py").write_text("")
    forget()
    assert digest("rule", source / "models/methods/cnn.py") == before


def test_import_from_a_folder_without_init(source, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("from stratbench.models.methods import cnn")
    assert changed(source / "models/methods/cnn.py", "rule", file)


def test_options_count_in_any_order(source):
    assert digest("rule", a=1, b=2) == digest("rule", b=2, a=1) != digest("rule", a=1, b=3)


def test_digest_does_not_depend_on_the_place(source, tmp_path, monkeypatch):
    before = digest("rule")
    elsewhere = tmp_path / "elsewhere"
    (source.parents[1] / "src").rename(elsewhere)
    monkeypatch.setattr(module, "SOURCE", elsewhere)
    forget()
    assert digest("rule") == before
