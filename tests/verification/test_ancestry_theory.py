"""True ancestry of admixed individuals, kinship in families, and Balding-Nichols frequencies, against theory.

Tolerances are four standard errors. Those of kinship, and of the founders' FST, were measured once as the
standard deviation over other seeds (replicates 100 to 115); those of Balding-Nichols frequencies and of mean
ancestry follow from the number of loci and of people.
"""

from itertools import combinations, permutations
from pathlib import Path
from typing import Any

import msprime
import numpy as np
import pandas as pd
import pytest
import tskit

from stations import raw_files
from stratbench.cohorts.simulated.simulate import simulate
from stratbench.cohorts.simulated.trees import base_pairs_by_ancestry
from stratbench.core import files
from stratbench.genotypes import plink
from stratbench.methods import registry
from theory import RATES, SIZE, cohort, completed, hudson, trees

SOURCES = ("AFR", "EUR", "ASIA")
PUBLISHED = np.array([1, 2, 3]) / 6
FAMILY = {"families": 3, "founders": "american-admixture", "individuals": 3, "length": 1_000_000}


MORGANS = 0.2  # of a chromosome
INDIVIDUALS, CHROMOSOMES, REPLICATES = 200, 4, range(8)
SPREAD_SE = 0.1  # of one replicate, relative: sqrt(2 / 199) for normal shares; measured .07 to .12


def ancestry(directory: Path, replicate: int, generations: float, **options: Any) -> np.ndarray:
    """True shares (N, 3) of admixed individuals, from samples.tsv."""
    rates = {"length": 2_000_000, "recombination": MORGANS / 2_000_000, "mutation": 1e-7, "min_maf": 0}
    sizes = {"individuals": INDIVIDUALS, "chromosomes": CHROMOSOMES, "generations": generations}
    cohort(directory, "american-admixture", replicate, **rates | sizes | options)
    samples = files.read_tsv(directory / "samples.tsv")
    return np.asarray(samples[[f"ancestry_{name}" for name in SOURCES]].to_numpy())


