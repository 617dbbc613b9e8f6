"""FST of the scenarios of config/structure.yaml, simulated as it asks: what its dial and its comments say.

With 30 individuals of each population instead of 300, and 2 Mb of each chromosome, to be quick; all sites that
vary count, since theory is about all of them. Tolerances are four standard errors of a mean over replicates;
the error of one cohort's mean over its three pairs was measured as the standard deviation over replicates 100 to
115, which no test uses.
"""

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from theory import cohort, fst_of_times, hudson, lattice_rates, pair_times

CONFIG = Path(__file__).resolve().parents[2] / "config" / "structure.yaml"
REPLICATES = range(8)


def mean_fst(directory: Path, scenario: str, replicate: int) -> float:
    """Hudson FST, mean of all pairs of populations, of a cohort of the config."""
    options = dict(yaml.safe_load(CONFIG.read_text())["cohorts"][scenario]["simulate"])
    demography = options.pop("demography")
    options |= {"individuals": 30, "length": 2_000_000, "min_maf": 0}
    count_MN, populations = cohort(directory, demography, replicate, **options)
    pairs = combinations(sorted(set(populations)), 2)
    return float(np.mean([hudson(count_MN, populations, *pair) for pair in pairs]))


def lattice_times(history: str) -> np.ndarray:
    """Coalescence times (3, 3) of a line of three demes that are 10,000 people, migration as the config has it."""
    options = yaml.safe_load(CONFIG.read_text())["cohorts"][f"lattice-{history}"]["simulate"]
    rate_KK, size_L = lattice_rates(1, 3, options["migration"]), np.full(3, 10_000 / 3)
    until, beyond = (100, 20_000) if history == "recent" else (np.inf, 0)
    return pair_times(rate_KK, size_L, until, beyond)


def lattice(history: str) -> float:
    """Mean FST of the line's three pairs."""
    return float(fst_of_times(lattice_times(history)).mean())


@pytest.mark.parametrize("history", ["recent", "perpetual"])
def test_lattices_of_the_dial_have_a_mean_fst_of_one_percent(history: str) -> None:
    """By theory alone, to the digits of the config's comment."""
    assert round(lattice(history), 4) == 0.0100


@pytest.mark.parametrize("history", ["recent", "perpetual"])
def test_lattices_are_as_diverse_as_the_other_points(history: str) -> None:
    """Two genomes of a deme wait 2N = 20,000 generations, as those of a population of a split do."""
    assert np.diag(lattice_times(history)) == pytest.approx(20_000, rel=0.01)


# expected, and standard error of one cohort; those of lattices are .0016 and .0018 over 80 cohorts
SCENARIOS: dict[str, tuple[float, float]] = {
    "split-fst000": (0, 0.001),
    "split-fst005": (0.005, 0.0011),
    "split-fst010": (0.01, 0.0016),
    "split-fst050": (0.05, 0.0032),
    "split-fst100": (0.1, 0.0041),
    "lattice-recent": (lattice("recent"), 0.0016),
    "lattice-perpetual": (lattice("perpetual"), 0.0017),
}


QUICK = ("split-fst000", "lattice-recent", "lattice-perpetual")


@pytest.mark.parametrize(
    "scenario",
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in SCENARIOS],
)
def test_scenarios_have_the_fst_of_their_point(tmp_path: Path, scenario: str) -> None:
    """Of split-fst000: indistinguishable from none at all."""
    expected, error = SCENARIOS[scenario]
    found = np.mean([mean_fst(tmp_path, scenario, k) for k in REPLICATES])
    assert found == pytest.approx(expected, abs=4 * error / np.sqrt(len(REPLICATES)))


def test_the_dial_numbers_its_points_as_they_are_simulated() -> None:
    """Points that are numbers are the FST asked for; the first, 0, stands for one in a million."""
    config: dict[str, Any] = yaml.safe_load(CONFIG.read_text())
    numbered = {name: point for name, point in config["dial"]["points"].items() if not isinstance(point, str)}
    assert numbered.keys() == {name for name in SCENARIOS if name.startswith("split")}
    for name, point in numbered.items():
        assert config["cohorts"][name]["simulate"]["fst"] == pytest.approx(point, abs=1e-6)
