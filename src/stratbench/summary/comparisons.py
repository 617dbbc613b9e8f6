"""From metrics to comparisons: seeds averaged within a replicate, then intervals over replicates."""

import numpy as np
import pandas as pd

from stratbench.metrics.catalogue import paired as paired_metrics
from stratbench.metrics.intervals import normal_interval, t_interval
from stratbench.metrics.rows import COMPARISONS, GROUP, KEYS

COLUMNS = list(COMPARISONS.columns)


def comparisons(metrics: pd.DataFrame, reference: str = "none") -> pd.DataFrame:
    """comparisons.tsv of a tidy metrics table (``rows.tidy``).

    The replicate is the unit: values of its seeds are averaged, and mean and 95% Student-t interval are
    taken over the replicates of a scenario; scenarios are never pooled. One replicate has the normal
    interval of ``<metric>_se``, averaged over seeds, or none. Groups without any value (failed, not
    applicable) keep a row: mean blank, n_replicates 0. ``diff_<metric>`` rows: adjustment - ``reference``.
    """
    metrics = metrics.reset_index(drop=True)
    table = metrics.assign(k=metrics["k"].astype(str).replace("<NA>", ""))
    is_error = table["metric"].str.endswith("_se")
    errors = table[is_error].assign(metric=table["metric"].str.removesuffix("_se"))
    table = table[~is_error]
    paired = differences(table, reference)
    table = pd.concat([table, paired], ignore_index=True) if len(paired) else table
    found = over_replicates(over_seeds(table)).join(mean_error(errors))
    low, high = t_interval(found["mean"], found["sd"], found["n_replicates"])
    one = (found["n_replicates"] == 1).to_numpy()
    low_one, high_one = normal_interval(found["mean"], found["se"])
    found["ci_low"], found["ci_high"] = np.where(one, low_one, low), np.where(one, high_one, high)
    found = found.reset_index()
    found["k"] = pd.to_numeric(found["k"].replace("", None)).astype("Int64")
    return found.sort_values(GROUP, kind="stable", na_position="first", ignore_index=True)[COLUMNS]


def over_seeds(table: pd.DataFrame) -> pd.DataFrame:
    """One value a replicate: the mean over the seeds that have one, NaN if none has."""
    return table.groupby([*GROUP, "replicate"], dropna=False)["value"].mean().reset_index()


def over_replicates(table: pd.DataFrame) -> pd.DataFrame:
    """mean, sd (n - 1) and n_replicates of each group, indexed by its keys."""
    groups = table.groupby(GROUP, dropna=False)["value"]
    return pd.DataFrame({"mean": groups.mean(), "sd": groups.std(), "n_replicates": groups.count()})


def mean_error(errors: pd.DataFrame) -> pd.DataFrame:
    """Column se: the standard error over test individuals, averaged over seeds; indexed by the keys."""
    return over_seeds(errors).groupby(GROUP, dropna=False)["value"].mean().to_frame("se")


def differences(table: pd.DataFrame, reference: str) -> pd.DataFrame:
    """Rows ``diff_<metric>`` of the metrics declared as paired: adjustment - reference for the same replicate and seed.

    Pairs share data, split, initialisation and batch order. A pair needs both values.
    """
    pair = [key for key in KEYS if key not in ("adjustment", "against")]
    paired = (
        table["metric"].isin(paired_metrics()) & (table["population"] == "") & (table["adjustment"] != "")
    )
    rows = table.loc[paired, [*pair, "adjustment", "value"]].assign(seed=lambda t: t["seed"].astype(str))
    base = rows[rows["adjustment"] == reference].drop(columns="adjustment")
    both = rows[rows["adjustment"] != reference].merge(base, on=pair, suffixes=("", "_reference"))
    return both.assign(
        value=both["value"] - both["value_reference"], metric="diff_" + both["metric"], against=reference
    )[[*pair, "adjustment", "against", "value"]]
