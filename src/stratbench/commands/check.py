"""``stratbench check CONFIG``: what a run would refuse before its first job, or else what it would make.

``stratbench check --results FOLDER``: which files of a study are not what its jobs left.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from stratbench.core import checksums

COUNTED = {
    "cohorts": "cohorts",
    "datasets": "datasets (cohort x trait)",
    "splits": "splits of datasets",
    "fits": "fits (model x adjustment)",
    "trainings": "trainings (fit x seed)",
    "jax_jobs": "JAX jobs (models, attributions, probes)",
}


def add(commands: Any) -> None:
    """Add the command to argparse's subparsers."""
    text = (
        "say what is wrong with a study's config, or how large the study is, and which of its results are not what its "
        "jobs left; nothing is run or fetched"
    )
    command = commands.add_parser("check", help=text, description=text)
    command.add_argument(
        "config", type=Path, nargs="?", metavar="CONFIG", help="config file, as for snakemake --configfile"
    )
    command.add_argument(
        "--results", type=Path, metavar="FOLDER", help="a study's folder, such as results/default"
    )
    command.set_defaults(run=run, parser=command)


def run(arguments: argparse.Namespace) -> None:
    """Check a config as a run from this folder would and print the study's size; compare results with their records."""
    if arguments.config is None and arguments.results is None:
        arguments.parser.error("name a CONFIG, or --results and a study's folder")
    if arguments.config is not None:
        _config(arguments.config)
    if arguments.results is not None:
        _results(arguments.results)


def _config(config: Path) -> None:
    from stratbench.commands.plan import plan
    from stratbench.core import yaml_file

    study = plan(yaml_file.read(config))
    print(f"{config}: study '{study.name}' can run")
    for key, number in study.counts().items():
        print(f"{COUNTED[key]:<38} {number:>8,}")


def _results(folder: Path) -> None:
    """Print what differs from its record and what is missing; exit with 1 if anything differs."""
    found = dict.fromkeys((checksums.SAME, checksums.DIFFERS, checksums.MISSING), 0)
    for name, state in checksums.check(folder):
        found[state] += 1
        if state != checksums.SAME:
            print(f"{folder / name}: {state}")
    same, differ, missing = found.values()
    print(f"{folder}: {same:,} files are what their jobs left, {differ:,} differ, {missing:,} are missing")
    if differ:
        sys.exit(
            "Run the study again with --forcerun and the files that differ: it makes them and what follows anew."
        )