def stop_at(generations: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Follow lineages to the census and no further: a hundredth of the time, and the same ancestry."""
    whole = msprime.sim_ancestry
    end = generations * (1 + 1e-6)
    monkeypatch.setattr(msprime, "sim_ancestry", lambda **options: whole(**options, end_time=end))


def test_ancestry_does_not_depend_on_what_was_before_the_census(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ancestry(tmp_path, 0, 12, individuals=20, chromosomes=1, mutation=1e-9)
    stop_at(12, monkeypatch)
    assert (ancestry(tmp_path, 0, 12, individuals=20, chromosomes=1) == whole).all()


@pytest.mark.parametrize("generations", [5, 12, 40])
def test_admixed_ancestry_has_the_models_mean_and_variance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, generations: float
) -> None:
    """Admixture is one pulse: each lineage draws its source anew, with chances p. Two places x Morgans apart have
    one source if no meiosis of t generations parted them, exp(-t x); so over a chromosome of length L the
    variance is p (1 - p) 2 (tL - 1 + exp(-tL)) / (tL)^2, and over 2 x 4 of them an eighth of it. Exact for
    Hudson's coalescent but for lineages that meet within t generations (1e-4 of pairs).
    """
    stop_at(generations, monkeypatch)
    share_RNL = np.array([ancestry(tmp_path, k, generations) for k in REPLICATES])
    assert share_RNL.sum(axis=2) == pytest.approx(1, abs=1e-8)
    crossings = generations * MORGANS
    each = 2 * (crossings - 1 + np.exp(-crossings)) / crossings**2 / (2 * CHROMOSOMES)
    variance_L = PUBLISHED * (1 - PUBLISHED) * each
    people = INDIVIDUALS * len(REPLICATES)
    off_L = share_RNL.mean(axis=(0, 1)) - PUBLISHED
    assert (np.abs(off_L) < 4 * np.sqrt(variance_L / people)).all(), off_L
    found_L = share_RNL.var(axis=1, ddof=1).mean(axis=0)
    assert found_L == pytest.approx(variance_L, rel=4 * SPREAD_SE / np.sqrt(len(REPLICATES)))


def walked(sequence: tskit.TreeSequence, generations: float) -> np.ndarray:
    """Base pairs of each individual by source: up each local tree to the census, another way than the code's."""
    names = [population.metadata["name"] for population in sequence.populations()]
    result = np.zeros((sequence.num_samples // 2, len(SOURCES)))
    for tree in sequence.trees():
        for k, node in enumerate(sequence.samples()):
            while sequence.nodes_time[node] < generations:
                node = tree.parent(node)
            result[k // 2, SOURCES.index(names[sequence.nodes_population[node]])] += tree.span
    return result


@pytest.mark.parametrize(
    ("demography", "options"),
    [("american-admixture", {"individuals": 6, "references": 2, "length": 1_000_000}), ("family", FAMILY)],
)
def test_true_ancestry_is_that_of_the_local_trees(demography: str, options: dict[str, Any]) -> None:
    sequence = trees(demography, 0, **options)
    found = base_pairs_by_ancestry(sequence, 12, SOURCES)
    assert found.sum(axis=1) == pytest.approx(2 * sequence.sequence_length, rel=1e-12)
    assert found == pytest.approx(walked(sequence, 12), abs=1e-6)


def test_frequencies_of_the_sources_see_true_ancestry(tmp_path: Path) -> None:
    """Least squares on the reference panels' frequencies, from the .bed alone, find each individual's shares."""
    options = {"individuals": 60, "references": 60, "length": 2_000_000, "recombination": 5e-8}
    count_MN, populations = cohort(tmp_path, "american-admixture", 0, **options, mutation=5e-8)
    samples, label_N = files.read_tsv(tmp_path / "samples.tsv"), np.array(populations)
    p_ML = np.stack([count_MN[:, label_N == name].mean(axis=1) / 2 for name in SOURCES], axis=1)
    admixed = label_N == "ADMIX"
    estimate_KN, *_ = np.linalg.lstsq(p_ML, count_MN[:, admixed] / 2, rcond=None)
    for k, name in enumerate(SOURCES):
        truth_N = samples.loc[admixed, f"ancestry_{name}"].to_numpy()
        assert np.corrcoef(estimate_KN[k], truth_N)[0, 1] > 0.8, name


def pedigree_kinship(people: pd.DataFrame) -> dict[tuple[str, str], float]:
    """Expected kinship of all pairs, by the recursion over parents (Lange 2002, section 5.2)."""
    phi: dict[tuple[str, str], float] = {}
    seen: list[str] = []
    for person in people.itertuples():
        parents = [parent for parent in (person.father, person.mother) if parent != "0"]
        for other in seen:
            value = sum(phi[parent, other] for parent in parents) / 2
            phi[person.iid, other] = phi[other, person.iid] = value
        phi[person.iid, person.iid] = 0.5 + (phi[parents[0], parents[1]] / 2 if parents else 0)
        seen.append(person.iid)
    return phi


# relation: pairs in each family, kinship, standard error of the mean over the pairs of 20 families
RELATIONS = {
    "parent and child": (14, 0.25, 0.0007),
    "siblings": (3, 0.25, 0.0068),
    "half-siblings": (2, 0.125, 0.0064),
    "grandparent and grandchild": (10, 0.125, 0.0021),
    "aunt or uncle": (5, 0.125, 0.0050),
    "cousins": (6, 0.0625, 0.0069),
    "unrelated": (26, 0.0, 0.0017),  # those who married in; and all pairs of two families
}
KINSHIP: dict[str, Any] = {
    **{key: value for key, value in RATES.items() if key != "population_size"},
    "founder_options": {"population_size": SIZE},
    "individuals": 10,
    "chromosomes": 8,
    "length": 4_000_000,
    "min_maf": 0.05,
}


def king(directory: Path, plink2: Any, replicate: int) -> pd.DataFrame:
    """plink2's KING-robust kinship of all pairs of a family cohort, with its counts, by the pair of iids."""
    simulate(
        {},
        raw_files(directory / "genotypes", directory / "samples.tsv"),
        demography="family",
        options=KINSHIP,
        names=["kin", replicate],
    )
    columns = "cols=id,nsnp,hethet,ibs0,ibs1,kinship"
    plink2(
        "--bfile",
        directory / "genotypes",
        "--make-king-table",
        "counts",
        columns,
        "--out",
        directory / "king",
    )
    table = pd.read_csv(directory / "king.kin0", sep="\t", dtype={"#IID1": str, "IID2": str})
    return table.set_index(["#IID1", "IID2"])


def relations(people: pd.DataFrame) -> dict[tuple[str, str], str]:
    """The relation of all pairs, both ways, read from the .fam's columns; its numbers are not looked at."""
    parents = {one.iid: {one.father, one.mother} - {"0"} for one in people.itertuples()}
    old = {one: set().union(*(parents[parent] for parent in of)) for one, of in parents.items()}
    found = {}
    for pair in permutations(parents, 2):
        one, other = pair
        shared = len(parents[one] & parents[other])
        if one in parents[other] or other in parents[one]:
            found[pair] = "parent and child"
        elif shared:
            found[pair] = ("half-siblings", "siblings")[shared - 1]
        elif one in old[other] or other in old[one]:
            found[pair] = "grandparent and grandchild"
        elif parents[one] & old[other] or parents[other] & old[one]:
            found[pair] = "aunt or uncle"
        else:
            found[pair] = "cousins" if old[one] & old[other] else "unrelated"
    return found


def equation_9(found: pd.DataFrame) -> pd.Series:
    """Kinship by plink2's counts of shared genotypes, for each pair.

    plink2's KINSHIP column divides by the *smaller* of two people's numbers of heterozygous SNPs (Manichaikul et
    al. 2010, equation 11), so chance differences of these lower it: .010 among unrelated people in genomes of 1.6
    Morgans (replicates 100 to 115). Equation 9 divides by their mean and has no such bias, in one population.
    """
    one, other = found["HETHET"] + found["HET1_HOM2"], found["HETHET"] + found["HET2_HOM1"]
    opposed = 4 * found["IBS0"] + found["HET1_HOM2"] + found["HET2_HOM1"]
    assert found["KINSHIP"].to_numpy() == pytest.approx(
        (0.5 - opposed / (4 * np.minimum(one, other))).to_numpy(), abs=1e-5
    )
    return (found["HETHET"] - 2 * found["IBS0"]) / (one + other)


def test_relatives_are_as_related_as_their_pedigree_says(tmp_path: Path, plink2: Any) -> None:
    """Each relation by itself: parents are so many, and vary so little, that they would hide all siblings."""
    people = registry.load("demography", "family").pedigree(completed("family", **KINSHIP))
    relation, replicates = relations(people), range(4)
    means = []
    for replicate in replicates:
        kinship = equation_9(king(tmp_path, plink2, replicate))
        assert len(kinship) == len(people) * (len(people) - 1) / 2
        means.append(kinship.groupby([relation[pair] for pair in kinship.index]).mean())
    found = pd.DataFrame(means)
    assert set(found) == set(RELATIONS)
    for name, (_, value, error) in RELATIONS.items():
        assert found[name].mean() == pytest.approx(value, abs=4 * error / np.sqrt(len(replicates))), name


@pytest.mark.parametrize("name", RELATIONS)
def test_pedigrees_have_the_relations_that_they_promise(name: str) -> None:
    """2 siblings, 1 half-sibling, 2 cousins (siblings of each other, as are their parents) in each of 2 families."""
    people = registry.load("demography", "family").pedigree(completed("family", families=2, individuals=2))
    expected, of = pedigree_kinship(people), people.set_index("iid")["family"]
    pairs = [pair for pair, relation in relations(people).items() if relation == name and pair[0] < pair[1]]
    within = [pair for pair in pairs if of[pair[0]] == of[pair[1]]]
    number, kinship, _ = RELATIONS[name]
    assert len(within) == 2 * number
    assert {expected[pair] for pair in pairs} == {kinship}
    assert name == "unrelated" or pairs == within


FOUNDERS_SE = 0.0061  # of one cohort's FST


def founders_fst(directory: Path, replicate: int) -> float:
    """Hudson FST of the founders alone of families in two populations that split."""
    rates = {key: value for key, value in RATES.items() if key != "population_size"}
    founders = {"population_size": SIZE, "fst": 0.1, "populations": 2}
    options = {"founders": "split", "founder_options": founders, "families": 5, "individuals": 20}
    sizes = {"chromosomes": 4, "length": 2_000_000}
    count_MN, populations = cohort(directory, "family", replicate, **rates, **options, **sizes)
    unrelated = (plink.read_fam(directory / "genotypes.fam")["father"] == "0").to_numpy()
    label = [name for name, keep in zip(populations, unrelated, strict=True) if keep]
    return hudson(count_MN[:, unrelated], label, "p1", "p2")


def test_founders_keep_the_structure_of_their_demography(tmp_path: Path) -> None:
    replicates = range(3)
    values = [founders_fst(tmp_path, k) for k in replicates]
    assert np.mean(values) == pytest.approx(0.1, abs=4 * FOUNDERS_SE / np.sqrt(len(replicates)))


def test_balding_nichols_frequencies_vary_by_p_q_f() -> None:
    """At fixed p: mean p, variance p (1 - p) F; standard errors from the draws themselves."""
    method, m = registry.load("demography", "balding-nichols"), 40_000
    fst_L, rng = np.array([0.01, 0.1, 0.4]), np.random.default_rng(3)
    for p in (0.02, 0.1, 0.3, 0.5):
        found_ML = method.frequencies(np.full(m, p), fst_L, rng)
        squared_ML = (found_ML - p) ** 2
        assert (np.abs(found_ML.mean(axis=0) - p) < 4 * found_ML.std(axis=0) / np.sqrt(m)).all()
        error_L = squared_ML.std(axis=0) / np.sqrt(m)
        assert (np.abs(squared_ML.mean(axis=0) - p * (1 - p) * fst_L) < 4 * error_L).all()


def test_balding_nichols_cohorts_have_the_fst_of_their_populations(tmp_path: Path) -> None:
    """Hudson FST of two populations is the mean of their F; unlinked loci give the error by blocks."""
    options = {"fst": [0.02, 0.1, 0.4], "loci": 20_000, "individuals": 50, "min_maf": 0}
    count_MN, populations = cohort(tmp_path, "balding-nichols", 0, **options)
    f = dict(zip(("p1", "p2", "p3"), options["fst"], strict=True))
    for one, other in combinations(f, 2):
        blocks = [hudson(count_MN[k::20], populations, one, other) for k in range(20)]
        error = np.std(blocks, ddof=1) / np.sqrt(20)
        found = hudson(count_MN, populations, one, other)
        assert found == pytest.approx((f[one] + f[other]) / 2, abs=4 * error)
    correlation = np.corrcoef(count_MN[:, :50].mean(axis=1)[:-1], count_MN[:, :50].mean(axis=1)[1:])[0, 1]
    assert abs(correlation) < 4 / np.sqrt(20_000)


def test_balding_nichols_admixture_is_that_of_bnpsd(tmp_path: Path) -> None:
    """Shares by bnpsd's formula; coancestry of individuals i, j is sum_k q_ik q_jk F_k, found in genotypes."""
    fst, n, m = [0.1, 0.2, 0.4], 60, 20_000
    options = {"fst": fst, "admixture": True, "spread": 0.6, "individuals": n, "loci": m, "min_maf": 0}
    method = registry.load("demography", "balding-nichols")
    share_NL, place_N = method.shares(completed("balding-nichols", **options))
    density = [[np.exp(-(((x - k) / 0.6) ** 2) / 2) for k in (1, 2, 3)] for x in np.linspace(0.5, 3.5, n)]
    assert share_NL == pytest.approx(np.array([row / np.sum(row) for row in density]), rel=1e-9)
    count_MN, _ = cohort(tmp_path, "balding-nichols", 0, **options)
    samples = files.read_tsv(tmp_path / "samples.tsv")
    assert samples["position"].to_numpy() == pytest.approx(place_N, rel=1e-8)
    assert samples[[f"ancestry_p{k}" for k in (1, 2, 3)]].to_numpy() == pytest.approx(share_NL, rel=1e-8)
    # E (x_i - x_j)^2 = 4 p (1 - p) (1 + (f_i + f_j) / 2 - 2 theta_ij) with f_i = theta_ii. Loci that do not vary
    # were drawn again, which scales all pairs alike: compare each pair with their mean.
    theta_NN = (share_NL * fst) @ share_NL.T
    pairs = [(0, 59), (0, 30), (30, 59), (20, 40), (0, 5)]
    expected = np.array([1 + (theta_NN[i, i] + theta_NN[j, j]) / 2 - 2 * theta_NN[i, j] for i, j in pairs])
    squared_PM = np.array([(count_MN[:, i].astype(float) - count_MN[:, j]) ** 2 for i, j in pairs])
    block_PB = squared_PM.reshape(len(pairs), 20, -1).mean(axis=2)
    error = (block_PB / block_PB.mean(axis=0)).std(axis=1, ddof=1) / np.sqrt(20)
    found = squared_PM.mean(axis=1)
    assert (np.abs(found / found.mean() - expected / expected.mean()) < 4 * error).all()
