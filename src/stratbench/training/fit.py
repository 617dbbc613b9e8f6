"""Fit models under their adjustments, all seeds in one job, and write what the contract names."""

import importlib.metadata
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
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
from stratbench.genotypes.records import Resample
from stratbench.methods import gradients
from stratbench.methods.guard import training
from stratbench.task.model_data import ModelData, load
from stratbench.training.entered import entered
from stratbench.training.evaluate import hidden, predict
from stratbench.training.loop import Labels, Progress, Stage, Trained, require_finite, train
from stratbench.training.loss import residual
from stratbench.training.network import Outputs, Variables
from stratbench.training.resamples import resampled
from stratbench.training.resamples import resamples as resamples_of
from stratbench.training.setup import Setup, Spec, fitted_states, guards, set_up
from stratbench.training.solve import require_solvable, solved
from stratbench.training.store import dump
from stratbench.training.watch import Watch

PREDICTIONS = list(tables.PREDICTIONS.columns)
# Where a trait's mean lies more than this many standard deviations from 0, nine digits of a score would show too
# little of the differences between individuals, and the scores are written with more.
FAR = 1000
FILES = ("params", "predictions", "history", "fit")  # of every fit
HISTORY = ["seed", "stage", "epoch", "learning_rate", "train_loss", "validation_loss"]


def fit(
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any],
    *,
    fits: Sequence[Mapping[str, Any]],
) -> None:
    """Train models under their adjustments, one after another, and write the four files of each fit.

    Of a model that was trained elsewhere nothing is trained; its seeds are those of its table of predictions. A fit
    that the data do not allow is a result, not an error: its fit.json states the reason.

    Args:
        inputs: the paths of the dataset's files, by the names in ``task.model_data.FILES`` and ``ON_DEMAND``.
        outputs: the lists of paths ``params``, ``predictions``, ``history`` and ``fit``; each list has one path for
            each entry of ``fits``, in the same order. ``resamples`` has one for each entry with resamples.
        fits: mappings with the keys ``model``, the spec of the model, ``adjustments``, the specs of the adjustment's
            parts, ``seeds``, the number of networks that are trained, and ``names``, the names of cohort, trait, split
            and model. Initialisation and the order of batches are drawn by these names and the seed, so that all
            adjustments are compared on the same draws. ``resamples`` is the number of resamples of training people on
            which further networks are trained, 0 where it is absent.

    Raises:
        UserError: if a file is damaged or does not agree with the others, if a spec is not valid, and if a method
            file of the user's fails or breaks its contract.
    """
    with telling("the dataset is read"):
        data = load(inputs)
    resampled_paths = iter(outputs.get("resamples", ()))
    for number, one in enumerate(fits):
        own = {name: outputs[name][number] for name in FILES}
        if one.get("resamples"):
            own["resamples"] = next(resampled_paths)
        of = f"fit of {one['names'][-1]}"
        if len(fits) > 1:
            of = f"fit {number + 1} of {len(fits)}: {one['names'][-1]} under {_methods(one['adjustments'])}"
            say(of)
        with telling(of):
            if gradients.is_network(one["model"]):
                _fit(data, own, **one)
            else:
                _enter(data, own, one["model"], one["adjustments"])


def fit_one(
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any],
    *,
    model: Spec,
    adjustments: Sequence[Spec],
    seeds: int,
    names: Sequence[str],
) -> None:
    """Train one model under one adjustment and write the four files of its fit.

    Args:
        inputs: the paths of the dataset's files, by the names in ``task.model_data.FILES`` and ``ON_DEMAND``.
        outputs: the paths ``params``, ``predictions``, ``history`` and ``fit``.
        model: the spec of the model.
        adjustments: the specs of the adjustment's parts.
        seeds: the number of networks that are trained.
        names: the names of cohort, trait, split and model, by which initialisation and the order of batches are
            drawn.

    Raises:
        UserError: as ``fit`` does.
    """
    one = {"model": model, "adjustments": adjustments, "seeds": seeds, "names": names}
    fit(inputs, {name: [path] for name, path in outputs.items()}, fits=[one])


def _methods(adjustments: Sequence[Spec]) -> str:
    return "+".join(spec["method"] for spec in adjustments)


