"""Simulated cohorts against theory, seeds fixed; tolerances are four standard errors, from other seeds."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helpers import read_counts
from stratbench import files
from stratbench.cohorts.simulate import simulate

SIZE = 2000  # few diploid individuals and high rates: the same theory, many independent trees, seconds
RATES: dict[str, Any] = {"population_size": SIZE, "mutation": 5e-8, "recombination": 5e-8, "min_maf": 0}


def simulated(
    directory: Path, demography: str, replicate: int, **options: Any
) -> tuple[np.ndarray, list[str]]:
    """A1 counts int8 (M, N) and the population of each individual."""
    prefix, samples = directory / "genotypes", directory / "samples.tsv"
    simulate(demography, RATES | options, ["theory", replicate], prefix, samples)
    return read_counts(directory), files.read_tsv(samples)["population"].tolist()


def hudson(count_MN: np.ndarray, populations: list[str], one: str, other: str) -> float:
    """Hudson FST, ratio of averages (Bhatia et al. 2013), written apart from stratbench.structure."""
    labels = np.array(populations)
    parts = [count_MN[:, labels == name] for name in (one, other)]
    (p, q), (n, m) = (part.mean(axis=1) / 2 for part in parts), (2 * part.shape[1] for part in parts)
    numerator = (p - q) ** 2 - p * (1 - p) / (n - 1) - q * (1 - q) / (m - 1)
    return float(numerator.mean() / (p * (1 - q) + q * (1 - p)).mean())


@pytest.mark.parametrize(("fst", "tolerance"), [(0.01, 0.0035), (0.05, 0.0066), (0.2, 0.0156)])
def test_a_split_has_the_fst_asked_for(tmp_path: Path, fst: float, tolerance: float) -> None:
    options = {"fst": fst, "populations": 3, "individuals": 30, "chromosomes": 4, "length": 2_000_000}
    values = []
    for replicate in range(3):
        count_MN, populations = simulated(tmp_path, "split", replicate, **options)
        pairs = [("p1", "p2"), ("p1", "p3"), ("p2", "p3")]
        values.append(np.mean([hudson(count_MN, populations, *pair) for pair in pairs]))
    assert np.mean(values) == pytest.approx(fst, abs=tolerance)


def test_diversity_is_four_n_mu(tmp_path: Path) -> None:
    length, chromosomes = 2_000_000, 4
    values = []
    for replicate in range(3):
        options = {"individuals": 30, "chromosomes": chromosomes, "length": length}
        count_MN, _ = simulated(tmp_path, "panmictic", replicate, **options)
        p_M, n = count_MN.mean(axis=1) / 2, 2 * count_MN.shape[1]
        values.append((2 * p_M * (1 - p_M)).sum() * n / (n - 1) / (length * chromosomes))
    assert np.mean(values) == pytest.approx(4 * SIZE * 5e-8, rel=0.05)


def test_linkage_decays_with_distance(tmp_path: Path) -> None:
    """Mean r2 of common SNPs falls towards that of chromosomes apart, about 1 / (haplotypes)."""
    options = {"individuals": 200, "chromosomes": 2, "length": 1_000_000, "min_maf": 0.1}
    count_MN, _ = simulated(tmp_path, "panmictic", 0, **options)
    z_MN = count_MN - count_MN.mean(axis=1, keepdims=True, dtype=float)
    z_MN /= np.linalg.norm(z_MN, axis=1, keepdims=True)
    r2_MM = (z_MN @ z_MN.T) ** 2
    near = np.diagonal(r2_MM, 1).mean()
    apart = r2_MM[: len(r2_MM) // 4, -len(r2_MM) // 4 :].mean()
    assert near > 0.15
    assert apart == pytest.approx(1 / 200, rel=0.3)
