"""Structure and allele frequencies of a scenario's cohorts: axes, differentiation, relationship, frequency spectrum."""

import numpy as np
import pandas as pd

from stratbench.genotypes import tables
from stratbench.popgen import AXES, grm
from stratbench.report.analysis.results import Results, scenarios
from stratbench.study.paths import fill
from stratbench.study.study import Split, Study

MOST_RELATED = 300  # individuals whose relationship is shown
MANY = 1 / 3  # PCs for each person of the fit; above this, PCs describe single people rather than ancestry
WIDTH = 0.025  # of a bin of minor allele frequency
EDGES = np.linspace(0, 0.5, round(0.5 / WIDTH) + 1)


def first_splits(study: Study) -> dict[str, list[Split]]:
    """The first split of each cohort, by scenario. The axes that are shown come from its training individuals."""
    first: dict[str, Split] = {}
    for split in study.splits:
        first.setdefault(split.cohort, split)
    found: dict[str, list[Split]] = {}
    for split in first.values():
        found.setdefault(study.cohort(split.cohort).scenario, []).append(split)
    return found


def splits_with_grm(study: Study) -> list[Split]:
    """The splits whose GRM is drawn: the first of each scenario."""
    return [splits[0] for splits in first_splits(study).values()]


def axes(results: Results, split: Split) -> tuple[pd.DataFrame, set[str]]:
    """Read a split's individuals with their PCs and populations, and the names of all populations of the cohort.

    The column ``fitted`` says whether the PCs were fitted on the individual.
    """
    samples = results.table(tables.SAMPLES, results.paths.samples, split)
    return results.people(split), set(samples["population"])


def few_axes(results: Results, scenario: str) -> tuple[int | None, tuple[int, int] | None]:
    """Whether a scenario's splits have fewer PCs than are asked for, or many for the people of the fit.

    Returns the fewest PCs of any split, or None if all have as many as asked for; and, of the split with most PCs
    for its people, the numbers of PCs and of people, or None if that is not many.
    """
    sizes = []
    for split in results.study.splits:
        if results.study.cohort(split.cohort).scenario == scenario:
            pcs = results.table(tables.PCS, results.paths.pcs, split)
            sizes.append((pcs.filter(regex=r"^pc\d+$").shape[1], int(pcs["fitted"].sum())))
    count, people = max(sizes, key=lambda size: size[0] / max(size[1], 1))
    fewest = min(size[0] for size in sizes)
    return (fewest if fewest < AXES else None), ((count, people) if count > MANY * people else None)


def fst_pairs(results: Results, scenario: str) -> pd.DataFrame:
    """Mean FST of each pair of populations with its smallest and largest value over replicates."""
    each = [
        results.table(tables.FST, results.paths.fst, split) for split in first_splits(results.study)[scenario]
    ]
    together = pd.concat(each, ignore_index=True)
    return (
        together.groupby(["population_1", "population_2"], sort=False)["fst"]
        .agg(["mean", "min", "max", "count"])
        .reset_index()
    )


def in_order(people: pd.DataFrame, most: int = MOST_RELATED) -> np.ndarray:
    """Order rows by population, then family. Of too many people, take the first of each population in proportion.

    The first people are taken, not a random sample, so that families stay together.
    """
    ordered = people.assign(row=np.arange(len(people))).sort_values(["population", "family"], kind="stable")
    share = min(1.0, most / max(len(ordered), 1))
    rank = ordered.groupby("population", sort=False).cumcount()
    size = ordered.groupby("population", sort=False)["row"].transform("size")
    return np.asarray(ordered.loc[rank < np.maximum(np.floor(share * size), 1), "row"])


def relationship(results: Results, split: Split) -> tuple[np.ndarray, tuple[str, ...], int]:
    """Read the GRM of the people who are shown, in order, their populations, and the number of all people.

    The matrix is empty where the cohort is too large for one to be stored.
    """
    people = results.people(split)
    grm_NN = grm.stored(results.base / fill(results.paths.grm, split))
    if not len(grm_NN):
        return grm_NN, (), len(people)
    rows = in_order(people)
    return grm_NN[np.ix_(rows, rows)], tuple(people["population"].iloc[rows]), len(people)


def neutral(least: float) -> np.ndarray:
    """Compute the shares of SNPs in each bin that are expected of one neutral population of constant size.

    The density at the minor allele frequency p is proportional to 1/p + 1/(1-p), from ``least`` to .5.
    """
    edges_E = np.clip(EDGES, max(least, 1e-3), 0.5)
    mass_H = np.diff(np.log(edges_E / (1 - edges_E)))
    return np.asarray(mass_H / mass_H.sum())


def spectrum(results: Results, scenario: str) -> tuple[np.ndarray, np.ndarray | None, float]:
    """The folded allele frequency spectrum of a scenario's cohorts after QC.

    Returns the share of SNPs by bin of minor allele frequency (a row for each cohort), the shares that one neutral
    population would have (None for real cohorts), and the mean number of SNPs.
    """
    cohorts = scenarios(results.study)[scenario]
    shares, least, counts = [], 0.5, []
    for cohort in cohorts:
        p_M = results.table(tables.VARIANTS, results.paths.variants, cohort)["a1_freq"].to_numpy(dtype=float)
        maf_M = np.minimum(p_M, 1 - p_M)
        counts.append(len(maf_M))
        shares.append(np.histogram(maf_M, EDGES)[0] / max(len(maf_M), 1))
        least = min(least, float(maf_M.min())) if len(maf_M) else least
    expected_H = neutral(least) if not cohorts[0].real and least < 0.5 else None
    return np.array(shares), expected_H, float(np.mean(counts))
