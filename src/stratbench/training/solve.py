"""Models that are solved and not trained by steps: what they are given, and which adjustments they refuse.

Of the places where an adjustment acts, a solved model honours the inputs, the weights and the offset; an adjustment may
also finish its state with what the model leaves unexplained. What an adjustment would train beside the network, such as
the weights of PCs as covariates, stays as it starts.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from stratbench.adjustments.contract import Batch
from stratbench.core.errors import ScientificFailure
from stratbench.core.progress import telling
from stratbench.models.contract import Individuals, Problem
from stratbench.training.criterion import criterion, judged
from stratbench.training.evaluate import in_blocks, predict
from stratbench.training.loop import Labels, Trained
from stratbench.training.loss import per_individual
from stratbench.training.network import Variables, evaluation
from stratbench.training.setup import Setup

REFUSED = {
    "features": "changes the hidden features",
    "penalty": "adds to the loss",
    "loss": "replaces the loss",
    "second_stage": "refits the head in a second stage",
}


def require_solvable(setup: Setup) -> None:
    """Raise ScientificFailure if the model is solved and the adjustment acts where only training steps follow it."""
    if setup.network.architecture.solve is None:
        return
    acts = [said for place, said in REFUSED.items() if place in setup.adjustment.places]
    if acts:
        raise ScientificFailure(
            f"the adjustment {' and '.join(acts)}, which a model that is solved without training steps does not "
            "follow; take an adjustment of the inputs, the weights or the offset"
        )


def solved(setup: Setup, untrained: Variables, labels: Labels, draw: int) -> Trained:
    """Solve one model in place of its training.

    Args:
        setup: the network and what it is solved for.
        untrained: the network's variables, of which encoder and head are replaced.
        labels: of training and validation individuals.
        draw: the seed.

    Returns:
        The solved network, and one row for history.tsv, whose losses are means of training individuals (weighted)
        and validation individuals, without a learning rate.

    Raises:
        ScientificFailure: if the recipe's criterion cannot be computed for these validation individuals.
    """
    architecture, kind = setup.network.architecture, setup.data.kind
    assert architecture.solve is not None
    y_N, (train_T, validation_V) = labels.y_N, (labels.train_T, labels.validation_V)
    batch = Batch(jnp.asarray(train_T), jnp.asarray(y_N[train_T]), jnp.zeros((), jnp.int32), True)
    weight_T = np.asarray(setup.network.adjustment.weights(untrained.state, batch), dtype=np.float64)
    train = _individuals(setup, untrained, train_T, y_N, weight_T / weight_T.mean())
    validation = _individuals(setup, untrained, validation_V, y_N, np.ones(len(validation_V)))
    name = architecture.recipe.criterion
    people = judged(name, validation_V, y_N, labels.population_N)

    def judge(f_V: np.ndarray) -> float:
        f, score = (jnp.asarray(v, jnp.float32) for v in (f_V, f_V + validation.offset_B))
        y_V = jnp.asarray(y_N[validation_V])
        if name == "loss":
            return float(jnp.mean(per_individual(kind, score, y_V)))
        return float(criterion(name, kind, f, score, y_V, people))

    with telling("the model is solved"):
        made = architecture.solve(Problem(train, validation, kind, judge, draw))
    halves = {half: jax.tree.map(jnp.asarray, made[half]) for half in ("encoder", "head")}
    variables = untrained._replace(params=untrained.params | halves)
    losses = [_loss(setup, variables, rows, y_N) for rows in (train_T, validation_V)]
    row = {
        "epoch": 1,
        "learning_rate": float("nan"),
        "train_loss": float(np.average(losses[0], weights=train.weight_B)),
        "validation_loss": float(losses[1].mean()),
    }
    return Trained(variables, [row], 1)


def _individuals(
    setup: Setup, variables: Variables, i_B: np.ndarray, y_N: np.ndarray, weight_B: np.ndarray
) -> Individuals:
    """Inputs after the adjustment, labels, offsets and weights of some individuals."""
    network = setup.network

    @jax.jit
    def at(variables: Variables, i_B: Array) -> tuple[Array, Array]:
        batch, state, own = evaluation(i_B), variables.state, variables.params["adjustment"]
        x_BM = network.adjustment.inputs(state, own, network.inputs(i_B), batch)
        return x_BM, network.adjustment.offset(state, own, batch)

    def block(i_B: Array, keep: int) -> tuple[np.ndarray, np.ndarray]:
        x_BM, offset_B = at(variables, i_B)
        return np.asarray(x_BM)[:keep], np.asarray(offset_B, dtype=np.float64)[:keep]

    x_BM, offset_B = (np.concatenate(part) for part in zip(*in_blocks(block, i_B, "inputs"), strict=True))
    return Individuals(x_BM, y_N[i_B].astype(np.float64), offset_B, weight_B)


def _loss(setup: Setup, variables: Variables, i_B: np.ndarray, y_N: np.ndarray) -> np.ndarray:
    """The loss of each individual, float32 (B,)."""
    _, score_B = predict(setup, variables, i_B)
    return np.asarray(
        per_individual(setup.data.kind, jnp.asarray(score_B, jnp.float32), jnp.asarray(y_N[i_B]))
    )
