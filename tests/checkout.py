"""Copies of the workflow in which tests run Snakemake: what lies or runs in the checkout does not matter."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PROFILE = ("--workflow-profile", "none")  # the profile for people hides what tests read
PARTS = ("Snakefile", "rules", "workflow", "src", "config", "envs", "profiles")


def copy_to(base: Path) -> Path:
    """A copy of the workflow alone, in which nothing has run."""
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, base / part, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy(source, base / part)
    return base


def start(*args: str, cwd: Path, cores: int = 1, **options: Any) -> subprocess.Popen:
    """Start snakemake on the copy's own sources, in a process group of its own."""
    command = [sys.executable, "-m", "snakemake", "--cores", str(cores), "--nocolor", *PROFILE, *args]
    environment = os.environ | {"PYTHONPATH": str(cwd / "src"), "XDG_CACHE_HOME": str(cwd / ".cache")}
    return subprocess.Popen(
        command,
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **options,
    )


def snakemake(*args: str, cwd: Path, cores: int = 1) -> subprocess.CompletedProcess:
    """Run snakemake on the copy to its end."""
    process = start(*args, cwd=cwd, cores=cores)
    out, error = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, out, error)
