"""From metrics to comparisons: seeds averaged within a replicate, then intervals over replicates, splits or people."""

from types import MappingProxyType

import numpy as np
import pandas as pd

from stratbench.metrics.catalogue import metrics as all_metrics
from stratbench.metrics.catalogue import paired as paired_metrics
from stratbench.metrics.intervals import mean_error, normal_interval, t_interval
from stratbench.metrics.paired import REFERENCE
from stratbench.metrics.rows import COMPARISONS, GROUP, KEYS
from stratbench.metrics.significance import FEW, holm, p_values
from stratbench.metrics.split_size import OVERLAP
from stratbench.summary.transfer import (
    ACCURACY,
    CHANGE,
    TRANSFER,
    Against,
    Trained,
    of_two_splits,
    transfers,
    untrained,
)

COLUMNS = list(COMPARISONS.columns)
REPLICATES, SPLITS = "replicates", "repeated splits"
PEOPLE, UNPAIRED = "test people", "test people, unpaired"
OF_SPLIT = ["study", "scenario", "trait", "split"]


def comparisons(
    metrics: pd.DataFrame,
    reference: str = REFERENCE,
    against: Against = MappingProxyType({}),
    trained: Trained = MappingProxyType({}),
) -> pd.DataFrame:
    """comparisons.tsv of a tidy metrics table (``rows.tidy``).

    The replicate is the unit: values of its seeds are averaged, and mean and 95% Student-t interval are
    taken over the replicates of a scenario; scenarios are never pooled. Replicates of one cohort are repeats of its
    split, whose overlap the interval allows for. One replicate has the normal
    interval of ``<metric>_se``, averaged over seeds, or none: ``basis`` says what an interval is taken over. Groups
    without any value (failed, not applicable) keep a row: mean blank, n_replicates 0. ``diff_<metric>`` rows:
    adjustment - ``reference``. Differences have a p value, from six replicates on or in one cohort, and
    those that a report may claim one that is adjusted for how many claims the study could make.

    Args:
        metrics: the study's metrics.tsv.
        reference: the label of the adjustment that others are compared with.
        against: which splits are compared with which (``transfer.transfers``).
        trained: the populations that train, of splits that name them: differences are over all test people, and also
            within each population of which nobody trains.

    Returns:
        A row for each group of keys, with the columns of ``rows.COMPARISONS``, sorted.
    """
    metrics = metrics.reset_index(drop=True)
    table = metrics.assign(k=metrics["k"].astype(str).replace("<NA>", ""))
    is_error = table["metric"].str.endswith("_se")
    errors = table[is_error].assign(metric=table["metric"].str.removesuffix("_se"))
    table = table[~is_error]
    made = [differences(table, reference, trained), transfers(table, against, reference)]
    table = pd.concat([table, *(part for part in made if len(part))], ignore_index=True)
    found = over_replicates(over_seeds(table)).join(sampling_error(errors)).reset_index()
    found = found.assign(overlap=overlaps(found))
    found = with_intervals(with_unpaired(found, reference))
    found["p_holm"] = adjusted(found, reference)
    found["k"] = pd.to_numeric(found["k"].replace("", None)).astype("Int64")
    return found.sort_values(GROUP, kind="stable", na_position="first", ignore_index=True)[COLUMNS]


def over_seeds(table: pd.DataFrame) -> pd.DataFrame:
    """One value a replicate: the mean over the seeds that have one, NaN if none has."""
    return table.groupby([*GROUP, "cohort", "replicate"], dropna=False)["value"].mean().reset_index()


def over_replicates(table: pd.DataFrame) -> pd.DataFrame:
    """mean, sd (n - 1), n_replicates and the number of cohorts of each group, indexed by its keys."""
    groups = table.groupby(GROUP, dropna=False)
    values = groups["value"]
    return pd.DataFrame(
        {
            "mean": values.mean(),
            "sd": values.std(),
            "n_replicates": values.count(),
            "cohorts": groups["cohort"].nunique(),
        }
    )


def overlaps(found: pd.DataFrame) -> np.ndarray:
    """Test people over training people, of repeated splits of one cohort; 0 for replicates, which share nobody.

    NaN, which gives no interval, for numbers of associations over repeated splits: they test nobody, and are of the
    training people or of the same people each time.
    """
    ratio = found[found["metric"] == OVERLAP].set_index(OF_SPLIT)["mean"]
    own = ratio.reindex(pd.MultiIndex.from_frame(found[OF_SPLIT])).to_numpy(dtype=float)
    own[found["association"] != ""] = np.nan
    return np.where((found["cohorts"] == 1) & (found["n_replicates"] > 1), own, 0.0)


def sampling_error(errors: pd.DataFrame) -> pd.DataFrame:
    """Column se: the standard error over test individuals, averaged over seeds; indexed by the keys."""
    return over_seeds(errors).groupby(GROUP, dropna=False)["value"].mean().to_frame("se")


