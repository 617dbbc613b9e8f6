"""What it costs to be trained on others: the accuracy of one split less that of another on the same test people."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from stratbench.metrics.catalogue import paired as paired_metrics
from stratbench.metrics.rows import GROUP, KEYS
from stratbench.splits import TRAIN_ON

TRANSFER, CHANGE = "transfer_", "transfer_diff_"  # before the name of a metric
ACCURACY = ("auroc", "pearson")  # what is compared within a population that does not train
Against = Mapping[str, Sequence[str]]  # label of a split -> labels of those that it is compared with
Trained = Mapping[str, Sequence[str]]  # label of a split -> the populations that train, where it names them
PAIR = [key for key in KEYS if key not in ("split", "against")]


def against_of(config: Mapping[str, Any]) -> Against:
    """Which splits a checked config compares with which."""
    given = {
        label: spec.get("options", {}).get("against") for label, spec in config.get("splits", {}).items()
    }
    return {label: others for label, others in given.items() if others}


def trained_of(config: Mapping[str, Any]) -> Trained:
    """Which populations train in the splits of a checked config that name them and test all."""
    splits = config.get("splits", {}).items()
    return {label: spec["options"]["populations"] for label, spec in splits if spec["method"] == TRAIN_ON}


def untrained(table: pd.DataFrame, trained: Trained) -> pd.Series:
    """Which rows are an accuracy within a population of which nobody trains.

    Args:
        table: rows of metrics.tsv, or of comparisons.tsv without a prefix of the metric.
        trained: the populations that train, of the splits that name them.

    Returns:
        bool, indexed as the table.
    """
    found = pd.Series(False, index=table.index)
    for split, populations in trained.items():
        found |= (table["split"] == split) & ~table["population"].isin(["", *populations])
    return found & table["metric"].isin(ACCURACY)


def transfers(table: pd.DataFrame, against: Against, reference: str) -> pd.DataFrame:
    """Rows ``transfer_<metric>``: a split less another one, of the same replicate, population, model and adjustment.

    Of every metric that has paired differences, over all test people and in each population. ``transfer_diff_<metric>``
    is how much an adjustment changes that: its transfer less that of ``reference``. Seeds are averaged, because the
    trainings of two splits share no draws.

    Args:
        table: rows of metrics.tsv, without those of standard errors.
        against: the comparisons that the study declares.
        reference: the label of the adjustment that others are compared with.

    Returns:
        Rows with the columns of metrics.tsv's keys and ``value``; ``against`` is the other split.
    """
    of_models = table["metric"].isin(paired_metrics()) & (table["adjustment"] != "")
    mean = table[of_models].groupby([key for key in KEYS if key != "seed"], dropna=False)["value"].mean()
    rows = mean.reset_index().assign(seed="")
    found = [pd.DataFrame(columns=[*KEYS, "value"])]
    for split, others in against.items():
        for other in others:
            own, base = (rows[rows["split"] == label] for label in (split, other))
            both = own.merge(base.drop(columns=["split", "against"]), on=PAIR, suffixes=("", "_other"))
            value = both["value"] - both["value_other"]
            part = both.assign(value=value, against=other, metric=TRANSFER + both["metric"])
            found += [part[[*KEYS, "value"]], _changes(part, reference)]
    return pd.concat([part for part in found if len(part)] or found[:1], ignore_index=True)


def _changes(transfer: pd.DataFrame, reference: str) -> pd.DataFrame:
    """What each adjustment changes in these rows."""
    pair = [key for key in KEYS if key != "adjustment"]
    base = transfer[transfer["adjustment"] == reference][[*pair, "value"]]
    both = transfer[transfer["adjustment"] != reference].merge(base, on=pair, suffixes=("", "_reference"))
    name = CHANGE + both["metric"].str.removeprefix(TRANSFER)
    return both.assign(value=both["value"] - both["value_reference"], metric=name)[[*KEYS, "value"]]


def of_two_splits(found: pd.DataFrame) -> np.ndarray:
    """The standard errors of ``transfer_<metric>`` as of two independent numbers, which are too large if anything.

    Args:
        found: rows of comparisons.tsv, with the column ``se`` over test people.

    Returns:
        float64, NaN for other rows.
    """
    error = found.set_index(GROUP)["se"]
    metric = found["metric"].str.removeprefix(TRANSFER)
    parts = [
        error.reindex(pd.MultiIndex.from_frame(found.assign(metric=metric, against="", split=split)[GROUP]))
        for split in (found["split"], found["against"])
    ]
    apart = np.hypot(*(part.to_numpy(dtype=float) for part in parts))
    is_transfer = found["metric"].str.startswith(TRANSFER) & ~found["metric"].str.startswith(CHANGE)
    return np.where(is_transfer, apart, np.nan)
