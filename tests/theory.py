"""What the tests of simulations against theory share: cohorts and trees by seed, FST written apart."""

from pathlib import Path
from typing import Any

import numpy as np
import tskit
from scipy.linalg import expm

from helpers import read_counts
from stations import raw_files
from stratbench.cohorts.simulated.simulate import all_options, simulate
from stratbench.cohorts.simulated.trees import tree_sequence
from stratbench.core import files
from stratbench.methods import registry
from stratbench.methods.checked import checked

SIZE = 2000  # few diploid individuals and high rates: the same theory, many independent trees, seconds
RATES: dict[str, Any] = {"population_size": SIZE, "mutation": 5e-8, "recombination": 5e-8, "min_maf": 0}


def completed(demography: str, **options: Any) -> dict[str, Any]:
    """A simulation's options over all defaults."""
    return checked(all_options(demography), options, demography)


def cohort(directory: Path, demography: str, replicate: int, **options: Any) -> tuple[np.ndarray, list[str]]:
    """A1 counts int8 (M, N) and the population of each individual of a simulated cohort."""
    prefix, samples = directory / "genotypes", directory / "samples.tsv"
    simulate(
        {}, raw_files(prefix, samples), demography=demography, options=options, names=["theory", replicate]
    )
    return read_counts(directory), files.read_tsv(samples)["population"].tolist()


def trees(demography: str, replicate: int, **options: Any) -> tskit.TreeSequence:
    """One chromosome of a demography, as its simulation makes it."""
    method, options = registry.load("demography", demography), completed(demography, **options)
    pedigree = method.pedigree(options) if hasattr(method, "pedigree") else None
    looked_for = method.ancestry(options) if hasattr(method, "ancestry") else None
    return tree_sequence(
        method.demography(options),
        method.samples(options),
        options,
        ["theory", replicate],
        pedigree,
        looked_for[0] if looked_for else None,
    )


def sample_sets(sequence: tskit.TreeSequence) -> dict[str, np.ndarray]:
    """Sample nodes by population."""
    names = {population.id: population.metadata["name"] for population in sequence.populations()}
    samples = sequence.samples()
    of_sample = sequence.nodes_population[samples]
    return {names[k]: samples[of_sample == k] for k in np.unique(of_sample)}


def coalescence_times(sequence: tskit.TreeSequence) -> dict[tuple[str, str], float]:
    """Mean coalescence time in generations of two genomes, by the pair of their populations."""
    sets = sample_sets(sequence)
    names = list(sets)
    pairs = [(i, j) for i in range(len(names)) for j in range(i, len(names))]
    values = sequence.divergence(list(sets.values()), indexes=pairs, mode="branch")
    return {(names[i], names[j]): value / 2 for (i, j), value in zip(pairs, values, strict=True)}


def hudson(count_MN: np.ndarray, populations: list[str], one: str, other: str) -> float:
    """Hudson FST, ratio of averages (Bhatia et al. 2013), written apart from stratbench.structure."""
    labels = np.array(populations)
    parts = [count_MN[:, labels == name] for name in (one, other)]
    (p, q), (n, m) = (part.mean(axis=1) / 2 for part in parts), (2 * part.shape[1] for part in parts)
    numerator = (p - q) ** 2 - p * (1 - p) / (n - 1) - q * (1 - q) / (m - 1)
    return float(numerator.mean() / (p * (1 - q) + q * (1 - p)).mean())


def pair_times(rate_KK: np.ndarray, size_L: np.ndarray, until: float, beyond: float) -> np.ndarray:
    """Expected coalescence times (K, K) of two genomes in demes with this migration until all become one.

    The chances that two lineages that began in demes i and j are still apart obey a linear system with matrix
    G: their sum over time is G^-1 (exp(G until) - 1) 1. Who is apart then waits ``beyond`` generations more in
    the mean. Nothing of msprime's is used.
    """
    k = len(rate_KK)
    move = rate_KK - np.diag(rate_KK.sum(axis=1))
    generator = np.kron(move, np.eye(k)) + np.kron(np.eye(k), move)
    generator -= np.diag(np.diag(1 / (2 * size_L)).ravel())
    apart = expm(generator * until) @ np.ones(k * k) if np.isfinite(until) else np.zeros(k * k)
    return np.asarray(np.linalg.solve(generator, apart - 1) + apart * beyond).reshape(k, k)


def lattice_rates(rows: int, columns: int, rate: float) -> np.ndarray:
    """Migration between neighbours of a lattice, row by row: (K, K)."""
    place = np.array([(r, c) for r in range(rows) for c in range(columns)])
    return rate * (np.abs(place[:, None] - place).sum(axis=2) == 1)


def fst_of_times(time_KK: np.ndarray) -> np.ndarray:
    """Hudson FST of each pair of populations, 1 - (mean time within) / (time between), pairs in order."""
    within = np.diag(time_KK)
    i, j = np.triu_indices(len(time_KK), 1)
    return np.asarray(1 - (within[i] + within[j]) / 2 / time_KK[i, j])
