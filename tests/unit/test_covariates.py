"""Declared covariates: numbers from training alone; tests of SNPs as plink2's; floors; late fusion."""

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from helpers import balding_nichols, write_cohort
from stations import cohort_files, dataset_files, structure_files, task_files
from stratbench.associations.run import associate
from stratbench.core import files
from stratbench.core.errors import UserError
from stratbench.datasets import keep
from stratbench.genotypes import tables
from stratbench.metrics.floors import floors
from stratbench.structure.covariates import covariates
from stratbench.structure.run import structure
from stratbench.task import model_data as training
from stratbench.training.network import evaluation
from stratbench.training.setup import set_up
from trained import spec, write_dataset

N, M = 120, 40
DECLARED = {"age": "numeric", "site": "categorical", "sex": "categorical"}
TRAIN = np.arange(8) < 5


def table(tmp_path: Path, declared: dict[str, str], **columns: list[str]) -> pd.DataFrame:
    iids = [f"i{k}" for k in range(8)]
    people = {"iid": iids, "population": "all", "family": iids}
    files.write_tsv(pd.DataFrame(people | columns), tmp_path / "samples.tsv")
    return covariates(files.read_texts(tmp_path / "samples.tsv"), tmp_path / "samples.tsv", TRAIN, declared)


def test_a_number_is_standardised_on_training_and_missing_is_its_mean(tmp_path: Path, capsys) -> None:
    age = ["20", "30", "", "40", "50", "1000", "", "35"]
    found = table(tmp_path, {"age": "numeric"}, age=age)["age"].to_numpy()
    expected = (np.array([20, 30, 35, 40, 50, 1000, 35, 35]) - 35) / np.std([20, 30, 40, 50])
    np.testing.assert_allclose(found, expected)
    assert (
        "covariate 'age': 2 of 8 individuals have no value and get training's mean" in capsys.readouterr().out
    )


def test_levels_are_those_of_training(tmp_path: Path, capsys) -> None:
    site = ["n", "s", "w", "n", "s", "x", "", "w"]
    found = table(tmp_path, {"site": "categorical"}, site=site)
    assert list(found.columns) == ["iid", "site=s", "site=w"]
    np.testing.assert_allclose(found["site=w"][:5], (np.array([0, 0, 1, 0, 0]) - 0.2) / 0.4)
    assert found.iloc[5, 1:].tolist() == found.iloc[6, 1:].tolist() == [0, 0]
    assert "'site': 2 of 8 individuals have no value" in capsys.readouterr().out


def test_unknown_sex_is_missing_and_a_constant_is_left_out(tmp_path: Path, capsys) -> None:
    found = table(tmp_path, {"sex": "categorical", "same": "numeric"}, sex=list("12012021"), same=["4"] * 8)
    assert list(found.columns) == ["iid", "sex=2"]
    assert found["sex=2"][2] == 0
    assert "'same' does not vary among training individuals" in capsys.readouterr().out


