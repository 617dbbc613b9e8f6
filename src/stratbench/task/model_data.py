"""A split's task as arrays, with its genotypes packed, for networks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any

import numpy as np

from stratbench.core.checksums import sha256
from stratbench.core.errors import ScientificFailure, UserError
from stratbench.genotypes import tables
from stratbench.genotypes.packed import Packed, pack
from stratbench.popgen import grm
from stratbench.task import task as tasks
from stratbench.task import truth as truths
from stratbench.task.task import Task, open_genotypes, read_task
from stratbench.task.truth import Truth, read_truth

FILES = ("bed", "bim", *tasks.FILES)
ON_DEMAND = ("grm", *truths.FILES)  # read only if a method asks for what they hold


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
        grm: reads the GRM of everyone in the split when it is called.
        truth: reads the truth behind a simulated trait when it is called.
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
    grm: Callable[[], np.ndarray]
    truth: Callable[[], Truth]

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
        files: paths by the names of ``FILES``, and by those of ``ON_DEMAND``, without which what they hold cannot
            be asked for.

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
        grm=partial(_grm, files, task),
        truth=partial(_truth, files, task),
    )


def _grm(files: Mapping[str, Any], task: Task) -> np.ndarray:
    """The GRM of everyone in the split, float32 (N, N).

    Raises UserError for a damaged file or none, ScientificFailure where the cohort was too large to store one.
    """
    _require_given(files, ("grm",))
    row_N = tables.positions(task.people.index.tolist(), files["split"], task.kept)
    return grm.read(files["grm"], len(task.kept.names))[np.ix_(row_N, row_N)]


def _truth(files: Mapping[str, Any], task: Task) -> Truth:
    """The truth. Raises UserError for damaged files or none, ScientificFailure for a measured trait."""
    _require_given(files, truths.FILES)
    truth = read_truth(files, task)
    if truth is None:
        raise ScientificFailure(
            "the trait is measured, so that nobody knows its causal SNPs and its environment; oracles need a "
            "simulated trait"
        )
    return truth


def _require_given(files: Mapping[str, Any], names: Sequence[str]) -> None:
    if missing := [name for name in names if not files.get(name)]:
        raise UserError(
            f"the GRM or the truth is asked for, and '{missing[0]}' is no input of this job; name it there"
        )
