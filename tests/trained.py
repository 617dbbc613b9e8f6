"""A small dataset, split and PCs on disk, for tests of training and explanation."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from helpers import balding_nichols, punch_missing, write_cohort
from stratbench.core import files
from stratbench.genotypes import tables
from stratbench.popgen import grm

SETS = ("train", "validation", "test")
DATASET = ("trait.tsv", "trait.json", "keep.snp", "truth.tsv", "liability.tsv")
STRUCTURE = ("pcs.tsv", "covariates.tsv", "grm.npz")


def write_dataset(
    directory: Path, kind: str = "binary", n: int = 60, m: int = 160, seed: int = 1
) -> dict[str, Any]:
    """Two populations of ``n``; y follows ten SNPs and the population. Returns the paths of its files."""
    rng = np.random.default_rng(seed)
    count_MN, populations = balding_nichols([n, n], m, 0.1, rng)
    write_cohort(directory, punch_missing(count_MN, 0.02, rng), populations)
    first_N = np.array(populations) == "p1"
    parts = {
        "genetic": count_MN[:10].sum(axis=0),
        "environment": 2.0 * first_N,
        "noise": rng.normal(size=2 * n),
    }
    liability_N = parts["genetic"] + parts["environment"] + parts["noise"]
    y_N = (liability_N > np.median(liability_N)).astype(int) if kind == "binary" else 7 + 3 * liability_N
    set_N = rng.permutation(np.resize(["train"] * 7 + ["validation"] * 2 + ["test"], 2 * n))
    pcs_NK = np.column_stack([first_N - 0.5, rng.normal(size=(2 * n, 2))]) + 0.05 * rng.normal(
        size=(2 * n, 3)
    )
    write_task(directory, y_N, set_N, pcs_NK, kind)
    write_truth(directory, parts | {"liability": liability_N}, range(10))
    write_grm(directory, count_MN, set_N == "train")
    return paths(directory)


def write_truth(directory: Path, parts: dict[str, np.ndarray], causal: Sequence[int]) -> None:
    """The truth behind the trait of a dataset that lies there: parts of the liability, and the rows of causal SNPs."""
    snps = files.read_tsv(directory / "variants.tsv")["snp"].iloc[list(causal)]
    truth = pd.DataFrame({"snp": snps, "effect": 1.0, "visible": 1, "population": ""})
    files.write_tsv(truth, directory / "truth.tsv")
    columns = [
        "genetic",
        "genetic_within",
        "environment",
        "environment_expected",
        "environment_family",
        "noise",
    ]
    iid = files.read_tsv(directory / "samples.tsv")["iid"]
    liability = pd.DataFrame({"iid": iid, **{name: parts.get(name, 0.0) for name in [*columns, "liability"]}})
    files.write_tsv(liability, directory / "liability.tsv")


def write_grm(directory: Path, count_MN: np.ndarray, train_N: np.ndarray) -> None:
    """The GRM, standardised with the frequencies of training individuals."""
    called_MN = np.where(count_MN < 0, np.nan, count_MN.astype(float))
    p_M1 = np.nanmean(called_MN[:, train_N], axis=1, keepdims=True) / 2
    varied = (p_M1[:, 0] > 0) & (p_M1[:, 0] < 1)
    z_MN = np.nan_to_num((called_MN - 2 * p_M1) / np.sqrt(2 * p_M1 * (1 - p_M1)))[varied]
    grm.write(directory / "grm.npz", iter([("grm_NN", (z_MN.T @ z_MN / len(z_MN)).astype(np.float32))]))


def write_task(
    directory: Path, y_N: np.ndarray, set_N: np.ndarray, pcs_NK: np.ndarray, kind: str = "binary"
) -> dict[str, Any]:
    """Labels, sets and PCs of everyone in a cohort that lies there; all its SNPs are seen. Returns the paths."""
    iid = files.read_tsv(directory / "samples.tsv")["iid"]
    files.write_tsv(pd.DataFrame({"iid": iid, "y": y_N}), directory / "trait.tsv")
    files.write_json({"kind": kind, "simulated": True}, directory / "trait.json")
    files.write_tsv(pd.DataFrame({"iid": iid, "set": set_N}), directory / "split.tsv")
    pcs = pd.DataFrame(pcs_NK, columns=[f"pc{k + 1}" for k in range(pcs_NK.shape[1])])
    pcs.insert(0, "iid", iid)
    pcs.insert(1, "fitted", 1)
    files.write_tsv(pcs, directory / "pcs.tsv")
    files.write_tsv(pd.DataFrame({"iid": iid}), directory / "covariates.tsv")
    files.write_tsv(pd.DataFrame(columns=tables.TRUTH.columns), directory / "truth.tsv")
    snps = files.read_tsv(directory / "variants.tsv")["snp"]
    (directory / "keep.snp").write_text("".join(f"{snp}\n" for snp in snps))
    return paths(directory)


def paths(directory: Path) -> dict[str, Any]:
    """What ``task.model_data.load`` reads of a directory that ``write_dataset`` wrote, also on demand."""
    return {
        **{end: directory / f"genotypes.{end}" for end in ("bed", "bim", "fam")},
        "samples": directory / "samples.tsv",
        "trait": directory / "trait.tsv",
        "trait_json": directory / "trait.json",
        "keep_snp": directory / "keep.snp",
        "split": directory / "split.tsv",
        "pcs": directory / "pcs.tsv",
        "covariates": directory / "covariates.tsv",
        "variants": directory / "variants.tsv",
        "grm": directory / "grm.npz",
        "truth": directory / "truth.tsv",
        "liability": directory / "liability.tsv",
    }


def write_results(directory: Path) -> list[str]:
    """The same in the folders of a study's results, and the options of the command line that name them."""
    cohort = directory / "cohorts" / "cohort"
    write_dataset(cohort)
    moved = {
        "dataset": (directory / "datasets" / "cohort" / "trait", DATASET),
        "structure": (directory / "structure" / "cohort" / "trait" / "random", STRUCTURE),
    }
    options = ["--cohort", str(cohort)]
    for name, (folder, contents) in moved.items():
        folder.mkdir(parents=True)
        for content in contents:
            (cohort / content).rename(folder / content)
        options += [f"--{name}", str(folder)]
    split = directory / "splits" / "cohort" / "trait" / "random.tsv"
    split.parent.mkdir(parents=True)
    (cohort / "split.tsv").rename(split)
    return [*options, "--split", str(split)]


def outputs(directory: Path) -> dict[str, Path]:
    return {
        "params": directory / "params.msgpack",
        "predictions": directory / "predictions.tsv",
        "history": directory / "history.tsv",
        "fit": directory / "fit.json",
    }


def spec(kind: str, name: str, **options: Any) -> dict[str, Any]:
    """A method's spec with its defaults filled in."""
    from stratbench.methods.registry import describe

    schemas = describe(kind, name).options
    return {
        "method": name,
        "file": None,
        "options": {key: schema["default"] for key, schema in schemas.items()} | options,
    }
