"""``stratbench check CONFIG``: what a run would refuse before its first job, or else what it would make."""

import argparse
from pathlib import Path
from typing import Any

COUNTED = {
    "cohorts": "cohorts",
    "datasets": "datasets (cohort x trait)",
    "splits": "splits of datasets",
    "fits": "fits (model x adjustment)",
    "trainings": "trainings (fit x seed)",
    "jax_jobs": "JAX jobs (fits, attributions, probes)",
}


def add(commands: Any) -> None:
    """Add the command to argparse's subparsers."""
    text = "say what is wrong with a study's config, or how large the study is; nothing is run or fetched"
    command = commands.add_parser("check", help=text, description=text)
    command.add_argument(
        "config", type=Path, metavar="CONFIG", help="config file, as for snakemake --configfile"
    )
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Check a config as a run from this folder would, and print the study's size."""
    from stratbench import yaml_file
    from stratbench.plan import plan

    study = plan(yaml_file.read(arguments.config))
    print(f"{arguments.config}: study '{study.name}' can run")
    for key, number in study.counts().items():
        print(f"{COUNTED[key]:<38} {number:>8,}")
