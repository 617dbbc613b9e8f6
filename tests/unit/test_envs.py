"""envs/, which nobody has run where StratBench is developed, says what the locks and the checkout say."""

import re
import subprocess
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
ENVS = ROOT / "envs"
LOCKED = "pip install --no-cache-dir --no-deps --require-hashes --requirement requirements/run.txt"


def section(name: str) -> list[str]:
    """The lines of a section of the definition, without comments."""
    text = (ENVS / "stratbench.def").read_text()
    found = re.search(rf"^%{name}\n((?:[ \t]+.*\n|\n)*)", text, re.MULTILINE)
    assert found, name
    lines = [line.strip() for line in found[1].splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def python_of_the_locks() -> str:
    """The Python that `make lock` compiles for."""
    (version,) = re.findall(r"--python-version (\S+)", (ROOT / "Makefile").read_text())
    return version


def test_conda_and_container_have_the_python_of_the_locks() -> None:
    conda = yaml.safe_load((ENVS / "stratbench.yaml").read_text())
    assert set(conda["dependencies"]) == {f"python={python_of_the_locks()}", "pip"}
    (image,) = re.findall(r"^From: (\S+)$", (ENVS / "stratbench.def").read_text(), re.MULTILINE)
    assert image.startswith(f"python:{python_of_the_locks()}-")


def test_the_container_installs_the_run_lock_and_the_package_alone() -> None:
    post = section("post")
    installed = [line for line in post if "pip install" in line]
    assert len(installed) == 2
    assert installed[0].endswith(LOCKED)
    assert installed[1].endswith("pip install --no-cache-dir --no-deps --no-build-isolation .")
    assert "cd /opt/stratbench" in post


def test_the_container_holds_what_its_installation_reads() -> None:
    copied = dict(line.split() for line in section("files"))
    assert all((ROOT / source).exists() for source in copied)
    assert all(target == f"/opt/stratbench/{source}" for source, target in copied.items())
    project = (ROOT / "pyproject.toml").read_text()
    needed = re.findall(r'^(?:readme = |license-files = \[)"(\S+?)"', project, re.MULTILINE)
    assert {"requirements/run.txt", "pyproject.toml", "src", *needed} == set(copied)


def test_the_script_of_the_conda_environment_is_bash_and_installs_the_run_lock() -> None:
    script = ENVS / "stratbench.post-deploy.sh"
    subprocess.run(["bash", "-n", str(script)], check=True)
    assert LOCKED.replace("--no-cache-dir", "--no-input") in script.read_text()


def test_packages_that_the_container_is_tested_by_are_locked() -> None:
    (line,) = section("test")
    imported = re.search(r'"import (.+)"', line)[1].split(", ")  # type: ignore[index]
    lock = (ROOT / "requirements" / "run.txt").read_text()
    for name in set(imported) - {"stratbench"}:
        assert f"\n{name.replace('_', '-')}==" in lock, name
