"""A split's task as arrays, with its genotypes packed, for networks."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from stratbench.core.checksums import sha256
from stratbench.genotypes.packed import Packed, pack
from stratbench.task import task as tasks
from stratbench.task.task import open_genotypes, read_task

FILES = ("bed", "bim", *tasks.FILES)


@dataclass(frozen=True)
class ModelData:
    """Everyone in the split, in its order.

    Attributes:
        iid_N, population_N: text.
        y_N: labels, float64: 0/1 or the trait's units.
        set_N: ``train``, ``validation`` or ``test``.
        pcs_NK: principal components, float64, as projected.
        covariates_NC: declared covariates, float64; no columns if none is declared.
        genotypes: of the SNPs in ``snp_M``, which the model may see.
        lengths: how many of them each chromosome has, in their order.
        kind: ``binary`` or ``quantitative``.
        split_sha256: the split file's hash, so that no model is used with another split.
    """

    iid_N: np.ndarray
    population_N: np.ndarray
    y_N: np.ndarray
    set_N: np.ndarray
    pcs_NK: np.ndarray
    snp_M: np.ndarray
    lengths: tuple[int, ...]
    genotypes: Packed
    kind: str
    split_sha256: str
    covariates_NC: np.ndarray

    def rows(self, name: str) -> np.ndarray:
        """Indices of the individuals of a set."""
        return np.flatnonzero(self.set_N == name)

    @property
    def label_scale(self) -> tuple[float, float]:
        """Mean and standard deviation of training labels; (0, 1) for binary traits."""
        if self.kind == "binary":
            return 0.0, 1.0
        y_T = self.y_N[self.rows("train")]
        return float(y_T.mean()), float(y_T.std()) or 1.0

    @property
    def scaled_y_N(self) -> np.ndarray:
        """Labels as the loss sees them, float32."""
        mean, sd = self.label_scale
        return ((self.y_N - mean) / sd).astype(np.float32)


def _lengths(chromosome_M: np.ndarray) -> tuple[int, ...]:
    """How many SNPs in a row lie on one chromosome."""
    return tuple(len(list(run)) for _, run in groupby(chromosome_M))


def load(files: Mapping[str, Any]) -> ModelData:
    """Read a split's task and its genotypes.

    Args:
        files: paths by the names of ``FILES``.

    Raises UserError where a file is damaged or does not agree with the others.
    """
    task = read_task(files)
    dosages, chromosome_M = open_genotypes(files, task)
    set_N = task.people["set"].to_numpy()
    return ModelData(
        iid_N=task.people.index.to_numpy(),
        population_N=task.people["population"].to_numpy(),
        y_N=task.y_N,
        set_N=set_N,
        pcs_NK=task.pcs.to_numpy(dtype=np.float64),
        snp_M=np.array(task.snps.names, dtype=object),
        lengths=_lengths(chromosome_M),
        genotypes=pack(dosages, np.flatnonzero(set_N == "train")),
        kind=task.kind,
        split_sha256=sha256(files["split"]),
        covariates_NC=task.covariates.to_numpy(dtype=np.float64),
    )
