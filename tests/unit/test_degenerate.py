"""Cohorts that hardly are one: refused in a line that says why, or carried to the report without a NaN."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers import balding_nichols, write_cohort
from stations import cohort_files, raw_files
from stratbench.cohorts.qc import tables as qc_tables
from stratbench.cohorts.qc.run import qc
from stratbench.core import files
from stratbench.core.errors import UserError
from stratbench.datasets.measured import measured
from stratbench.genotypes import plink
from stratbench.popgen.fst import PopulationFrequencies, weir_cockerham
from whole_study import run

N, M = 60, 600
EVERYONE = {"hwe": None, "duplicates": None}


@pytest.fixture
def count_MN() -> np.ndarray:
    return balding_nichols([N // 2, N // 2], M, 0.1, np.random.default_rng(6))[0]


def clean(
    folder: Path, count_MN: np.ndarray, bim: dict[str, Any] | None = None, **options: Any
) -> pd.DataFrame:
    """variants.tsv after QC of these counts; ``bim`` are columns of the .bim to be replaced."""
    raw = write_cohort(folder / "raw", count_MN)
    plink.write_bim(plink.read_bim(raw / "genotypes.bim").assign(**(bim or {})), raw / "genotypes.bim")
    qc(raw_files(raw / "genotypes", raw / "samples.tsv"), cohort_files(folder / "out"), options=options)
    return files.read_tsv(folder / "out/variants.tsv")


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        (
            "heterozygous",
            {},
            r"only 1 individual left after the step 'duplicates' of QC \(KING > 0\.354\); change",
        ),
        ("clones", {}, r"no SNPs left after the step 'MAF' of QC"),
        ("monomorphic", {}, r"no SNPs left after the step 'MAF' of QC"),
        ("one person", {}, r"only 1 individual left after the step 'input' of QC; change"),
        ("missing", {}, r"no individuals left after the step 'sample call rate'"),
        (
            "homozygous",
            {},
            r"raw/genotypes\.bed: hardly anyone is heterozygous \(mean F 1\.00\).* mating: inbred",
        ),
    ],
)
def test_people_whom_qc_refuses(
    tmp_path: Path, count_MN: np.ndarray, kind: str, options: dict[str, Any], message: str
) -> None:
    made = {
        "heterozygous": np.ones_like(count_MN),
        "clones": np.repeat(count_MN[:, :1], N, axis=1),
        "monomorphic": np.where(np.arange(M)[:, None] % 2, 0, np.full_like(count_MN, 2)),
        "one person": count_MN[:, :1],
        "missing": np.full_like(count_MN, -1),
        "homozygous": np.where(count_MN > 0, 2, 0),
    }
    with pytest.raises(UserError, match=message):
        clean(tmp_path, made[kind], **options)


def test_copies_of_one_snp_are_no_inbred_people(tmp_path: Path, count_MN: np.ndarray) -> None:
    one_MN = np.repeat(count_MN[count_MN.mean(axis=1).argsort()[[M // 4]]], M, axis=0)
    assert (one_MN[0] != 1).mean() > 0.5
    assert clean(tmp_path, one_MN, duplicates=None)["structure"].sum() > 0


@pytest.mark.parametrize(
    ("bim", "options"),
    [
        ({"chrom": "X"}, {"sex_chromosomes": "keep"}),
        ({"pos": 0}, {"unplaced": "keep"}),
        ({"pos": -np.arange(1, M + 1)}, {"unplaced": "keep"}),
        ({}, {"structure_maf": 0.5}),
    ],
)
def test_a_cohort_may_have_no_snp_for_structure(
    tmp_path: Path, count_MN: np.ndarray, bim: dict[str, Any], options: dict[str, Any]
) -> None:
    """QC goes on; that PCs cannot be had is said by structure (test_structure.py)."""
    odd_MN = np.where(count_MN.mean(axis=1, keepdims=True) == 1, 0, count_MN)  # no MAF is exactly .5
    variants = clean(tmp_path, odd_MN, bim, **options)
    assert len(variants) > 400
    assert variants["structure"].sum() == 0
    assert files.read_tsv(tmp_path / "out/qc.tsv").iloc[-1][["step", "left"]].tolist() == ["LD pruning", 0]
    assert files.read_tsv(tmp_path / "out/qc_samples.tsv")["pc1_after"].isna().all()


@pytest.mark.parametrize("kind", ["heterozygous", "two kinds"])
def test_people_who_differ_along_less_than_two_axes_have_none(
    tmp_path: Path, count_MN: np.ndarray, kind: str
) -> None:
    """All alike, there is nothing; of two kinds, a second axis would be rounding."""
    made_MN = (
        np.ones_like(count_MN) if kind == "heterozygous" else np.repeat(count_MN[:, [0, -1]], N // 2, axis=1)
    )
    assert np.isnan(qc_tables.axes(made_MN)).all()
    clean(tmp_path, made_MN, **EVERYONE)
    seen = files.read_tsv(tmp_path / "out/qc_samples.tsv")
    assert seen[["pc1_before", "pc2_before", "pc1_after", "pc2_after"]].isna().all(axis=None)


def test_populations_of_one_have_no_fst_and_no_warning() -> None:
    n_ML, p_ML = np.ones((3, 2)), np.array([[0.0, 0.5], [1.0, 1.0], [0.5, 0.5]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(weir_cockerham(PopulationFrequencies(n_ML, p_ML, (p_ML == 0.5).astype(float)))).all()


@pytest.mark.parametrize("scale", [1e300, 1e-300])
def test_a_trait_whose_squares_are_no_numbers_is_refused(tmp_path: Path, scale: float) -> None:
    people = {"iid": list("abcd"), "population": "all", "family": list("abcd"), "sex": 0}
    table = pd.DataFrame(people | {"y": [f"{k * scale:g}" for k in range(4)]})
    files.write_tsv(table, tmp_path / "samples.tsv")
    with pytest.raises(UserError, match=r"values of measured trait 'y' span 3e[+-]\d+, .* other units"):
        measured(tmp_path / "samples.tsv", "y", {"y": {"kind": "quantitative", "column": "y"}})


def odd(count_MN: np.ndarray) -> tuple[np.ndarray, pd.DataFrame, pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Names that look like numbers or none, parents who are nowhere, no sex, families and populations of one."""
    iids = ["NA", "nan", "1e5", "01", "1.0", "#x", *(f"i{k}" for k in range(6, N))]
    order = np.random.default_rng(0).permutation(M)
    chrom = np.array(["²", "scaffold_1.2", "LG-I"], dtype=object)[np.arange(M) % 3]
    bim = pd.DataFrame(
        {"chrom": chrom, "snp": [f"{k}:é" for k in range(M)], "cm": 0, "pos": 7, "a1": "<T>", "a2": "."}
    )
    fam = pd.DataFrame(
        {"fid": "0", "iid": iids, "father": "pa", "mother": "0", "sex": "0", "phenotype": "-9"}
    )
    label = ["None"] * 29 + ["alone"] + ["01"] * 30
    table = pd.DataFrame({"IID": iids, "y": count_MN[:3].sum(axis=0) + np.arange(N) / 7, "label": label})
    count_MN[5], count_MN[:, 9] = -1, -1
    qc_options = {"mind": 1, "heterozygosity": 3}
    return (
        count_MN[order],
        bim.iloc[order],
        fam,
        table,
        {"family": "parents", "qc": qc_options},
    )


