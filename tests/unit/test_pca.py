"""PCs and GRM: shrinkage corrected, axes iterated, a chromosome left out; as brute force and plink2 have them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import subspace_angles

from helpers import balding_nichols, punch_missing, write_cohort
from stations import cohort_files, dataset_files, structure_files
from stratbench.core import files
from stratbench.core.errors import ScientificFailure, UserError
from stratbench.datasets.run import dataset
from stratbench.genotypes.dosages import Dosages, frequencies, open_cohort, standardise, with_nan
from stratbench.popgen import grm, pca
from stratbench.popgen.shrinkage import corrected
from stratbench.splits.run import split
from stratbench.structure.run import structure

AXES = 7  # eight populations have as many


@pytest.fixture(scope="module")
def star(tmp_path_factory: pytest.TempPathFactory) -> tuple[Dosages, np.ndarray]:
    """Eight populations of 60 at FST .03, 4000 SNPs, 1% missing: genotypes without rare SNPs, populations."""
    rng = np.random.default_rng(5)
    count_MN, populations = balding_nichols([60] * 8, 4000, 0.03, rng)
    directory = tmp_path_factory.mktemp("star")
    write_cohort(directory, punch_missing(count_MN, 0.01, rng), populations, chromosomes=4)
    genotypes = open_cohort(cohort_files(directory))
    p_M = frequencies(genotypes)
    return genotypes.snps(np.minimum(p_M, 1 - p_M) > 0.05), np.array(populations)


def decompose(z_MN: np.ndarray, k: int) -> np.ndarray:
    """Scores (N, k) of a PCA of these standardised genotypes, by NumPy's SVD."""
    _, singular, vectors = np.linalg.svd(z_MN, full_matrices=False)
    return (vectors.T * singular)[:, :k]


def rotated(score_NK: np.ndarray, onto_NK: np.ndarray, rows_N: np.ndarray) -> np.ndarray:
    """Scores turned so that these rows come nearest to their own rows of another set."""
    left, _, right = np.linalg.svd(score_NK[rows_N].T @ onto_NK[rows_N])
    return score_NK @ left @ right


def test_a_corrected_score_is_that_of_a_pca_with_this_person() -> None:
    """All directions given, the rank-one update is the decomposition with the person, to the last digits."""
    rng = np.random.default_rng(1)
    z_MT, k = rng.normal(size=(300, 40)), 5
    z_MT += np.outer(rng.normal(size=300), np.repeat([1, -1], 20))
    u_MF, singular, _ = np.linalg.svd(z_MT, full_matrices=False)
    persons = [rng.normal(size=300), z_MT[:, 3], np.zeros(300), z_MT[:, 0] + 3 * z_MT[:, 1]]
    for y_M in persons:
        got = corrected((u_MF.T @ y_M)[None], np.array([y_M @ y_M]), singular**2, k)[0]
        both_NK = decompose(np.c_[z_MT, y_M], k)
        fit_NK = np.r_[decompose(z_MT, k), np.zeros((1, k))]
        np.testing.assert_allclose(got, rotated(both_NK, fit_NK, np.arange(41) < 40)[40], atol=1e-8)


def test_held_out_people_are_not_shrunken(star: tuple[Dosages, np.ndarray]) -> None:
    """Their scores against those of a joint PCA of everyone: slope near 1, by plain projection near .77."""
    everyone, population_N = star
    fitted_N = np.random.default_rng(2).random(len(population_N)) > 0.2
    p_M = frequencies(everyone.people(fitted_N))
    axes = pca.fit(everyone, p_M, fitted_N, grm.product(everyone, p_M), AXES)
    z_MN = standardise(with_nan(everyone.read()), p_M)
    joint_NK = rotated(decompose(z_MN, AXES), axes.pc_NK, fitted_N)[~fitted_N]
    slope = lambda score_NK: (score_NK * joint_NK).sum(axis=0) / (joint_NK**2).sum(axis=0)  # noqa: E731
    plain_NK = z_MN[:, ~fitted_N].T @ axes.loading_MK
    assert (slope(plain_NK) < 0.85).all()
    np.testing.assert_allclose(slope(axes.pc_NK[~fitted_N]), 1, atol=0.06)
    mean_PK = [  # of populations: those who were fitted, and those who were not
        np.array([axes.pc_NK[some & (population_N == p)].mean(axis=0) for p in np.unique(population_N)])
        for some in (fitted_N, ~fitted_N)
    ]
    assert (mean_PK[0] * mean_PK[1]).sum() / (mean_PK[0] ** 2).sum() == pytest.approx(1, abs=0.05)


