"""How individuals' attributions become scores of SNPs: of everyone, of classes and populations, and of LD blocks."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np


def balanced_weights(population_B: np.ndarray) -> np.ndarray:
    """Weights of held-out individuals that give every population the same total; they sum to 1."""
    _, index_B, counts = np.unique(population_B, return_inverse=True, return_counts=True)
    return 1.0 / (counts[index_B] * len(counts))


@dataclass(frozen=True)
class Averages:
    """Whom attributions are averaged over. Weights are float64, each column's sum 1.

    Attributes:
        score_BG: of the groups that make the score: one, or the classes of the reference study.
        balanced_B: of everyone, every population having the same total.
        further: of groups that have columns of their own, by their names.
        block_M: the LD block of each SNP, if blocks have scores of their own; blocks are numbered from 0.
    """

    score_BG: np.ndarray
    balanced_B: np.ndarray
    further: Mapping[str, np.ndarray] = field(default_factory=dict)
    block_M: np.ndarray | None = None


def members(label_B: np.ndarray, kind: str) -> dict[str, np.ndarray]:
    """Equal weights of those who share a label, by ``<kind>_<label>``."""
    return {f"{kind}_{one}": (label_B == one) / (label_B == one).sum() for one in sorted(set(label_B))}


class Accumulator:
    """Sums attributions over batches of individuals, so that no (N, M) array is kept."""

    def __init__(self, n_snps: int, groups: Averages) -> None:
        self._groups, self._at = groups, 0
        self._weight_BG = np.column_stack([groups.score_BG, *groups.further.values()])
        self._absolute, self._square, self._signed = np.zeros((3, self._weight_BG.shape[1], n_snps))
        if groups.block_M is not None:
            self._order_M = np.argsort(groups.block_M, kind="stable")
            ordered_M = groups.block_M[self._order_M]
            self._first_P = np.flatnonzero(np.diff(ordered_M, prepend=-1))
            self._block, self._block_square = np.zeros((2, len(self._first_P)))

    def add(self, a_BM: np.ndarray) -> None:
        """Attributions of the next individuals, float (B, M)."""
        weight_GB = self._weight_BG[self._at : self._at + len(a_BM)].T
        a_BM = a_BM.astype(np.float64)
        self._absolute += weight_GB @ np.abs(a_BM)
        self._square += weight_GB @ np.square(a_BM)
        self._signed += weight_GB @ a_BM
        if self._groups.block_M is not None:
            weight_B = self._groups.balanced_B[self._at : self._at + len(a_BM)]
            sum_BP = np.add.reduceat(a_BM[:, self._order_M], self._first_P, axis=1)
            self._block += weight_B @ sum_BP
            self._block_square += weight_B @ np.square(sum_BP)
        self._at += len(a_BM)

    def columns(self) -> dict[str, np.ndarray]:
        """Columns of the table of an attribution, (M,) each.

        ``score`` is the mean |a| with one group; with several (the reference study's classes) the largest |class mean|.
        """
        scored = self._groups.score_BG.shape[1]
        signed_GM = self._signed[:scored]
        found = {
            "score": self._absolute[0] if scored == 1 else np.abs(signed_GM).max(axis=0),
            "rms": np.sqrt(self._square[:scored].mean(axis=0)),
            "mean": signed_GM.mean(axis=0),
        }
        for group, name in enumerate(self._groups.further, start=scored):
            found |= {
                f"score_{name}": self._absolute[group],
                f"rms_{name}": np.sqrt(self._square[group]),
                f"mean_{name}": self._signed[group],
            }
        if self._groups.block_M is not None:
            sd_P = np.sqrt(np.maximum(self._block_square - np.square(self._block), 0))
            found |= {"block": self._groups.block_M, "block_sd": sd_P[self._groups.block_M]}
        return found
