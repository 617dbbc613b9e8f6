"""One split as files for other programs: PLINK genotypes, keep lists, a table of people without the test's labels."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stratbench.core import decimals
from stratbench.core.checksums import sha256
from stratbench.core.files import write_json, write_tsv
from stratbench.datasets.keep import write_iids
from stratbench.genotypes import plink
from stratbench.genotypes.tables import SETS
from stratbench.task.task import Task, open_genotypes, read_task

NAMES = ["FID", "IID"]  # of whom a row is, as other programs read it


def export(files: Mapping[str, Any], out: Path, labels: Mapping[str, str], test_labels: bool = False) -> None:
    """Write what a model sees of a split: everyone's genotypes at the SNPs of keep.snp, and who trains.

    Args:
        files: paths by the names of ``task.model_data.FILES``.
        out: the folder of genotypes.{bed,bim,fam}, {train,validation,test}.keep, people.tsv, phenotypes.txt,
            covariates.txt and export.json.
        labels: of cohort, trait and split, for export.json.
        test_labels: whether labels of test individuals are written, too.

    Raises:
        UserError: where a file is damaged or does not agree with the others.
    """
    task = read_task(files)
    people = _people(task, test_labels)
    fam = plink.read_fam(files["fam"]).set_index("iid", drop=False).loc[people["iid"]].reset_index(drop=True)
    genotypes, _ = open_genotypes(files, task)
    with plink.write_bed(out / "genotypes.bed", len(fam)) as bed:
        for _, count_MN in genotypes.chunks():
            bed.append(count_MN)
    plink.write_bim(plink.read_bim(files["bim"]).iloc[genotypes.row_M], out / "genotypes.bim")
    plink.write_fam(fam.assign(phenotype=_phenotype(people["y"], task.kind)), out / "genotypes.fam")
    for name in SETS:
        chosen = fam[(people["set"] == name).to_numpy()]
        write_iids(chosen["fid"].tolist(), chosen["iid"].tolist(), out / f"{name}.keep")
    write_tsv(people, out / "people.tsv")
    names = pd.DataFrame({"FID": fam["fid"], "IID": fam["iid"]}, columns=NAMES)
    write_tsv(names.assign(y=people["y"].replace("", "NA")), out / "phenotypes.txt")
    further = people.drop(columns=["iid", "set", "population", "family", "y"])
    # Other programs end a name at white space.
    further.columns = pd.Index([re.sub(r"\s", "_", name) for name in map(str, further)])
    write_tsv(names.join(further), out / "covariates.txt")
    about = {"kind": task.kind, "test_labels": test_labels, "split_sha256": sha256(files["split"])}
    sizes = {f"n_{name}": int((people["set"] == name).sum()) for name in SETS}
    write_json({**labels, **about, **sizes, "n_snps": genotypes.m}, out / "export.json")


def _people(task: Task, test_labels: bool) -> pd.DataFrame:
    """``iid set population family y``, PCs and covariates of everyone in the split; y is text, blank where hidden.

    A covariate of one of these names, or of FID or IID, is called ``covariate_<name>``.
    """
    texts = decimals.write(task.y_N) if task.kind == "quantitative" else [f"{y:.0f}" for y in task.y_N]
    hidden_N = (
        np.zeros(len(task.people), dtype=bool) if test_labels else (task.people["set"] == "test").to_numpy()
    )
    y_N = np.where(hidden_N, "", np.array(texts, dtype=object))
    people = task.people[["set", "population", "family"]].assign(y=y_N)
    people = people.join(task.pcs).rename_axis("iid").reset_index()
    taken = {*people, *NAMES}
    covariates = task.covariates.rename(columns=lambda name: f"covariate_{name}" if name in taken else name)
    return people.join(covariates, on="iid")


def _phenotype(y_N: pd.Series, kind: str) -> list[str]:
    """As a .fam has it: 1 controls and 2 cases, or the value; -9 where it is hidden."""
    codes = {"0": "1", "1": "2"} if kind == "binary" else {}
    return [codes.get(y, y) or "-9" for y in y_N]
