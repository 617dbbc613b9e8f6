"""StratBench installed as a package, away from its checkout: all that it reads at run time lies in the wheel."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import stratbench

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


def from_elsewhere(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Run Python on the installed package in a folder without a checkout."""
    environment = os.environ | {"PYTHONPATH": str(installed)}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_a_config_is_checked_from_any_folder(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    for name in ("smoke.yaml", "cohorts/hs-mice.yaml"):
        (tmp_path / "config" / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / "config" / name, tmp_path / "config" / name)
    where = from_elsewhere(installed, tmp_path, "-c", "import stratbench; print(stratbench.__file__)")
    assert where.stdout.startswith(str(installed))
    run = from_elsewhere(installed, tmp_path, "-m", "stratbench", "check", "config/smoke.yaml")
    assert run.returncode == 0, run.stderr
    assert "study 'smoke' can run" in run.stdout


def test_the_console_script_says_its_version(installed: Path, tmp_path: Path) -> None:
    run = from_elsewhere(installed, tmp_path, str(installed / "bin" / "stratbench"), "--version")
    assert (run.returncode, run.stdout) == (0, f"stratbench {stratbench.__version__}\n")
