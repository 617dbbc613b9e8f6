"""The tables of one split, read and put in order for its metrics."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stratbench.core.errors import damaged
from stratbench.core.files import read_json
from stratbench.datasets import keep
from stratbench.genotypes import records, tables
from stratbench.genotypes.tables import Ids
from stratbench.metrics import rows
from stratbench.metrics.kin import with_relatives
from stratbench.metrics.null_snps import NOT_LOOKED_FOR, NullSnps, read_null
from stratbench.task.task import read_task
from stratbench.task.truth import read_truth

PROBED = (
    "ancestry_chance",
    "ancestry_linear",
    "ancestry_nonlinear",
    "ancestry_logit",
)  # of every fit and seed
Scores = dict[int, np.ndarray]  # seed -> score of each SNP (M,)
Resampled = dict[str, np.ndarray]  # name of a resample -> score of each SNP (M,)
COVARIATE = "covariate:"  # before a covariate's name among the columns of people


@dataclass(frozen=True)
class SplitTables:
    """One (cohort, trait, split). ``people`` are the split's, indexed by iid in keep.iid's order; ``snps`` is keep.snp.

    ``people`` has y, population, family, set, pc1 ..., and ``covariate:<name>`` for each declared one;
    ``causal_M`` marks the visible causal SNPs, ``n_causal``
    counts all of them; ``liability`` is empty and ``causal_M`` None for a measured trait. ``null`` are the SNPs
    without effect that are linked to no causal one.
    """

    kind: str
    people: pd.DataFrame
    snps: pd.Index
    causal_M: np.ndarray | None
    n_causal: int
    liability: pd.DataFrame
    null: NullSnps = NOT_LOOKED_FOR

    @property
    def pcs(self) -> list[str]:
        return list(self.people.filter(regex=r"^pc\d+$").columns)

    @property
    def covariates(self) -> list[str]:
        return list(self.people.filter(regex=f"^{COVARIATE}").columns)

    def of_set(self, name: str) -> pd.DataFrame:
        return self.people[self.people["set"] == name]


def read(files: Mapping[str, Any]) -> SplitTables:
    """Read a split's task and, of a simulated trait, the truth.

    Args:
        files: paths by name, those of ``task.task.FILES``, and ``truth`` and ``liability``, those of
            ``null_snps.FILES`` of a simulated trait; the cohort's ``kinship`` and ``variants`` where relatives without
            a declared family are looked for.

    Raises UserError where a file is damaged or does not agree with the others.
    """
    task = read_task(files)
    people = with_relatives(task.people, files).join(task.pcs).join(task.covariates.add_prefix(COVARIATE))
    snps = pd.Index(task.snps.names)
    truth = read_truth(files, task)
    null = read_null(files, task, truth)
    if truth is None:
        return SplitTables(task.kind, people, snps, None, 0, pd.DataFrame(), null)
    return SplitTables(task.kind, people, snps, truth.causal_M, truth.n_causal, truth.liability, null)


def read_predictions(
    path: str | Path, data: SplitTables, seeds: Sequence[int], files: Mapping[str, Any]
) -> pd.DataFrame:
    """predictions.tsv.

    Args:
        path: the file.
        data: whose people it must have, with their sets and labels, for each seed.
        seeds: those that were trained.
        files: as in ``read``.

    Returns:
        The table.

    Raises:
        UserError: where the files do not agree.
    """
    people = data.people
    table = tables.read(
        path, tables.PREDICTIONS, rows=Ids(people.index.tolist(), files["split"]), seeds=seeds
    )
    again = pd.concat([people] * len(seeds)) if seeds else people.iloc[:0]
    same = {
        "split": table["set"].to_numpy() == again["set"].to_numpy(),
        "trait": np.isclose(
            table["y"].to_numpy(dtype=float), again["y"].to_numpy(dtype=float), rtol=1e-8, atol=0
        ),
    }
    for name, same_R in same.items():
        if not same_R.all():
            line = int(same_R.argmin()) + 2
            raise tables.disagreement(path, f"line {line} does not agree with {files[name]}")
    return table


def read_scores(path: str | Path, snps: Ids, seeds: Sequence[int]) -> Scores:
    """An attribution: seed -> score (M,) over ``snps``; empty where nothing could be attributed.

    Raises UserError unless it has all of them for each seed that was trained.
    """
    score_R = tables.read(path, tables.ATTRIBUTION, rows=snps, seeds=seeds)["score"].to_numpy(dtype=float)
    return dict(zip(seeds, score_R.reshape(len(seeds), len(snps.names)), strict=True))


def read_resampled(path: str | Path, snps: Ids, names: Sequence[str]) -> Resampled:
    """An attribution of the networks of resamples: name of the resample -> score (M,) over ``snps``.

    Raises UserError unless it has all of them for each resample that gave a network.
    """
    table = tables.read(path, tables.RESAMPLED_ATTRIBUTION)
    m = len(snps.names)
    if table["resample"].tolist() != np.repeat(list(names), m).tolist():
        raise damaged(path, f"does not hold {m} SNPs of each of the resamples {', '.join(names) or 'none'}")
    if table["snp"].tolist() != list(snps.names) * len(names):
        raise tables.disagreement(path, f"does not have the SNPs of {snps.source}")
    return dict(zip(names, table["score"].to_numpy(dtype=float).reshape(len(names), m), strict=True))


def read_about(path: str | Path, label: str) -> dict[str, Any]:
    """What a record of attributions or associations says about one of them.

    Raises UserError for a file that says nothing of the kind.
    """
    return _read_abouts(path, [label])[label]


def read_failures(path: str | Path, labels: Iterable[str]) -> dict[str, str]:
    """Why associations failed, by label, from associations.json. Raises UserError where it says nothing of one."""
    abouts = _read_abouts(path, labels)
    for label, about in abouts.items():
        if about.get("status") not in records.STATES:
            raise damaged(path, f"has no status of '{label}'")
    return {label: str(about.get("reason")) for label, about in abouts.items() if about["status"] == "failed"}


def _read_abouts(path: str | Path, labels: Iterable[str]) -> dict[str, dict[str, Any]]:
    """What a record says about each label, from one reading of the file."""
    content = read_json(path)
    found = {}
    for label in labels:
        about = content.get(label) if isinstance(content, dict) else None
        if not isinstance(about, dict):
            raise damaged(path, f"says nothing about '{label}'")
        found[label] = dict(about)
    return found


def read_probes(
    path: str | Path, place: rows.SplitPlace, fits: Iterable[tuple[str, str, int]]
) -> pd.DataFrame:
    """probes.tsv, whose rows must be of this place and of each (model, adjustment, seed) in ``fits``."""
    table = rows.read(path)
    for key, value in place.keys().items():
        if not (table[key] == value).all():
            raise damaged(path, f"has rows of another {key} than {value}")
    found = set(zip(*(table[key] for key in ("model", "adjustment", "seed", "metric")), strict=True))
    for fit in fits:
        for metric in PROBED:
            if (*fit, metric) not in found:
                raise damaged(path, f"has no {metric} of {fit[0]}, {fit[1]}, seed {fit[2]}")
    return table


def testable(files: Mapping[str, Any]) -> Ids:
    """The SNPs of the cohort that an association of all SNPs tests; ``files`` has ``variants`` and ``truth``."""
    variants = tables.read(files["variants"], tables.VARIANTS)
    chosen_R = keep.typed(variants, tables.read(files["truth"], tables.TRUTH))
    return Ids(variants["snp"][chosen_R].tolist(), files["variants"])
