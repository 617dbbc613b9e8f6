"""The contract of an attribution method, and how individuals' attributions become one score per SNP.

A method file defines ``attribute(explain, x_BM, i_B, options)``, which returns the attributions of each
individual, float32 (B, M), and a dict of figures about itself per individual, (B,). It may also define

- ``NEEDS_GRADIENT = False``: it does not ask for ``explain.gradient``, and so explains every model;
- ``GROUPS = "label"``: signed attributions are averaged per class before the absolute value is taken;
- ``refine(options, figures)``: finer options to run again with, or None;
- ``summary(options, figures)``: what attributions.json says about it.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jax import Array

from stratbench.training.network import Network, Variables


class Background(NamedTuple):
    """Statistics of the inputs among training individuals.

    Attributes:
        baseline_M: input value of the mean dosage.
        per_dosage_M: change of the input per A1 allele.
        sd_M: standard deviation of the dosage.
        dosage_M4: dosage of each 2-bit code, missing being the most frequent genotype.
    """

    baseline_M: Array
    per_dosage_M: Array
    sd_M: Array
    dosage_M4: Array


class Explained(NamedTuple):
    """A trained network in evaluation mode, as attribution methods see it. Its functions are compiled.

    Attributes:
        f: ``(x_BM, i_B) -> f_B``, the network's own output (a logit; for quantitative traits a standardised
            value) from unadjusted inputs. PCs are the individual's and stay fixed: attributions are direct.
        gradient: ``(x_BM, i_B) -> df/dx``, float32 (B, M).
        dosage: ``(i_B) -> `` A1 counts, float32 (B, M).
        network, variables: for methods that look inside.
    """

    f: Callable[[Array, Array], Array]
    gradient: Callable[[Array, Array], Array]
    dosage: Callable[[Array], Array]
    background: Background
    network: Network
    variables: Variables


class Scores(NamedTuple):
    """One score per SNP, float64 (M,): mean |a|, root mean square of a, mean a."""

    score_M: np.ndarray
    rms_M: np.ndarray
    mean_M: np.ndarray


def balanced_weights(population_B: np.ndarray) -> np.ndarray:
    """Weights of held-out individuals that give every population the same total; they sum to 1."""
    _, index_B, counts = np.unique(population_B, return_inverse=True, return_counts=True)
    return 1.0 / (counts[index_B] * len(counts))


class Accumulator:
    """Sums attributions over batches of individuals, so that no (N, M) array is kept."""

    def __init__(self, n_snps: int, weight_BG: np.ndarray) -> None:
        """``weight_BG``: weights of individuals in each group; each column sums to 1."""
        groups = weight_BG.shape[1]
        self._weight_BG, self._at = weight_BG, 0
        self._absolute = np.zeros((groups, n_snps))
        self._square = np.zeros((groups, n_snps))
        self._signed = np.zeros((groups, n_snps))

    def add(self, a_BM: np.ndarray) -> None:
        """Attributions of the next individuals, float (B, M)."""
        weight_GB = self._weight_BG[self._at : self._at + len(a_BM)].T
        a_BM = a_BM.astype(np.float64)
        self._absolute += weight_GB @ np.abs(a_BM)
        self._square += weight_GB @ np.square(a_BM)
        self._signed += weight_GB @ a_BM
        self._at += len(a_BM)

    def scores(self) -> Scores:
        """Mean |a| with one group; with several (the reference study's classes) the largest |class mean|."""
        rms_M = np.sqrt(self._square.mean(axis=0))
        if len(self._signed) > 1:
            return Scores(np.abs(self._signed).max(axis=0), rms_M, self._signed.mean(axis=0))
        return Scores(self._absolute[0], rms_M, self._signed[0])
