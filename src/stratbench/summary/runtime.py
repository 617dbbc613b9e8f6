"""Time and memory of every job, from Snakemake's benchmark files. No other table holds a time."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from stratbench.core.errors import UserError, damaged
from stratbench.genotypes.records import FitRecord
from stratbench.genotypes.tables import RUNTIME

COLUMNS = list(RUNTIME.columns)
MEASURED = ["s", "max_rss", "cpu_time"]  # seconds, MB, CPU seconds


def name(path: str | Path) -> tuple[str, str]:
    """(rule, job) of ``.../benchmarks/<rule>/<job>.tsv``; a job's name is made of its wildcards."""
    parts = Path(path).with_suffix("").parts
    if "benchmarks" not in parts:
        raise UserError(f"{path}: not a benchmark file, no folder 'benchmarks' in its path")
    after = parts[len(parts) - parts[::-1].index("benchmarks") :]
    return after[0], "/".join(after[1:])


def fit_name(path: str | Path) -> str:
    """The fit of ``.../models/<fit>/fit.json``: cohort, trait, split, model and adjustment."""
    return "/".join(Path(path).parts[-6:-1])


def read(path: str | Path) -> dict[str, Any]:
    """One benchmark file; of a repeated benchmark the first run. Values that were not measured are missing."""
    try:
        table = pd.read_csv(path, sep="\t", na_values=["-", "NA"])
    except ValueError as error:
        raise damaged(path, f"cannot be read as a benchmark of Snakemake's ({error})") from error
    table = table.reindex(columns=MEASURED).apply(pd.to_numeric, errors="coerce")
    rule, job = name(path)
    return {"rule": rule, "job": job, **(table.iloc[0].to_dict() if len(table) else {})}


def runtime(benchmarks: Iterable[str | Path], fits: Mapping[str, FitRecord]) -> pd.DataFrame:
    """runtime.tsv: a row per job. ``fits`` maps a fit's name to its fit.json, which knows the device of its job."""
    devices: dict[str, str | None] = {}
    for fit, about in fits.items():
        split, model, _ = fit.rsplit("/", 2)
        devices |= {f"{split}/{model}": about.device, split: about.device}
    records = [read(path) for path in benchmarks]
    for record in records:
        job = record["job"]  # that of one model, or of all models of a split
        device = devices.get(job, devices.get(job.rpartition("/")[0]))
        record["device"] = device if record["rule"] == "fit" else None
    table = pd.DataFrame(records, columns=COLUMNS)
    return table.sort_values(["rule", "job"], kind="stable", ignore_index=True)