def test_scores_do_not_depend_on_others_outside_the_fit(star: tuple[Dosages, np.ndarray]) -> None:
    everyone, population_N = star
    fitted_N = np.arange(len(population_N)) % 3 > 0
    p_M = frequencies(everyone.people(fitted_N))
    some_N = fitted_N | (np.arange(len(fitted_N)) == 6)
    alone = everyone.people(some_N)
    for exact in (True, False):
        of_all = pca.fit(everyone, p_M, fitted_N, grm.product(everyone, p_M) if exact else None, AXES)
        product_NN = grm.product(alone, p_M) if exact else None
        of_one = pca.fit(alone, p_M, fitted_N[some_N], product_NN, AXES)
        np.testing.assert_allclose(of_all.pc_NK[some_N], of_one.pc_NK, rtol=1e-7, atol=1e-7)


def test_iterated_axes_are_the_exact_ones(star: tuple[Dosages, np.ndarray]) -> None:
    everyone, population_N = star
    fitted_N = np.arange(len(population_N)) % 5 > 0
    p_M = frequencies(everyone.people(fitted_N))
    exact = pca.fit(everyone, p_M, fitted_N, grm.product(everyone, p_M), AXES)
    iterated = pca.fit(everyone, p_M, fitted_N, None, AXES)
    assert subspace_angles(exact.loading_MK, iterated.loading_MK).max() < 1e-3
    np.testing.assert_allclose(iterated.loading_MK.T @ iterated.loading_MK, np.eye(AXES), atol=1e-5)
    length = [np.linalg.norm(axes.pc_NK[fitted_N], axis=0) for axes in (exact, iterated)]
    np.testing.assert_allclose(*length, rtol=1e-6)
    # the correction of iterated axes lacks the many small directions, which matter little here
    gap = np.linalg.norm(rotated(iterated.pc_NK, exact.pc_NK, fitted_N) - exact.pc_NK, axis=0)
    assert (gap < 0.03 * length[0]).all()
    again = pca.fit(everyone, p_M, fitted_N, None, AXES)
    np.testing.assert_array_equal(again.pc_NK, iterated.pc_NK)


def test_iteration_of_few_people_is_exact(tmp_path: Path) -> None:
    count_MN, _ = balding_nichols([6, 7], 300, 0.2, np.random.default_rng(3))
    genotypes = open_cohort(cohort_files(write_cohort(tmp_path, count_MN)))
    p_M = frequencies(genotypes)
    genotypes, p_M = genotypes.snps((p_M > 0) & (p_M < 1)), p_M[(p_M > 0) & (p_M < 1)]
    found = pca.iterate(genotypes, p_M, 12)
    z_MT = standardise(with_nan(genotypes.read()), p_M)
    np.testing.assert_allclose(
        np.sqrt(found.value_J[:12]), np.linalg.svd(z_MT, compute_uv=False)[:12], rtol=1e-5
    )


def test_fast_standardisation_is_the_formula(star: tuple[Dosages, np.ndarray]) -> None:
    everyone, _ = star
    some = everyone.people(np.array([5, 2, 477]))
    p_M = frequencies(everyone)
    fast = np.concatenate([z_MN for _, z_MN in some.standardised(p_M, size=700)])
    np.testing.assert_array_equal(fast, standardise(with_nan(some.read()), p_M))


