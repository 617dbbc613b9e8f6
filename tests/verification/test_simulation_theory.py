"""Simulated cohorts against theory, seeds fixed: FST and differences in the .bed, coalescence times in the trees.

Tolerances are four standard errors of a mean over a test's replicates. Each standard error of one replicate was
measured once, as the standard deviation over replicates from 100 on (16 of cohorts, 64 of chromosomes, which no
test uses), and is the largest of a test's pairs; it holds the coalescent's noise, not that of sampling alone.
Many short chromosomes tell more about expectations, a second, than a few long ones.
"""

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from theory import (
    RATES,
    SIZE,
    coalescence_times,
    cohort,
    fst_of_times,
    hudson,
    lattice_rates,
    pair_times,
    sample_sets,
    trees,
)

GENOME: dict[str, Any] = {**RATES, "individuals": 30, "chromosomes": 4, "length": 2_000_000}
CHROMOSOME: dict[str, Any] = {**RATES, "individuals": 5, "length": 2_000_000, "mutation": 1e-12}
COHORTS, CHROMOSOMES = range(3), range(40)


def fst(directory: Path, demography: str, replicate: int, **options: Any) -> dict[tuple[str, str], float]:
    """Hudson FST of each pair of populations of a cohort."""
    count_MN, populations = cohort(directory, demography, replicate, **GENOME, **options)
    pairs = combinations(sorted(set(populations)), 2)
    return {pair: hudson(count_MN, populations, *pair) for pair in pairs}


def mean_fst(directory: Path, demography: str, replicate: int, **options: Any) -> float:
    return float(np.mean(list(fst(directory, demography, replicate, **options).values())))