def _fit(
    data: ModelData,
    outputs: Mapping[str, Any],
    model: Spec,
    adjustments: Sequence[Spec],
    seeds: int,
    names: Sequence[str],
    resamples: int = 0,
) -> None:
    """Train and write under one adjustment. The arguments are those of ``fit_one``, with the data already read."""
    runs, again, reason = _fitted(data, model, adjustments, seeds, names, resamples)
    stored = {str(run.seed): run.variables for run in runs if run.variables is not None}
    predictions = [run.predictions for run in runs if run.variables is not None]
    history = [row for run in runs for row in run.history]
    record = _record(data, model, adjustments, [run.record for run in runs], stored)
    if resamples:
        record["resamples"] = [about for about, _ in again.values()]
        networks = {name: variables for name, (_, variables) in again.items() if variables is not None}
        write_bytes(dump(networks), outputs["resamples"])
    write_bytes(dump(stored), outputs["params"])
    write_tsv(
        pd.concat(predictions) if predictions else pd.DataFrame(columns=PREDICTIONS), outputs["predictions"]
    )
    write_tsv(pd.DataFrame(history, columns=HISTORY), outputs["history"])
    write_json(record | {"reason": reason}, outputs["fit"])


def _enter(data: ModelData, outputs: Mapping[str, Any], model: Spec, adjustments: Sequence[Spec]) -> None:
    """Write the four files of a model that was trained elsewhere: there are no parameters and no history."""
    predictions = entered(data, model)
    seeds = [_untrained(seed) | {"seconds": 0.0} for seed in sorted(set(predictions["seed"]))]
    record = _record(data, model, adjustments, seeds, {}) | {"status": "ok", "reason": ""}
    without = int(predictions["score"].isna().sum())
    say(f"{counted(len(seeds), 'seed')} made elsewhere, {counted(without, 'score')} of training people blank")
    write_bytes(dump({}), outputs["params"])
    write_tsv(predictions, outputs["predictions"])
    write_tsv(pd.DataFrame(columns=HISTORY), outputs["history"])
    write_json(record, outputs["fit"])


Again = tuple[dict[str, Any], Variables | None]  # what fit.json says of a resample, and its network


@dataclass
class Run:
    """The fit of one seed.

    Attributes:
        seed: its number, from 1.
        draw: the seed of the random numbers for initialisation and the order of batches.
        variables: the network; None if the seed failed.
        record: the seed's entry in fit.json.
        history: the seed's rows of history.tsv.
        predictions: the seed's rows of predictions.tsv; None before they are computed, and if the seed failed.
    """

    seed: int
    draw: int
    variables: Variables | None
    record: dict[str, Any]
    history: list[dict[str, Any]] = field(default_factory=list)
    predictions: pd.DataFrame | None = None

    def fail(self, error: ScientificFailure) -> None:
        """Record a scientific failure as the result of this seed."""
        self.record |= {"status": "failed", "reason": str(error)}
        self.variables = None

    def take(self, stage: int, trained: Trained) -> None:
        """Record the training of one stage, whose number counts from 1.

        Raises ScientificFailure if the last epoch's loss is not finite.
        """
        self.variables = trained.variables
        self.history += [{"seed": self.seed, "stage": stage, **row} for row in trained.rows]
        self.record["epochs"] += len(trained.rows)
        self.record["best_epoch"] = trained.best_epoch
        require_finite(trained.rows)


def _fitted(
    data: ModelData,
    model: Spec,
    adjustments: Sequence[Spec],
    seeds: int,
    names: Sequence[str],
    count: int,
) -> tuple[list[Run], dict[str, Again], str]:
    """Train every seed, and every resample by its name.

    The text is blank, or it says why the data do not allow training or why seeds failed.
    """
    runs: list[Run] = []
    again: dict[str, Again] = {}
    own = guards(model, adjustments)
    try:
        _check_labels(data)
        with telling("the adjustment is fitted"), training(own):
            setup = set_up(data, model, adjustments, named_seed(*names, "adjustment"))
            require_solvable(setup)
            states = fitted_states(setup, names, range(1, seeds + 1))
        stages, groups, drawn = _stages(setup), groups_of(seeds), resamples_of(count)
        watch = Watch((len(groups) + len(drawn)) * len(stages))
        for number, group in enumerate(groups):
            with telling(f"{_of(group)} of {seeds}"), training(own):
                draws = {seed: named_seed(*names, seed) for seed in group}
                runs += _run(setup, states, stages, draws, watch, number * len(stages))
            for run in runs[-len(group) :]:
                epochs = counted(run.record["epochs"], "epoch")
                say(
                    f"seed {run.seed} of {seeds}: {run.record['status']} after {epochs} {run.record['reason']}"
                )
        for number, resample in enumerate(drawn, start=len(groups)):
            with telling(f"resample {resample.name}"), training(own):
                again[resample.name] = _again(setup, stages, resample, names, watch, number * len(stages))
    except ScientificFailure as error:
        return runs, again, str(error)
    return runs, again, "; ".join(sorted({run.record["reason"] for run in runs} - {""}))


