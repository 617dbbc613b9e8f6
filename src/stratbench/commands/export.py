"""``stratbench export``: one split as PLINK files and keep lists, for programs that are judged beside the rest."""

import argparse
from pathlib import Path
from typing import Any

from stratbench.commands.train import task_files
from stratbench.core import checksums
from stratbench.core.errors import UserError

LABELS = ("cohort", "trait", "split")


def add(commands: Any) -> None:
    """Add the command to argparse's subparsers."""
    text = (
        "write one split of a study as PLINK files, keep lists and a table of people, without the labels of test "
        "people; what other programs make of it is entered as docs/entrants.md says"
    )
    command = commands.add_parser("export", help=text, description=text)
    command.add_argument(
        "--results",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="a study's folder, such as results/default",
    )
    for label in LABELS:
        command.add_argument(
            f"--{label}", required=True, help=f"label of the {label}, as in the paths of results"
        )
    command.add_argument(
        "--out", type=Path, required=True, metavar="FOLDER", help="folder that the files are written to"
    )
    command.add_argument("--test-labels", action="store_true", help="write the labels of test people, too")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Write the files. Raises UserError for labels that the study has not made, and where ``--out`` is a file."""
    from stratbench.task.export import export

    labels = {name: getattr(arguments, name) for name in LABELS}
    cohort, trait, split = labels.values()
    files = task_files(
        arguments.results / "cohorts" / cohort,
        arguments.results / "datasets" / cohort / trait,
        arguments.results / "splits" / cohort / trait / f"{split}.tsv",
        arguments.results / "structure" / cohort / trait / split,
    )
    for path in files.values():
        if not path.is_file():
            raise UserError(
                f"{path} is not there; run the study up to its splits first "
                f"(snakemake --until structure), and name cohort, trait and split as its paths do"
            )
    checksums.verify(files.values())
    if arguments.out.exists() and not arguments.out.is_dir():
        raise UserError(f"--out: {arguments.out} is a file; name a folder")
    export(files, arguments.out, labels, arguments.test_labels)
    print(f"{arguments.out}: {cohort}, {trait}, {split}")
