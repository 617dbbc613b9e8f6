"""TreeSHAP: exact Shapley values of a sum of trees, in which absent SNPs are those of training individuals."""

from collections.abc import Mapping
from math import factorial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from stratbench.attributions import completeness
from stratbench.attributions.contract import Explained
from stratbench.core.errors import ScientificFailure
from stratbench.training.network import evaluation

OPTIONS = {
    "donors": {
        "enum": ["all", "ancestry"],
        "default": "all",
        "description": "whom somebody is compared with: all training individuals, or those of the own population",
    },
    "draws": {"type": "integer", "minimum": 1, "default": 50, "description": "donors of each individual"},
    "tolerance": {
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 0.01,
        "description": "relative completeness error above which the result is flagged",
    },
}
CITATION = "Lundberg et al. 2020, Nat Mach Intell 2:56 (TreeSHAP, interventional)"
NEEDS_GRADIENT = False
TREES = {"snp", "threshold", "value"}  # the parameters of ``boosting``'s encoder


def attribute(
    explain: Explained, x_BM: Array, i_B: Array, options: Mapping[str, Any]
) -> tuple[Array, dict[str, Array]]:
    """a_j = mean over donors d of the Shapley value of SNP j in the game v(S) = f(x on S, d elsewhere).

    One leaf of value v pays v if every SNP on its way lets one through. Where the way takes a SNPs that x alone passes
    and b that d alone passes, each of the former gets v (a - 1)! b! / (a + b)! and each of the latter
    -v a! (b - 1)! / (a + b)!; nobody gets anything where some SNP passes neither. PCs stay those of the individual. The
    sum of a is f(x) minus the mean of f over donors, without an error but rounding.

    Raises:
        ScientificFailure: for a model that is no sum of trees.
    """
    params = explain.variables.params
    if explain.total:
        raise ScientificFailure("tree-shap explains trees at fixed PCs; take occlusion for total effects")
    if set(params["encoder"]) != TREES:
        raise ScientificFailure(
            "tree-shap explains sums of trees, such as boosting, and this model is none; take expected-gradients"
        )
    adjustment, state, batch = explain.network.adjustment, explain.variables.state, evaluation(i_B)
    ways = _ways(params["encoder"])
    donor_BR = explain.panel.donors(np.asarray(i_B), options["draws"], options["donors"] == "ancestry")
    own_BM = adjustment.inputs(state, params["adjustment"], x_BM, batch)
    total_BM, f_donor_B = jnp.zeros_like(x_BM), jnp.zeros(len(x_BM), x_BM.dtype)
    for donor_B in donor_BR.T:
        donor_BM = explain.inputs(jnp.asarray(donor_B))
        theirs_BM = adjustment.inputs(state, params["adjustment"], donor_BM, batch)
        total_BM += _values(ways, own_BM, theirs_BM)
        f_donor_B += explain.f(donor_BM, i_B)
    a_BM = total_BM / options["draws"]
    return a_BM, completeness.figures(a_BM, explain.f(x_BM, i_B) - f_donor_B / options["draws"])


def _ways(trees: Mapping[str, Any]) -> dict[str, Array]:
    """The way to each leaf L of each tree F in D steps: their SNPs, thresholds and sides, and which share a SNP."""
    snp_FX, threshold_FX, value_FL = (np.asarray(trees[name]) for name in ("snp", "threshold", "value"))
    leaves = value_FL.shape[1]
    depth = leaves.bit_length() - 1
    leaf_L = np.arange(leaves)
    right_LD = np.stack([(leaf_L >> (depth - 1 - step)) & 1 for step in range(depth)], axis=1) == 1
    node_LD = np.stack([(1 << step) - 1 + (leaf_L >> (depth - step)) for step in range(depth)], axis=1)
    snp_FLD = snp_FX[:, node_LD]
    same_FLDD = snp_FLD[..., :, None] == snp_FLD[..., None, :]
    first_FLD = same_FLDD.argmax(axis=-1) == np.arange(depth)
    found = {
        "snp": snp_FLD,
        "threshold": threshold_FX[:, node_LD],
        "right": np.broadcast_to(right_LD, snp_FLD.shape),
        "same": same_FLDD,
        "first": first_FLD,
        "value": value_FL,
    }
    return {name: jnp.asarray(array) for name, array in found.items()}


def _shares(depth: int) -> tuple[np.ndarray, np.ndarray]:
    """What each SNP that x alone passes gets, and each that the donor alone passes pays, by their numbers a and b."""
    gets, pays = np.zeros((depth + 1, depth + 1)), np.zeros((depth + 1, depth + 1))
    for a in range(depth + 1):
        for b in range(depth + 1 - a):
            whole = factorial(a + b)
            gets[a, b] = factorial(a - 1) * factorial(b) / whole if a else 0
            pays[a, b] = factorial(a) * factorial(b - 1) / whole if b else 0
    return gets.astype(np.float32), pays.astype(np.float32)


@jax.jit
def _values(ways: dict[str, Array], x_BM: Array, donor_BM: Array) -> Array:
    """The Shapley values of each SNP, float32 (B, M), tree by tree."""
    gets, pays = (jnp.asarray(table) for table in _shares(ways["snp"].shape[-1]))

    def passes(way: dict[str, Array], x_BM: Array) -> Array:
        """Whether each SNP of each way lets somebody through, all its steps together: bool (B, L, D)."""
        step_BLD = (x_BM[:, way["snp"]] > way["threshold"]) == way["right"]
        return jnp.all(step_BLD[:, :, None, :] | ~way["same"], axis=-1)

    def add(total_BM: Array, way: dict[str, Array]) -> tuple[Array, None]:
        own_BLD, theirs_BLD = passes(way, x_BM), passes(way, donor_BM)
        lets_BL = jnp.all(own_BLD | theirs_BLD, axis=-1, keepdims=True)
        alone_BLD = own_BLD & ~theirs_BLD & way["first"] & lets_BL
        against_BLD = theirs_BLD & ~own_BLD & way["first"] & lets_BL
        a_BL1, b_BL1 = (flags.sum(axis=-1, keepdims=True) for flags in (alone_BLD, against_BLD))
        part_BLD = alone_BLD * gets[a_BL1, b_BL1] - against_BLD * pays[a_BL1, b_BL1]
        return total_BM.at[:, way["snp"]].add(part_BLD * way["value"][:, None]), None

    return jax.lax.scan(add, jnp.zeros_like(x_BM), ways)[0]


def summary(options: Mapping[str, Any], figures: completeness.Figures) -> dict[str, Any]:
    """The relative completeness error, which is rounding alone."""
    return {"draws": options["draws"], **completeness.report(figures, options["tolerance"])}