def test_bad_covariates_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no covariate 'agee': did you mean 'age'"):
        table(tmp_path, {"agee": "numeric"}, age=["1"] * 8)
    with pytest.raises(UserError, match="covariate 'age': 'old' of individual 'i0' is not a number"):
        table(tmp_path, {"age": "numeric"}, age=["old"] * 8)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cohort whose quantitative trait follows age and site, a split, and its structure."""
    base, rng = tmp_path_factory.mktemp("covariates"), np.random.default_rng(5)
    count_MN, populations = balding_nichols([N // 2, N // 2], M, 0.05, rng)
    age_N, site_N = rng.integers(20, 70, N), rng.choice(["n", "s", "w"], N)
    write_cohort(base / "cohort", count_MN, populations, columns={"age": age_N, "site": site_N})
    samples = files.read_tsv(base / "cohort/samples.tsv").assign(sex=rng.integers(1, 3, N))
    files.write_tsv(samples, base / "cohort/samples.tsv")
    y_N = 0.1 * age_N + 2.0 * (site_N == "s") + count_MN[3] + rng.normal(size=N)
    iids = samples["iid"].tolist()
    files.write_tsv(pd.DataFrame({"iid": iids, "y": y_N}), base / "dataset/trait.tsv")
    files.write_json({"kind": "quantitative", "simulated": False}, base / "dataset/trait.json")
    files.write_tsv(pd.DataFrame(columns=tables.TRUTH.columns), base / "dataset/truth.tsv")
    keep.write_iids(iids, iids, base / "dataset/keep.iid")
    keep.write_snps([f"s{k + 1:04d}" for k in range(M)], base / "dataset/keep.snp")
    sets = np.resize(["train", "train", "train", "validation", "test"], N)
    files.write_tsv(pd.DataFrame({"iid": iids, "set": sets}), base / "split.tsv")
    structure(
        cohort_files(base / "cohort") | dataset_files(base / "dataset") | {"split": base / "split.tsv"},
        structure_files(base / "structure"),
        declared=DECLARED,
    )
    return base


def scanned(base: Path, name: str) -> pd.DataFrame:
    one = {"method": name, "file": None, "options": {"pcs": 2} if name == "ols-pcs" else {}}
    inputs = task_files(base / "cohort", base / "dataset", base / "split.tsv", base / "structure")
    associate(
        inputs, {"tables": [base / f"{name}.tsv"], "record": base / f"{name}.json"}, associations={name: one}
    )
    return files.read_tsv(base / f"{name}.tsv")


@pytest.mark.parametrize("name", ["ols", "ols-pcs"])
def test_ols_with_covariates_is_plink2s_glm(made: Path, tmp_path: Path, plink2, name: str) -> None:
    samples = files.read_tsv(made / "cohort/samples.tsv", text=("site",)).set_index("iid")
    own = samples[["age", "site", "sex"]].assign(sex=lambda table: "s" + table["sex"].astype(str))
    if name == "ols-pcs":
        own = own.join(files.read_tsv(made / "structure/pcs.tsv").set_index("iid")[["pc1", "pc2"]])
    sets = files.read_tsv(made / "split.tsv", text=("set",)).set_index("iid")["set"]
    y = files.read_tsv(made / "dataset/trait.tsv").set_index("iid")
    seen = sets.index[sets != "test"]
    for table, path in ((own, "covar.txt"), (y, "pheno.txt")):
        table.loc[seen].rename_axis("IID").reset_index().assign(FID=seen).set_index("FID").to_csv(
            tmp_path / path, sep="\t"
        )
    plink2(
        *(
            "--bfile",
            made / "cohort/genotypes",
            "--pheno",
            tmp_path / "pheno.txt",
            "--covar",
            tmp_path / "covar.txt",
        ),
        *("--covar-variance-standardize", "--glm", "omit-ref", "hide-covar", "--out", tmp_path / "peer"),
    )
    peer = pd.read_csv(tmp_path / "peer.y.glm.linear", sep="\t").set_index("ID")
    ours = scanned(made, name).set_index("snp")
    assert (peer["A1"] == "A").all()
    assert peer["BETA"].notna().sum() == M
    for column, theirs in (("beta", "BETA"), ("se", "SE"), ("statistic", "T_STAT"), ("p", "P")):
        np.testing.assert_allclose(ours[column], peer.loc[ours.index, theirs], rtol=2e-5, atol=1e-6)


def test_nobody_outside_training_touches_a_number_of_theirs(made: Path, tmp_path: Path) -> None:
    sets = files.read_tsv(made / "split.tsv", text=("set",))["set"]
    samples = files.read_tsv(made / "cohort/samples.tsv", text=("site",))
    changed = samples.assign(
        age=samples["age"].mask(sets != "train", 999), site=samples["site"].mask(sets == "test", "q")
    )
    files.write_tsv(changed, tmp_path / "samples.tsv")
    train = (sets == "train").to_numpy()
    before, after = (
        covariates(files.read_texts(path), path, train, DECLARED)
        for path in (made / "cohort/samples.tsv", tmp_path / "samples.tsv")
    )
    pd.testing.assert_frame_equal(before[train], after[train])


def test_floors_with_covariates_are_regressions_on_them(made: Path) -> None:
    x = files.read_tsv(made / "structure/covariates.tsv").set_index("iid")
    pcs = files.read_tsv(made / "structure/pcs.tsv").set_index("iid").filter(regex="^pc").iloc[:, :10]
    y = files.read_tsv(made / "dataset/trait.tsv")["y"].to_numpy()
    train = (files.read_tsv(made / "split.tsv", text=("set",))["set"] == "train").to_numpy()
    p, c = pcs.to_numpy(), x.to_numpy()
    labels = np.resize(["a", "b"], N)
    arguments = ("quantitative", y[train], labels[train], p[train], labels[~train], p[~train])
    found = floors(*arguments, c[train], c[~train])
    for name, design in (("floor-covariates", c), ("floor-pcs-covariates", np.hstack([p, c]))):
        peer = LinearRegression().fit(design[train], y[train]).predict(design[~train])
        np.testing.assert_allclose(found[name].score, peer, rtol=1e-8)
    assert (
        np.corrcoef(found["floor-covariates"].score, y[~train])[0, 1] > 0.5
    )  # the trait follows age and site
    assert set(floors(*arguments)) == set(floors(*arguments, c[train, :0], c[~train, :0])) == set(found) - {
        "floor-covariates", "floor-pcs-covariates"
    }  # fmt: skip


def test_pc_covariates_alone_sees_them(tmp_path: Path) -> None:
    paths: dict[str, Any] = write_dataset(tmp_path)
    iids = files.read_tsv(paths["samples"])["iid"]
    rng = np.random.default_rng(2)
    files.write_tsv(
        pd.DataFrame({"iid": iids, "age": rng.normal(size=len(iids))}), tmp_path / "covariates.tsv"
    )
    paths["covariates"] = tmp_path / "covariates.tsv"
    data = training.load(paths)
    age_N = files.read_tsv(paths["covariates"]).set_index("iid")["age"].loc[data.iid_N].to_numpy()
    setup = set_up(data, spec("model", "linear"), [spec("adjustment", "pc-covariates", pcs=2)], seed=1)
    state = jax.tree.map(jnp.asarray, setup.adjustment.fit(setup.context))
    everyone = np.arange(len(age_N))
    offset_N = setup.adjustment.offset(state, setup.adjustment.init(state), evaluation(jnp.asarray(everyone)))
    w = state.fitted["start"]
    assert w.shape == (3,)
    expected_N = np.column_stack([setup.context.pcs_NK[:, :2], age_N]) @ np.asarray(w)
    np.testing.assert_allclose(offset_N, expected_N, atol=1e-5)
    residual = set_up(data, spec("model", "linear"), [spec("adjustment", "input-residual", pcs=2)], seed=1)
    assert residual.adjustment.fit(residual.context).rows["covariates"].shape == (
        len(age_N),
        3,
    )  # 1 and two PCs
