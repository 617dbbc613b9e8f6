"""Gradient boosted trees, grown by LightGBM and evaluated in JAX like any other model."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jax import Array
from scipy.special import expit

from stratbench.core.errors import UserError
from stratbench.models.contract import Architecture, Individuals, Problem, solved_by

OPTIONS = {
    "trees": {"type": "integer", "minimum": 1, "default": 300, "description": "at most"},
    "depth": {"type": "integer", "minimum": 1, "maximum": 8, "default": 2, "description": "of every tree"},
    "learning_rate": {"type": "number", "exclusiveMinimum": 0, "maximum": 1, "default": 0.05},
    "snps": {
        "type": "number",
        "exclusiveMinimum": 0,
        "maximum": 1,
        "default": 0.3,
        "description": "share of the SNPs, drawn at random, that each tree may use",
    },
    "leaf": {"type": "integer", "minimum": 1, "default": 20, "description": "people in a leaf, at least"},
    "ridge": {"type": "number", "minimum": 0, "default": 1.0, "description": "penalty of the leaves' values"},
    "patience": {
        "type": ["integer", "null"],
        "minimum": 1,
        "default": 50,
        "description": "trees without a better criterion; null grows all",
    },
    "criterion": {
        "enum": ["loss", "loss-within", "auroc-within"],
        "default": "loss",
        "description": "what chooses the number of trees, among validation people: docs/models.md",
    },
}
CITATION = "Friedman 2001, Ann Stat 29:1189 (gradient boosting); Ke et al. 2017, NeurIPS (LightGBM)"
DIFFERENTIABLE = False  # f is constant between the thresholds


class Trees(nn.Module):
    """Values of complete binary trees, float32 (B, trees).

    Nodes are numbered level by level, the children of k being 2k + 1 (x at most the threshold) and 2k + 2. A tree that
    ends early has nodes with an infinite threshold, and its value in every leaf below.
    """

    trees: int
    depth: int

    @nn.compact
    def __call__(self, x_BM: Array, train: bool) -> Array:
        zeros, nodes, leaves = nn.initializers.zeros, 2**self.depth - 1, 2**self.depth
        snp_FX = self.param("snp", zeros, (self.trees, nodes), jnp.int32)
        threshold_FX = self.param("threshold", zeros, (self.trees, nodes))
        value_FX = self.param("value", zeros, (self.trees, leaves))
        tree_F = jnp.arange(self.trees)
        at_BF = jnp.zeros((len(x_BM), self.trees), jnp.int32)
        for _ in range(self.depth):
            x_BF = jnp.take_along_axis(x_BM, snp_FX[tree_F, at_BF], axis=1)
            at_BF = 2 * at_BF + 1 + (x_BF > threshold_FX[tree_F, at_BF])
        return value_FX[tree_F, at_BF - nodes]


class Total(nn.Module):
    """The sum of the trees' values and a constant: f, float32 (B,)."""

    @nn.compact
    def __call__(self, h_BF: Array, train: bool) -> Array:
        return h_BF.sum(axis=1) + self.param("bias", nn.initializers.zeros, ())


def build(n_snps: int, options: dict[str, Any]) -> Architecture:
    """f = b + sum_k tree_k(x); each tree follows the gradient of the loss at the sum of those before it.

    Validation people choose how many trees are kept. The trees' values are the hidden features. f has no useful
    gradient: attributions that need one are refused with the config, occlusion works. Good at: interactions of SNPs
    that also have effects of their own; with many weak SNPs trees spend their people on few of them.
    """
    encoder = Trees(options["trees"], options["depth"])
    recipe = solved_by(options["criterion"])
    return Architecture(
        encoder, Total(), "standardised", recipe, solve=lambda problem: grown(problem, options)
    )


