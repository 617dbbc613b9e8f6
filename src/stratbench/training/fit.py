"""Fit one model under one adjustment, all seeds in one job, and write what the contract names."""

import importlib.metadata
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jax import Array
from scipy.special import expit

from stratbench.adjustments.contract import Batch, State
from stratbench.core import decimals
from stratbench.core.errors import ScientificFailure
from stratbench.core.files import write_bytes, write_json, write_tsv
from stratbench.core.job import say
from stratbench.core.progress import telling
from stratbench.core.seeds import seed as named_seed
from stratbench.core.words import counted
from stratbench.genotypes import tables
from stratbench.methods.guard import training
from stratbench.task.model_data import ModelData, load
from stratbench.training.loop import EVALUATED_AT_ONCE, Labels, Progress, Stage, blocks, train
from stratbench.training.network import Outputs, Variables
from stratbench.training.setup import Setup, Spec, guards, set_up
from stratbench.training.store import dump
from stratbench.training.watch import Watch

PREDICTIONS = list(tables.PREDICTIONS.columns)
FAR = 1000  # beyond so many standard deviations from 0, nine digits of a score show too little of the differences
HISTORY = ["seed", "stage", "epoch", "learning_rate", "train_loss", "validation_loss"]


def fit(
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any],
    *,
    model: Spec,
    adjustments: Sequence[Spec],
    seeds: int,
    names: Sequence[str],
) -> None:
    """Train ``seeds`` networks and write params, predictions, history and fit.json.

    Args:
        inputs: what ``task.model_data.FILES`` names.
        outputs: ``params``, ``predictions``, ``history`` and ``fit``.
        model: the spec of the model.
        adjustments: the specs of the adjustment's parts.
        seeds: how many networks are trained.
        names: cohort, trait, split and model: what initialisation and batch order depend on, so that
            adjustments are compared on the same draws.
    """
    with telling(f"fit of {names[-1]}"):
        with telling("the dataset is read"):
            data = load(inputs)
        fitted = _fitted(data, model, adjustments, seeds, names)
    record = _record(data, model, adjustments, fitted.runs, fitted.stored)
    predictions, reason = fitted.predictions, "; ".join(sorted(fitted.reasons))
    write_bytes(dump(fitted.stored), outputs["params"])
    write_tsv(
        pd.concat(predictions) if predictions else pd.DataFrame(columns=PREDICTIONS), outputs["predictions"]
    )
    write_tsv(pd.DataFrame(fitted.history, columns=HISTORY), outputs["history"])
    write_json(record | {"reason": reason}, outputs["fit"])


@dataclass
class Fitted:
    """All seeds: record and rows of history.tsv of each, and variables and predictions of those that trained."""

    runs: list[dict[str, Any]] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)
    stored: dict[str, Variables] = field(default_factory=dict)
    predictions: list[pd.DataFrame] = field(default_factory=list)
    reasons: set[str] = field(default_factory=set)


def _fitted(
    data: ModelData, model: Spec, adjustments: Sequence[Spec], seeds: int, names: Sequence[str]
) -> Fitted:
    """Train every seed; if the data do not allow training, the record says why."""
    fitted = Fitted()
    try:
        _check_labels(data)
        with telling("the adjustment is fitted"), training(guards(model, adjustments)):
            setup = set_up(data, model, adjustments, named_seed(*names, "adjustment"))
            state = jax.tree.map(jnp.asarray, setup.adjustment.fit(setup.context))
        stages = _stages(setup)
        watch = Watch(seeds, len(stages))
        for seed in range(1, seeds + 1):
            with telling(f"seed {seed} of {seeds}"):
                with training(guards(model, adjustments)):
                    run, rows, trained = _run(setup, state, stages, seed, named_seed(*names, seed), watch)
                fitted.runs.append(run)
                fitted.history += rows
                fitted.reasons |= {run["reason"]} - {""}
                if trained is not None:
                    fitted.stored[str(seed)], table = trained
                    fitted.predictions.append(table)
            epochs = counted(run["epochs"], "epoch")
            say(f"seed {seed} of {seeds}: {run['status']} after {epochs} {run['reason']}")
    except ScientificFailure as error:
        fitted.reasons.add(str(error))
    return fitted


def _check_labels(data: ModelData) -> None:
    for name in ("train", "validation"):
        rows = data.rows(name)
        if len(rows) < 2 or (data.kind == "binary" and len(np.unique(data.y_N[rows])) < 2):
            raise ScientificFailure(
                f"the {name} set ({counted(len(rows), 'individual')}) does not hold both classes"
            )


def _stages(setup: Setup) -> list[Stage]:
    """The first stage and, if there is a second, a forward pass that starts from stored encoder features."""
    network, kind = setup.network, setup.data.kind

    def whole(variables: Variables, batch: Batch, key: Array) -> Outputs:
        return network.forward(variables, network.inputs(batch.i_B), batch, key)

    def head_only(variables: Variables, batch: Batch, key: Array) -> Outputs:
        h_BF, _ = network.encode(variables, network.inputs(batch.i_B), batch._replace(train=False), key)
        return network.predict(variables, h_BF, batch, key)

    first, second = Stage(network, kind, whole), Stage(network, kind, head_only, frozen=True)
    return [first, second] if setup.adjustment.second_stage else [first]


