"""Fit one model under one adjustment, all seeds in one job, and write what the contract names."""

import importlib.metadata
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
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
from stratbench.training.evaluate import hidden, predict
from stratbench.training.loop import Labels, Progress, Stage, Trained, require_finite, train
from stratbench.training.network import Outputs, Variables
from stratbench.training.setup import Setup, Spec, guards, set_up
from stratbench.training.solve import require_solvable, solved
from stratbench.training.store import dump
from stratbench.training.watch import Watch

PREDICTIONS = list(tables.PREDICTIONS.columns)
FAR = 1000  # beyond so many standard deviations from 0, nine digits of a score show too little of the differences
HISTORY = ["seed", "stage", "epoch", "learning_rate", "train_loss", "validation_loss"]


def fit(
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any],
    *,
    fits: Sequence[Mapping[str, Any]],
    seeds: int,
    names: Sequence[str],
) -> None:
    """Train one model under several adjustments, one after another: params, predictions, history and fit.json of each.

    Args:
        inputs: what ``task.model_data.FILES`` names.
        outputs: the lists ``params``, ``predictions``, ``history`` and ``fit``, parallel to ``fits``.
        fits: ``{model, adjustments}``: the spec of the model, and those of the adjustment's parts.
        seeds: how many networks are trained of each.
        names: cohort, trait, split and model: what initialisation and batch order depend on, so that
            adjustments are compared on the same draws.
    """
    with telling(f"fit of {names[-1]}"):
        with telling("the dataset is read"):
            data = load(inputs)
        for number, one in enumerate(fits):
            own = {name: paths[number] for name, paths in outputs.items()}
            of = f"adjustment {number + 1} of {len(fits)} ({_label(one['adjustments'])})"
            if len(fits) > 1:
                say(of)
            with telling(of) if len(fits) > 1 else nullcontext():
                _fit(data, own, **one, seeds=seeds, names=names)


def fit_one(
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any],
    *,
    model: Spec,
    adjustments: Sequence[Spec],
    seeds: int,
    names: Sequence[str],
) -> None:
    """Train one model under one adjustment; arguments as of ``fit``, with a path for each output."""
    fits = [{"model": model, "adjustments": adjustments}]
    fit(inputs, {name: [path] for name, path in outputs.items()}, fits=fits, seeds=seeds, names=names)


def _label(adjustments: Sequence[Spec]) -> str:
    return "+".join(spec["method"] for spec in adjustments)


def _fit(
    data: ModelData,
    outputs: Mapping[str, Any],
    model: Spec,
    adjustments: Sequence[Spec],
    seeds: int,
    names: Sequence[str],
) -> None:
    """Train and write under one adjustment; arguments as of ``fit_one``, with the data that its inputs hold."""
    runs, reason = _fitted(data, model, adjustments, seeds, names)
    stored = {str(run.seed): run.variables for run in runs if run.variables is not None}
    predictions = [run.predictions for run in runs if run.variables is not None]
    history = [row for run in runs for row in run.history]
    record = _record(data, model, adjustments, [run.record for run in runs], stored)
    write_bytes(dump(stored), outputs["params"])
    write_tsv(
        pd.concat(predictions) if predictions else pd.DataFrame(columns=PREDICTIONS), outputs["predictions"]
    )
    write_tsv(pd.DataFrame(history, columns=HISTORY), outputs["history"])
    write_json(record | {"reason": reason}, outputs["fit"])


@dataclass
class Run:
    """One seed: its record in fit.json, its rows of history.tsv, and, unless it failed, its network and predictions.

    ``draw`` is what initialisation and batch order are drawn with.
    """

    seed: int
    draw: int
    variables: Variables | None
    record: dict[str, Any]
    history: list[dict[str, Any]] = field(default_factory=list)
    predictions: pd.DataFrame | None = None

    def fail(self, error: ScientificFailure) -> None:
        """Record a scientific failure as a result."""
        self.record |= {"status": "failed", "reason": str(error)}
        self.variables = None

    def take(self, stage: int, trained: Trained) -> None:
        """Record one stage's training."""
        self.variables = trained.variables
        self.history += [{"seed": self.seed, "stage": stage, **row} for row in trained.rows]
        self.record["epochs"] += len(trained.rows)
        self.record["best_epoch"] = trained.best_epoch
        require_finite(trained.rows)


