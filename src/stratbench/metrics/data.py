"""The tables of one split, read and put in order for its metrics."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stratbench.errors import UserError
from stratbench.files import read_json, read_lines, read_tsv
from stratbench.words import counted

COVARIATE = "covariate:"  # before a covariate's name among the columns of people


@dataclass(frozen=True)
class Data:
    """One (cohort, trait, split). ``people`` are the split's, indexed by iid in keep.iid's order; ``snps`` is keep.snp.

    ``people`` has y, population, set, pc1 ..., and ``covariate:<name>`` for each declared one;
    ``causal_M`` marks the visible causal SNPs, ``n_causal``
    counts all of them; ``liability`` is empty and ``causal_M`` None for a measured trait.
    """

    kind: str
    people: pd.DataFrame
    snps: pd.Index
    causal_M: np.ndarray | None
    n_causal: int
    liability: pd.DataFrame

    @property
    def pcs(self) -> list[str]:
        return list(self.people.filter(regex=r"^pc\d+$").columns)

    @property
    def covariates(self) -> list[str]:
        return list(self.people.filter(regex=f"^{COVARIATE}").columns)

    def of_set(self, name: str) -> pd.DataFrame:
        return self.people[self.people["set"] == name]


def _join(people: pd.DataFrame, path: str | Path) -> pd.DataFrame:
    """The rows of a table with an iid column, for these people and in their order."""
    table = read_tsv(path, text=("set",)).set_index("iid")
    absent = people.index.difference(table.index)
    if len(absent):
        raise UserError(
            f"{path}: no row for {counted(len(absent), 'individual')} of the dataset, first '{absent[0]}'"
        )
    return table.loc[people.index]


def read(files: Mapping[str, Any]) -> Data:
    """Read trait, trait_json, truth, liability, keep_snp, samples, split and pcs, given by these names.

    So too covariates, where it is given.
    """
    trait = read_json(files["trait_json"])
    people = read_tsv(files["trait"], exact=True).set_index("iid")
    in_split = people.index.isin(read_tsv(files["split"])["iid"])  # a given split may leave some out
    people = people.loc[in_split]
    people["population"] = _join(people, files["samples"])["population"]
    people["set"] = _join(people, files["split"])["set"]
    pcs = _join(people, files["pcs"])
    people = people.join(pcs.filter(regex=r"^pc\d+$"))
    if files.get("covariates"):
        people = people.join(_join(people, files["covariates"]).add_prefix(COVARIATE))
    snps = pd.Index(read_lines(files["keep_snp"]))
    if not trait["simulated"]:
        return Data(trait["kind"], people, snps, None, 0, pd.DataFrame())
    truth = read_tsv(files["truth"])
    causal = truth[truth["effect"] != 0] if len(truth) else truth
    causal_M = np.asarray(snps.isin(causal["snp"][causal["visible"] == 1]))
    return Data(trait["kind"], people, snps, causal_M, len(causal), _join(people, files["liability"]))