def two_kinds(
    count_MN: np.ndarray,
) -> tuple[np.ndarray, pd.DataFrame, pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Copies of two people, who have one axis, and no heterozygote within the second."""
    _, bim, fam, table, _ = odd(count_MN.copy())
    count_MN[:, -1] = np.where(count_MN[:, -1] > 0, 2, 0)
    return np.repeat(count_MN[:, [0, -1]], N // 2, axis=1), bim, fam, table, {"qc": EVERYONE}


@pytest.mark.parametrize("made", [odd, two_kinds])
def test_odd_cohorts_reach_the_report_without_a_nan(
    tmp_path: Path, count_MN: np.ndarray, made: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    counts, bim, fam, table, cohort = made(count_MN)
    with plink.write_bed("mine.bed", N) as bed:
        bed.append(counts)
    plink.write_bim(bim, "mine.bim")
    plink.write_fam(fam, "mine.fam")
    files.write_tsv(table, "mine.tsv")
    own = {"bfile": str(tmp_path / "mine"), "phenotypes": str(tmp_path / "mine.tsv"), "trait": "y", **cohort}
    own["population"] = "label"
    own["missing"] = ["x"]  # so that NA is a name
    models = {"linear": {"method": "linear", "epochs": 1}}
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # matplotlib's
        warnings.simplefilter("error", RuntimeWarning)  # NumPy's
        study, paths = run(
            {
                "study": "mine",
                "seeds": 1,
                "cohort": own,
                "models": models,
                "adjustments": ["none"],
                "splits": {"twice": {"method": "kin-aware", "by": "family", "test": 0.3, "repeats": 2}},
            }
        )
    metrics = files.read_tsv(paths.summary_metrics, text=("status", "model", "metric"))
    good = metrics[metrics["status"] == "ok"]
    assert np.isfinite(pd.to_numeric(good["value"])).all()
    assert {"linear", "floor-population", "floor-pcs"} <= set(good["model"])
    pcs = files.read_tsv(paths.pcs.format(**vars(study.splits[0])), text=("iid",))
    assert pcs["iid"].tolist() == table["IID"].tolist()
    assert np.isfinite(pcs.drop(columns="iid").to_numpy(dtype=float)).all()
    assert len(pcs.columns) - 2 == (1 if made is two_kinds else 20)
    page = Path(paths.report).read_text()
    said = page[: page.index('id="provenance"')]  # which has the whole config
    assert "own cohort of mine.bed, .bim and .fam" in said
    assert str(tmp_path) not in said
    assert "splits of one cohort; brackets" in said


def test_a_test_that_the_data_do_not_allow_stops_no_other(
    tmp_path: Path, count_MN: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On one chromosome lmm-loco fails as rows with a reason, and lmm is there."""
    monkeypatch.chdir(tmp_path)
    write_cohort(tmp_path, count_MN)
    iids = plink.read_fam(tmp_path / "genotypes.fam")["iid"]
    files.write_tsv(pd.DataFrame({"IID": iids, "y": count_MN[:3].sum(axis=0) + np.arange(N) / 7}), "mine.tsv")
    own = {"bfile": str(tmp_path / "genotypes"), "phenotypes": str(tmp_path / "mine.tsv"), "trait": "y"}
    study, paths = run(
        {
            "study": "mine",
            "seeds": 1,
            "cohort": own | {"qc": EVERYONE},
            "models": {"linear": {"method": "linear", "epochs": 1}},
            "adjustments": ["none"],
            "associations": {"loco": {"method": "lmm-loco"}, "mixed": {"method": "lmm"}},
            "splits": {"random": {"method": "random"}},
        }
    )
    metrics = files.read_tsv(paths.summary_metrics, text=("status", "association", "metric", "reason"))
    status = metrics[metrics["metric"] == "lambda_gc"].set_index("association")["status"]
    assert status.to_dict() == {"loco": "failed", "mixed": "ok"}
    record = files.read_json(paths.associations_json.format(**vars(study.splits[0])))
    assert record["mixed"] == {"status": "ok", "reason": ""}
    reason = "no SNP of the GRM (grm_snps: all) lies outside chromosome 1; use lmm"
    assert reason in record["loco"]["reason"]
    page = Path(paths.report).read_text()
    assert reason in page[page.index("What failed, with the reason given.") :]
