"""PCs, GRM and FST against direct formulas and scikit-learn; nothing of test individuals in any of them."""

import zipfile

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import subspace_angles
from sklearn.decomposition import PCA

from helpers import balding_nichols, punch_missing, read_counts, write_cohort
from stations import cohort_files, dataset_files, structure_files, task_files
from stratbench.associations.run import associate
from stratbench.core import files
from stratbench.core.errors import UserError
from stratbench.datasets.run import dataset
from stratbench.genotypes.dosages import frequencies, open_cohort, standardise, with_nan
from stratbench.popgen import grm, pca
from stratbench.splits.run import split
from stratbench.structure.run import structure

N, M = 150, 400
OLS = {"ols": {"method": "ols", "file": None, "options": {}}}
OLS["ols-pcs"] = {"method": "ols-pcs", "file": None, "options": {"pcs": 3}}


def cohort_and_split(directory, count_MN, populations, **options):
    """A cohort, a dataset of half of its SNPs, and a random split, in ``directory``."""
    families = [f"f{k // 2}" if k < 60 else f"own{k}" for k in range(count_MN.shape[1])]
    structure_M = (np.arange(len(count_MN)) % 4 != 0).astype(int)
    cohort = write_cohort(directory / "cohort", count_MN, populations, families, structure=structure_M)
    simulated = {"kind": "quantitative", "causal": 20, **options}
    dataset(
        cohort_files(cohort),
        dataset_files(directory / "dataset"),
        spec={"simulate": simulated, "snps": len(count_MN) // 2},
        names=["t"],
    )
    spec = {"method": "random", "file": None, "options": {}}
    split(
        cohort_files(cohort) | dataset_files(directory / "dataset"),
        {"split": directory / "split.tsv"},
        spec=spec,
        names=["s"],
    )
    return directory


def fit(directory):
    structure(
        cohort_files(directory / "cohort")
        | dataset_files(directory / "dataset")
        | {"split": directory / "split.tsv"},
        structure_files(directory / "structure"),
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    rng = np.random.default_rng(11)
    count_MN, populations = balding_nichols([N // 3] * 3, M, 0.1, rng)
    directory = tmp_path_factory.mktemp("made")
    cohort_and_split(directory, punch_missing(count_MN, 0.02, rng), populations, untyped=True)
    fit(directory)
    return directory


def table(directory, name):
    return files.read_tsv(directory / "structure" / name)


def sets_of(directory):
    return files.read_tsv(directory / "split.tsv", text=("set",))["set"].to_numpy()


def direct(directory):
    """Standardised genotypes (M, N) of the PCs' SNPs, by the formula, and the fitted individuals (N,)."""
    fitted_N = table(directory, "pcs.tsv")["fitted"].to_numpy() == 1
    loadings = table(directory, "loadings.tsv.gz")
    rows = [int(name[1:]) - 1 for name in loadings["snp"]]
    x_MN = read_counts(directory / "cohort")[rows].astype(float)
    x_MN[x_MN < 0] = np.nan
    p_M1 = np.nanmean(x_MN[:, fitted_N], axis=1, keepdims=True) / 2
    np.testing.assert_allclose(loadings["a1_freq"], p_M1[:, 0], rtol=1e-8)
    return np.nan_to_num((x_MN - 2 * p_M1) / np.sqrt(2 * p_M1 * (1 - p_M1))), fitted_N


def test_fitted_are_the_first_training_individuals_of_their_families(made):
    samples = files.read_tsv(made / "cohort" / "samples.tsv")
    train = samples[sets_of(made) == "train"]
    expected = set(train.groupby("family", sort=False)["iid"].first())
    pcs = table(made, "pcs.tsv")
    assert set(pcs["iid"][pcs["fitted"] == 1]) == expected
    assert len(expected) < len(train)
    assert pcs["iid"].tolist() == samples["iid"].tolist()


def test_snps_are_common_pruned_and_not_hidden(made):
    loadings = table(made, "loadings.tsv.gz")
    variants = files.read_tsv(made / "cohort" / "variants.tsv").set_index("snp")
    assert variants["structure"].loc[loadings["snp"]].eq(1).all()
    assert loadings["a1_freq"].between(0.05, 0.95, inclusive="neither").all()
    truth = files.read_tsv(made / "dataset" / "truth.tsv")
    assert truth["visible"].eq(0).all()
    assert not set(loadings["snp"]) & set(truth["snp"])
    assert set(loadings["snp"]) - set(files.read_lines(made / "dataset" / "keep.snp"))


def test_axes_are_those_of_scikit_learn(made):
    z_MN, fitted_N = direct(made)
    pcs = table(made, "pcs.tsv").filter(regex="^pc").to_numpy()
    loading_MK = table(made, "loadings.tsv.gz").filter(regex="^pc").to_numpy()
    assert pcs.shape[1] == 20
    reference = PCA(20, svd_solver="full").fit(z_MN[:, fitted_N].T)
    assert subspace_angles(loading_MK[:, :2], reference.components_[:2].T).max() < 0.01
    np.testing.assert_allclose(pcs[fitted_N], z_MN[:, fitted_N].T @ loading_MK, atol=1e-5)
    np.testing.assert_allclose(loading_MK.T @ loading_MK, np.eye(20), atol=1e-7)
    _, singular_K, vector_KM = np.linalg.svd(z_MN[:, fitted_N].T, full_matrices=False)
    np.testing.assert_allclose(np.abs(np.sum(loading_MK * vector_KM[:20].T, axis=0)), 1, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(pcs[fitted_N], axis=0), singular_K[:20], rtol=1e-7)
    assert (loading_MK[np.abs(loading_MK).argmax(axis=0), range(20)] > 0).all()


def test_without_missing_genotypes_axes_equal_scikit_learn(tmp_path):
    count_MN, populations = balding_nichols([40, 40], 200, 0.1, np.random.default_rng(1))
    fit(cohort_and_split(tmp_path, count_MN, populations))
    z_MN, fitted_N = direct(tmp_path)
    reference = PCA(20, svd_solver="full").fit(z_MN[:, fitted_N].T)
    scores = np.abs(reference.transform(z_MN[:, fitted_N].T))
    pcs = table(tmp_path, "pcs.tsv").filter(regex="^pc")[fitted_N]
    np.testing.assert_allclose(np.abs(pcs), scores, atol=1e-5)


def test_pcs_separate_the_populations(made):
    pcs = table(made, "pcs.tsv")
    by = pcs.groupby(files.read_tsv(made / "cohort" / "samples.tsv")["population"])[["pc1", "pc2"]]
    spread = by.std().to_numpy().max()
    centre = by.mean().to_numpy()
    gaps = np.linalg.norm(centre[:, None] - centre[None], axis=2)
    assert gaps[np.triu_indices(3, 1)].min() > 4 * spread


def test_grm_is_the_direct_formula(made):
    z_MN, _ = direct(made)
    grm_NN = np.load(made / "structure" / "grm.npz")["grm_NN"]
    assert grm_NN.dtype == np.float32
    np.testing.assert_allclose(grm_NN, z_MN.T @ z_MN / len(z_MN), atol=1e-6)
    np.testing.assert_array_equal(grm_NN, grm_NN.T)
    with zipfile.ZipFile(made / "structure" / "grm.npz") as archive:
        assert archive.infolist()[0].date_time[0] == 1980  # no time stamp: same bytes each time


def test_fst_tables(made):
    assert len(table(made, "fst.tsv")) == 3
    per_snp = table(made, "fst_snp.tsv.gz")
    assert per_snp["snp"].tolist() == files.read_lines(made / "dataset" / "keep.snp")
    assert per_snp[["fst", "fst_wc"]].notna().to_numpy().mean() > 0.99
    assert per_snp["fst"].corr(per_snp["fst_wc"]) > 0.99


def test_one_population_has_header_only_fst(tmp_path):
    count_MN, _ = balding_nichols([60], 100, 0, np.random.default_rng(1))
    fit(cohort_and_split(tmp_path, count_MN, None))
    for name, columns in (
        ("fst.tsv", "population_1 population_2 fst fst_wc n_snps"),
        ("fst_snp.tsv.gz", "snp fst fst_wc"),
    ):
        empty = table(tmp_path, name)
        assert len(empty) == 0
        assert list(empty.columns) == columns.split()


def test_few_data_have_few_axes(tmp_path):
    count_MN, populations = balding_nichols([20, 20], 9, 0.2, np.random.default_rng(1))
    options = {"causal": 2}
    fit(cohort_and_split(tmp_path, count_MN, populations, **options))
    assert table(tmp_path, "pcs.tsv").shape[1] - 2 == len(table(tmp_path, "loadings.tsv.gz")) < 9


def test_rarer_snps_serve_pcs_and_grm_where_both_thresholds_allow(tmp_path):
    rng = np.random.default_rng(3)
    count_MN = rng.binomial(2, np.r_[np.full(60, 0.02), np.full(60, 0.3)][:, None], (120, 150)).astype(
        np.int8
    )
    cohort_and_split(tmp_path, count_MN, None)

    def rarest(**options):
        inputs = task_files(tmp_path / "cohort", tmp_path / "dataset", tmp_path / "split.tsv")
        structure(inputs, structure_files(tmp_path / "structure"), options=options)
        a1_freq = table(tmp_path, "loadings.tsv.gz")["a1_freq"]
        return np.minimum(a1_freq, 1 - a1_freq).min(), len(a1_freq)

    least, count = rarest()
    assert least > 0.05
    lower, more = rarest(maf=0.01)
    assert 0.01 < lower < 0.05
    assert more > count + 20
    with pytest.raises(UserError, match=r"has MAF > 0\.49 among .*lower the config's structure: maf"):
        rarest(maf=0.49)


def test_nothing_to_fit_on_is_refused(tmp_path):
    count_MN, populations = balding_nichols([40, 40], 50, 0.1, np.random.default_rng(1))
    cohort_and_split(tmp_path, count_MN, populations)
    variants = files.read_tsv(tmp_path / "cohort" / "variants.tsv")
    files.write_tsv(variants.assign(structure=0), tmp_path / "cohort" / "variants.tsv")
    with pytest.raises(
        UserError, match=r"QC left no SNP that PCs and GRM may use: .*qc\.tsv.* relax structure_maf"
    ):
        fit(tmp_path)


@pytest.mark.parametrize("exact", [True, False])
def test_people_who_are_all_alike_have_no_axis(tmp_path, exact):
    """All heterozygous: frequencies are .5, and nothing varies. Refused, whether axes are exact or iterated."""
    everyone = open_cohort(cohort_files(write_cohort(tmp_path, np.ones((30, 40), dtype=np.int8))))
    p_M, all_N = frequencies(everyone), np.ones(40, dtype=bool)
    product_NN = grm.product(everyone, p_M) if exact else None
    with pytest.raises(
        UserError, match=r"40 unrelated .* the same genotypes at all of 30 SNPs .* copies of one"
    ):
        pca.fit(everyone, p_M, all_N, product_NN)


def test_test_individuals_reach_nothing_that_is_fitted(made, tmp_path):
    """Other genotypes and labels of test individuals leave all that is fitted bitwise the same."""
    tables = [tmp_path / name for name in ("before.tsv.gz", "before_pcs.tsv.gz", "ols.tsv.gz", "pcs.tsv.gz")]

    def associations(paths):
        inputs = task_files(made / "cohort", made / "dataset", made / "split.tsv", made / "structure")
        associate(inputs, {"tables": paths, "record": tmp_path / "record.json"}, associations=OLS)

    associations(tables[:2])
    names = ("loadings.tsv.gz", "fst.tsv", "fst_snp.tsv.gz")
    before = {name: (made / "structure" / name).read_bytes() for name in names}
    pcs, grm_NN = table(made, "pcs.tsv"), np.load(made / "structure" / "grm.npz")["grm_NN"]
    bed, trait = made / "cohort" / "genotypes.bed", made / "dataset" / "trait.tsv"
    kept = bed.read_bytes(), trait.read_bytes()
    test_N = sets_of(made) == "test"
    try:
        rng = np.random.default_rng(8)
        count_MN = read_counts(made / "cohort")
        count_MN[:, test_N] = rng.integers(-1, 3, (M, test_N.sum()))
        samples = files.read_tsv(made / "cohort" / "samples.tsv")
        structure_M = files.read_tsv(made / "cohort" / "variants.tsv")["structure"]
        columns = samples["population"], samples["family"]
        write_cohort(made / "cohort", count_MN, *columns, structure=structure_M)
        y = files.read_tsv(trait)
        files.write_tsv(y.assign(y=np.where(test_N, rng.normal(size=N), y["y"])), trait)
        fit(made)
        associations(tables[2:])
        after = table(made, "pcs.tsv")
        grm_after_NN = np.load(made / "structure" / "grm.npz")["grm_NN"]
        for name in names:
            assert (made / "structure" / name).read_bytes() == before[name], name
    finally:
        bed.write_bytes(kept[0])
        trait.write_bytes(kept[1])
        fit(made)
    pd.testing.assert_frame_equal(after[~test_N], pcs[~test_N], check_exact=True)
    assert not after[test_N].equals(pcs[test_N])
    seen = np.ix_(~test_N, ~test_N)
    np.testing.assert_array_equal(grm_after_NN[seen], grm_NN[seen])
    for old, new in zip(tables[:2], tables[2:], strict=True):
        assert old.read_bytes() == new.read_bytes()


def test_chunks_are_the_whole(made):
    view = open_cohort(
        cohort_files(made / "cohort"), ["s0009", "s0002", "s0400"], ["i0003", "i0001", "i0150"]
    )
    whole_MN = read_counts(made / "cohort")[np.ix_([8, 1, 399], [2, 0, 149])].astype(float)
    whole_MN[whole_MN < 0] = np.nan
    parts = [with_nan(dosage_MN) for _, dosage_MN in view.chunks(size=2)]
    assert [len(part) for part in parts] == [2, 1]
    np.testing.assert_array_equal(np.concatenate(parts), whole_MN)
    np.testing.assert_array_equal(with_nan(view.read()), whole_MN)
    with pytest.raises(UserError, match=r"genotypes.bim: 1 unknown name, first 'rs1'"):
        open_cohort(cohort_files(made / "cohort"), ["rs1"])


def test_frequency_and_standardisation_without_calls(tmp_path):
    write_cohort(tmp_path, np.array([[-1, -1, -1], [0, 1, -1]]))
    p_M = frequencies(open_cohort(cohort_files(tmp_path)))
    np.testing.assert_array_equal(p_M, [np.nan, 0.25])
    z_MN = standardise(np.array([[0.0, 1.0, np.nan]]), np.array([0.25]))
    np.testing.assert_allclose(z_MN, [[-0.5 / np.sqrt(0.375), 0.5 / np.sqrt(0.375), 0]])
