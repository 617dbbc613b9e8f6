"""From a dataset and the names of a model and an adjustment to a network ready to train or explain."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from stratbench.adjustments.contract import Adjustment, Batch, Context, State, compose
from stratbench.core.errors import ScientificFailure, UserError
from stratbench.core.seeds import seed as named_seed
from stratbench.genotypes.tables import SETS
from stratbench.methods.guard import Guard
from stratbench.methods.reads import reads
from stratbench.methods.spec import MethodSpec
from stratbench.models.contract import Architecture
from stratbench.task.model_data import ModelData
from stratbench.training.network import Network

Spec = Mapping[str, Any]  # what MethodSpec.of reads


@dataclass(frozen=True)
class Setup:
    """A network that is ready to be trained or explained, and what it was made of."""

    data: ModelData
    network: Network
    context: Context
    adjustment: Adjustment


def guards(model: Spec, adjustments: Sequence[Spec]) -> list[Guard]:
    """The guards of those method files that are the user's own."""
    used = [MethodSpec.of("model", model), *(MethodSpec.of("adjustment", spec) for spec in adjustments)]
    return [Guard(one.kind, Path(one.file)) for one in used if one.file]


def build_model(data: ModelData, spec: Spec) -> Architecture:
    """The architecture for a dataset's SNPs.

    If it asks for them, it is told how many SNPs each chromosome has (``lengths``), and their ids (``snps``).
    """
    chosen = MethodSpec.of("model", spec)
    build = chosen.load().build
    known = {"lengths": data.lengths, "snps": tuple(data.snp_M)}
    further = {name: value for name, value in known.items() if name in inspect.signature(build).parameters}
    architecture: Architecture = build(len(data.snp_M), chosen.options, **further)
    return architecture


def build_adjustment(specs: Sequence[Spec]) -> Adjustment:
    """The adjustment of one spec, or of several combined in order (``a+b``)."""
    chosen = [MethodSpec.of("adjustment", spec) for spec in specs]
    return compose([one.load().build(one.options) for one in chosen], [one.method for one in chosen])


def standardised_pcs(data: ModelData) -> np.ndarray:
    """PCs with mean 0 and sd 1 over training individuals, float32 (N, K)."""
    train_TK = data.pcs_NK[data.rows("train")]
    sd_K = train_TK.std(axis=0)
    return ((data.pcs_NK - train_TK.mean(axis=0)) / np.where(sd_K > 0, sd_K, 1)).astype(np.float32)


def fitted_states(setup: Setup, names: Sequence[str], keys: Sequence[Any]) -> dict[Any, State]:
    """The state that the adjustment starts training with, on the device, for each of several networks.

    All have one, unless the adjustment draws at random; then each has its own, drawn by its name.

    Args:
        setup: the adjustment, and what it is fitted on.
        names: of cohort, trait, split and model.
        keys: what tells the networks apart, such as seeds.

    Raises:
        ScientificFailure: if no training individual has weight, and where the adjustment itself has no answer.
    """

    def one(context: Context) -> State:
        state = jax.tree.map(jnp.asarray, setup.adjustment.fit(context))
        i_T = jnp.asarray(context.sets["train"])
        batch = Batch(i_T, jnp.asarray(context.y_N)[i_T], jnp.zeros((), jnp.int32), True)
        if not jnp.any(setup.adjustment.weights(state, batch) != 0):
            raise ScientificFailure(
                "the adjustment gives no training individual any weight; relax its options"
            )
        return state

    if not setup.adjustment.per_seed:
        return dict.fromkeys(keys, one(setup.context))
    drawn = {key: named_seed(*names, "adjustment", key) for key in keys}
    return {key: one(replace(setup.context, seed=seed)) for key, seed in drawn.items()}


def set_up(data: ModelData, model: Spec, adjustments: Sequence[Spec], seed: int) -> Setup:
    """Build a network that is ready to be trained or explained.

    Args:
        data: the dataset of one split. Labels outside the training set are hidden from the adjustment.
        model: the spec of the model.
        adjustments: the specs of the adjustment, several if it is a combination.
        seed: for adjustments that draw at random.

    Returns:
        The network, and what it is made of.
    """
    architecture = build_model(data, model)
    adjustment = build_adjustment(adjustments)
    table_M4, asked = data.genotypes.table(architecture.encoding), reads(adjustments)
    context = Context(
        genotypes=data.genotypes,
        table_M4=table_M4,
        pcs_NK=standardised_pcs(data),
        population_N=data.population_N,
        y_N=np.where(data.set_N == "train", data.scaled_y_N, np.float32(np.nan)),
        sets={name: data.rows(name) for name in SETS},
        kind=data.kind,
        seed=seed,
        covariates_NC=data.covariates_NC.astype(np.float32),
        grm=_declared("grm", data.grm, asked),
        truth=_declared("truth", data.truth, asked),
        encoder=architecture.encoder,
    )
    network = Network(architecture, adjustment, jnp.asarray(data.genotypes.packed_NQ), jnp.asarray(table_M4))
    return Setup(data, network, context, adjustment)


def _declared(name: str, ask: Callable[[], Any], asked: Sequence[str]) -> Callable[[], Any]:
    """What reads something on demand, for adjustments that say so; for others, what tells them to."""
    if name in asked:
        return ask

    def refuse() -> Any:
        raise UserError(
            f'an adjustment\'s fit asks for context.{name}(); state READS = ("{name}",) in its file'
        )

    return refuse
