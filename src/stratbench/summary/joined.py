"""The summary of a study that was run in batches: the tables that it would have if it had been run whole."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from stratbench.core import files, private
from stratbench.core.errors import damaged
from stratbench.core.files import write_json, write_tsv
from stratbench.genotypes import tables
from stratbench.metrics import rows
from stratbench.summary.comparisons import comparisons
from stratbench.summary.provenance import distinct
from stratbench.summary.run import QC_COLUMNS, together, with_rows
from stratbench.summary.transfer import against_of, trained_of

COUNTS = ("fits", "fits_failed", "jobs")


def join(
    inputs: Mapping[str, Sequence[str]],
    outputs: Mapping[str, str],
    *,
    study: str,
    cohorts: Sequence[str],
    fits: Iterable[str],
    config: Mapping[str, Any],
) -> None:
    """Write the five files of the whole study's summary from those of its batches.

    Args:
        inputs: the batches' ``metrics``, ``qc``, ``runtime`` and ``provenance``, each a list in the same order.
        outputs: the same names, and ``comparisons``.
        study: the whole study's name, which the metrics get.
        cohorts: the labels of its cohorts, in its order.
        fits: its fits, as ``cohort/trait/split/model/adjustment``.
        config: its config.

    Raises:
        UserError: if a table is damaged, or lacks a fit or a cohort.
    """
    metrics = rows.sort(together(inputs["metrics"]).assign(study=study))
    there = with_rows(metrics)
    for fit in fits:
        if fit not in there:
            raise damaged(", ".join(inputs["metrics"]), f"has no row of the fit {fit}")
    write_tsv(metrics, outputs["metrics"])
    compared = comparisons(metrics, against=against_of(config), trained=trained_of(config))
    write_tsv(compared, outputs["comparisons"])
    write_tsv(qc(cohorts, inputs["qc"]), outputs["qc"])
    measured = pd.concat([tables.read(path, tables.RUNTIME) for path in inputs["runtime"]], ignore_index=True)
    write_tsv(measured.sort_values(["rule", "job"], kind="stable", ignore_index=True), outputs["runtime"])
    write_json(
        provenance([files.read_json(path) for path in inputs["provenance"]], config), outputs["provenance"]
    )


def qc(cohorts: Sequence[str], paths: Sequence[str]) -> pd.DataFrame:
    """The QC waterfalls of all cohorts, in the order of the whole study."""
    text = ("cohort", "step", "unit", "threshold")
    parts = {
        name: part
        for path in paths
        for name, part in files.read_tsv(path, text=text).groupby("cohort", sort=False)
    }
    for cohort in cohorts:
        if cohort not in parts:
            raise damaged(", ".join(paths), f"has no row of the cohort {cohort}")
    return pd.concat([parts[cohort] for cohort in cohorts], ignore_index=True)[QC_COLUMNS]


def provenance(batches: Sequence[Mapping[str, Any]], config: Mapping[str, Any]) -> dict[str, Any]:
    """The provenance of the whole: what all batches share, their counts added up, and which batches they were.

    Args:
        batches: the content of each batch's provenance.json, made by the same code (``study.joining``).
        config: the whole study's config.
    """
    devices: dict[str, int] = {}
    for batch in batches:
        for device, count in batch["devices"].items():
            devices[device] = devices.get(device, 0) + count
    platforms = distinct(batch["platform"] for batch in batches)
    return {
        **batches[0],
        **{key: sum(batch[key] for batch in batches) for key in COUNTS},
        "platform": ", ".join(platforms),
        "devices": devices,
        "training_versions": distinct(one for batch in batches for one in batch["training_versions"]),
        "config": private.shared(config),
        "batches": [batch["config"]["batch"] for batch in batches],
    }
