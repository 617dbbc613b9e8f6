"""Risk extrapolation: populations are environments, and the variance of their losses is penalised.

    loss = mean_e R_e + beta Var_e(R_e),    R_e the (weighted) mean loss of the batch's individuals of population e,

over the populations that are in the batch (Krueger's sum of the R_e, divided by their number). beta is 0 for the first
epochs and then what the option says. People who are unassigned are in none of them and train nothing.

Known failure: equal losses do not show that the shortcut is gone. Populations with prevalences p and 1 - p have the
same loss under the pure shortcut. In small batches the variance is mostly that of sampling.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from stratbench.adjustments.contract import Adjustment, Batch, Context, Params, Scored, State
from stratbench.adjustments.populations import training_populations

OPTIONS = {
    "beta": {"type": "number", "minimum": 0, "default": 10, "description": "weight of the variance"},
    "warmup": {"type": "integer", "minimum": 0, "default": 5, "description": "epochs with a weight of 0"},
    "batch_size": {"type": "integer", "minimum": 1, "default": 128, "description": "the smallest batch"},
}
CITATION = "Krueger et al. 2021, ICML, arXiv 2003.00688 (V-REx)"
IN_WORDS = "equalising the losses of populations"


def build(options: dict[str, Any]) -> Adjustment:
    """An epoch has as many steps as whole batches fit into the training individuals."""

    def fit(context: Context) -> State:
        names, code_N = training_populations(context, "v-rex", "take an adjustment that needs no groups")
        fitted = {
            "populations": np.zeros(len(names), np.float32),
            "train": np.int32(len(context.sets["train"])),
        }
        return State(fitted, {"population": code_N})

    def loss(state: State, params: Params, scored: Scored, batch: Batch) -> tuple[Array, dict[str, Any]]:
        one_BG = jax.nn.one_hot(state.rows["population"][batch.i_B], len(state.fitted["populations"]))
        risk_G, there_G = scored.group_losses(one_BG)
        count = jnp.maximum(jnp.sum(there_G), 1)
        mean = jnp.sum(risk_G) / count
        variance = jnp.sum(jnp.square(jnp.where(there_G, risk_G - mean, 0))) / count
        epoch = batch.step // jnp.maximum(state.fitted["train"] // len(batch.i_B), 1)
        beta = jnp.where(epoch < options["warmup"], 0.0, options["beta"])
        return mean + beta * variance, state.fitted

    return Adjustment(fit=fit, loss=loss, batch_size=options["batch_size"])
