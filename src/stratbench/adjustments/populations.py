"""The populations of training individuals, for corrections that need groups of people.

A cohort may have no population labels: everyone's label is then the same, and a correction that needs groups has
nothing to work on. It says so as a result of the study (a row with status and reason) and does not stop the job.
"""

import numpy as np

from stratbench.adjustments.contract import Context
from stratbench.core.errors import ScientificFailure
from stratbench.popgen.sampling import UNASSIGNED


def training_populations(context: Context, name: str, remedy: str) -> tuple[list[str], np.ndarray]:
    """The populations that training individuals are of, and everyone's place among them.

    Args:
        context: what the correction may be fitted on.
        name: the correction, for the message.
        remedy: what to take in its place, for the message.

    Returns:
        The names of the L populations in alphabetical order, and everyone's place among them, int32 (N,); it is L
        for individuals of a population that nobody in training is of, and for those who are ``unassigned``, who may be
        of any.

    Raises:
        ScientificFailure: if all training individuals have one label, apart from those who are ``unassigned``.
    """
    labels = set(context.population_N[context.sets["train"]].tolist())
    found = sorted(labels - {UNASSIGNED})
    if len(found) < 2:
        one = " or ".join(f"'{label}'" for label in [*found, *sorted(labels & {UNASSIGNED})])
        raise ScientificFailure(
            f"{name} compares populations, and all training individuals are of {one}; {remedy}"
        )
    place = {population: number for number, population in enumerate(found)}
    code_N = [place.get(population, len(found)) for population in context.population_N.tolist()]
    return found, np.array(code_N, dtype=np.int32)
