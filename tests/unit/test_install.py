"""StratBench installed as a package, away from its checkout: all that it reads at run time lies in the wheel."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import stratbench
from stratbench.__main__ import parser
from stratbench.core import files
from stratbench.metrics import rows
from stratbench.metrics.estimate import Estimate
from trained import write_results

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "stratbench"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel, built by the setuptools that is here, of a copy of what it is made from."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    shutil.copytree(ROOT / "src", source / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    pip(source, "wheel", "--wheel-dir", out, source)
    (built,) = out.glob("*.whl")
    return built


def pip(folder: Path, command: str, *arguments: str | Path) -> None:
    """Run pip without network, resolver or the settings of this machine."""
    alone = ["--no-deps", "--no-index", "--no-cache-dir", "--disable-pip-version-check"]
    if command == "wheel":
        alone.append("--no-build-isolation")
    run = subprocess.run(
        [sys.executable, "-m", "pip", "--isolated", command, *alone, *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the wheel is installed into."""
    folder = tmp_path_factory.mktemp("site")
    pip(folder, "install", "--target", folder, wheel)
    return folder


def test_the_wheel_holds_every_file_of_the_package(wheel: Path) -> None:
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("stratbench/")}
    here = {
        path.relative_to(PACKAGE.parent).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {"stratbench/py.typed", "stratbench/schemas/config.yaml"} <= here
    assert here == inside


# Runs a command as the console script does, and fails if any module of the package is not the installed one.
FROM_THE_WHEEL = """
import os, sys
from stratbench.__main__ import main
main()
found = [module.__file__ for name, module in sys.modules.items() if name.startswith("stratbench.")]
assert len(found) > 10
strangers = [file for file in found if file and not file.startswith(os.environ["PYTHONPATH"])]
assert not strangers, strangers
"""


def from_elsewhere(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Run Python in a folder without a checkout, beside this environment's packages, on the installed package."""
    environment = os.environ | {"PYTHONPATH": str(installed)}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def of_validation(path: Path) -> None:
    """A study's metrics.tsv with what validation people say of one network."""
    place = {"study": "smoke", "scenario": "split-small", "replicate": 1, "cohort": "split-small-r01"}
    keys = {**place, "trait": "confounded", "split": "random", "model": "mlp", "adjustment": "none"}
    files.write_tsv(rows.table(rows.rows(keys, "selection_within", Estimate(0.7, 20), seed=1)), path)


def test_every_command_runs_from_any_folder(installed: Path, tmp_path: Path) -> None:
    """A config is checked, and a network is trained and explained, without the checkout and all that lies in it."""
    for name in ("smoke.yaml", "cohorts/hs-mice.yaml"):
        (tmp_path / "config" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "config" / name, tmp_path / "config" / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        of_results = [*write_results(Path("results/tiny")), "--out", "out", "--model", "linear"]
    of_validation(tmp_path / "results" / "smoke" / "summary" / "metrics.tsv")
    of_results += ["--model-options", '{"epochs": 2}', "--adjustment", "pc-covariates"]
    commands = {
        "check": ["config/smoke.yaml"],
        "choose": ["config/smoke.yaml"],
        "export": [
            *("--results", "results/tiny", "--cohort", "cohort", "--trait", "trait", "--split", "random"),
            *("--out", "exported"),
        ],
        "join": ["config/smoke.yaml", "results/smoke-r01"],
        "fit": of_results,
        "attribute": [*of_results, "--attribution", "gradient-input", "integrated-gradients"],
    }
    (known,) = (action.choices for action in parser()._actions if action.dest == "command")
    assert list(commands) == list(known or ())  # a new command is tried here, too
    said = {}
    for command, arguments in commands.items():
        run = from_elsewhere(installed, tmp_path, "-c", FROM_THE_WHEEL, command, *arguments)
        assert run.returncode == (command == "join"), run.stderr
        said[command] = run.stdout + run.stderr
    assert "study 'smoke' can run" in said["check"]
    assert (tmp_path / "exported" / "train.keep").exists()
    assert (
        "results/smoke-r01: has no summary/provenance.json" in said["join"]
    )  # test_batches.py joins finished batches
    assert "| mlp | defaults | 0.700 (nan) | 0.7000 | yes |" in said["choose"]
    assert files.read_json(tmp_path / "out" / "fit.json")["status"] == "ok"
    assert len(files.read_tsv(tmp_path / "out" / "integrated-gradients.tsv.gz")) == 160


def test_the_console_script_says_its_version(installed: Path, tmp_path: Path) -> None:
    run = from_elsewhere(installed, tmp_path, str(installed / "bin" / "stratbench"), "--version")
    assert (run.returncode, run.stdout) == (0, f"stratbench {stratbench.__version__}\n")