def _again(
    setup: Setup, stages: Sequence[Stage], resample: Resample, names: Sequence[str], watch: Watch, before: int
) -> Again:
    """Train one network on a resample. The arguments are those of ``_run``; a failure is a result."""
    about = {"resample": resample.name, "status": "ok", "reason": ""}
    try:
        own = resampled(setup, resample, names[:3])
        _check_labels(own.data)
        (state,) = fitted_states(own, names, [resample.name]).values()
        draw = named_seed(*names, "resample", resample.name)
        (run,) = _run(own, {1: state}, stages, {1: draw}, watch, before)
    except ScientificFailure as error:
        return about | {"status": "failed", "reason": str(error)}, None
    return about | {key: run.record[key] for key in ("status", "reason")}, run.variables


def groups_of(seeds: int) -> list[list[int]]:
    """Divide the seeds, which count from 1, into groups that are trained at once.

    An accelerator trains all of them at once. A CPU trains one after another, because it gains nothing from training
    several small networks at once.
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
    """The first stage and, if the adjustment has one, the second, which leaves the trained encoder as it is."""
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
    states: Mapping[int, State],
    stages: Sequence[Stage],
    draws: Mapping[int, int],
    watch: Watch,
    before: int,
) -> list[Run]:
    """Train some seeds at once and predict everyone with each of them.

    Args:
        setup: the network and the data that it is trained on.
        states: for each seed, the fitted state of the adjustment.
        stages: one, or two if the adjustment refits the head; all seeds share their compiled loops.
        draws: for each seed, the seed of its random numbers.
        watch: it is told how far each training has come.
        before: the number of trainings of this fit that came before.

    Returns:
        One run for each seed, in the order of ``draws``; a seed that failed has its reason in its record.
    """
    started, data = time.monotonic(), setup.data
    with telling("the networks are set up"):
        runs = [
            Run(seed, draw, setup.network.initial(jax.random.key(draw), states[seed]), _untrained(seed))
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
                run.variables = _finished(setup, run.variables)
                run.predictions = _predictions(setup, run.variables, run.seed)
        run.record["seconds"] = round((time.monotonic() - started) / len(runs), 3)
    return runs


def _untrained(seed: int) -> dict[str, Any]:
    return {"seed": seed, "status": "ok", "reason": "", "epochs": 0, "best_epoch": 0}


@contextmanager
def failing(run: Run) -> Iterator[None]:
    """Record a scientific failure inside as this seed's result, so that other seeds go on."""
    try:
        yield
    except ScientificFailure as error:
        run.fail(error)


def _with_new_head(setup: Setup, trained: Variables, draw: int) -> Variables:
    """The trained encoder with a newly drawn head and the state that the adjustment fits for its second stage."""
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


def _finished(setup: Setup, trained: Variables) -> Variables:
    """The trained network with the state that the adjustment makes of what it leaves unexplained."""
    if setup.adjustment.finish is None:
        return trained
    data, train_T = setup.data, setup.data.rows("train")
    _, score_T = predict(setup, trained, train_T)
    residual_T = residual(data.kind, jnp.asarray(score_T), jnp.asarray(data.scaled_y_N[train_T]))
    with telling("the adjustment is finished"):
        state = setup.adjustment.finish(
            setup.context, trained.state, np.asarray(residual_T, dtype=np.float64)
        )
    return trained._replace(state=jax.tree.map(jnp.asarray, state))


def _predictions(setup: Setup, variables: Variables, seed: int) -> pd.DataFrame:
    data = setup.data
    f_N, score_N = predict(setup, variables, np.arange(len(data.iid_N)))
    # Test individuals may have scores that are not finite although the losses of training and validation are.
    wrong_N = ~np.isfinite(score_N)
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
