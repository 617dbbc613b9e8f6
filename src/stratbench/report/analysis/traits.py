"""What the liability of a simulated trait is made of: realised shares of its variance, all and within populations."""

from collections.abc import Mapping

import numpy as np

from stratbench.genotypes import records
from stratbench.genotypes.records import TraitRecord
from stratbench.report.analysis.results import Group, Results
from stratbench.study.paths import fill

PARTS = (
    "genetic, between populations", "genetic, within populations", "environment", "environment of families",
    "noise", "covariance",
)  # fmt: skip


def simulated(groups: list[Group]) -> list[Group]:
    """Choose one group for each scenario and simulated trait, because their splits share one trait."""
    first: dict[tuple[str, str], Group] = {}
    for group in groups:
        if not group.measured:
            first.setdefault((group.scenario, group.trait), group)
    scenarios = list(dict.fromkeys(group.scenario for group in groups))
    return sorted(first.values(), key=lambda group: scenarios.index(group.scenario))


def parts(shares: Mapping[str, float]) -> dict[str, float]:
    """Divide the genetic share of trait.json into that between and that within populations; keep the other shares."""
    within = shares.get("genetic_within", shares["genetic"])
    values = (shares["genetic"] - within, within, shares["environment"], shares.get("environment_family", 0.0),
              shares["noise"], shares.get("covariance", 0.0))  # fmt: skip
    return dict(zip(PARTS, values, strict=True))


def kept(trait: TraitRecord) -> Mapping[str, float]:
    """The shares of the liability's variance among the individuals who were kept; empty for a measured trait."""
    return trait.shares_kept or trait.shares or {}


def _within(trait: TraitRecord) -> dict[str, float] | None:
    """The shares within populations; None if there is one population, or if no variance lies within populations."""
    shares = trait.shares_kept_within or trait.shares_within or {}
    return parts(shares) if 0 < shares.get("liability", 1.0) < 1 - 1e-9 else None


def _mean(found: list[dict[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([one[name] for one in found])) for name in PARTS}


def mean_shares(
    results: Results,
) -> list[tuple[str, str, dict[str, float], dict[str, float] | None]]:
    """Average the shares of each simulated trait over replicates.

    Returns the scenario, the trait, the shares among all individuals, and the shares within populations, or None.
    """
    rows = []
    for group in simulated(results.groups):
        stored = [
            records.read_trait(results.base / fill(results.paths.trait_json, split)) for split in group.splits
        ]
        found = [parts(kept(one)) for one in stored if kept(one)]
        within = [shares for one in stored if (shares := _within(one))]
        if found:
            rows.append((group.scenario, group.trait, _mean(found), _mean(within) if within else None))
    return rows
