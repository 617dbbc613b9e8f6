"""OLS and logistic regression beside plink2's --glm on one .bed: effects, errors and p values, Firth's SNPs too."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers import balding_nichols, write_cohort
from stations import cohort_files
from stratbench.associations.run import AssociationData
from stratbench.genotypes import plink
from stratbench.genotypes.dosages import open_cohort
from stratbench.methods import registry

N, M = 160, 200
RARE = range(0, M, 10)  # SNPs of a few carriers, all of them cases


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray, np.ndarray]:
    """Prefix of the .bed, case/control labels and two covariates, which have a part in them."""
    folder, rng = tmp_path_factory.mktemp("glm"), np.random.default_rng(5)
    count_MN, _ = balding_nichols([N // 2, N // 2], M, 0.05, rng)
    covariate_NC = rng.normal(size=(N, 2)).round(6)
    liability_N = 0.6 * count_MN[1:7].sum(axis=0) + covariate_NC[:, 0] + rng.normal(size=N)
    y_N = (liability_N > np.median(liability_N)).astype(float)
    for k in RARE:
        count_MN[k] = 0
        count_MN[k, rng.choice(np.flatnonzero(y_N), 4, replace=False)] = 1
    write_cohort(folder, count_MN)
    fam = plink.read_fam(folder / "genotypes.fam")
    for name, values in (("binary", y_N.astype(int) + 1), ("quantitative", liability_N.round(8))):
        write(folder / f"{name}.tsv", fam, {name: values})
    write(folder / "covariates.tsv", fam, {"c1": covariate_NC[:, 0], "c2": covariate_NC[:, 1]})
    return folder, np.vstack([y_N, liability_N.round(8)]), covariate_NC


def write(path: Path, fam: pd.DataFrame, columns: dict[str, np.ndarray]) -> None:
    table = pd.DataFrame({"#FID": fam["fid"], "IID": fam["iid"], **columns})
    table.to_csv(path, sep="\t", index=False)


def both(
    plink2: Callable[..., str], cohort: tuple[Path, np.ndarray, np.ndarray], kind: str, covariates: bool
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Our table and plink2's, both of the A1 allele of the .bim, by SNP."""
    folder, label_DN, covariate_NC = cohort
    end = "PHENO.glm.linear" if kind == "quantitative" else "PHENO.glm.logistic.hybrid"
    end = end.replace("PHENO", kind)
    given = ("--covar", folder / "covariates.tsv") if covariates else ()
    flags = ("hide-covar",) if covariates else ("allow-no-covars",)
    plink2(
        "--bfile", folder / "genotypes", "--pheno", folder / f"{kind}.tsv", *given,
        "--glm", *flags, "cols=+a1freq,+beta,-orbeta,+firth" if kind == "binary" else "cols=+a1freq",
        "--out", folder / "peer",
    )  # fmt: skip
    peer = pd.read_csv(folder / f"peer.{end}", sep="\t").set_index("ID")
    bim = plink.read_bim(folder / "genotypes.bim").set_index("snp")
    peer["BETA"] *= np.where(peer["A1"] == bim["a1"].loc[peer.index], 1, -1)
    data = AssociationData(
        label_DN[0 if kind == "binary" else 1],
        np.empty((N, 0)),
        bim.index.to_numpy(dtype=object),
        open_cohort(cohort_files(folder)),
        covariate_NC if covariates else np.empty((N, 0)),
        kind=kind,
    )
    name = "logistic" if kind == "binary" else "ols"
    return registry.load("association", name).associate(data, {"pcs": 0}).set_index("snp"), peer


@pytest.mark.parametrize("covariates", [False, True])
def test_ols_is_plink2s(plink2, cohort, covariates) -> None:
    ours, peer = both(plink2, cohort, "quantitative", covariates)
    assert ours.index.tolist() == peer.index.tolist()
    np.testing.assert_allclose(ours["p"], peer["P"], rtol=5e-6)  # plink2 prints six digits
    np.testing.assert_allclose(ours["beta"], peer["BETA"], rtol=5e-6, atol=1e-7)
    np.testing.assert_allclose(ours["se"], peer["SE"], rtol=5e-6)


@pytest.mark.parametrize("covariates", [False, True])
def test_logistic_is_plink2s(plink2, cohort, covariates) -> None:
    ours, peer = both(plink2, cohort, "binary", covariates)
    assert ours.index.tolist() == peer.index.tolist()
    firth_M = (peer["FIRTH?"] == "Y").to_numpy()
    assert np.flatnonzero(firth_M).tolist() == list(RARE)
    for rows_M in (firth_M, ~firth_M):
        np.testing.assert_allclose(ours["p"][rows_M], peer["P"][rows_M], rtol=1e-3)
        np.testing.assert_allclose(ours["beta"][rows_M], peer["BETA"][rows_M], rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(ours["se"][rows_M], peer["SE"][rows_M], rtol=1e-3)
