"""Attributions of trained models by all of their methods; all seeds and fits in one job."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jax import Array
from jax.tree_util import Partial

from stratbench.attributions.blocks import ld_blocks
from stratbench.attributions.contract import Background, Explained
from stratbench.attributions.options import OPTIONS
from stratbench.attributions.panel import ReferencePanel
from stratbench.attributions.scores import Accumulator, Averages, balanced_weights, members
from stratbench.attributions.total import Places, TotalEffect, projection
from stratbench.core.errors import ScientificFailure, UserError
from stratbench.core.files import write_json, write_tsv
from stratbench.core.job import say
from stratbench.core.progress import telling
from stratbench.core.seeds import seed as named_seed
from stratbench.core.words import counted
from stratbench.genotypes.packed import look_up, unpack
from stratbench.genotypes.tables import ATTRIBUTION, RESAMPLED_ATTRIBUTION
from stratbench.methods import gradients
from stratbench.methods.guard import training
from stratbench.methods.spec import MethodSpec
from stratbench.models.convolution import outside_loops
from stratbench.task.model_data import ModelData, load
from stratbench.training.network import Variables, evaluation
from stratbench.training.setup import Setup, Spec, guards, set_up
from stratbench.training.store import require_trained_as, restore, restore_resamples

COLUMNS = list(ATTRIBUTION.columns)
RESAMPLED = list(RESAMPLED_ATTRIBUTION.columns)
AT_ONCE = 32  # individuals, or as many as have so many inputs:
INPUTS = 2**22
Scores = dict[str, np.ndarray]  # the columns of a table, (M,) each
DIRECT = "direct"  # the effect that attributions have by default
FINEST = 30  # how many times a method may ask for finer options


@dataclass(frozen=True)
class FitToExplain:
    """A fit of the job, and what is asked of it.

    Attributes:
        params, fit_json: the paths of its trained networks and of fit.json.
        model: the spec of its model.
        adjustments: the specs of its adjustment's parts.
        attributions: the spec of each attribution label.
        names: the names of cohort, trait, split and model.
        resampled: the path of its networks of resamples, None where it has none.
        loadings: the path of the PCs' loadings, which total effects ask for.
    """

    params: str | Path
    fit_json: str | Path
    model: Spec
    adjustments: Sequence[Spec]
    attributions: Mapping[str, Spec]
    names: Sequence[str]
    resampled: str | Path | None = None
    loadings: str | Path | None = None


def attribute(
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any],
    *,
    fits: Sequence[Mapping[str, Any]],
) -> None:
    """Explain models under their adjustments: write a table for each attribution and a record for each fit.

    Args:
        inputs: what ``task.model_data.FILES`` names, the lists ``params`` and ``fit_json``, parallel to ``fits``,
            ``resamples``, the networks of resamples of each fit that has some, and ``loadings``, those of PCs, which
            total effects ask for.
        outputs: the lists ``tables``, fit by fit and attribution by attribution, and ``records``, parallel to ``fits``;
            and ``resamples``, tables like ``tables`` of those fits that have resamples. A table is a header only where
            the fit or the attribution failed; a record then says why.
        fits: ``{model, adjustments, attributions, names}``: specs, those of the attributions by their labels, and the
            names of cohort, trait, split and model. ``resamples`` says how many resamples a fit has, 0 where it is
            absent.

    Raises:
        UserError: for a fit that was trained otherwise, or on another split, and for an attribution that needs a
            gradient which the model does not have.
    """
    for specs in fits:
        for attribution in specs["attributions"].values():
            if why := gradients.refused(specs["model"], attribution):
                raise UserError(why)
    tables, resampled_tables = iter(outputs["tables"]), iter(outputs.get("resamples", ()))
    resampled = iter(inputs.get("resamples", ()))
    paths = zip(fits, inputs["params"], inputs["fit_json"], outputs["records"], strict=True)
    with telling("the dataset is read"):
        data = load(inputs)
    for number, (specs, params, fit_json, record) in enumerate(paths, start=1):
        own = {key: specs[key] for key in ("model", "adjustments", "attributions", "names")}
        again = next(resampled) if specs.get("resamples") else None
        fit = FitToExplain(params, fit_json, **own, resampled=again, loadings=inputs.get("loadings"))
        with telling(f"fit {number} of {len(fits)}"), telling(f"attributions of {fit.names[-1]}"):
            scores, again, about = _explain(data, fit)
        for label in fit.attributions:
            write_tsv(scores[label], next(tables))
            if fit.resampled is not None:
                write_tsv(again[label], next(resampled_tables))
        write_json(about, record)


Tables = dict[str, pd.DataFrame]  # by the label of an attribution


def _explain(data: ModelData, fit: FitToExplain) -> tuple[Tables, Tables, dict[str, Any]]:
    """The tables of one fit, of its seeds and of its resamples, and what each method reports about itself."""
    trained = restore(fit.params, fit.fit_json, data.split_sha256)
    require_trained_as(fit.fit_json, fit.model, fit.adjustments)
    again = restore_resamples(fit.resampled, fit.fit_json) if fit.resampled is not None else {}
    about: dict[str, Any] = {label: {} for label in fit.attributions}
    tables = {label: pd.DataFrame(columns=COLUMNS) for label in fit.attributions}
    resampled = {label: pd.DataFrame(columns=RESAMPLED) for label in fit.attributions}
    if not trained:
        return tables, resampled, about
    own = guards(fit.model, fit.adjustments)
    with telling("the adjustment is built"), training(own):
        setup = set_up(data, fit.model, fit.adjustments, named_seed(*fit.names, "adjustment"))
        edge = setup.network.architecture.edge
    views: dict[str, tuple[dict[Any, Explained], dict[Any, Explained]]] = {}
    for label, spec in fit.attributions.items():
        chosen = MethodSpec.of("attribution", spec)
        effect = str(chosen.options.get("effect", DIRECT))
        try:
            with telling(label), training(own):
                if effect not in views:
                    see = explained(
                        setup, named_seed(*fit.names, "attribution"), _total(setup, fit, chosen, effect)
                    )
                    views[effect] = (
                        {seed: see(variables) for seed, variables in trained.items()},
                        {resample.name: see(variables) for resample, variables in again.items()},
                    )
                seeds, networks = views[effect]
                scores, said = _of_method(setup, chosen, seeds)
                about[label] = said | ({"edge": edge} if edge else {})
                of_networks, _ = _of_method(setup, chosen, networks) if networks else ({}, {})
        except ScientificFailure as failure:
            about[label] = {"status": "failed", "reason": str(failure)}
            say(f"{label}: failed: {failure}")
            continue
        tables[label] = pd.concat(
            pd.DataFrame({"seed": seed, "snp": data.snp_M, **columns}) for seed, columns in scores.items()
        )
        if networks:
            resampled[label] = pd.concat(
                pd.DataFrame({"resample": name, "snp": data.snp_M, "score": columns["score"]})
                for name, columns in of_networks.items()
            )
        say(f"{label}: {counted(len(scores), 'seed')} {about[label]}")
    return tables, resampled, about


def _total(setup: Setup, fit: FitToExplain, chosen: MethodSpec, effect: str) -> TotalEffect | None:
    """What total effects are of; None for direct ones."""
    if effect == DIRECT:
        return None
    if fit.loadings is None:
        raise UserError(
            f"attribution '{chosen.method}': effect: total asks for the loadings of PCs, and 'loadings' is no input of "
            "this job; name it there"
        )
    return TotalEffect(setup, projection(setup, fit.loadings))


def background(setup: Setup) -> Background:
    """Training individuals' means and scales, in the units of the model's inputs."""
    genotypes, table_M4 = setup.data.genotypes, setup.context.table_M4
    per_dosage_M = (table_M4[:, 0] - table_M4[:, 3]) / 2
    return Background(
        baseline_M=jnp.asarray(table_M4[:, 3] + 2 * genotypes.frequency_M * per_dosage_M, jnp.float32),
        per_dosage_M=jnp.asarray(per_dosage_M),
        sd_M=jnp.asarray(genotypes.sd_M, jnp.float32),
        dosage_M4=jnp.asarray(genotypes.table("dosage")),
        zero_M=jnp.asarray(table_M4[:, 3]),
    )


def _groups(setup: Setup, module: ModuleType, by: Sequence[str], panel: ReferencePanel) -> Averages:
    """Whom attributions are averaged over: everyone, every population having the same total weight, or each class.

    With GROUPS = "label" the score is of the classes, as the reference study averages.
    """
    test_B = setup.data.rows("test")
    y_B, population_B = setup.data.y_N[test_B], setup.data.population_N[test_B]
    balanced_B, binary = balanced_weights(population_B), setup.data.kind == "binary"
    score_BG, further = balanced_B[:, None], dict[str, np.ndarray]()
    if getattr(module, "GROUPS", "") == "label" and binary:
        score_BG = np.stack([(y_B == y) / max((y_B == y).sum(), 1) for y in (0, 1)], axis=1)
    if "class" in by and binary:
        further |= members(y_B.astype(int), "class")
    if "population" in by:
        further |= members(population_B, "population")
    return Averages(score_BG, balanced_B, further, ld_blocks(panel) if "block" in by else None)


def explained(
    setup: Setup, seed: int = 0, total: TotalEffect | None = None
) -> Callable[[Variables], Explained]:
    """From variables to what methods see; all seeds share the compiled functions.

    Args:
        setup: the network and its data.
        seed: of what methods draw.
        total: what total effects are of: then ``f`` is the score, whose PCs follow the genotype; None for direct ones.

    Returns:
        The function, which raises ScientificFailure where nobody knows how what the adjustment reads follows it.
    """
    network, back, data = setup.network, background(setup), setup.data
    panel = ReferencePanel(
        data.genotypes, data.population_N, data.rows("train"), data.snp_M, data.lengths, seed % 2**31
    )

    @jax.jit
    def f(known: tuple[Variables, Places], x_BM: Array, i_B: Array) -> Array:
        with outside_loops():
            if total is not None:
                return total.score(*known, x_BM, i_B)
            return network.forward(known[0], x_BM, evaluation(i_B), jax.random.key(0)).f_B

    @jax.jit
    def gradient(known: tuple[Variables, Places], x_BM: Array, i_B: Array) -> Array:
        return jax.grad(lambda x_BM: jnp.sum(f(known, x_BM, i_B)))(x_BM)

    def dosage(i_B: Array) -> Array:
        return look_up(back.dosage_M4, unpack(network.packed_NQ[i_B], len(back.dosage_M4)))

    inputs = jax.jit(network.inputs)

    def see(variables: Variables) -> Explained:
        known = (variables, {} if total is None else total.places(variables))
        own_f, own_gradient = Partial(f, known), Partial(gradient, known)
        return Explained(
            own_f,
            own_gradient,
            dosage,
            inputs,
            lambda i_B: own_f(inputs(i_B), i_B),
            back,
            panel,
            network,
            variables,
            total is not None,
        )

    return see


def _of_method(
    setup: Setup, spec: MethodSpec, seeds: Mapping[Any, Explained]
) -> tuple[dict[Any, Scores], dict[str, Any]]:
    """Scores of every seed or resample by one method, and what it reports about itself."""
    module, options = spec.load(), {name: x for name, x in spec.options.items() if name not in OPTIONS}
    panel = next(iter(seeds.values())).panel
    return _refined(setup, module, options, seeds, _groups(setup, module, spec.options.get("by", ()), panel))


def _refined(
    setup: Setup,
    module: ModuleType,
    options: dict[str, Any],
    seeds: Mapping[Any, Explained],
    groups: Averages,
) -> tuple[dict[Any, Scores], dict[str, Any]]:
    """Run a method; if it finds its options too coarse, run it again with the finer ones that it asks for."""
    for number in range(1, FINEST + 1):
        with telling(f"pass {number}"):
            scores, figures = _run(setup, module, options, seeds, groups)
        finer = module.refine(options, figures) if hasattr(module, "refine") else None
        if finer is None:
            return scores, module.summary(options, figures) if hasattr(module, "summary") else {}
        options = finer
    where = module.guard.path if hasattr(module, "guard") else module.__name__
    raise UserError(
        f"{where}: refine asks for finer options {FINEST} times, the last are {options}; let it return None at last"
    )


def _run(
    setup: Setup,
    module: ModuleType,
    options: Mapping[str, Any],
    seeds: Mapping[Any, Explained],
    groups: Averages,
) -> tuple[dict[Any, Scores], dict[str, np.ndarray]]:
    """Scores of every seed or resample, and the method's figures about each of them and each individual."""
    scores, figures = {}, []
    for seed, explain in seeds.items():
        with telling(f"seed {seed}"):
            scores[seed], own = _of_seed(setup, module, options, explain, groups)
        figures += own
    return scores, {name: np.concatenate([part[name] for part in figures]) for name in figures[0]}


def _of_seed(
    setup: Setup, module: ModuleType, options: Mapping[str, Any], explain: Explained, groups: Averages
) -> tuple[Scores, list[dict[str, np.ndarray]]]:
    """Scores of one seed, and the method's figures about each block of test individuals.

    Args:
        setup: the network and its data.
        module: the method's file.
        options: the method's.
        explain: the seed's trained network.
        groups: whom attributions are averaged over.
    """
    test_B = setup.data.rows("test")
    m = len(setup.data.snp_M)
    sums, figures, start = Accumulator(m, groups), [], 0
    at_once = max(1, min(AT_ONCE, INPUTS // m))
    with telling(lambda: f"{start} of {len(test_B)} individuals"):
        for start in range(0, len(test_B), at_once):
            keep = len(test_B[start : start + at_once])
            i_B = jnp.asarray(np.resize(test_B[start : start + at_once], at_once))
            a_BM, own = module.attribute(explain, setup.network.inputs(i_B), i_B, options)
            sums.add(np.asarray(a_BM)[:keep])
            figures.append({name: np.asarray(value)[:keep] for name, value in own.items()})
    return sums.columns(), figures
