"""A small dataset, split and PCs on disk, for tests of training and explanation."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from helpers import balding_nichols, punch_missing, write_cohort
from stratbench.core import files
from stratbench.genotypes import tables

SETS = ("train", "validation", "test")


def write_dataset(
    directory: Path, kind: str = "binary", n: int = 60, m: int = 160, seed: int = 1
) -> dict[str, Any]:
    """Two populations of ``n``; y follows ten SNPs and the population. Returns the paths of train.data."""
    rng = np.random.default_rng(seed)
    count_MN, populations = balding_nichols([n, n], m, 0.1, rng)
    write_cohort(directory, punch_missing(count_MN, 0.02, rng), populations)
    first_N = np.array(populations) == "p1"
    liability_N = count_MN[:10].sum(axis=0) + 2.0 * first_N + rng.normal(size=2 * n)
    y_N = (liability_N > np.median(liability_N)).astype(int) if kind == "binary" else 7 + 3 * liability_N
    set_N = rng.permutation(np.resize(["train"] * 7 + ["validation"] * 2 + ["test"], 2 * n))
    pcs_NK = np.column_stack([first_N - 0.5, rng.normal(size=(2 * n, 2))]) + 0.05 * rng.normal(
        size=(2 * n, 3)
    )
    return write_task(directory, y_N, set_N, pcs_NK, kind)


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
    """What ``task.model_data.load`` reads of a directory that ``write_dataset`` wrote."""
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
        "truth": directory / "truth.tsv",
    }


def write_results(directory: Path) -> list[str]:
    """The same in the folders of a study's results, and the options of the command line that name them."""
    cohort = directory / "cohorts" / "cohort"
    write_dataset(cohort)
    moved = {
        "dataset": (directory / "datasets" / "cohort" / "trait", ("trait.tsv", "trait.json", "keep.snp")),
        "structure": (directory / "structure" / "cohort" / "trait" / "random", ("pcs.tsv", "covariates.tsv")),
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
