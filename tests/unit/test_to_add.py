"""Each row of "To add X, touch Y" in docs/architecture.md is tried: its files are added, and the result is there."""

import ast
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import added

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text()
ROWS = PAGE.partition("## To add X, touch Y\n")[2].partition("\n## ")[0]
THINGS = re.findall(r"\w+(?: of the report)?", " ".join(re.findall(r"^\| an? (.+?) \|", ROWS, re.MULTILINE)))
HERE = "unit/test_to_add.py::"
TRIED = {  # the test of each thing, by its name in the table
    **dict.fromkeys(added.SOURCES, HERE + "test_a_method_file_is_all_that_a_method_needs"),
    "cohort": HERE + "test_a_cohort_file_is_all_that_a_cohort_needs",
    "metric": "unit/test_catalogue.py::test_one_new_file_is_a_metric_everywhere",
    "figure": "unit/test_page.py::test_a_new_file_is_a_figure_of_the_page",
    "section of the report": "unit/test_page.py::test_a_new_file_is_a_section_of_the_page",
    "rule": "workflow/test_dag.py::test_a_script_a_rule_and_its_paths_are_all_that_a_rule_needs",
}
RESULTS: dict[str, dict[str, Any]] = {  # what each added method gives and nothing else does
    "demography": {"populations": {"north": 40, "south": 40}, "loci": 300},
    "split": {"sets": ["train", "validation", "train", "test"] * 20},
    "model": {"parameters": 4},
    "adjustment": {"offsets": [0.25]},
    "attribution": {"scores": list(range(40))},
    "association": {"statistics": [2.0]},
}


@pytest.fixture(scope="module", params=["named in the config", "in the folder of its kind"])
def one(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    """Where the method files were put, and a study of them; those in folders run in a copy of the package."""
    base = tmp_path_factory.mktemp("added")
    if request.param.startswith("named"):
        for kind, (_, source) in added.SOURCES.items():
            (base / added.file_name(kind)).write_text(source)
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(base)
            return Path(), added.study(outside=True)
    from stratbench.methods.registry import FOLDERS

    package = base / "src" / "stratbench"
    shutil.copytree(ROOT / "src", package.parent, ignore=shutil.ignore_patterns("__pycache__"))
    for kind, (_, source) in added.SOURCES.items():
        (package / FOLDERS[kind] / added.file_name(kind)).write_text(source)
    script = [sys.executable, str(ROOT / "tests" / "added.py"), str(base)]
    environment = {"PYTHONPATH": str(package.parent)}
    run = subprocess.run(script, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return package, json.loads(run.stdout.splitlines()[-1])


@pytest.mark.parametrize("kind", added.SOURCES)
def test_a_method_file_is_all_that_a_method_needs(kind: str, one: tuple[Path, dict[str, Any]]) -> None:
    from stratbench.methods.registry import FOLDERS

    where, said = one
    folder = where / FOLDERS[kind] if where.parts else where
    assert said["found"][kind] == str(folder / added.file_name(kind))
    assert {name: said[name] for name in RESULTS[kind]} == RESULTS[kind]
    if kind != "demography":  # that is no column of metrics.tsv
        assert added.SOURCES[kind][0] in said["labels"][kind]


def test_a_cohort_file_is_all_that_a_cohort_needs(one: tuple[Path, dict[str, Any]]) -> None:
    assert one[1]["labels"]["cohort"] == ["mine"]
    assert one[1]["populations"] == {"north": 40, "south": 40}  # by the column that the file names


def test_every_row_is_tried() -> None:
    assert {"demography", "association", "cohort"} <= set(THINGS)  # the rows were read
    assert sorted(set(THINGS) - {"or"}) == sorted(TRIED)


@pytest.mark.parametrize("test", sorted(set(TRIED.values())))
def test_tests_that_try_a_row_are_there(test: str) -> None:
    path, _, name = test.partition("::")
    nodes = ast.walk(ast.parse((ROOT / "tests" / path).read_text()))
    assert name in {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
