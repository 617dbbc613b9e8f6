"""The function that each job calls takes its files in one way: ``run(inputs, outputs, *, options by name)``."""

import ast
from pathlib import Path

import pytest

from stratbench.core.digest import SCRIPTS, SOURCE

JOBS = sorted(SCRIPTS.glob("*.py"))


def job_of(script: Path) -> ast.With:
    """The one block of a script, which runs in ``job.start``."""
    (block,) = (node for node in ast.parse(script.read_text()).body if isinstance(node, ast.With))
    return block


def function_of(block: ast.With) -> ast.FunctionDef:
    """The definition of the one function that a script imports."""
    (found,) = (node for node in block.body if isinstance(node, ast.ImportFrom))
    (name,) = (alias.name for alias in found.names)
    path = SOURCE.joinpath(*(found.module or "").split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    defined = ast.parse(file.read_text()).body
    return next(node for node in defined if isinstance(node, ast.FunctionDef) and node.name == name)


def test_there_is_a_script_for_each_kind_of_job() -> None:
    assert {"fetch", "simulate", "fit", "metrics", "report"} <= {script.stem for script in JOBS}


@pytest.mark.parametrize("script", JOBS, ids=lambda script: script.stem)
def test_a_job_calls_one_function_of_its_name(script: Path) -> None:
    block = job_of(script)
    assert ast.unparse(block.items[0].context_expr) == "job.start(snakemake)"
    function = function_of(block)
    assert function.name == script.stem
    calls = [node for node in ast.walk(block) if isinstance(node, ast.Call)]
    (call,) = (node for node in calls if ast.unparse(node.func) == function.name)
    assert [ast.unparse(argument) for argument in call.args] == ["inputs", "outputs"]


@pytest.mark.parametrize("script", JOBS, ids=lambda script: script.stem)
def test_that_function_takes_inputs_outputs_and_options_by_name(script: Path) -> None:
    arguments = function_of(job_of(script)).args
    given = [*arguments.posonlyargs, *arguments.args]
    assert [argument.arg for argument in given] == ["inputs", "outputs"]
    assert {ast.unparse(argument.annotation) for argument in given if argument.annotation} == {
        "Mapping[str, Any]"
    }
    assert not arguments.defaults
    assert arguments.vararg is None
    assert arguments.kwarg is None