def test_pcs_and_grm_are_those_of_plink2(
    star: tuple[Dosages, np.ndarray], tmp_path: Path, plink2: Callable[..., str]
) -> None:
    """plink2 divides by the SNPs that both people have, we by all: with 1% missing the subspace is the same."""
    everyone, population_N = star
    count_MN = everyone.read()
    everyone_N = np.ones(len(population_N), dtype=bool)
    for missing in (True, False):
        made = np.where(count_MN < 0, 0 if not missing else -1, count_MN)
        genotypes = open_cohort(cohort_files(write_cohort(tmp_path / str(missing), made)))
        p_M = frequencies(genotypes)
        product_NN = grm.product(genotypes, p_M)
        axes = pca.fit(genotypes, p_M, everyone_N, product_NN, AXES)
        out = tmp_path / f"peer{missing}"
        source = ("--bfile", tmp_path / str(missing) / "genotypes", "--out", out)
        plink2(*source, "--pca", AXES, "--make-rel", "square", "bin4")
        peer_NK = pd.read_csv(f"{out}.eigenvec", sep="\t").filter(regex="^PC").to_numpy()
        assert np.cos(subspace_angles(axes.pc_NK, peer_NK)).min() > (0.9999 if missing else 0.999999)
        peer_NN = np.fromfile(f"{out}.rel.bin", dtype=np.float32).reshape(2 * [len(population_N)])
        ours_NN = grm.grm(genotypes, p_M, product_NN)
        assert np.corrcoef(ours_NN.ravel(), peer_NN.ravel())[0, 1] > 0.999
        if not missing:
            np.testing.assert_allclose(ours_NN, peer_NN, atol=2e-5)


def test_a_grm_without_a_chromosome_is_that_of_the_others(star: tuple[Dosages, np.ndarray]) -> None:
    everyone, _ = star
    p_M, chrom_M = frequencies(everyone), (everyone.row_M // 1000 + 1).astype(str)
    found = dict(grm.leaving_out(everyone, p_M, chrom_M))
    assert list(found) == ["1", "2", "3", "4"]
    for name, grm_NN in found.items():
        rest_M = chrom_M != name
        np.testing.assert_allclose(grm_NN, grm.grm(everyone.snps(rest_M), p_M[rest_M]), atol=1e-6)
        assert np.abs(grm_NN - grm.grm(everyone, p_M)).max() > 0.01
    with pytest.raises(UserError, match=r"needs SNPs on two, and there are 1; set loco to false"):
        next(grm.leaving_out(everyone, p_M, np.full(len(p_M), "1")))


def test_stored_grms(tmp_path: Path) -> None:
    """grm_loco.npz where asked; no GRM of more people than grm_most, and a reader that says so."""
    count_MN, populations = balding_nichols([30, 30], 200, 0.1, np.random.default_rng(1))
    cohort = write_cohort(tmp_path / "cohort", count_MN, populations, chromosomes=2)
    dataset(
        cohort_files(cohort),
        dataset_files(tmp_path / "dataset"),
        spec={"simulate": {"kind": "quantitative", "causal": 5}},
        names=["t"],
    )
    spec = {"method": "random", "file": None, "options": {}}
    split(
        cohort_files(cohort) | dataset_files(tmp_path / "dataset"),
        {"split": tmp_path / "split.tsv"},
        spec=spec,
        names=["s"],
    )

    def run(name: str, **options: object) -> Path:
        structure(
            cohort_files(cohort) | dataset_files(tmp_path / "dataset") | {"split": tmp_path / "split.tsv"},
            structure_files(tmp_path / name),
            options=options,
        )
        return tmp_path / name

    first, second = run("a", loco=True), run("b", loco=True)
    assert (first / "grm_loco.npz").read_bytes() == (second / "grm_loco.npz").read_bytes()
    whole_NN = grm.read(first / "grm.npz", 60)
    parts = [grm.read(first / "grm_loco.npz", 60, without=name) for name in ("1", "2")]
    chrom = files.read_tsv(cohort / "variants.tsv").set_index("snp")["chrom"]
    on_1 = (chrom.loc[files.read_tsv(first / "loadings.tsv.gz")["snp"]] == "1").mean()
    np.testing.assert_allclose(whole_NN, (1 - on_1) * parts[0] + on_1 * parts[1], atol=1e-6)
    none = run("c", grm_most=59)
    assert (none / "pcs.tsv").read_bytes() == (first / "pcs.tsv").read_bytes()
    with pytest.raises(
        ScientificFailure, match=r"60 individuals are more than the study's grm_most; raise grm_most"
    ):
        grm.read(none / "grm.npz", 60)
    with pytest.raises(UserError, match="loco asks for GRMs of 60 individuals, more than grm_most"):
        run("d", grm_most=59, loco=True)
