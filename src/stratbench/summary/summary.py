"""A study's results put together: metrics, comparisons, QC, run times, provenance."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from stratbench import job
from stratbench.files import read_json, read_tsv, write_json, write_tsv
from stratbench.metrics import rows
from stratbench.summary.comparisons import comparisons
from stratbench.summary.provenance import provenance
from stratbench.summary.runtime import fit_name, runtime
from stratbench.words import counted

QC_COLUMNS = ["cohort", "step", "unit", "removed", "left", "threshold"]


def summary(
    files: Mapping[str, Any], outputs: Mapping[str, str], cohorts: Sequence[str], config: Mapping[str, Any]
) -> None:
    """Write the five files of results/<study>/summary.

    ``files`` names lists: metrics, qc (parallel to the labels ``cohorts``), fit_json and benchmarks.
    ``outputs`` names metrics, comparisons, qc, runtime and provenance. ``config`` is the whole config.
    """
    metrics = together(files["metrics"])
    write_tsv(metrics, outputs["metrics"])
    write_tsv(comparisons(metrics), outputs["comparisons"])
    write_tsv(qc(cohorts, files["qc"]), outputs["qc"])
    fits = {fit_name(path): read_json(path) for path in files["fit_json"]}
    write_tsv(runtime(files["benchmarks"], fits), outputs["runtime"])
    write_json(provenance(config, fits.values(), len(files["benchmarks"])), outputs["provenance"])
    job.say(
        f"{counted(len(metrics), 'metric')} of {counted(len(fits), 'fit')} in {counted(len(files['metrics']), 'split')}"
    )


def together(paths: Sequence[str]) -> pd.DataFrame:
    """All metrics of the study in the order of their keys."""
    tables = [table for table in map(rows.read, paths) if len(table)]
    return rows.sort(pd.concat(tables, ignore_index=True)) if tables else rows.table([])


def qc(cohorts: Sequence[str], paths: Sequence[str]) -> pd.DataFrame:
    """The cohorts' QC waterfalls below each other, in the study's order of cohorts."""
    tables = [
        read_tsv(path, text=("step", "unit", "threshold")).assign(cohort=cohort)
        for cohort, path in zip(cohorts, paths, strict=True)
    ]
    return pd.concat(tables, ignore_index=True)[QC_COLUMNS] if tables else pd.DataFrame(columns=QC_COLUMNS)
