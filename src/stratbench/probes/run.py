"""What hidden features and logits still say about ancestry, for every fit of one dataset and split."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np

from stratbench.adjustments.contract import Adjustment
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
from stratbench.probes.decode import (
    Decoded,
    decode,
    decode_from_logit,
    failed_rows,
    null_of_logit,
    permuted,
    populations,
    probe_rows,
)
from stratbench.task.model_data import ModelData, load
from stratbench.training.entered import entered
from stratbench.training.evaluate import hidden, predict
from stratbench.training.network import Variables
from stratbench.training.setup import Setup, fitted_states, guards, set_up
from stratbench.training.store import require_trained_as, restore

CHANGES_FEATURES = frozenset({"inputs", "features", "second_stage"})  # places of an adjustment


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
    plain: dict[tuple[str, int], Decoded] = {}
    with telling("probes"):
        data = load(inputs)
        for fit, params, fit_json in zip(fits, inputs["params"], inputs["fit_json"], strict=True):
            with telling(f"{fit['model']} {fit['adjustment']}"):
                records += _of_fit(data, fit, params, fit_json, SplitPlace(**place), plain)
    write_tsv(table(records), outputs["probes"])


def _of_fit(
    data: ModelData,
    fit: Mapping[str, Any],
    params: str,
    fit_json: str,
    place: SplitPlace,
    plain: dict[tuple[str, int], Decoded],
) -> list[dict[str, Any]]:
    """The rows of all seeds of one fit.

    ``plain`` is what is decoded from untrained networks whose adjustment changes no hidden feature, by model and seed:
    it is the same for all such adjustments of a model, and computed for the first.
    """
    records: list[dict[str, Any]] = []
    keys = place.keys(model=fit["model"], adjustment=fit["adjustment"])
    if not gradients.is_network(fit["specs"]["model"]):
        return _of_entrant(data, fit["specs"]["model"], keys, place)
    record = read_fit(fit_json)
    trained = restore(params, fit_json, data.split_sha256, record)
    require_trained_as(fit_json, fit["specs"]["model"], fit["specs"]["adjustments"], record)
    names = (place.cohort, place.trait, place.split, fit["model"])
    for run in record.seeds:
        if run.seed not in trained:
            records += failed_rows({**keys, "seed": run.seed}, run.reason)
    if trained:
        with training(guards(**fit["specs"])):
            setup = set_up(data, **fit["specs"], seed=named_seed(*names, "adjustment"))
            untrained = _untrained(setup, trained, names, plain)
            for seed, variables in trained.items():
                with telling(f"seed {seed}"):
                    at, draw = {**keys, "seed": seed}, named_seed(*names, seed)
                    records += _rows(setup, variables, untrained[seed], at, draw, first=seed == min(trained))
    say(f"{fit['model']} {fit['adjustment']}: {counted(len(trained), 'seed')} probed")
    return records


def _untrained(
    setup: Setup,
    trained: Mapping[int, Variables],
    names: tuple[str, ...],
    plain: dict[tuple[str, int], Decoded],
) -> dict[int, Decoded]:
    """What is decoded from the networks before their training, by seed.

    Where the adjustment changes no hidden feature this is the same for all adjustments, and its state says nothing of
    it, unless parameters of its own start from it; otherwise the adjustment is fitted again.
    """
    adjustment, model = setup.adjustment, names[-1]
    alike = not adjustment.places & CHANGES_FEATURES
    missing = [seed for seed in trained if not (alike and (model, seed) in plain)]
    any_state = alike and adjustment.init is Adjustment.init
    states = {seed: trained[seed].state for seed in missing}
    if missing and not any_state:
        states = fitted_states(setup, names, missing)
    found = {}
    for seed, state in states.items():
        draw = named_seed(*names, seed)
        with telling(f"seed {seed}"), telling("untrained"):
            found[seed], _ = _decoded(setup, setup.network.initial(jax.random.key(draw), state), draw)
        if alike:
            plain[model, seed] = found[seed]
    return {seed: found[seed] if seed in found else plain[model, seed] for seed in trained}


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
        logit, null = _logit(data, own["f"].to_numpy(), named_seed(*names, seed))
        records += probe_rows({**keys, "seed": seed}, features, logit=logit, logit_null=null)
    return records


def _rows(
    setup: Setup, variables: Variables, untrained: Decoded, keys: Mapping[str, Any], draw: int, first: bool
) -> list[dict[str, Any]]:
    """The rows of one seed; of the first also what is decoded of permuted populations, which takes as long again."""
    data = setup.data
    f_N, _ = predict(setup, variables, np.arange(len(data.iid_N)))
    with telling("trained"):
        of_trained, null = _decoded(setup, variables, draw, permute=first)
    logit, logit_null = _logit(data, f_N, draw)
    return probe_rows(keys, of_trained, untrained, logit, null, logit_null)


def _decoded(
    setup: Setup, variables: Variables, draw: int, permute: bool = False
) -> tuple[Decoded, Decoded | None]:
    """What probes decode that are fitted on training individuals' features and judged on test individuals'.

    With ``permute`` also what they decode of permuted populations.
    """
    data = setup.data
    train, test = data.rows("train"), data.rows("test")
    if (
        len(populations(data.population_N[train], data.population_N[test])) < 2
    ):  # without it the forward passes are not needed
        train, test = train[:1], test[:1]
    h_NF = hidden(setup, variables, np.concatenate([train, test]))
    a_TF, b_VF = h_NF[: len(train)], h_NF[len(train) :]
    known_T, judged_V = data.population_N[train], data.population_N[test]
    with telling("populations are decoded"):
        found = decode(a_TF, known_T, b_VF, judged_V, draw)
        if not permute:
            return found, None
        at_random = [permuted(known_N, np.zeros(len(known_N)), draw) for known_N in (known_T, judged_V)]
        return found, decode(a_TF, at_random[0], b_VF, at_random[1], draw)


def _logit(data: ModelData, f_N: np.ndarray, draw: int) -> tuple[Estimate, Estimate]:
    """From the network's own logit f given y: an offset of PCs carries ancestry by design.

    The probe is fitted on validation individuals, because the logits of training individuals overfit y. The second
    estimate is that of permuted populations.
    """
    fitted, judged = data.rows("validation"), data.rows("test")
    known = (
        f_N[fitted], data.y_N[fitted], data.population_N[fitted],
        f_N[judged], data.y_N[judged], data.population_N[judged],
    )  # fmt: skip
    return decode_from_logit(*known, draw), null_of_logit(*known, draw)
