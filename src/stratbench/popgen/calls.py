"""Populations of people without a label, called from PCs without a look at any trait.

``called``: a random forest on the PCs of the labelled calls the others, as in gnomAD (Karczewski et al. 2020, Nature
581:434); a call counts if enough of the trees vote for it. ``clusters``: everyone gets a cluster of a Gaussian
mixture on the PCs of everyone, and BIC chooses the number of clusters.
"""

import numpy as np
import pandas as pd

from stratbench.core.job import say
from stratbench.genotypes.dosages import Dosages, frequencies
from stratbench.popgen import grm, pca
from stratbench.popgen.sampling import UNASSIGNED, require_enough

MIN_MAF = 0.05
EXACT = 5000  # individuals; see structure.structure
TREES = 500
CLUSTERS = 20  # at most
PER_CLUSTER = 10  # individuals at least, on average
CLUSTER_PCS = 10


def call(genotypes: Dosages, samples: pd.DataFrame, how: str, least: float) -> pd.DataFrame:
    """``samples`` with a population for everyone, and ``population_declared``, ``population_probability``.

    Args:
        genotypes: LD-pruned SNPs of these individuals, in the same order.
        samples: has the columns iid, family and population, which is blank where it is missing.
        how: ``called`` gives a population to those without a label, ``clusters`` gives everybody a cluster.
        least: the smallest probability of a call; an individual whose best call has less is ``unassigned``.

    Returns:
        The table with three further columns. Declared labels are kept, and their probability is blank.

    Raises:
        UserError: for a population with too few labelled individuals to learn from, or for one population alone.
    """
    declared_N = samples["population"].to_numpy(dtype=str)
    open_N = np.ones(len(samples), dtype=bool)
    if how == "clusters":
        name_N, probability_N = _clusters(genotypes, samples["family"].to_numpy())
    elif (declared_N != "").all():  # nobody is to be called, so the labelled may be few
        name_N, probability_N, open_N = declared_N, np.ones(len(samples)), ~open_N
    else:
        name_N, probability_N = _forest(
            genotypes, declared_N, samples["family"].to_numpy(), samples["iid"].to_numpy(dtype=str)
        )
        open_N = declared_N == ""
    unsure_N = probability_N < least
    population_N = np.where(unsure_N, UNASSIGNED, name_N)
    population_N = np.where(open_N, population_N, declared_N)
    if open_N.any():
        say(f"populations: {(open_N & ~unsure_N).sum()} called, {(open_N & unsure_N).sum()} unassigned")
    return samples.assign(
        population=population_N,
        population_declared=declared_N,
        population_probability=np.where(open_N, probability_N, np.nan),
    )


def _pcs(genotypes: Dosages, fitted_N: np.ndarray, axes: int) -> np.ndarray:
    """Scores (N, K) on axes of ``fitted_N``, corrected for shrinkage, in standard deviations of the fitted."""
    p_M = frequencies(genotypes.people(fitted_N))
    common_M = np.minimum(p_M, 1 - p_M) > MIN_MAF
    some, p_M = genotypes.snps(common_M), p_M[common_M]
    product_NN = grm.product(some, p_M) if len(fitted_N) <= EXACT else None
    return pca.fit(some, p_M, fitted_N, product_NN, axes).pc_NK


def _first_of(family_N: np.ndarray, some_N: np.ndarray) -> np.ndarray:
    """The first of each family among ``some_N``: bool (N,)."""
    first_N = np.zeros(len(family_N), dtype=bool)
    some = np.flatnonzero(some_N)
    first_N[some[~pd.Series(family_N[some]).duplicated().to_numpy()]] = True
    return first_N


def _forest(
    genotypes: Dosages, declared_N: np.ndarray, family_N: np.ndarray, iid_N: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The likeliest population of everyone and its probability; axes and forest from labelled individuals.

    L populations differ along L - 1 axes (Patterson et al. 2006); there are at least two.
    """
    from sklearn.ensemble import RandomForestClassifier

    labelled_N = declared_N != ""
    label_T = pd.Series(declared_N[labelled_N])
    require_enough(label_T, "qc")
    pc_NK = _pcs(genotypes, _first_of(family_N, labelled_N), max(2, label_T.nunique() - 1))
    forest = RandomForestClassifier(TREES, class_weight="balanced", random_state=0, n_jobs=1)
    row = np.flatnonzero(labelled_N)[
        np.argsort(iid_N[labelled_N], kind="stable")
    ]  # a fixed order, as trees draw rows
    forest.fit(pc_NK[row], declared_N[row])
    probability_NL = forest.predict_proba(pc_NK)
    return forest.classes_[probability_NL.argmax(axis=1)].astype(str), probability_NL.max(axis=1)


def _clusters(genotypes: Dosages, family_N: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cluster (``cluster-1`` is the largest) and posterior probability of everyone."""
    from sklearn.mixture import GaussianMixture

    first_N = _first_of(family_N, np.ones(len(family_N), dtype=bool))
    pc_NK = _pcs(genotypes, first_N, CLUSTER_PCS)
    pc_NK = pc_NK / pc_NK[:, 0].std()
    distinct = len(np.unique(pc_NK[first_N].round(9), axis=0))  # there may be copies, or very few SNPs
    most = min(CLUSTERS, first_N.sum() // PER_CLUSTER, distinct)
    tried = [
        GaussianMixture(k, covariance_type="diag", n_init=5, random_state=0).fit(pc_NK[first_N])
        for k in range(1, max(2, most + 1))
    ]
    best = min(tried, key=lambda mixture: mixture.bic(pc_NK[first_N]))
    cluster_N = best.predict(pc_NK)
    order = np.argsort(-np.bincount(cluster_N, minlength=best.n_components), kind="stable")
    names = np.empty(best.n_components, dtype=object)
    names[order] = [f"cluster-{k + 1}" for k in range(best.n_components)]
    return names[cluster_N].astype(str), best.predict_proba(pc_NK).max(axis=1)
