"""Adjustments of a model ranked in each replicate, by goal: Wilcoxon's test, Friedman's, and Nemenyi's difference.

They take no number as normal, and need more replicates for it (Demsar 2006, Journal of Machine Learning Research 7:1).
Repeated splits of one cohort are not independent, and are not ranked.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from stratbench.report.analysis.changes import ENOUGH
from stratbench.report.analysis.results import Group, Results, select
from stratbench.report.analysis.transfer import places

MANY = 20  # replicates from which on Friedman's test and a critical difference are given
ACCURACY, RECOVERY, FREEDOM = (
    "accuracy of f within populations",
    "recovery of causal SNPs",
    "freedom of f from ancestry",
)


@dataclass(frozen=True)
class Goal:
    """What adjustments are ranked by.

    Attributes:
        name: the goal in words.
        metric: whose values are ranked.
        higher: whether higher is better.
        population, attribution: what these columns of metrics.tsv hold in its rows.
    """

    name: str
    metric: str
    higher: bool = True
    population: str = ""
    attribution: str = ""


@dataclass(frozen=True)
class Ranks:
    """How one model's adjustments rank; 1 is the best.

    Attributes:
        model: the model's label.
        n: how many replicates have a number under every adjustment that is ranked.
        mean: each adjustment's mean rank over replicates, ties shared.
        wilcoxon: p of Wilcoxon's signed-rank test against the baseline, adjusted by Holm over the other adjustments;
            NaN where nothing differs.
        friedman: Friedman's chi-squared and its p; None under ``MANY`` replicates or three adjustments.
        critical: the difference of two mean ranks above which Nemenyi's test is significant at 5%; None as before.
        left_out: adjustments that are not ranked, as too few replicates have a number under them.
        goal: what they are ranked by.
    """

    model: str
    n: int
    mean: dict[str, float]
    wilcoxon: dict[str, float]
    friedman: tuple[float, float] | None
    critical: float | None
    left_out: tuple[str, ...] = ()
    goal: str = ACCURACY


def goals(results: Results, group: Group) -> list[Goal]:
    """What the adjustments of a group are ranked by.

    Raises UserError if comparisons.tsv is absent or damaged.
    """
    found = [Goal(ACCURACY, group.within_f)]
    found += [
        Goal(
            f"accuracy within {place.population}, of whom nobody trained",
            place.metric,
            population=place.column,
        )
        for place in places(results)
        if place.group == group
    ]
    if group.attribution and group.causal_snps(results.study):
        found.append(Goal(RECOVERY, "causal_auc_pr", attribution=group.attribution))
    return [*found, Goal(FREEDOM, "ancestry_logit", higher=False)]


def ranked(results: Results, group: Group) -> list[Ranks]:
    """The ranks of each model of a group by each goal that has numbers; none under six replicates.

    Raises:
        UserError: if metrics.tsv or comparisons.tsv is absent or damaged.
    """
    if group.unit != "replicate" or results.replicates(group) < ENOUGH or len(group.adjustments) < 2:
        return []
    found = []
    wanted = [(goal, _rows(results, group, goal)) for goal in goals(results, group)]
    for model in group.models:
        for goal, rows in wanted:
            means = select(rows, model=model).groupby(["replicate", "adjustment"])["value"].mean().unstack()
            enough = means.columns[means.notna().sum() >= ENOUGH]
            names = [name for name in group.adjustments if name in enough]
            table = means[names].dropna() * (1 if goal.higher else -1)
            if len(table) >= ENOUGH and len(names) > 1 and group.baseline in names:
                left_out = tuple(name for name in group.adjustments if name not in names)
                one = of_table(model, table, group.baseline)
                found.append(replace(one, left_out=left_out, goal=goal.name))
    return found


def _rows(results: Results, group: Group, goal: Goal) -> pd.DataFrame:
    """The rows of metrics.tsv that a goal is judged by."""
    keys = {"population": goal.population, "attribution": goal.attribution}
    return select(results.metrics, **group.keys, **keys, metric=goal.metric)


def of_table(model: str, table: pd.DataFrame, baseline: str) -> Ranks:
    """The ranks of a table, higher being better, with a row for each replicate and a column for each adjustment."""
    from scipy import stats  # names of figures do not need it

    from stratbench.metrics.significance import holm

    names, value_RC = list(map(str, table.columns)), table.to_numpy(dtype=float)
    (n, k), mean_C = value_RC.shape, stats.rankdata(-value_RC, axis=1).mean(axis=0)
    others = [name for name in names if name != baseline]
    apart = [(table[name] - table[baseline]).to_numpy(dtype=float) for name in others]
    p = holm(np.array([stats.wilcoxon(one).pvalue if np.any(one) else math.nan for one in apart]))
    friedman, critical = None, None
    if n >= MANY and k > 2:
        test = stats.friedmanchisquare(*value_RC.T)
        friedman, critical = (float(test.statistic), float(test.pvalue)), critical_difference(k, n)
    mean, wilcoxon = (
        dict(zip(of, map(float, found), strict=True)) for of, found in ((names, mean_C), (others, p))
    )
    return Ranks(model, n, mean, wilcoxon, friedman, critical)


def ties(one: Ranks) -> list[tuple[float, float]]:
    """The lowest and the highest mean rank of each group of adjustments that are not told apart.

    A group has two adjustments or more, whose mean ranks all lie within the critical difference, and is part of no
    larger group. There is none where no critical difference is given.
    """
    ranks, ends = sorted(one.mean.values()), [0]
    groups: list[tuple[float, float]] = []
    for first, low in enumerate(ranks if one.critical is not None else []):
        last = max(k for k, high in enumerate(ranks) if high - low <= (one.critical or 0))
        if last > max(first, ends[-1]):
            groups.append((low, ranks[last]))
            ends.append(last)
    return groups


def critical_difference(k: int, n: int) -> float:
    """Nemenyi's critical difference at 5% of the mean ranks of ``k`` adjustments over ``n`` replicates."""
    from scipy import stats

    q = stats.studentized_range.ppf(0.95, k, np.inf) / math.sqrt(2)
    return float(q * math.sqrt(k * (k + 1) / (6 * n)))
