"""Errors of paired differences: two adjustments of one model are judged by the same test individuals."""

from collections.abc import Mapping

import numpy as np

from stratbench.metrics.catalogue import paired
from stratbench.metrics.estimate import Estimate, clustered_error
from stratbench.metrics.rows import Row, SplitPlace, rows

REFERENCE = "none"
Influences = dict[
    str, dict[int | None, np.ndarray]
]  # metric -> seed -> what each test individual adds to the error


def paired_errors(
    place: SplitPlace, influences: Mapping[tuple[str, str], Influences], family_N: np.ndarray
) -> list[Row]:
    """Rows ``diff_<metric>_se``: the standard error over test individuals of adjustment - reference.

    It is the error of the mean over the seeds that both have, given those trainings: DeLong et al. 1988 for two
    AUROCs of the same people, with families as independent units.

    Args:
        place: which split it is.
        influences: of each (model, adjustment).
        family_N: the families of the test individuals.

    Returns:
        A row for each metric that has paired differences, wherever both adjustments have it.
    """
    found: list[Row] = []
    for (model, adjustment), mine in influences.items():
        reference = influences.get((model, REFERENCE), {})
        for metric in paired() if adjustment != REFERENCE else ():
            base = reference.get(metric, {})
            both = [seed for seed in mine.get(metric, {}) if seed in base]
            if not both:
                continue
            apart_N = np.mean([mine[metric][seed] - base[seed] for seed in both], axis=0)
            error = Estimate(clustered_error(apart_N, family_N), len(apart_N))
            keys = place.keys(model=model, adjustment=adjustment, against=REFERENCE)
            if np.isfinite(error.value):
                found += rows(keys, f"diff_{metric}_se", error)
    return found
