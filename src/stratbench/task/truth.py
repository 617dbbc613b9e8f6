"""What is known of a simulated trait: its causal SNPs, and the parts of everyone's liability."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from stratbench.genotypes import tables
from stratbench.task.task import Task

FILES = ("truth", "liability")


@dataclass(frozen=True)
class Truth:
    """The truth behind a simulated trait.

    Attributes:
        causal_M: which SNPs of keep.snp are causal, bool (M,).
        n_causal: the number of causal SNPs, with those that no model may see.
        liability: liability.tsv of everyone in the split, indexed by iid in their order.
    """

    causal_M: np.ndarray
    n_causal: int
    liability: pd.DataFrame


def read_truth(files: Mapping[str, Any], task: Task) -> Truth | None:
    """Read the truth behind the trait of a task; None for a measured trait.

    Args:
        files: the paths of ``FILES``, and of ``keep_snp`` and ``trait_json``, by these names.
        task: what was read from the other files.

    Raises UserError where a file is damaged or does not agree with the others.
    """
    if not task.about.simulated:
        return None
    liability = tables.read(files["liability"], tables.LIABILITY, rows=task.kept).set_index("iid")
    truth = tables.read(files["truth"], tables.TRUTH)
    tables.require_size(files["truth"], len(truth), task.about, "n_causal", files["trait_json"])
    causal = truth[truth["effect"] != 0]
    visible = causal["snp"][causal["visible"] == 1]
    unknown = visible[~visible.isin(task.snps.names)]
    if len(unknown):
        raise tables.disagreement(
            files["truth"],
            f"'{unknown.iloc[0]}' is visible, and not in {files['keep_snp']}",
        )
    causal_M = np.asarray(pd.Index(task.snps.names).isin(visible))
    return Truth(causal_M, len(causal), liability.loc[task.people.index])
