"""How rankings of SNPs agree, and what a random ranking would reach."""

from typing import Any

import numpy as np
import pandas as pd

from stratbench.report.analysis.results import Group, Results, select


def either_way(results: Results, group: Group, metric: str, adjustment: str, **keys: str) -> Any:
    """Look up a number of an adjustment and the baseline, in whichever order the table names the two.

    Args:
        results: the results of the study.
        group: the group whose baseline is meant.
        metric: the metric's name.
        adjustment: the adjustment that is compared with the baseline.
        keys: the values of further columns of comparisons.tsv, such as ``model`` and ``attribution``.

    Returns:
        The row of comparisons.tsv, or None if there is none.

    Raises:
        UserError: if comparisons.tsv is absent or damaged.
    """
    for one, other in ((adjustment, group.baseline), (group.baseline, adjustment)):
        row = results.value(group, metric, adjustment=one, against=other, **keys)
        if row is not None:
            return row
    return None


def between(
    results: Results,
    group: Group,
    model: str,
    adjustment: str,
    metric: str = "agreement_spearman",
    **keys: str,
) -> Any:
    """Look up how an adjustment's rankings agree with those of the baseline.

    Args:
        results: the results of the study.
        group: the group whose baseline is meant.
        model: the model whose attributions rank the SNPs.
        adjustment: the adjustment whose rankings are compared with the baseline's.
        metric: the name of the measure of agreement.
        keys: the values of further columns of comparisons.tsv, such as ``attribution`` and ``k``.

    Returns:
        The row of comparisons.tsv, or None if there is none; None for the baseline itself.

    Raises:
        UserError: if comparisons.tsv is absent or damaged.
    """
    if adjustment == group.baseline:
        return None
    return either_way(results, group, metric, adjustment, model=model, **keys)


def fall(results: Results, group: Group, model: str, adjustment: str, attribution: str) -> Any:
    """Look up by how much agreement between two adjustments is lower than agreement within them.

    One of the two is the baseline. Agreement is Spearman's correlation of the rankings of different training resamples.

    Args:
        results: the results of the study.
        group: the group whose baseline is meant.
        model: the model whose attributions rank the SNPs.
        adjustment: the adjustment whose rankings are compared with the baseline's.
        attribution: the attribution that ranks the SNPs.

    Returns:
        The row of comparisons.tsv, or None if there is none.

    Raises:
        UserError: if comparisons.tsv is absent or damaged.
    """
    metric = "agreement_delta_spearman"
    return either_way(results, group, metric, adjustment, model=model, attribution=attribution)


def agreement_matrix(results: Results, group: Group, model: str, attribution: str) -> np.ndarray:
    """Arrange Spearman's correlations of the rankings of a group's adjustments in a matrix.

    Args:
        results: the results of the study.
        group: the group.
        model: the model whose attributions rank the SNPs.
        attribution: the attribution that ranks the SNPs.

    Returns:
        The correlations, float64, with a row and a column for each adjustment in the group's order. The diagonal has
        the agreement of different training resamples. Entries without a number are NaN.

    Raises:
        UserError: if comparisons.tsv is absent or damaged.
    """
    names = group.adjustments
    grid = np.full((len(names), len(names)), np.nan)
    for first, one in enumerate(names):
        for second, other in enumerate(names):
            of = {"model": model, "adjustment": one, "against": other, "attribution": attribution}
            row = results.value(group, "agreement_spearman", **of)
            if row is not None:
                grid[first, second] = row["mean"]
                if np.isnan(grid[second, first]):
                    grid[second, first] = row["mean"]
    return grid


def chance_auc_pr(results: Results, group: Group) -> float | None:
    """AUC_PR of a random ranking, the share of causal SNPs: a value of AUC_PR divided by its ratio to chance."""
    wanted = select(results.comparisons, **group.keys)
    keys = ["model", "adjustment", "attribution", "association"]
    values, ratios = (
        wanted[wanted["metric"] == metric].set_index(keys)["mean"]
        for metric in ("causal_auc_pr", "causal_auc_pr_ratio")
    )
    share = (values / ratios).dropna()
    share = share[share > 0]
    return float(share.median()) if len(share) else None


def chance_jaccard(table: pd.DataFrame, k: str) -> float | None:
    """The Jaccard index of two random sets of k SNPs, if it is the same number in all rows of this table."""
    found = set(select(table, metric="agreement_jaccard_chance", k=k)["mean"].dropna())
    return float(found.pop()) if len(found) == 1 else None


def sizes(table: pd.DataFrame, metric: str) -> list[str]:
    """The k of a metric in a table of comparisons, ascending."""
    return sorted(set(select(table, metric=metric)["k"]), key=int)
