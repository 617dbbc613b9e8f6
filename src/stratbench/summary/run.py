"""A study's results put together: metrics, comparisons, QC, run times, provenance."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from stratbench.core import job
from stratbench.core.errors import damaged
from stratbench.core.files import write_json, write_tsv
from stratbench.core.words import counted
from stratbench.genotypes import tables
from stratbench.genotypes.records import FitRecord, read_fit
from stratbench.metrics import rows
from stratbench.summary.comparisons import comparisons
from stratbench.summary.provenance import provenance
from stratbench.summary.runtime import fit_name, runtime
from stratbench.summary.transfer import against_of, trained_of

QC_COLUMNS = ["cohort", *tables.QC.columns]
FIT = ["cohort", "trait", "split", "model", "adjustment"]


def summary(
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any],
    *,
    cohorts: Sequence[str],
    config: Mapping[str, Any],
) -> None:
    """Write the five files of results/<study>/summary.

    Args:
        inputs: the lists ``metrics``, ``qc`` (parallel to ``cohorts``), ``fit_json`` and ``benchmarks``.
        outputs: ``metrics``, ``comparisons``, ``qc``, ``runtime`` and ``provenance``.
        cohorts: the cohorts' labels.
        config: the whole config.

    Raises UserError where a table is damaged or lacks the rows of a fit.
    """
    metrics = together(inputs["metrics"])
    fits = {fit_name(path): read_fit(path) for path in inputs["fit_json"]}
    _require_fits(metrics, inputs["metrics"], fits)
    write_tsv(metrics, outputs["metrics"])
    compared = comparisons(metrics, against=against_of(config), trained=trained_of(config))
    write_tsv(compared, outputs["comparisons"])
    write_tsv(qc(cohorts, inputs["qc"]), outputs["qc"])
    write_tsv(runtime(inputs["benchmarks"], fits), outputs["runtime"])
    write_json(provenance(config, fits.values(), len(inputs["benchmarks"])), outputs["provenance"])
    splits = counted(len(inputs["metrics"]), "split")
    job.say(f"{counted(len(metrics), 'metric')} of {counted(len(fits), 'fit')} in {splits}")


def together(paths: Sequence[str]) -> pd.DataFrame:
    """All metrics of the study in the order of their keys."""
    parts = [table for table in map(rows.read, paths) if len(table)]
    return rows.sort(pd.concat(parts, ignore_index=True)) if parts else rows.table([])


def _require_fits(metrics: pd.DataFrame, paths: Sequence[str], fits: Mapping[str, FitRecord]) -> None:
    """Raise UserError for a fit without a row in its split's metrics, which have one even for a fit that failed."""
    there = with_rows(metrics)
    for name in fits:
        if name not in there:
            split = tuple(name.split("/")[:3])
            path = next((path for path in paths if Path(path).parts[-4:-1] == split), "metrics.tsv")
            raise damaged(path, f"has no row of the fit {name}")


def with_rows(metrics: pd.DataFrame) -> set[str]:
    """Fits that have a row, as ``cohort/trait/split/model/adjustment``; repeats of a split have labels of their own."""
    found = metrics[[*FIT, "replicate"]].drop_duplicates()
    repeats = found.assign(split=found["split"] + "-" + found["replicate"].astype(str))
    return {name for table in (found, repeats) for name in table[FIT].agg("/".join, axis=1)}


def qc(cohorts: Sequence[str], paths: Sequence[str]) -> pd.DataFrame:
    """The cohorts' QC waterfalls below each other, in the study's order of cohorts."""
    parts = [
        tables.read(path, tables.QC).assign(cohort=cohort)
        for cohort, path in zip(cohorts, paths, strict=True)
    ]
    return pd.concat(parts, ignore_index=True)[QC_COLUMNS] if parts else pd.DataFrame(columns=QC_COLUMNS)
