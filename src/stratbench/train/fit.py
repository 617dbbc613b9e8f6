"""Fit one model under one adjustment, all seeds in one job, and write what the contract names."""

import importlib.metadata
import time
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jax import Array
from scipy.special import expit

from stratbench import decimals
from stratbench.contracts import training
from stratbench.errors import ScientificFailure
from stratbench.files import write_bytes, write_json, write_tsv
from stratbench.job import say
from stratbench.seeds import seed as named_seed
from stratbench.train.adjustment import Batch, State
from stratbench.train.data import SETS, Data, load
from stratbench.train.loop import Labels, Stage, blocks, train
from stratbench.train.network import Outputs, Variables
from stratbench.train.setup import Setup, Spec, guards, set_up
from stratbench.train.store import dump

PREDICTIONS = ["seed", "iid", "set", "y", "score", "f", "probability"]
FAR = 1000  # standard deviations from 0, beyond which nine digits of a score hold too few of what differs
HISTORY = ["seed", "stage", "epoch", "learning_rate", "train_loss", "validation_loss"]


def fit(
    files: Mapping[str, Any],
    outputs: Mapping[str, Any],
    model: Spec,
    adjustments: Sequence[Spec],
    seeds: int,
    names: Sequence[str],
) -> None:
    """Train ``seeds`` networks and write params, predictions, history and fit.json.

    Args:
        files: paths by name (``train.data.FILES``).
        outputs: paths of ``params``, ``predictions``, ``history`` and ``fit``.
        names: cohort, trait, split and model: what initialisation and batch order depend on, so that
            adjustments are compared on the same draws.
    """
    data = load(files)
    runs: list[dict[str, Any]] = []
    stored: dict[str, Variables] = {}
    predictions, history = [], []
    reasons: set[str] = set()
    try:
        _check_labels(data)
        with training(guards(model, adjustments)):
            setup = set_up(data, model, adjustments, named_seed(*names, "adjustment"))
            state = jax.tree.map(jnp.asarray, setup.adjustment.fit(setup.context))
            first, second = _stages(setup)
            for seed in range(1, seeds + 1):
                run, rows, trained = _run(setup, state, first, second, seed, named_seed(*names, seed))
                runs.append(run)
                history += rows
                reasons |= {run["reason"]} - {""}
                if trained is not None:
                    stored[str(seed)], table = trained
                    predictions.append(table)
                say(f"seed {seed} of {seeds}: {run['status']} after {run['epochs']} epochs {run['reason']}")
    except ScientificFailure as error:
        reasons.add(str(error))
    record = _record(data, model, adjustments, runs, stored)
    write_bytes(dump(stored), outputs["params"])
    write_tsv(
        pd.concat(predictions) if predictions else pd.DataFrame(columns=PREDICTIONS), outputs["predictions"]
    )
    write_tsv(pd.DataFrame(history, columns=HISTORY), outputs["history"])
    write_json(record | {"reason": "; ".join(sorted(reasons))}, outputs["fit"])


def _check_labels(data: Data) -> None:
    for name in ("train", "validation"):
        rows = data.rows(name)
        if len(rows) < 2 or (data.kind == "binary" and len(np.unique(data.y_N[rows])) < 2):
            raise ScientificFailure(f"the {name} set ({len(rows)} individuals) does not hold both classes")


def _stages(setup: Setup) -> tuple[Stage, Stage | None]:
    """The first stage; for a second one, a forward pass that starts from stored encoder features."""
    network, kind = setup.network, setup.data.kind

    def whole(variables: Variables, batch: Batch, key: Array) -> Outputs:
        return network.forward(variables, network.inputs(batch.i_B), batch, key)

    def head_only(variables: Variables, batch: Batch, key: Array) -> Outputs:
        h_BF, _ = network.encode(variables, network.inputs(batch.i_B), batch._replace(train=False), key)
        return network.predict(variables, h_BF, batch, key)

    second = Stage(network, kind, head_only, frozen=True) if setup.adjustment.second_stage else None
    return Stage(network, kind, whole), second


def _run(
    setup: Setup, state: State, first: Stage, second: Stage | None, seed: int, draw: int
) -> tuple[dict[str, Any], list[dict[str, Any]], tuple[Variables, pd.DataFrame] | None]:
    """Train one seed, and predict; a scientific failure is a result."""
    started, rows = time.monotonic(), []
    run: dict[str, Any] = {"seed": seed, "status": "ok", "reason": "", "epochs": 0, "best_epoch": 0}
    trained: tuple[Variables, pd.DataFrame] | None = None
    try:
        variables = setup.network.initial(jax.random.key(draw), state)
        labels = Labels(setup.data.scaled_y_N, setup.data.rows("train"), setup.data.rows("validation"))
        for number, stage in enumerate([first, second] if second else [first], start=1):
            if number == 2:
                variables = _with_new_head(setup, variables, draw)
            variables, progress = train(stage, variables, labels, draw)
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
    state = jax.tree.map(jnp.asarray, setup.adjustment.second_stage(setup.context, variables.state, h_TF))
    fresh = setup.network.initial(jax.random.key(draw + 1), state)
    return Variables(
        {**fresh.params, "encoder": variables.params["encoder"]},
        {**fresh.statistics, "encoder": variables.statistics["encoder"]},
        state,
    )


def hidden(setup: Setup, variables: Variables, individual_N: np.ndarray, adjusted: bool = True) -> np.ndarray:
    """Hidden features in evaluation mode, float32 (N, F): as the head sees them, or before adjustment."""
    features = setup.network.features if adjusted else setup.network.encoded
    return np.concatenate(
        [np.asarray(features(variables, jnp.asarray(i_B)))[:keep] for i_B, keep in blocks(individual_N)]
    )


def predict(setup: Setup, variables: Variables, individual_N: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """f and score in evaluation mode, float64 (N,) each, on the scale of the loss."""
    scores = setup.network.scores
    parts = [np.stack(scores(variables, jnp.asarray(i_B)))[:, :keep] for i_B, keep in blocks(individual_N)]
    f_N, score_N = np.concatenate(parts, axis=1).astype(np.float64)
    return f_N, score_N


def _predictions(setup: Setup, variables: Variables, seed: int) -> pd.DataFrame:
    data = setup.data
    f_N, score_N = predict(setup, variables, np.arange(len(data.iid_N)))
    wrong_N = ~np.isfinite(score_N)  # training and validation may be finite, and others not
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
    data: Data,
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
        **{f"n_{name}": len(data.rows(name)) for name in SETS},
        "n_snps": len(data.snp_M),
        "device": f"{device.platform}: {device.device_kind}",
        "versions": {name: importlib.metadata.version(name) for name in ("jax", "flax", "optax", "numpy")},
        "split_sha256": data.split_sha256,
        "seeds": runs,
    }


def _n_parameters(variables: Variables) -> int:
    """Trainable parameters of the network, without the adjustment's own."""
    return sum(leaf.size for half in ("encoder", "head") for leaf in jax.tree.leaves(variables.params[half]))