def with_unpaired(found: pd.DataFrame, reference: str) -> pd.DataFrame:
    """Differences without an error of their own have that of two independent numbers, which is too large if anything.

    The column ``paired`` says of which rows that is not so.
    """
    error = found.set_index(GROUP)["se"]
    of = found["metric"].str.removeprefix("diff_")
    parts = [
        error.reindex(pd.MultiIndex.from_frame(found.assign(metric=of, against="", adjustment=name)[GROUP]))
        for name in (found["adjustment"], reference)
    ]
    of_adjustments = np.hypot(*(part.to_numpy(dtype=float) for part in parts))
    of_splits = of_two_splits(found)
    apart = pd.Series(np.where(np.isfinite(of_splits), of_splits, of_adjustments), index=found.index)
    without = found["metric"].str.startswith(("diff_", TRANSFER)) & found["se"].isna()
    return found.assign(se=found["se"].where(~without, apart), paired=~without)


def with_intervals(found: pd.DataFrame) -> pd.DataFrame:
    """Columns ci_low, ci_high, basis and, of differences, p."""
    declared = {metric.name: (metric.low, metric.high) for metric in all_metrics()}
    differences = {f"diff_{name}": (low - high, high - low) for name, (low, high) in declared.items()}
    further = {f"{TRANSFER}{name}": (low - high, high - low) for name, (low, high) in declared.items()}
    further |= {
        f"{CHANGE}{name}": (2 * (low - high), 2 * (high - low)) for name, (low, high) in declared.items()
    }
    ends = (declared | differences | further).get
    low, high = np.array([ends(name, (-np.inf, np.inf)) for name in found["metric"]]).reshape(-1, 2).T
    n, mean, se = (found[name].to_numpy(dtype=float) for name in ("n_replicates", "mean", "se"))
    one = n == 1
    several = t_interval(mean, found["sd"], n, low=low, high=high, overlap=found["overlap"])
    single = normal_interval(mean, se, low=low, high=high)
    ci_low, ci_high = (np.where(one, own, over) for own, over in zip(single, several, strict=True))
    over = {metric.name: metric.over for metric in all_metrics()}
    people = found["metric"].map(over).fillna(PEOPLE)
    over_several = np.where(found["overlap"] > 0, SPLITS, REPLICATES)
    basis = np.where(~one, over_several, np.where(found["paired"], people, UNPAIRED))
    error = np.where(one, se, mean_error(found["sd"], n, found["overlap"]))
    p = p_values(mean, error, np.where(one, np.inf, np.maximum(n - 1, 1)))
    tested = found["metric"].str.startswith("diff_") | found["metric"].isin(_claimed())
    return found.assign(
        ci_low=ci_low,
        ci_high=ci_high,
        basis=np.where(np.isfinite(ci_low), basis, ""),
        p=np.where(tested & (one | (n >= FEW)), p, np.nan),
    )


def _claimed() -> list[str]:
    """The metrics that are differences themselves and may be claimed."""
    return [metric.name for metric in all_metrics() if metric.claimed and not metric.paired]


def adjusted(found: pd.DataFrame, reference: str) -> np.ndarray:
    """Holm's p of every difference that a report may claim: those from the reference, of metrics declared as claimed.

    Accuracies within populations of which nobody trains are among them.

    Each study's claims are one family, whichever of them its report makes. Rows of one fit with the same mean and p are
    one claim, such as accuracy overall and within populations where there is one population.
    """
    names = [f"diff_{metric.name}" for metric in all_metrics() if metric.claimed and metric.paired]
    family = found["metric"].isin([*names, *_claimed()]) & (found["against"] == reference)
    family &= found["population"] == ""
    family |= (found["population"] != "") & found["metric"].isin([f"diff_{name}" for name in ACCURACY])
    family &= (found["adjustment"] != reference) & found["p"].notna()
    of_fit = [key for key in GROUP if key != "metric"]
    claims = found.loc[family, [*of_fit, "mean", "p"]].round({"mean": 9, "p": 9})
    claim = claims.groupby([*of_fit, "mean", "p"], dropna=False, sort=False).ngroup()
    once = found.loc[claim.drop_duplicates().index, ["study", "p"]]
    corrected = once["p"].groupby(once["study"]).transform(lambda column: holm(column.to_numpy()))
    of_claim = pd.Series(corrected.to_numpy(), index=claim.drop_duplicates().to_numpy())
    return claim.map(of_claim).reindex(found.index).to_numpy(dtype=float)


def differences(table: pd.DataFrame, reference: str, trained: Trained = MappingProxyType({})) -> pd.DataFrame:
    """Rows ``diff_<metric>`` of the metrics declared as paired: adjustment - reference for the same replicate and seed.

    Pairs share data, split, initialisation and batch order. A pair needs both values. Populations of
    which nobody trains have rows of their own.
    """
    pair = [key for key in KEYS if key not in ("adjustment", "against")]
    paired = table["metric"].isin(paired_metrics()) & (table["population"] == "")
    paired = (paired | untrained(table, trained)) & (table["adjustment"] != "")
    rows = table.loc[paired, [*pair, "adjustment", "value"]].assign(seed=lambda t: t["seed"].astype(str))
    base = rows[rows["adjustment"] == reference].drop(columns="adjustment")
    both = rows[rows["adjustment"] != reference].merge(base, on=pair, suffixes=("", "_reference"))
    return both.assign(
        value=both["value"] - both["value_reference"], metric="diff_" + both["metric"], against=reference
    )[[*pair, "adjustment", "against", "value"]]