def grown(problem: Problem, options: dict[str, Any]) -> dict[str, Any]:
    """The parameters of ``Trees`` and ``Total``: trees are added until validation people gain nothing."""
    lightgbm = _lightgbm()
    people, others = problem.train, problem.validation
    bias = _constant(people, problem.kind)
    data = lightgbm.Dataset(
        people.x_BM, people.y_B, weight=people.weight_B, init_score=people.offset_B + bias
    )
    booster = lightgbm.Booster(_settings(problem, options), data)
    f_V, best, kept = np.full(len(others.y_B), bias), np.inf, 0
    for number in range(options["trees"] + 1):
        value = problem.judge(f_V)
        if number == 0 or value < best:
            best, kept = value, number
        waited = options["patience"] is not None and number - kept >= options["patience"]
        if waited or number == options["trees"] or booster.update():
            break
        f_V = f_V + booster.predict(others.x_BM, number, 1, raw_score=True, num_threads=1)
    encoder = _arrays(booster.dump_model(max(kept, 1))["tree_info"][:kept], options)
    return {"encoder": encoder, "head": {"bias": np.float32(bias)}}


def _lightgbm() -> Any:
    try:
        import lightgbm
    except (ImportError, OSError) as error:  # OSError: a library of the system is missing
        raise UserError(
            f"model 'boosting': LightGBM cannot be loaded ({error}); install the lock again with make, and the "
            "system's OpenMP, libgomp1 on Debian and Ubuntu"
        ) from error
    return lightgbm


def _settings(problem: Problem, options: dict[str, Any]) -> dict[str, Any]:
    """LightGBM's parameters: the same bytes on every run, on one thread."""
    return {
        "objective": "binary" if problem.kind == "binary" else "regression",
        "max_depth": options["depth"],
        "num_leaves": 2 ** options["depth"],
        "learning_rate": options["learning_rate"],
        "feature_fraction": options["snps"],
        "min_data_in_leaf": options["leaf"],
        "lambda_l2": options["ridge"],
        "seed": problem.seed % 2**31,
        "boost_from_average": False,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "verbosity": -1,
    }


def _constant(people: Individuals, kind: str) -> float:
    """What f is before the first tree: the constant that makes the loss least."""
    if kind == "quantitative":
        return float(np.average(people.y_B - people.offset_B, weights=people.weight_B))
    bias = 0.0
    for _ in range(25):  # Newton's steps, none longer than 1
        p_T = expit(people.offset_B + bias)
        slope, curvature = people.weight_B @ (p_T - people.y_B), people.weight_B @ (p_T * (1 - p_T))
        bias -= float(np.clip(slope / max(curvature, 1e-9), -1, 1))
    return bias


def _arrays(trees: list[Any], options: dict[str, Any]) -> dict[str, np.ndarray]:
    """LightGBM's trees as the arrays of ``Trees``; those that are not there are 0 everywhere."""
    k, nodes, leaves = options["trees"], 2 ** options["depth"] - 1, 2 ** options["depth"]
    snp_FX = np.zeros((k, nodes), np.int32)
    threshold_FX = np.full((k, nodes), np.inf, np.float32)
    value_FX = np.zeros((k, leaves), np.float32)

    def place(tree: int, node: Any, at: int) -> None:
        if at >= nodes:
            value_FX[tree, at - nodes] = node["leaf_value"]
            return
        if "leaf_value" not in node:
            snp_FX[tree, at] = node["split_feature"]
            threshold_FX[tree, at] = _not_above(node["threshold"])
        place(tree, node.get("left_child", node), 2 * at + 1)
        place(tree, node.get("right_child", node), 2 * at + 2)

    for number, tree in enumerate(trees):
        place(number, tree["tree_structure"], 0)
    return {"snp": snp_FX, "threshold": threshold_FX, "value": value_FX}


def _not_above(threshold: float) -> np.float32:
    """The largest float32 that is not above: it parts float32 inputs as the threshold itself does."""
    near = np.float32(threshold)
    return near if float(near) <= threshold else np.nextafter(near, np.float32(-np.inf))
