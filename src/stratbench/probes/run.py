"""What hidden features and logits still say about ancestry, for every fit of one dataset and split."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np

from stratbench.core.files import write_tsv
from stratbench.core.job import say
from stratbench.core.progress import telling
from stratbench.core.seeds import seed as named_seed
from stratbench.core.words import counted
from stratbench.genotypes.records import read_fit
from stratbench.methods import gradients
from stratbench.methods.guard import training
from stratbench.metrics.estimate import Estimate, not_applicable
from stratbench.metrics.rows import SplitPlace, table
from stratbench.probes.decode import Decoded, decode, decode_from_logit, failed_rows, populations, probe_rows
from stratbench.task.model_data import ModelData, load
from stratbench.training.entered import entered
from stratbench.training.evaluate import hidden, predict
from stratbench.training.network import Variables
from stratbench.training.setup import Setup, fitted_states, guards, set_up
from stratbench.training.store import require_trained_as, restore


def probe(
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any],
    *,
    fits: Sequence[Mapping[str, Any]],
    place: Mapping[str, Any],
) -> None:
    """Write probes.tsv.

    Args:
        inputs: what ``task.model_data.FILES`` and ``ON_DEMAND`` name, and the lists ``params`` and ``fit_json``,
            parallel to ``fits``.
        outputs: ``probes``.
        fits: ``{model, adjustment, specs: {model, adjustments}}``: labels and specs.
        place: study, scenario, replicate, cohort, trait and split of every row.

    Raises UserError for a fit that was trained on another split, or otherwise than its specs say.
    """
    records: list[dict[str, Any]] = []
    with telling("probes"):
        data = load(inputs)
        for fit, params, fit_json in zip(fits, inputs["params"], inputs["fit_json"], strict=True):
            with telling(f"{fit['model']} {fit['adjustment']}"):
                records += _of_fit(data, fit, params, fit_json, SplitPlace(**place))
    write_tsv(table(records), outputs["probes"])


def _of_fit(
    data: ModelData, fit: Mapping[str, Any], params: str, fit_json: str, place: SplitPlace
) -> list[dict[str, Any]]:
    """The rows of all seeds of one fit."""
    records: list[dict[str, Any]] = []
    keys = place.keys(model=fit["model"], adjustment=fit["adjustment"])
    if not gradients.is_network(fit["specs"]["model"]):
        return _of_entrant(data, fit["specs"]["model"], keys, place)
    trained = restore(params, fit_json, data.split_sha256)
    require_trained_as(fit_json, fit["specs"]["model"], fit["specs"]["adjustments"])
    names = (place.cohort, place.trait, place.split, fit["model"])
    for run in read_fit(fit_json).seeds:
        if run.seed not in trained:
            records += failed_rows({**keys, "seed": run.seed}, run.reason)
    if trained:
        with training(guards(**fit["specs"])):
            setup = set_up(data, **fit["specs"], seed=named_seed(*names, "adjustment"))
            states = fitted_states(setup, names, list(trained))
            for seed, variables in trained.items():
                with telling(f"seed {seed}"):
                    untrained = setup.network.initial(jax.random.key(named_seed(*names, seed)), states[seed])
                    at = {**keys, "seed": seed}
                    records += _rows(setup, variables, untrained, at, named_seed(*names, seed))
    say(f"{fit['model']} {fit['adjustment']}: {counted(len(trained), 'seed')} probed")
    return records


def _of_entrant(
    data: ModelData, model: Mapping[str, Any], keys: Mapping[str, Any], place: SplitPlace
) -> list[dict[str, Any]]:
    """The rows of a model that was trained elsewhere: its own output is probed, and its features are not known."""
    records: list[dict[str, Any]] = []
    names = (place.cohort, place.trait, place.split, keys["model"])
    judged = data.rows("test")
    levels = populations(data.population_N[data.rows("train")], data.population_N[judged])
    unknown = not_applicable("made elsewhere: its hidden features are not known", len(judged))
    chance = Estimate(1 / len(levels), len(judged)) if len(levels) > 1 else unknown
    features = {"linear": unknown, "nonlinear": unknown, "chance": chance}
    for seed, own in entered(data, model).groupby("seed"):
        logit = _logit(data, own["f"].to_numpy(), named_seed(*names, seed))
        records += probe_rows({**keys, "seed": seed}, features, logit=logit)
    return records


def _rows(
    setup: Setup, variables: Variables, untrained: Variables, keys: Mapping[str, Any], draw: int
) -> list[dict[str, Any]]:
    data = setup.data
    f_N, _ = predict(setup, variables, np.arange(len(data.iid_N)))
    with telling("trained"):
        of_trained = _decoded(setup, variables, draw)
    with telling("untrained"):
        of_untrained = _decoded(setup, untrained, draw)
    return probe_rows(keys, of_trained, of_untrained, _logit(data, f_N, draw))


def _decoded(setup: Setup, variables: Variables, draw: int) -> Decoded:
    """The probe is fitted on training individuals' features and judged on test individuals'."""
    data = setup.data
    train, test = data.rows("train"), data.rows("test")
    if (
        len(populations(data.population_N[train], data.population_N[test])) < 2
    ):  # without it the forward passes are not needed
        train, test = train[:1], test[:1]
    h_NF = hidden(setup, variables, np.concatenate([train, test]))
    a_TF, b_VF = h_NF[: len(train)], h_NF[len(train) :]
    with telling("populations are decoded"):
        return decode(a_TF, data.population_N[train], b_VF, data.population_N[test], draw)


def _logit(data: ModelData, f_N: np.ndarray, draw: int) -> Any:
    """From the network's own logit f given y: an offset of PCs carries ancestry by design.

    The probe is fitted on validation individuals, because the logits of training individuals overfit y.
    """
    fitted, judged = data.rows("validation"), data.rows("test")
    return decode_from_logit(
        f_N[fitted], data.y_N[fitted], data.population_N[fitted],
        f_N[judged], data.y_N[judged], data.population_N[judged],
        draw,
    )  # fmt: skip
