"""A critic predicts the PCs from the hidden features, and the network is trained to leave it nothing to find (CF-Net).

The loss gains lambda sum_k corr^2(critic_k(h), PC_k) over the controls of a batch. The critic, a network with one
hidden layer, is trained at the same time to make these correlations large. Among controls alone the features may
still carry the ancestry that goes with being a case. A quantitative trait has no controls: everyone counts, and the
PCs are residuals of their regression on the label.

The critic takes one step for each of the network's, at a rate of its own that should be the larger one (the authors
take several steps of one rate). Its steps do not move the network, nor the network's the critic. How hard the
correlations pull the features of an individual is bounded (``pull``), which the authors do not do: see
``adjustments/pull.py``.

Known failure: a critic that finds nothing is no proof. It may have collapsed, and a probe that is trained afresh on
the finished features may still decode ancestry.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array

from stratbench.adjustments.contract import Adjustment, Batch, Context, Params, State
from stratbench.adjustments.pull import bounded
from stratbench.adjustments.within import within_labels

OPTIONS = {
    "pcs": {"type": "integer", "minimum": 1, "maximum": 20, "default": 10},
    "strength": {"type": "number", "minimum": 0, "default": 1.0, "description": "lambda"},
    "critic_rate": {
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 0.01,
        "description": "learning rate of the critic",
    },
    "pull": {
        "type": ["number", "null"],
        "exclusiveMinimum": 0,
        "default": 1.0,
        "description": "bound of the gradient in an individual's features, times B; null for none",
    },
    "batch_size": {"type": "integer", "minimum": 4, "default": 128, "description": "the smallest batch"},
}
CITATION = "Zhao, Adeli & Pohl 2020, Nat Commun 11:6010 (CF-Net)"
IN_WORDS = "training against a critic that predicts PCs"
UNITS = 16  # of the critic's hidden layer
EPSILON = 1e-6  # added to variances, which are 0 where the features are constant


def correlations(critic: Params, h_BF: Array, pcs_BK: Array, member_B: Array) -> Array:
    """The squared correlation of each PC with the critic's guess, over the batch's members, float32 (K,).

    Features are standardised over the members, so that one rate serves networks of every scale.
    """
    weight_B1 = (member_B / jnp.maximum(jnp.sum(member_B), 1))[:, None]

    def standardised(z_BF: Array) -> Array:
        centred_BF = z_BF - jnp.sum(weight_B1 * z_BF, axis=0)
        return centred_BF * jax.lax.rsqrt(jnp.sum(weight_B1 * jnp.square(centred_BF), axis=0) + EPSILON)

    hidden_BF = jnp.tanh(standardised(h_BF) @ critic["first"] + critic["bias"])
    guess_BK = standardised(hidden_BF @ critic["second"])
    return jnp.square(jnp.sum(weight_B1 * guess_BK * standardised(pcs_BK), axis=0))


def build(options: dict[str, Any]) -> Adjustment:
    def fit(context: Context) -> State:
        pcs_NK, member_NL = within_labels(context, options["pcs"])
        rng, features = np.random.default_rng(context.seed), context.n_features()
        critic = {
            "first": rng.normal(size=(features, UNITS)) / np.sqrt(features),
            "bias": np.zeros(UNITS),
            "second": rng.normal(size=(UNITS, pcs_NK.shape[1])) / np.sqrt(UNITS),
        }
        fitted = {name: value.astype(np.float32) for name, value in critic.items()}
        return State({"critic": fitted}, {"pcs": pcs_NK, "member": member_NL[:, 0]})

    def init(state: State) -> Params:
        return jax.tree.map(jnp.asarray, state.fitted["critic"])

    def penalty(state: State, params: Params, h_BF: Array, f_B: Array, batch: Batch) -> Array:
        rows = [state.rows[name][batch.i_B] for name in ("pcs", "member")]
        pulled_BF = bounded(h_BF, options["pull"])
        found = jnp.sum(correlations(jax.lax.stop_gradient(params), pulled_BF, *rows))
        own = jnp.sum(correlations(params, jax.lax.stop_gradient(h_BF), *rows))
        # The critic's own aim has a gradient and no value, so that the loss is that of the network.
        return options["strength"] * found - (own - jax.lax.stop_gradient(own))

    return Adjustment(
        fit=fit,
        init=init,
        penalty=penalty,
        optimizer=lambda model: optax.adam(options["critic_rate"]),
        batch_size=options["batch_size"],
        per_seed=True,
    )
