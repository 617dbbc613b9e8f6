"""Group distributionally robust optimisation: the groups with the largest losses get the most weight.

    q_g <- q_g exp(eta L_g),    q <- q / sum q,    loss = sum_g q_g L_g,    L_g = R_g + C / sqrt(n_g),

with R_g the (weighted) mean loss of the batch's individuals of group g and n_g the group's size in training. A group
that is not in the batch keeps its q before the division. Groups are populations x classes, or populations, as for
every quantitative trait. People who are unassigned are in no group and train nothing.

Known failure: it is inert where the network fits all training individuals, as all losses are then small (Sagawa's
remedy is a strong L2 penalty and few epochs, which are the model's options). Populations alone do not act against a
shortcut that lowers the loss of each of them.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from stratbench.adjustments.contract import Adjustment, Batch, Context, Params, Scored, State
from stratbench.adjustments.populations import training_populations

OPTIONS = {
    "eta": {"type": "number", "minimum": 0, "default": 0.01, "description": "step of the groups' weights"},
    "adjustment": {
        "type": "number",
        "minimum": 0,
        "default": 0,
        "description": "C, for groups of few people",
    },
    "groups": {
        "enum": ["population-label", "population"],
        "default": "population-label",
        "description": "what a group is; of a quantitative trait a population in either case",
    },
    "batch_size": {"type": "integer", "minimum": 1, "default": 128, "description": "the smallest batch"},
}
CITATION = "Sagawa et al. 2020, ICLR, arXiv 1911.08731"
IN_WORDS = "weighting the groups with the largest losses"


def build(options: dict[str, Any]) -> Adjustment:
    """q starts equal over groups and is updated at each step; groups without training individuals do not exist."""

    def fit(context: Context) -> State:
        train = context.sets["train"]
        remedy = "take an adjustment that needs no groups"
        names, code_N = training_populations(context, "group-dro", remedy)
        known = train[code_N[train] < len(names)]
        if options["groups"] == "population-label" and context.kind == "binary":
            code_N = 2 * code_N + np.nan_to_num(context.y_N).astype(np.int64)
        found, number_R = np.unique(code_N[known], return_inverse=True)
        group_N = np.full(len(code_N), len(found), dtype=np.int32)  # the number after the last is no group
        group_N[known] = number_R
        more_G = options["adjustment"] / np.sqrt(np.bincount(number_R))
        q_G = np.full(len(found), 1 / len(found))
        fitted = {"q": q_G.astype(np.float32), "more": more_G.astype(np.float32)}
        return State(fitted, {"group": group_N})

    def loss(state: State, params: Params, scored: Scored, batch: Batch) -> tuple[Array, dict[str, Any]]:
        one_BG = jax.nn.one_hot(state.rows["group"][batch.i_B], len(state.fitted["q"]))
        mean_G, there_G = scored.group_losses(one_BG)
        loss_G = jnp.where(there_G, mean_G + state.fitted["more"], 0)
        q_G = state.fitted["q"] * jnp.exp(options["eta"] * jax.lax.stop_gradient(loss_G))
        q_G = q_G / jnp.sum(q_G)
        return jnp.sum(q_G * loss_G), {**state.fitted, "q": q_G}

    return Adjustment(fit=fit, loss=loss, batch_size=options["batch_size"])