# demography, FST asked for, standard error of one cohort's mean over its pairs
FST_SE = [
    ("split", 0.01, 0.0016),
    ("split", 0.05, 0.0032),
    ("split", 0.2, 0.0070),
    pytest.param("island", 0.01, 0.0011, marks=pytest.mark.slow),
    ("island", 0.05, 0.0035),
    pytest.param("island", 0.2, 0.0079, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("demography", "asked", "error"), FST_SE)
def test_populations_have_the_fst_asked_for(
    tmp_path: Path, demography: str, asked: float, error: float
) -> None:
    values = [mean_fst(tmp_path, demography, k, fst=asked, populations=3) for k in COHORTS]
    assert np.mean(values) == pytest.approx(asked, abs=4 * error / np.sqrt(len(COHORTS)))


# F = T / (T + 2N); the deepest split is at T = 2N x .2 / .8 = N / 2, the others at a third and two thirds of it
TREE = {("p1", "p2"): 1 / 13, ("p1", "p3"): 1 / 7, ("p2", "p3"): 1 / 7} | {
    (f"p{k}", "p4"): 0.2 for k in (1, 2, 3)
}
TREE_SE = {1 / 13: 0.005, 1 / 7: 0.006, 0.2: 0.011}


def test_each_pair_of_a_tree_has_the_fst_of_its_split(tmp_path: Path) -> None:
    values = [fst(tmp_path, "split", k, fst=0.2, populations=4, shape="tree") for k in COHORTS]
    for pair, expected in TREE.items():
        tolerance = 4 * TREE_SE[expected] / np.sqrt(len(COHORTS))
        assert np.mean([value[pair] for value in values]) == pytest.approx(expected, abs=tolerance), pair


def differences(directory: Path, replicate: int) -> tuple[float, float]:
    """Mean differences a base pair of two genomes of one population, of two populations, in a .bed."""
    count_MN, populations = cohort(directory, "split", replicate, **GENOME, fst=0.2, populations=2)
    label, n = np.array(populations), 2 * GENOME["individuals"]
    p, q = (count_MN[:, label == name].mean(axis=1) / 2 for name in ("p1", "p2"))
    within = (p * (1 - p) + q * (1 - q)).sum() * n / (n - 1)
    between = (p * (1 - q) + q * (1 - p)).sum()
    length = GENOME["length"] * GENOME["chromosomes"]
    return float(within / length), float(between / length)


DIFFERENCES_SE = (8.2e-6, 8.9e-6)


def test_genomes_differ_by_twice_their_coalescence_time(tmp_path: Path) -> None:
    """2 mu 2N within populations that split T = N / 2 generations ago, 2 mu (2N + T) between."""
    found = np.mean([differences(tmp_path, k) for k in COHORTS], axis=0)
    expected = 2 * RATES["mutation"] * np.array([2 * SIZE, 2.5 * SIZE])
    assert (np.abs(found - expected) < 4 * np.array(DIFFERENCES_SE) / np.sqrt(len(COHORTS))).all(), found


def test_tskits_fst_is_half_of_hudsons() -> None:
    """On one tree sequence: with F Hudson's, tskit's (total within over total of both) is F / (2 - F)."""
    sequence = trees("island", 0, **CHROMOSOME, fst=0.1, populations=2)
    times = coalescence_times(sequence)
    within = (times["p1", "p1"] + times["p2", "p2"]) / 2
    f = 1 - within / times["p1", "p2"]
    sets = sample_sets(sequence)
    theirs = sequence.Fst([sets["p1"], sets["p2"]], mode="branch")
    assert theirs == pytest.approx(f / (2 - f), rel=1e-9)


# T = 2 x 2000 x .2 / .8 = 1000 generations after all that meet within
STAR = 2 * SIZE + 1000 * (1 - np.eye(3))
SPLIT_OF_PAIR = np.array([[0, 1, 2, 3], [1, 0, 2, 3], [2, 2, 0, 3], [3, 3, 3, 0]]) / 3
# 2Nd within; between 1 / (2m) more, with m = (1 / .1 - 1) / (4Nd) = 9 / 24000
ISLANDS = 6 * SIZE + 12000 / 9 * (1 - np.eye(3))
RECENT = pair_times(lattice_rates(2, 2, 0.0005), np.full(4, SIZE), 1000, 2 * SIZE)
# followed for 20 / (2 x .002 x (1 - cos(pi / 3))) generations; then one population of 3 x SIZE
LINE, ENDS = lattice_rates(1, 3, 0.002), 10_000
PERPETUAL = pair_times(LINE, np.full(3, SIZE), ENDS, 2 * 3 * SIZE)
LATTICE = {"migration": 0.0005, "panmixia": 1000, "rows": 2, "columns": 2}
ENDLESS = {"migration": 0.002, "history": "perpetual", "rows": 1, "columns": 3}

# demography, options, expected coalescence times (K, K) in the order of its populations; errors of one
# chromosome: of times in generations, of FST
TIMES: dict[str, tuple[str, dict[str, Any], np.ndarray, float, float]] = {
    "panmictic": ("panmictic", {}, np.full((1, 1), 2 * SIZE), 190, 0),
    "star": ("split", {"fst": 0.2}, STAR, 240, 0.023),
    "tree": (
        "split",
        {"fst": 0.2, "populations": 4, "shape": "tree"},
        2 * SIZE + 1000 * SPLIT_OF_PAIR,
        220,
        0.024,
    ),
    "island": ("island", {"fst": 0.1}, ISLANDS, 540, 0.024),
    "recent-lattice": ("stepping-stone", LATTICE, RECENT, 210, 0.024),
    "perpetual-lattice": ("stepping-stone", ENDLESS, PERPETUAL, 420, 0.017),
}


def times(demography: str, replicates: range, **options: Any) -> np.ndarray:
    """Mean coalescence times (replicates, K, K) of the populations of a demography."""
    result = []
    for replicate in replicates:
        found = coalescence_times(trees(demography, replicate, **CHROMOSOME | options))
        names = list(dict.fromkeys(name for name, _ in found))
        result.append(
            [[found.get((one, other), found.get((other, one))) for one in names] for other in names]
        )
    return np.array(result)


@pytest.mark.parametrize(
    "label", [pytest.param(name, marks=pytest.mark.slow) if name == "island" else name for name in TIMES]
)
def test_genomes_coalesce_when_theory_says(label: str) -> None:
    """Each pair's time, and FST by times, which tells neighbours in a lattice from those further apart."""
    demography, options, expected, error, fst_error = TIMES[label]
    found = times(demography, CHROMOSOMES, **options).mean(axis=0)
    root = np.sqrt(len(CHROMOSOMES))
    assert (np.abs(found - expected) < 4 * error / root).all(), (found, expected)
    if len(expected) > 1:
        f, theirs = fst_of_times(found), fst_of_times(expected)
        assert (np.abs(f - theirs) < 4 * fst_error / root).all(), (f, theirs)


@pytest.mark.parametrize(
    ("rows", "columns", "size", "rate", "shorter"),
    [(6, 6, 10_000, 0.07, 0.001), (1, 3, 10_000 / 3, 0.00494, 0.006), (1, 3, SIZE, 0.002, 0.02)],
)
def test_a_lattice_may_end_where_no_lineage_remembers_its_deme(
    rows: int, columns: int, size: float, rate: float, shorter: float
) -> None:
    """By formulas alone, the FST of a lattice that is followed to its horizon is that of one without an end;
    all its times are a little shorter, by Nagylaki's limit. The second is the dial's.
    """
    rate_KK, size_L = lattice_rates(rows, columns, rate), np.full(rows * columns, size)
    horizon = 20 / (2 * rate * (1 - np.cos(np.pi / columns)))
    ended = pair_times(rate_KK, size_L, horizon, 2 * rows * columns * size)
    endless = pair_times(rate_KK, size_L, np.inf, 0)
    assert fst_of_times(ended) == pytest.approx(fst_of_times(endless), rel=1e-3)
    assert (ended < endless).all()
    assert (ended > (1 - shorter) * endless).all()


OUT_OF_AFRICA = ("YRI", "CEU", "CHB")


def out_of_africa(start: tuple[str, str]) -> float:
    """Expected coalescence time of two genomes in the model of Gutenkunst et al. 2009, its numbers as printed.

    The chances (3, 3) of where two lineages are, that have not met, obey linear equations back in time; the sum
    of all of them, over time, is the mean. Nothing of msprime's is used.
    """

    def flow(t: float, y: np.ndarray, size: Any, rate: np.ndarray) -> np.ndarray:
        where = y[:-1].reshape(3, 3)
        move = rate - np.diag(rate.sum(axis=1))
        change = move.T @ where + where @ move
        change -= np.diag(np.diag(where) / (2 * np.array(size(t))))
        return np.append(change.ravel(), where.sum())

    def sizes(t: float) -> tuple[float, float, float]:
        return 12300, 1000 * np.exp(0.004 * (848 - t)), 510 * np.exp(0.0055 * (848 - t))

    recent = np.array([[0, 3e-5, 1.9e-5], [3e-5, 0, 9.6e-5], [1.9e-5, 9.6e-5, 0]])
    older = np.array([[0, 2.5e-4, 0], [2.5e-4, 0, 0], [0, 0, 0]])
    y = np.zeros(10)
    y[3 * OUT_OF_AFRICA.index(start[0]) + OUT_OF_AFRICA.index(start[1])] = 1
    exact = {"rtol": 1e-9, "atol": 1e-12}
    y = solve_ivp(flow, (0, 848), y, args=(sizes, recent), **exact).y[:, -1]
    join = np.array([[1, 0, 0], [0, 1, 0], [0, 1, 0]])  # Asians to Europeans
    y[:-1] = (join.T @ y[:-1].reshape(3, 3) @ join).ravel()
    y = solve_ivp(flow, (848, 5600), y, args=(lambda t: (12300, 2100, 2100), older), **exact).y[:, -1]
    later = np.exp(-(8800 - 5600) / (2 * 12300))
    return float(y[-1] + y[:-1].sum() * (2 * 12300 * (1 - later) + 2 * 7300 * later))


# of one chromosome
OUT_OF_AFRICA_SE = {
    ("YRI", "YRI"): 700,
    ("YRI", "CEU"): 830,
    ("YRI", "CHB"): 900,
    ("CEU", "CEU"): 1260,
    ("CEU", "CHB"): 1280,
    ("CHB", "CHB"): 1280,
}


def out_of_africa_times(replicates: range) -> np.ndarray:
    """Mean coalescence times (replicates, pairs)."""
    options = {key: value for key, value in CHROMOSOME.items() if key != "population_size"}
    options |= {"recombination": 1e-8, "length": 3_000_000}
    found = [coalescence_times(trees("out-of-africa", k, **options)) for k in replicates]
    return np.array([[one[pair] for pair in OUT_OF_AFRICA_SE] for one in found])


def test_out_of_africa_coalesces_as_its_history_says() -> None:
    """Sizes grow, and migration changes. It has no closed form, but equations that a solver follows."""
    replicates = range(90)
    found = out_of_africa_times(replicates).mean(axis=0)
    for (pair, error), value in zip(OUT_OF_AFRICA_SE.items(), found, strict=True):
        tolerance = 4 * error / np.sqrt(len(replicates))
        assert value == pytest.approx(out_of_africa(pair), abs=tolerance), pair
