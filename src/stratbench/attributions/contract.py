"""The contract of an attribution method.

A method file defines ``attribute(explain, x_BM, i_B, options)``, which returns the attributions of each
individual, float32 (B, M), and a dict of figures about itself per individual, (B,). It may also define

- ``NEEDS_GRADIENT = False``: it does not ask for ``explain.gradient``, and so explains every model;
- ``GROUPS = "label"``: signed attributions are averaged per class before the absolute value is taken;
- ``refine(options, figures)``: finer options to run again with, or None;
- ``summary(options, figures)``: what attributions.json says about it.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array

from stratbench.attributions.panel import ReferencePanel
from stratbench.training.network import Network, Variables


class Background(NamedTuple):
    """Statistics of the inputs among training individuals.

    Attributes:
        baseline_M: input value of the mean dosage.
        per_dosage_M: change of the input per A1 allele.
        sd_M: standard deviation of the dosage.
        dosage_M4: dosage of each 2-bit code, missing being the most frequent genotype.
        zero_M: input value of a dosage of 0.
    """

    baseline_M: Array
    per_dosage_M: Array
    sd_M: Array
    dosage_M4: Array
    zero_M: Array


class Explained(NamedTuple):
    """A trained network in evaluation mode, as attribution methods see it. Its functions are compiled.

    Attributes:
        f: ``(x_BM, i_B) -> f_B``, the network's own output (a logit; for quantitative traits a standardised
            value) from unadjusted inputs. PCs are the individual's and stay fixed: attributions are direct. It is a
            ``jax.tree_util.Partial``, so that what is compiled for one seed serves the others.
        gradient: ``(x_BM, i_B) -> df/dx``, float32 (B, M).
        dosage: ``(i_B) -> `` A1 counts, float32 (B, M).
        inputs: ``(i_B) -> x_BM``, the unadjusted inputs of individuals, float32.
        own: ``(i_B) -> f_B`` of individuals with their own genotypes and their own PCs.
        panel: whom to compare somebody with.
        network, variables: for methods that look inside.
        total: whether the option ``effect`` is total: then ``f`` is the score, f plus the adjustment's offset, and PCs
            are those that the genotype of the inputs has.
    """

    f: Callable[[Array, Array], Array]
    gradient: Callable[[Array, Array], Array]
    dosage: Callable[[Array], Array]
    inputs: Callable[[Array], Array]
    own: Callable[[Array], Array]
    background: Background
    panel: ReferencePanel
    network: Network
    variables: Variables
    total: bool = False


def baseline(explain: Explained, i_B: Array, name: str) -> Array:
    """The inputs that attributions start from, float32 (M,), or (B, M) where they differ between individuals.

    Args:
        explain: the trained network.
        i_B: whose baselines these are.
        name: ``mean``: the mean dosage of training individuals; ``population-mean``: that of the individual's own
            population, so that what differs between populations on average is no part of the attribution; ``zero``:
            no A1 allele at all, which depends on which allele is counted.

    Raises:
        ScientificFailure: for a population mean where a population has no training individuals.
    """
    back = explain.background
    if name == "mean":
        return back.baseline_M
    if name == "zero":
        return back.zero_M
    dosage_BM = explain.panel.dosage_LM[explain.panel.levels(np.asarray(i_B))]
    return back.zero_M + jnp.asarray(dosage_BM, jnp.float32) * back.per_dosage_M