def _fitted(
    data: ModelData, model: Spec, adjustments: Sequence[Spec], seeds: int, names: Sequence[str]
) -> tuple[list[Run], str]:
    """Train every seed; if the data do not allow training, there are no runs, and the text says why."""
    runs: list[Run] = []
    own = guards(model, adjustments)
    try:
        _check_labels(data)
        with telling("the adjustment is fitted"), training(own):
            setup = set_up(data, model, adjustments, named_seed(*names, "adjustment"))
            require_solvable(setup)
            state = jax.tree.map(jnp.asarray, setup.adjustment.fit(setup.context))
        stages, groups = _stages(setup), groups_of(seeds)
        watch = Watch(len(groups) * len(stages))
        for number, group in enumerate(groups):
            with telling(f"{_of(group)} of {seeds}"), training(own):
                draws = {seed: named_seed(*names, seed) for seed in group}
                runs += _run(setup, state, stages, draws, watch, number * len(stages))
            for run in runs[-len(group) :]:
                epochs = counted(run.record["epochs"], "epoch")
                say(
                    f"seed {run.seed} of {seeds}: {run.record['status']} after {epochs} {run.record['reason']}"
                )
    except ScientificFailure as error:
        return runs, str(error)
    return runs, "; ".join(sorted({run.record["reason"] for run in runs} - {""}))


def groups_of(seeds: int) -> list[list[int]]:
    """Which seeds are trained at once: all of them on an accelerator, one after another on a CPU.

    A CPU thread gains nothing from training several small networks at once.
    """
    every = list(range(1, seeds + 1))
    return [[seed] for seed in every] if jax.default_backend() == "cpu" else [every]


def _of(group: Sequence[int]) -> str:
    return f"seed {group[0]}" if len(group) == 1 else f"seeds {group[0]} to {group[-1]}"


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
    setup: Setup,
    state: State,
    stages: Sequence[Stage],
    draws: Mapping[int, int],
    watch: Watch,
    before: int,
) -> list[Run]:
    """Train some seeds at once and predict.

    Args:
        setup: the network and what it is trained on.
        state: of the adjustment, fitted.
        stages: one, or two if the adjustment refits the head; all seeds share their compiled loops.
        draws: by seed, what initialisation and batch order are drawn with.
        watch: told of every training.
        before: how many trainings of the fit came before.
    """
    started, data = time.monotonic(), setup.data
    with telling("the networks are set up"):
        runs = [
            Run(seed, draw, setup.network.initial(jax.random.key(draw), state), _untrained(seed))
            for seed, draw in draws.items()
        ]
    labels = Labels(data.scaled_y_N, data.population_N, data.rows("train"), data.rows("validation"))
    for number, stage in enumerate(stages, start=1):
        active = [(run, run.variables) for run in runs if run.variables is not None]
        variables = [own if number == 1 else _with_new_head(setup, own, run.draw) for run, own in active]
        progress, drawn = Progress(), [run.draw for run, _ in active]
        if setup.network.architecture.solve is not None:
            trained = [solved(setup, own, labels, draw) for own, draw in zip(variables, drawn, strict=True)]
        else:
            with watch.over(before + number, number, progress):
                trained = train(stage, variables, labels, drawn, progress)
        for (run, _), one in zip(active, trained, strict=True):
            with failing(run):
                run.take(number, one)
    for run in runs:
        if run.variables is not None:
            with failing(run):
                run.predictions = _predictions(setup, run.variables, run.seed)
        run.record["seconds"] = round((time.monotonic() - started) / len(runs), 3)
    return runs


def _untrained(seed: int) -> dict[str, Any]:
    return {"seed": seed, "status": "ok", "reason": "", "epochs": 0, "best_epoch": 0}


@contextmanager
def failing(run: Run) -> Iterator[None]:
    """Take a scientific failure as this seed's result."""
    try:
        yield
    except ScientificFailure as error:
        run.fail(error)


def _with_new_head(setup: Setup, trained: Variables, draw: int) -> Variables:
    """The trained encoder under a fresh head and the adjustment's second state."""
    assert setup.adjustment.second_stage is not None
    h_TF = hidden(setup, trained, setup.data.rows("train"), adjusted=False)
    with telling("the second stage is fitted"):
        state = setup.adjustment.second_stage(setup.context, trained.state, h_TF)
    fresh = setup.network.initial(jax.random.key(draw + 1), jax.tree.map(jnp.asarray, state))
    return Variables(
        {**fresh.params, "encoder": trained.params["encoder"]},
        {**fresh.statistics, "encoder": trained.statistics["encoder"]},
        fresh.state,
    )


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
