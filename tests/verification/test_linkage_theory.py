"""Linkage disequilibrium of simulated genomes against theory.

In a population of constant size, over all pairs of sites at scaled distance rho = 4Nc that vary, E[D^2] over
E[p (1 - p) q (1 - q)] is (10 + rho) / (22 + 13 rho + rho^2) (Ohta & Kimura 1971, Genetics 68:571; Hill &
Robertson 1968). It holds for expectations in the population, whatever the sample, where both are estimated
without bias: by counting how often four *different* genomes, drawn at random, make up their products (Ragsdale
& Gravel 2020, Molecular Biology and Evolution 37:923). Mean r2 of common SNPs, by contrast, has no closed form.
"""

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from theory import RATES, SIZE, cohort, trees

EDGES = np.array([0, 0.25, 1, 2, 4, 8, 16, 32])  # of rho, between which pairs of sites are pooled
# of the ratio in each bin, one replicate: jackknife over replicates 100 to 115, which no test uses
SE = np.array([0.031, 0.015, 0.0092, 0.0115, 0.0104, 0.0086, 0.0053])
REPLICATES = range(8)


def falling_mean(count_4: list[np.ndarray], drawn: tuple[int, int, int, int]) -> np.ndarray:
    """The chance that four different genomes have these haplotypes, times n (n-1) (n-2) (n-3)."""
    result = np.ones_like(count_4[0])
    for k, haplotype in enumerate(drawn):
        result = result * (count_4[haplotype] - drawn[:k].count(haplotype))
    return result


def unbiased(count_4: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """D^2 and p (1 - p) q (1 - q), each times n (n-1) (n-2) (n-3), from counts of haplotypes 11, 10, 01, 00."""
    d2 = falling_mean(count_4, (0, 0, 3, 3)) + falling_mean(count_4, (1, 1, 2, 2))
    d2 = d2 - 2 * falling_mean(count_4, (0, 1, 2, 3))
    has, lacks = ((0, 1), (0, 2)), ((2, 3), (1, 3))  # the first site's allele, the second's
    pi = sum(falling_mean(count_4, drawn) for drawn in product(has[0], lacks[0], has[1], lacks[1]))
    return d2, np.asarray(pi)


def test_estimators_are_unbiased_in_samples_of_four() -> None:
    """All samples of 4 genomes from a population of 8, weighted equally, give nearly the population's values."""
    rng = np.random.default_rng(1)
    frequency = np.array([0.4, 0.1, 0.2, 0.3])
    counts = rng.multinomial(6, frequency, 400_000).astype(float).T
    d2, pi = (value.mean() / (6 * 5 * 4 * 3) for value in unbiased(list(counts)))
    p, q = frequency[0] + frequency[1], frequency[0] + frequency[2]
    assert d2 == pytest.approx((frequency[0] - p * q) ** 2, abs=0.0004)
    assert pi == pytest.approx(p * (1 - p) * q * (1 - q), abs=0.0004)


def sums(replicate: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """By bin of rho: sums of D^2, of p (1 - p) q (1 - q), and of the latter times the expected ratio."""
    options = {**RATES, "individuals": 25, "length": 4_000_000, "mutation": 2e-8}
    sequence = trees("panmictic", replicate, **options)
    biallelic = [site.id for site in sequence.sites() if len(site.mutations) == 1]
    haplotype_MH = sequence.genotype_matrix()[biallelic].astype(float)
    position_M = sequence.sites_position[biallelic]
    total = np.zeros((3, len(EDGES) - 1))
    per_base = 4 * SIZE * RATES["recombination"]
    reach = EDGES[-1] / per_base
    for k in range(len(position_M)):
        near = slice(k + 1, np.searchsorted(position_M, position_M[k] + reach))
        rho = (position_M[near] - position_M[k]) * per_base
        both = haplotype_MH[near] @ haplotype_MH[k]
        one, other, n = haplotype_MH[k].sum(), haplotype_MH[near].sum(axis=1), haplotype_MH.shape[1]
        d2, pi = unbiased([both, one - both, other - both, n - one - other + both])
        expected = (10 + rho) / (22 + 13 * rho + rho**2)
        place = np.digitize(rho, EDGES) - 1
        for row, value in enumerate((d2, pi, pi * expected)):
            total[row] += np.bincount(place, value, minlength=len(EDGES))[: len(EDGES) - 1]
    return total[0], total[1], total[2]


def ratios(replicates: range) -> tuple[np.ndarray, np.ndarray]:
    """The ratio in each bin, and what theory says about the same pairs."""
    d2, pi, expected = np.sum([sums(k) for k in replicates], axis=0)
    return d2 / pi, expected / pi


def test_linkage_decays_as_ohta_and_kimura_say() -> None:
    found, expected = ratios(REPLICATES)
    assert (np.abs(found - expected) < 4 * SE / np.sqrt(len(REPLICATES))).all(), (found, expected)
    assert (np.diff(found) < 0).all()


def test_linkage_in_the_bed_falls_to_that_of_chromosomes_apart(tmp_path: Path) -> None:
    """Mean r2 of common SNPs from genotypes, at last about 1 / individuals by sampling alone."""
    options = {**RATES, "individuals": 200, "chromosomes": 2, "length": 1_000_000, "min_maf": 0.1}
    count_MN, _ = cohort(tmp_path, "panmictic", 0, **options)
    z_MN = count_MN - count_MN.mean(axis=1, keepdims=True, dtype=float)
    z_MN /= np.linalg.norm(z_MN, axis=1, keepdims=True)
    r2_MM = (z_MN @ z_MN.T) ** 2
    assert np.diagonal(r2_MM, 1).mean() > 0.15
    apart = r2_MM[: len(r2_MM) // 4, -len(r2_MM) // 4 :].mean()
    assert apart == pytest.approx(1 / 200, rel=0.3)
