"""``stratbench join CONFIG FOLDER...``: one report of a study that was run in batches; nothing is run again."""

import argparse
from pathlib import Path
from typing import Any

from stratbench.core import checksums
from stratbench.core.errors import UserError

SUMMARY = {  # each table of a summary, and its path in study/paths.py
    "metrics": "summary_metrics",
    "comparisons": "comparisons",
    "qc": "summary_qc",
    "runtime": "runtime",
    "provenance": "provenance",
}


def add(commands: Any) -> None:
    """Add the command to argparse's subparsers."""
    text = "put the finished batches of a study together: its summary tables, figures and report; nothing is run again"
    command = commands.add_parser("join", help=text, description=text)
    command.add_argument("config", type=Path, metavar="CONFIG", help="the study's config, without batch")
    command.add_argument(
        "batches",
        type=Path,
        nargs="+",
        metavar="FOLDER",
        help="each batch's results, such as results/paper-r01-20",
    )
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Join the batches of the study into ``results/<study>``, in the folder that the batches were run in.

    Raises UserError where they do not belong together, or where a file of theirs is not what its job left.
    """
    from stratbench.commands.plan import plan
    from stratbench.core import yaml_file
    from stratbench.study import joining

    study = plan(yaml_file.read(arguments.config))
    if "batch" in study.config:
        raise UserError(
            f"{arguments.config}: asks for a batch; leave `batch` out and name the whole study's config"
        )
    batches = [joining.read(folder, study) for folder in arguments.batches]
    joining.require_together(study, batches)
    print(f"comparing the files of {len(batches)} batches with their checksums", flush=True)
    joining.require_unchanged(batches)
    joining.link(study, batches)
    tables(study, batches)
    page(study)
    print(f"results/{study.name}/report.html: {len(study.cohorts):,} cohorts of {len(batches)} batches")


def tables(study: Any, batches: Any) -> None:
    """Write the summary of the whole study.

    Args:
        study: the whole study.
        batches: its batches (``study.joining.FinishedBatch``), in any order.
    """
    from stratbench.study.paths import Paths
    from stratbench.summary.joined import join

    inputs = {
        name: [getattr(Paths(batch.study.name), at) for batch in batches] for name, at in SUMMARY.items()
    }
    outputs = {name: getattr(Paths(study.name), at) for name, at in SUMMARY.items()}
    checksums.forget(outputs.values())
    join(
        inputs, outputs, study=study.name, cohorts=[cohort.label for cohort in study.cohorts],
        fits=["/".join(vars(fit).values()) for fit in study.fits], config=study.made_from,
    )  # fmt: skip
    checksums.record(outputs.values())


def page(study: Any) -> None:
    """Draw the figures and write the report of a study whose tables are there and whose folder leads to all results."""
    from stratbench.report.figures.catalogue import figure_files
    from stratbench.report.figures.run import figures
    from stratbench.report.report import report
    from stratbench.study.paths import Paths

    paths = Paths(study.name)
    drawn = figure_files(study)
    outputs = {"top_snps": paths.top_snps, "known_loci": paths.known_loci}
    written = [*drawn, *outputs.values(), paths.report]
    checksums.forget(written)
    figures({}, {"figures": drawn, **outputs}, config=study.config)
    report({}, {"report": paths.report}, config=study.config)
    checksums.record(written)
