"""The one reader of what a model is asked: people, labels, sets, structure and covariates of a split, joined by iid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from stratbench.datasets.keep import read_snps
from stratbench.datasets.people import read_people, read_sets
from stratbench.genotypes import plink, tables
from stratbench.genotypes.dosages import Dosages, open_bed
from stratbench.genotypes.records import TraitRecord
from stratbench.genotypes.tables import Ids

FILES = ("fam", "samples", "trait", "trait_json", "keep_snp", "split", "pcs", "covariates")


@dataclass(frozen=True)
class Task:
    """What a model is asked: everyone in a split, in the order of keep.iid, and the SNPs that it may see.

    The three tables have the same rows, indexed by iid.

    Attributes:
        people: ``population``, ``family``, ``y`` (float64: 0/1 or the trait's units) and ``set``.
        pcs: principal components ``pc1 pc2 ...``, float64, as projected.
        covariates: declared covariates, float64; no columns where none is declared.
        kept: everyone in the dataset; a split may leave some of them out.
        snps: those of keep.snp.
        about: trait.json.
    """

    people: pd.DataFrame
    pcs: pd.DataFrame
    covariates: pd.DataFrame
    kept: Ids
    snps: Ids
    about: TraitRecord

    @property
    def kind(self) -> str:
        """``binary`` or ``quantitative``."""
        return self.about.kind

    @property
    def y_N(self) -> np.ndarray:
        """Labels, float64 (N,)."""
        return self.people["y"].to_numpy(dtype=np.float64)

    def of_sets(self, names: Sequence[str]) -> "Task":
        """The same task of the individuals of these sets alone."""
        chosen_N = self.people["set"].isin(names).to_numpy()
        tables_of = {name: getattr(self, name)[chosen_N] for name in ("people", "pcs", "covariates")}
        return replace(self, **tables_of)


def read_task(files: Mapping[str, Any]) -> Task:
    """Read and join what ``FILES`` names, paths by these names.

    Raises UserError where a file is damaged or does not agree with the others.
    """
    labels, about = tables.read_labels(files["trait"], files["trait_json"])
    kept = Ids(labels["iid"].tolist(), files["trait"])
    samples = read_people(files, kept).set_index("iid")
    set_N = read_sets(files["split"], kept)
    pcs = tables.read(files["pcs"], tables.PCS, rows=kept).set_index("iid")
    covariates = tables.read(files["covariates"], tables.COVARIATES, rows=kept).set_index("iid")
    snps = Ids(read_snps(files["keep_snp"]), files["keep_snp"])
    tables.require_size(files["keep_snp"], len(snps.names), about, "n_snps", files["trait_json"])
    people = labels.set_index("iid").assign(population=samples["population"], family=samples["family"])
    return Task(
        people=people.loc[set_N.index].assign(set=set_N),
        pcs=pcs.filter(regex=r"^pc\d+$").loc[set_N.index],
        covariates=covariates.loc[set_N.index],
        kept=kept,
        snps=snps,
        about=about,
    )


def open_genotypes(files: Mapping[str, Any], task: Task) -> tuple[Dosages, np.ndarray]:
    """The genotypes of a task's people at its SNPs, and the chromosome of each SNP, text (M,).

    Args:
        files: the paths of ``bed``, ``bim``, ``fam``, ``keep_snp`` and ``split``, by these names.
        task: what was read from the other files.

    Raises UserError where the fileset is damaged, or lacks one of the people or SNPs.
    """
    fam, bim = plink.read_fam(files["fam"]), plink.read_bim(files["bim"])
    cohort, known = Ids(fam["iid"].tolist(), files["fam"]), Ids(bim["snp"].tolist(), files["bim"])
    person_N = tables.positions(task.people.index.tolist(), files["split"], cohort)
    row_M = tables.positions(task.snps.names, task.snps.source, known)
    genotypes = open_bed(files["bed"], len(fam), len(bim)).people(person_N).snps(row_M)
    return genotypes, bim["chrom"].to_numpy()[row_M]
