"""Tree sequences of a demography (msprime), and true ancestry read from them.

A chromosome is the coalescent of the sampled individuals, or of a pedigree's founders: then genomes first go
down the fixed pedigree, and what has not coalesced there goes on in the demography (recapitation). Where a
demography says when and in which populations ancestors are to be looked for, a census puts a node on every
lineage at that time, and each sampled genome's base pairs are counted by the population of their census node
(tskit's link_ancestors). Source: Baumdicker et al. 2022, Genetics 220:iyab229 (msprime 1.x).
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from stratbench.core.seeds import seed

if TYPE_CHECKING:
    import msprime
    import pandas as pd
    import tskit


def tree_sequence(
    demography: "msprime.Demography",
    samples: Mapping[str, int],
    options: Mapping[str, Any],
    seed_names: Sequence[object],
    pedigree: "pd.DataFrame | None" = None,
    census: float | None = None,
) -> "tskit.TreeSequence":
    """Ancestry and mutations of one chromosome.

    Args:
        demography: what the demography returned; a census is added to it.
        samples: diploid individuals of each population.
        options: ``length`` in base pairs, ``recombination`` and ``mutation`` per base pair and generation.
        seed_names: the names that all draws are seeded with.
        pedigree: takes the place of ``samples``: its genotyped individuals are the samples, in its order.
        census: how many generations ago ancestors are looked for.

    Returns:
        The tree sequence; its sample nodes 2i and 2i + 1 are individual i.
    """
    import msprime

    if census is not None:
        demography.add_census(census)
        demography.sort_events()  # stable: after what happens at the same time
    if pedigree is None:
        start: dict[str, Any] = {
            "samples": [msprime.SampleSet(n, population=name) for name, n in samples.items()],
            "sequence_length": options["length"],
        }
    else:
        start = {"initial_state": _passed_down(pedigree, demography, options, seed_names)}
    ancestry = msprime.sim_ancestry(
        **start,
        demography=demography,
        recombination_rate=options["recombination"],
        random_seed=_positive(seed(*seed_names, "ancestry")),
    )
    return msprime.sim_mutations(
        ancestry, rate=options["mutation"], random_seed=_positive(seed(*seed_names, "mutations"))
    )


def _passed_down(
    pedigree: "pd.DataFrame",
    demography: "msprime.Demography",
    options: Mapping[str, Any],
    seed_names: Sequence[object],
) -> "tskit.TreeSequence":
    """Genomes of the pedigree traced back to its founders."""
    import msprime

    builder = msprime.PedigreeBuilder(demography)
    number: dict[Any, int] = {}
    for person in pedigree.itertuples():
        parents = [number[iid] for iid in (person.father, person.mother) if iid != "0"]
        number[person.iid] = builder.add_individual(
            time=person.generation,
            parents=parents or None,
            population=person.population,
            is_sample=person.genotyped,
        )
    return msprime.sim_ancestry(
        initial_state=builder.finalise(options["length"]),
        model="fixed_pedigree",
        recombination_rate=options["recombination"],
        random_seed=_positive(seed(*seed_names, "pedigree")),
    )


def _positive(value: int) -> int:
    return value or 1  # msprime refuses 0


def base_pairs_by_ancestry(
    sequence: "tskit.TreeSequence", census: float, populations: Sequence[str]
) -> np.ndarray:
    """Base pairs of each individual whose ancestors lived in each population at the census: float64 (N, L).

    Rows sum to twice the chromosome's length. Raises ValueError for an ancestor in any other population.
    """
    names = {population.id: population.metadata["name"] for population in sequence.populations()}
    place = np.array(
        [
            list(populations).index(names[k]) if names[k] in populations else -1
            for k in range(sequence.num_populations)
        ]
    )
    (at_census,) = np.nonzero(sequence.nodes_time == census)
    samples, tables = sequence.samples(), sequence.dump_tables()
    row = np.full(sequence.num_nodes, -1)
    row[samples] = np.arange(len(samples)) // 2
    result_NL = np.zeros((len(samples) // 2, len(populations)))
    for time in np.unique(sequence.nodes_time[samples]):
        # one generation after another: links to a parent who is a sample too would end there
        of_generation = samples[sequence.nodes_time[samples] == time]
        edges = tables.link_ancestors(of_generation, at_census)
        column = place[sequence.nodes_population[edges.parent]]
        if (column < 0).any():
            raise ValueError(f"ancestors at generation {census} live outside {', '.join(populations)}")
        np.add.at(result_NL, (row[edges.child], column), edges.right - edges.left)
    return result_NL
