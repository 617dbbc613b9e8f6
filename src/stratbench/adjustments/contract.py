"""The contract of a correction for structure: a few pure functions that act at five places, nowhere else.

The places are the inputs, the sample weights, an offset of the logit, the hidden features and the loss. An
adjustment may own trainable parameters with their optimiser, update its fitted state at every step, ask for a
batch size, refit the head in a second stage, and finish its state with what the trained network leaves unexplained.
Its functions are traced by jax. What only some adjustments need, the GRM and the truth behind a simulated trait, is
read when ``fit`` asks the context for it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn
from jax import Array

from stratbench.core.errors import UserError
from stratbench.genotypes.packed import Packed
from stratbench.task.truth import Truth

Params = dict[str, Any]
PLACES = ("inputs", "weights", "offset", "features", "penalty", "loss", "second_stage", "finish")


class State(NamedTuple):
    """What an adjustment has estimated, and what it reads for each individual.

    fitted: estimated on training individuals; no other individual may change a bit of it.
    rows: one row per individual (leading axis N), read by sample index, e.g. [1, PCs].
    """

    fitted: dict[str, Any]
    rows: dict[str, Any]


class Batch(NamedTuple):
    """The individuals of one call: indices (B,), labels (B,) (zero outside training), and the step."""

    i_B: Array
    y_B: Array
    step: Array
    train: bool


class Scored(NamedTuple):
    """The individuals of one training batch as the loss sees them, float32 (B,) each.

    f_B: the network's own output; score_B: f plus the offset.
    loss_B: each individual's loss: cross-entropy, or half the squared error.
    residual_B: the label less what the score predicts, y - P(y = 1) or y - score; the loss's negative slope in score.
    weight_B: the sample weights, all parts' multiplied.
    """

    f_B: Array
    score_B: Array
    loss_B: Array
    residual_B: Array
    weight_B: Array

    def mean_loss(self) -> Array:
        """The weighted mean of the losses, float32 (); 0 where nobody of the batch has weight."""
        total = jnp.sum(self.weight_B)
        return jnp.sum(self.weight_B * self.loss_B) / jnp.where(total != 0, total, 1)

    def group_losses(self, one_BG: Array) -> tuple[Array, Array]:
        """The weighted mean of the losses in each group of individuals.

        Args:
            one_BG: 1 where the individual of the row is of the group of the column, otherwise 0; float32 (B, G).

        Returns:
            The means, float32 (G,), 0 where nobody of the group has weight, and whether somebody has, bool (G,).
        """
        weight_G = self.weight_B @ one_BG
        there_G = weight_G > 0
        return (self.weight_B * self.loss_B) @ one_BG / jnp.where(there_G, weight_G, 1), there_G


@dataclass(frozen=True)
class Context:
    """What an adjustment may be fitted on. Labels of people outside the training set are NaN.

    Attributes:
        genotypes: everyone's genotypes, with the training individuals' code counts.
        table_M4: the model's input value of each code, float32 (M, 4).
        pcs_NK: principal components, standardised on training individuals, float32 (N, K).
        population_N: population labels, text.
        y_N: labels, float32, NaN outside the training set; quantitative ones are standardised.
        sets: indices of ``train``, ``validation`` and ``test`` individuals.
        kind: ``binary`` or ``quantitative``.
        seed: derived from the fit's name; for adjustments that draw at random.
        covariates_NC: declared covariates, standardised on training individuals, float32 (N, C); C may be 0.
        grm: a function that reads the GRM, float32 (N, N), of LD-pruned SNPs, standardised with frequencies of
            training individuals. It raises ScientificFailure where the cohort was too large to store one.
        truth: a function that reads the truth behind a simulated trait: its causal SNPs, and the parts of everyone's
            liability. It raises ScientificFailure for a measured trait. It is for oracles alone.
        encoder: the model's first half, from inputs to hidden features (``models/contract.py``).
    """

    genotypes: Packed
    table_M4: np.ndarray
    pcs_NK: np.ndarray
    population_N: np.ndarray
    y_N: np.ndarray
    sets: Mapping[str, np.ndarray]
    kind: str
    seed: int
    covariates_NC: np.ndarray
    grm: Callable[[], np.ndarray]
    truth: Callable[[], Truth]
    encoder: nn.Module

    def inputs(self, individual_B: np.ndarray) -> np.ndarray:
        """Unadjusted inputs, float32 (B, M)."""
        return self.table_M4[np.arange(self.genotypes.n_snps), self.genotypes.codes(individual_B)]

    def offset(self, individual_B: np.ndarray) -> np.ndarray:
        """The offset of the earlier parts of a combination before the first step, float32 (B,); 0 without any."""
        return np.zeros(len(individual_B), dtype=np.float32)

    def weights(self, individual_B: np.ndarray) -> np.ndarray:
        """The weights in the loss by the earlier parts of a combination, float32 (B,); 1 without any."""
        return np.ones(len(individual_B), dtype=np.float32)

    def covariates(self, pcs: int) -> np.ndarray:
        """C = [1, PC1 ... PCk], float32 (N, 1 + min(pcs, K))."""
        ones = np.ones((len(self.pcs_NK), 1), dtype=np.float32)
        return np.concatenate([ones, self.pcs_NK[:, :pcs]], axis=1)

    def pcs_and_covariates(self, pcs: int) -> np.ndarray:
        """What a linear term of the logit may use: PC1 ... PCk and the declared covariates, float32 (N, k + C)."""
        return np.hstack([self.covariates(pcs)[:, 1:], self.covariates_NC])

    def n_features(self) -> int:
        """F, the number of hidden features of the network, which is not run for it."""

        def features(x_BM: Array) -> Array:
            return self.encoder.init_with_output(jax.random.key(0), x_BM, False)[0]

        x_BM = jax.ShapeDtypeStruct((2, self.genotypes.n_snps), jnp.float32)
        return int(jax.eval_shape(features, x_BM).shape[1])


def _fit(context: Context) -> State:
    return State({}, {})


def _init(state: State) -> Params:
    return {}


def _inputs(state: State, params: Params, x_BM: Array, batch: Batch) -> Array:
    return x_BM


def _weights(state: State, batch: Batch) -> Array:
    return jnp.ones(batch.i_B.shape, dtype=jnp.float32)


def _offset(state: State, params: Params, batch: Batch) -> Array:
    return jnp.zeros(batch.i_B.shape, dtype=jnp.float32)


def _features(state: State, params: Params, h_BF: Array, batch: Batch) -> tuple[Array, dict[str, Any]]:
    return h_BF, state.fitted


def _penalty(state: State, params: Params, h_BF: Array, f_B: Array, batch: Batch) -> Array:
    return jnp.zeros(())


def _loss(state: State, params: Params, scored: Scored, batch: Batch) -> tuple[Array, dict[str, Any]]:
    return scored.mean_loss(), state.fitted


def _optimizer(model: optax.GradientTransformation) -> optax.GradientTransformation:
    return model


@dataclass(frozen=True)
class Adjustment:
    """A correction for structure. Every function left out is the identity.

    Attributes:
        fit: ``(context) -> State``.
        init: ``(state) -> params``: its trainable parameters before the first step.
        inputs: ``(state, params, x_BM, batch) -> x_BM``.
        weights: ``(state, batch) -> w_B``: weights of individuals in the loss (normalised per batch).
        offset: ``(state, params, batch) -> o_B``, added to f to give the logit.
        features: ``(state, params, h_BF, batch) -> (h_BF, fitted)``: hidden features, updated fitted state
            (kept in training only).
        penalty: ``(state, params, h_BF, f_B, batch) -> scalar``, added to the loss.
        optimizer: from the model's optimiser to that of its own parameters.
        batch_size: the smallest batch that it works with.
        second_stage: ``(context, state, h_TF) -> State`` from the trained network's hidden features of the
            training individuals (in the order of ``context.sets["train"]``); a new head is then trained on
            the frozen encoder with the new state. None: there is no second stage.
        loss: ``(state, params, scored, batch) -> (scalar, fitted)``: takes the place of the weighted mean of the
            individuals' losses in training, and updates the fitted state from them.
        finish: ``(context, state, residual_T) -> State`` from what the trained network leaves of the labels of the
            training individuals (``Scored.residual_B``, float64, in the order of ``context.sets["train"]``); the
            network predicts, and is stored, with the new state. None: the state stays as training left it.
        per_seed: whether ``fit`` draws at random, so that every seed and every resample has a fit of its own.
        raw_inputs: whether its ``inputs`` are defined for genotypes as they are, so that no part of a combination that
            changes the inputs may stand before it.
        reads_weights: whether ``fit`` reads ``context.weights``, so that no part of a combination that weights
            individuals may stand behind it.
    """

    fit: Callable[[Context], State] = _fit
    init: Callable[[State], Params] = _init
    inputs: Callable[[State, Params, Array, Batch], Array] = _inputs
    weights: Callable[[State, Batch], Array] = _weights
    offset: Callable[[State, Params, Batch], Array] = _offset
    features: Callable[[State, Params, Array, Batch], tuple[Array, dict[str, Any]]] = _features
    penalty: Callable[[State, Params, Array, Array, Batch], Array] = _penalty
    optimizer: Callable[[optax.GradientTransformation], optax.GradientTransformation] = _optimizer
    batch_size: int = 1
    second_stage: Callable[[Context, State, np.ndarray], State] | None = None
    loss: Callable[[State, Params, Scored, Batch], tuple[Array, dict[str, Any]]] = _loss
    finish: Callable[[Context, State, np.ndarray], State] | None = None
    per_seed: bool = False
    raw_inputs: bool = False
    reads_weights: bool = False

    @property
    def places(self) -> frozenset[str]:
        """Where it acts: the names of those of its functions in ``PLACES`` that are not the identity."""
        return frozenset(name for name in PLACES if getattr(self, name) is not getattr(Adjustment, name))


def compose(parts: Sequence[Adjustment], names: Sequence[str] = ()) -> Adjustment:
    """Combine adjustments, ``a+b``: inputs and features in order, weights multiplied, offsets and penalties added.

    Each part is fitted on the inputs as the parts before it have changed them; part k keeps its state under key "k".
    One part at most may put a loss of its own in the place of the weighted mean; it gets all parts' weights.

    Raises:
        UserError: if two parts do, or the order of parts does not serve one of them; with ``names``.
    """
    if len(parts) == 1:
        return parts[0]
    _require_order(parts, names)

    def fit(context: Context) -> State:
        states = []
        for part in parts:
            states.append(part.fit(context))
            context = _Transformed.after(context, part, states[-1])
        return _gather(states)

    def init(state: State) -> Params:
        return {str(k): part.init(_part_state(state, k)) for k, part in enumerate(parts)}

    def inputs(state: State, params: Params, x_BM: Array, batch: Batch) -> Array:
        for k, part in enumerate(parts):
            x_BM = part.inputs(_part_state(state, k), params[str(k)], x_BM, batch)
        return x_BM

    def weights(state: State, batch: Batch) -> Array:
        return jnp.prod(
            jnp.stack([part.weights(_part_state(state, k), batch) for k, part in enumerate(parts)]), axis=0
        )

    def offset(state: State, params: Params, batch: Batch) -> Array:
        return sum(  # type: ignore[return-value]
            part.offset(_part_state(state, k), params[str(k)], batch) for k, part in enumerate(parts)
        )

    def features(state: State, params: Params, h_BF: Array, batch: Batch) -> tuple[Array, dict[str, Any]]:
        fitted = {}
        for k, part in enumerate(parts):
            h_BF, fitted[str(k)] = part.features(_part_state(state, k), params[str(k)], h_BF, batch)
        return h_BF, fitted

    def penalty(state: State, params: Params, h_BF: Array, f_B: Array, batch: Batch) -> Array:
        return sum(  # type: ignore[return-value]
            part.penalty(_part_state(state, k), params[str(k)], h_BF, f_B, batch)
            for k, part in enumerate(parts)
        )

    loss = _one_loss(parts, names)
    second_stage, finish = (_afterwards(parts, place) for place in ("second_stage", "finish"))
    return Adjustment(
        fit, init,
        optimizer=lambda model: _optimizers(parts, model),
        batch_size=max(part.batch_size for part in parts),
        per_seed=any(part.per_seed for part in parts),
        **_acting(parts, inputs, weights, offset, features, penalty, loss, second_stage, finish),
    )  # fmt: skip


def _part_state(state: State, k: int) -> State:
    return State(state.fitted[str(k)], state.rows[str(k)])


def _called(names: Sequence[str], k: int) -> str:
    """Part k in a message."""
    return f"'{names[k]}'" if names else f"part {k + 1}"


def _require_order(parts: Sequence[Adjustment], names: Sequence[str]) -> None:
    """Raise UserError where a part reads raw inputs behind one that changes them, or weights before one that does."""
    changing = [k for k, part in enumerate(parts) if "inputs" in part.places]
    for k in changing[1:]:
        if parts[k].raw_inputs:
            raise UserError(
                f"adjustments: {_called(names, k)} reads the genotypes as they are before "
                f"{_called(names, changing[0])} changes them, so it cannot follow it; put it first, or take one"
            )
    for k in [k for k, part in enumerate(parts) if "weights" in part.places]:
        reading = [j for j in range(k) if parts[j].reads_weights]
        if reading:
            raise UserError(
                f"adjustments: {_called(names, reading[0])} reads the weights of individuals, which "
                f"{_called(names, k)} changes behind it; put {_called(names, k)} first"
            )


def _one_loss(
    parts: Sequence[Adjustment], names: Sequence[str]
) -> Callable[[State, Params, Scored, Batch], tuple[Array, dict[str, Any]]]:
    """The loss of the one part that replaces it, or of the first where none does. Raises UserError for two."""
    found = [k for k, part in enumerate(parts) if "loss" in part.places]
    if len(found) > 1:
        said = " and ".join(_called(names, k) for k in found[:2])
        raise UserError(
            f"adjustments: {said} each replace the loss of training, so they cannot be combined; take one"
        )
    own = found[0] if found else 0

    def loss(state: State, params: Params, scored: Scored, batch: Batch) -> tuple[Array, dict[str, Any]]:
        value, fitted = parts[own].loss(_part_state(state, own), params[str(own)], scored, batch)
        return value, {**state.fitted, str(own): fitted}

    return loss


def _acting(parts: Sequence[Adjustment], *functions: Any) -> dict[str, Any]:
    """Of the functions of a combination, in the order of ``PLACES``, those of places where some part acts."""
    acting = {place for part in parts for place in part.places}
    return {place: function for place, function in zip(PLACES, functions, strict=True) if place in acting}


def _gather(states: Sequence[State]) -> State:
    return State(
        {str(k): state.fitted for k, state in enumerate(states)},
        {str(k): state.rows for k, state in enumerate(states)},
    )


def _optimizers(
    parts: Sequence[Adjustment], model: optax.GradientTransformation
) -> optax.GradientTransformation:
    """Each part's own optimiser for its parameters, which stand beside the network's, masked ones, in ``params``."""

    def labels(params: Params) -> dict[str, Any]:
        return {name: {k: k for k in own} if name == "adjustment" else "0" for name, own in params.items()}

    return optax.multi_transform({str(k): part.optimizer(model) for k, part in enumerate(parts)}, labels)


def _afterwards(
    parts: Sequence[Adjustment], place: str
) -> Callable[[Context, State, np.ndarray], State] | None:
    """What all parts do at a place after training, each to its own state; None where no part does anything."""
    functions = [getattr(part, place) for part in parts]
    if not any(functions):
        return None

    def of_all(context: Context, state: State, array: np.ndarray) -> State:
        own = [_part_state(state, k) for k in range(len(parts))]
        return _gather(
            [of(context, one, array) if of else one for of, one in zip(functions, own, strict=True)]
        )

    return of_all


@dataclass(frozen=True)
class _Transformed(Context):
    """A context whose inputs have passed through earlier parts of a combination, with their offsets and weights."""

    earlier: tuple[tuple[Adjustment, State], ...] = ()

    @classmethod
    def after(cls, context: Context, part: Adjustment, state: State) -> "_Transformed":
        if isinstance(context, cls):
            return replace(context, earlier=(*context.earlier, (part, state)))
        own = {name: getattr(context, name) for name in Context.__dataclass_fields__}
        return cls(**own, earlier=((part, state),))

    def inputs(self, individual_B: np.ndarray) -> np.ndarray:
        x_BM, batch = super().inputs(individual_B), _untrained(individual_B)
        for part, state in self.earlier:
            x_BM = np.asarray(part.inputs(state, part.init(state), jnp.asarray(x_BM), batch))
        return x_BM

    def offset(self, individual_B: np.ndarray) -> np.ndarray:
        batch, offset_B = _untrained(individual_B), super().offset(individual_B)
        for part, state in self.earlier:
            offset_B = offset_B + np.asarray(part.offset(state, part.init(state), batch))
        return offset_B

    def weights(self, individual_B: np.ndarray) -> np.ndarray:
        batch, weight_B = _untrained(individual_B), super().weights(individual_B)
        for part, state in self.earlier:
            weight_B = weight_B * np.asarray(part.weights(state, batch))
        return weight_B


def _untrained(individual_B: np.ndarray) -> Batch:
    """These individuals, outside training."""
    return Batch(jnp.asarray(individual_B), jnp.zeros(len(individual_B)), jnp.zeros((), int), False)