def _run(
    setup: Setup, state: State, stages: Sequence[Stage], seed: int, draw: int, watch: Watch
) -> tuple[dict[str, Any], list[dict[str, Any]], tuple[Variables, pd.DataFrame] | None]:
    """Train one seed and predict; a scientific failure is recorded as a result.

    Args:
        setup: the network and what it is trained on.
        state: of the adjustment, fitted.
        stages: one, or two if the adjustment refits the head; all seeds share their compiled steps.
        seed: its number, from 1.
        draw: what initialisation and batch order are drawn with.
        watch: told of every training.

    Returns:
        The seed's record in fit.json, its rows of history.tsv, and the trained variables with their predictions
        (None after a failure).
    """
    started, rows = time.monotonic(), []
    run: dict[str, Any] = {"seed": seed, "status": "ok", "reason": "", "epochs": 0, "best_epoch": 0}
    trained: tuple[Variables, pd.DataFrame] | None = None
    try:
        with telling("the network is set up"):
            variables = setup.network.initial(jax.random.key(draw), state)
        data = setup.data
        labels = Labels(data.scaled_y_N, data.population_N, data.rows("train"), data.rows("validation"))
        for number, stage in enumerate(stages, start=1):
            progress = Progress(compiles=seed == 1)
            if number == 2:
                variables = _with_new_head(setup, variables, draw)
            with watch.over(seed, number, progress):
                variables = train(stage, variables, labels, draw, progress)
            rows += [{"seed": seed, "stage": number, **row} for row in progress.rows]
            run["epochs"] += len(progress.rows)
            run["best_epoch"] = progress.best_epoch
        trained = variables, _predictions(setup, variables, seed)
    except ScientificFailure as error:
        run |= {"status": "failed", "reason": str(error)}
    return run | {"seconds": round(time.monotonic() - started, 3)}, rows, trained


def _with_new_head(setup: Setup, variables: Variables, draw: int) -> Variables:
    """The trained encoder under a fresh head and the adjustment's second state."""
    assert setup.adjustment.second_stage is not None
    h_TF = hidden(setup, variables, setup.data.rows("train"), adjusted=False)
    with telling("the second stage is fitted"):
        state = jax.tree.map(jnp.asarray, setup.adjustment.second_stage(setup.context, variables.state, h_TF))
    fresh = setup.network.initial(jax.random.key(draw + 1), state)
    return Variables(
        {**fresh.params, "encoder": variables.params["encoder"]},
        {**fresh.statistics, "encoder": variables.statistics["encoder"]},
        state,
    )


def in_blocks(
    of: Callable[[Array, int], np.ndarray], individual_N: np.ndarray, what: str
) -> list[np.ndarray]:
    """What ``of`` gives for each block of individuals and how many of them count; the log tells of ``what``."""
    parts: list[np.ndarray] = []
    n = len(individual_N)
    with telling(lambda: f"{what} of {min(len(parts) * EVALUATED_AT_ONCE, n)} of {n} individuals"):
        for i_B, keep in blocks(individual_N):
            parts.append(of(jnp.asarray(i_B), keep))
    return parts


def hidden(setup: Setup, variables: Variables, individual_N: np.ndarray, adjusted: bool = True) -> np.ndarray:
    """Hidden features in evaluation mode, float32 (N, F): as the head sees them, or before adjustment."""
    features = setup.network.features if adjusted else setup.network.encoded

    def block(i_B: Array, keep: int) -> np.ndarray:
        return np.asarray(features(variables, i_B))[:keep]

    return np.concatenate(in_blocks(block, individual_N, "hidden features"))


def predict(setup: Setup, variables: Variables, individual_N: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """f and score in evaluation mode, float64 (N,) each, on the scale of the loss."""

    def block(i_B: Array, keep: int) -> np.ndarray:
        return np.stack(setup.network.scores(variables, i_B))[:, :keep]

    parts = in_blocks(block, individual_N, "predictions")
    f_N, score_N = np.concatenate(parts, axis=1).astype(np.float64)
    return f_N, score_N


def _predictions(setup: Setup, variables: Variables, seed: int) -> pd.DataFrame:
    data = setup.data
    f_N, score_N = predict(setup, variables, np.arange(len(data.iid_N)))
    wrong_N = ~np.isfinite(score_N)  # also where the losses of training and validation are finite
    if wrong_N.any():
        raise ScientificFailure(
            f"the score of {wrong_N.sum()} of {len(wrong_N)} individuals is not finite, first {data.iid_N[wrong_N][0]}"
        )
    mean, sd = data.label_scale
    probability = expit(score_N) if data.kind == "binary" else np.full(len(f_N), np.nan)
    y_N = data.y_N if data.kind == "binary" else np.array(decimals.write(data.y_N), dtype=object)
    score_N = mean + sd * score_N
    if abs(mean) > FAR * sd:
        score_N = np.array(decimals.write(score_N), dtype=object)
    columns = [seed, data.iid_N, data.set_N, y_N, score_N, sd * f_N, probability]
    return pd.DataFrame(dict(zip(PREDICTIONS, columns, strict=True)))


def _record(
    data: ModelData,
    model: Spec,
    adjustments: Sequence[Spec],
    runs: list[dict[str, Any]],
    stored: Mapping[str, Variables],
) -> dict[str, Any]:
    device = jax.devices()[0]
    return {
        "status": "ok" if stored else "failed",
        "kind": data.kind,
        "model": dict(model),
        "adjustment": [dict(spec) for spec in adjustments],
        "n_parameters": _n_parameters(next(iter(stored.values()))) if stored else 0,
        **{f"n_{name}": len(data.rows(name)) for name in tables.SETS},
        "n_snps": len(data.snp_M),
        "device": f"{device.platform}: {device.device_kind}",
        "versions": {name: importlib.metadata.version(name) for name in ("jax", "flax", "optax", "numpy")},
        "split_sha256": data.split_sha256,
        "seeds": runs,
    }


def _n_parameters(variables: Variables) -> int:
    """Trainable parameters of the network, without the adjustment's own."""
    return sum(leaf.size for half in ("encoder", "head") for leaf in jax.tree.leaves(variables.params[half]))
