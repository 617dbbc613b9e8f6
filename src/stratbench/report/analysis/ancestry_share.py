"""How much of an uncorrected network's output lies between populations, beyond the truth and beyond genes alone.

Genes differ between populations, so that a network that learns nothing but biology has such a share, too. It is
compared, replicate by replicate, with that of the true liability, and with what there would be without environment: the
same network's on a twin of the trait that has none, or else the share of the trait's own genetic value.
"""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from stratbench.metrics.between import LIABILITY
from stratbench.report.analysis.best_ranking import LEAST, mean_interval
from stratbench.report.analysis.results import Group, Results, select
from stratbench.report.analysis.verdicts import LEARNED, verdict

METRIC = "between_share"
GENES = "ceiling-genetic"
UNCORRECTED = "none"


@dataclass(frozen=True)
class Beyond:
    """A mark that a share is compared with: its own share, and how far the network's lies above it.

    Attributes:
        value, difference: mean, ci_low, ci_high and n_replicates, by Student's t.
        twin: the trait without environment that the network was trained on; blank for parts of the truth.
    """

    value: dict[str, Any]
    difference: dict[str, Any]
    twin: str = ""


@dataclass(frozen=True)
class Share:
    """The share of one network's output, and what it is compared with; the twin is None without its numbers."""

    model: str
    value: dict[str, Any]
    liability: Beyond
    without_environment: Beyond


def asked(results: Results, group: Group) -> bool:
    """Whether the truth is known, people are of several populations, and models were trained without correction."""
    return (
        not group.measured
        and bool(group.models)
        and UNCORRECTED in group.adjustments
        and group.causal_snps(results.study)
        and results.several_populations(group)
    )


def shares(results: Results, group: Group, models: list[str]) -> tuple[list[Share], dict[str, int]]:
    """The shares of models that learned, with what they are compared with.

    Args:
        results: the results of the study.
        group: the group.
        models: the models that are asked about.

    Returns:
        The share of each model with numbers in ``LEAST`` replicates or more, beside those of the truth; and of each
        other model in how many replicates it has them.

    Raises:
        UserError: if a table is absent or damaged.
    """
    liability, genes = (_by_replicate(results, group, name, "") for name in (LIABILITY, GENES))
    twin = twin_without_environment(results, group)
    found, few = [], {}
    for model in models:
        own = _by_replicate(results, group, model, UNCORRECTED)
        other, name = genes, ""
        if twin is not None and verdict(results, twin, model, UNCORRECTED) == LEARNED:
            other, name = _by_replicate(results, twin, model, UNCORRECTED), twin.trait
        table = pd.DataFrame({"own": own, "liability": liability, "other": other}).dropna()
        if len(table) < LEAST:
            few[model] = len(table)
            continue
        overlap = results.overlap(group)
        rows = {column: mean_interval(table[column], METRIC, overlap=overlap) for column in table}
        less = {
            column: mean_interval(table["own"] - table[column], METRIC, difference=True, overlap=overlap)
            for column in table
        }
        found.append(
            Share(
                model,
                rows["own"],
                Beyond(rows["liability"], less["liability"]),
                Beyond(rows["other"], less["other"], name),
            )
        )
    return found, few


def twin_without_environment(results: Results, group: Group) -> Group | None:
    """The group of the same people whose trait has the same genetic values and no environment; None without one."""
    here = _simulated(results, group)
    if not _environment(here):
        return None
    for other in results.groups:
        there = _simulated(results, other)
        same = (other.scenario, other.split) == (group.scenario, group.split) and other.trait != group.trait
        if same and not _environment(there) and _kin(there, other) == _kin(here, group):
            return other
    return None


def _simulated(results: Results, group: Group) -> dict[str, Any]:
    return dict(results.study.spec("traits", group.trait).get("simulate") or {})


def _environment(spec: dict[str, Any]) -> bool:
    return any(spec.get(part) for part in ("environment", "family_environment"))


def _kin(spec: dict[str, Any], group: Group) -> tuple[Any, ...]:
    """What twins share: the name that their draws go by, and whether populations differ genetically."""
    return bool(spec), spec.get("twin") or group.trait, spec.get("between")


def _by_replicate(results: Results, group: Group, model: str, adjustment: str) -> pd.Series:
    """The share in each replicate that has one, the mean over its seeds."""
    keys = {"model": model, "adjustment": adjustment, "attribution": "", "association": "", "against": ""}
    rows = select(results.metrics, **group.keys, **keys, metric=METRIC, population="")
    return rows.dropna(subset="value").groupby("replicate")["value"].mean()
