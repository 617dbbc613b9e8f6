"""What the networks that learn share: windows of SNPs, a sparse first layer, a narrow head, one recipe.

Why networks of SNPs fail, and what this does about it. A few of many SNPs matter, people are few, and a dense
first layer that starts at random values adds the noise of every SNP to every unit before a signal can grow. Here the
weights of the first layer (param ``snps``, a row of numbers for each SNP) start at zero and follow the lasso's rule:
gradient descent with momentum, after which each SNP's row is shortened by a constant (proximal step of the group
lasso). A SNP enters when the gradient of the loss with respect to its row is longer than ``lasso``, and the others
stay at zero exactly. Everything behind the first layer has no constant at the start and unit sensitivity (the
derivative of f with respect to what the first layer gives out has length 1 or so), so that one ``lasso`` means the
same in every network: the noise of a gradient is about 1 / (2 sqrt(n)) for a balanced binary trait.

Sources: Yuan & Lin 2006, J R Stat Soc B 68:49 (group lasso); Feng & Simon 2017, arXiv:1711.07592 (sparse-input neural
networks: group lasso on the first layer); Parikh & Boyd 2014, Foundations and Trends in Optimization 1:127
(proximal steps); Loshchilov & Hutter 2019, ICLR (AdamW).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn
from jax import Array

from stratbench.models.contract import Recipe

MOMENTUM = 0.9
SLOPE = 0.5  # of the SiLU at 0
Lengths = tuple[int, ...]


def lengths_of(n_snps: int, lengths: Sequence[int] | None) -> Lengths:
    """How many SNPs each chromosome has, in order: as given, or one chromosome."""
    return tuple(lengths) if lengths else (n_snps,)


def n_windows(lengths: Lengths, size: int) -> Lengths:
    """How many windows of ``size`` each chromosome has, the last of a chromosome perhaps not full."""
    return tuple(-(-n // size) for n in lengths)


def windows(z: Array, lengths: Lengths, size: int) -> Array:
    """Cut (B, M, ...) into windows (B, P, size, ...) that stop at chromosome ends; the last are filled with 0."""
    parts, start = [], 0
    for n in lengths:
        filled = [(0, 0), (0, -n % size)] + [(0, 0)] * (z.ndim - 2)
        parts.append(jnp.pad(z[:, start : start + n], filled))
        start += n
    joined = jnp.concatenate(parts, axis=1)
    return joined.reshape(len(z), -1, size, *z.shape[2:])


def normal(variance: float, fan: int) -> nn.initializers.Initializer:
    """Normal weights of variance ``variance / fan``."""
    return nn.initializers.normal(float(np.sqrt(variance / fan)))


def after_silu(fan: int) -> nn.initializers.Initializer:
    """Weights of a layer that follows a SiLU, which halves what is near 0."""
    return normal(1 / SLOPE**2, fan)


def snp_weights(start: float, fan: int) -> nn.initializers.Initializer:
    """Weights of the first layer: 0, or random ones that give sums over ``fan`` SNPs a deviation of ``start``."""
    return normal(start**2, fan) if start > 0 else nn.initializers.zeros


class Head(nn.Module):
    """Dropout and a dense SiLU layer of ``width`` units (none if 0), then f, float32 (B,).

    ``fan`` is how many of the features one SNP reaches at first, ``silu`` whether a SiLU made them: both fix the
    scale of the first weights.
    """

    width: int
    dropout: float
    fan: int
    silu: bool

    @nn.compact
    def __call__(self, h_BF: Array, train: bool) -> Array:
        first = after_silu(self.fan) if self.silu else normal(1, self.fan)
        h_BF = nn.Dropout(self.dropout, deterministic=not train)(h_BF)
        if self.width == 0:
            return nn.Dense(1, kernel_init=first)(h_BF)[:, 0]
        h_BF = nn.silu(nn.Dense(self.width, kernel_init=first)(h_BF))
        return nn.Dense(1, kernel_init=after_silu(self.width))(h_BF)[:, 0]


def shorten(rate: Any, lasso: float, momentum: float = MOMENTUM) -> optax.GradientTransformation:
    """The proximal step of the group lasso: every row (last axis) is shortened by rate x lasso / (1 - momentum).

    Steps of gradient g under momentum settle at rate x g / (1 - momentum), so the reach is scaled alike and a
    row stays at zero while its gradient is not longer than ``lasso``.
    """
    reach = rate * lasso / (1 - momentum)

    def one(update: Array, value: Array) -> Array:
        moved = value + update
        length = jnp.linalg.norm(moved, axis=-1, keepdims=True)
        return moved * jnp.maximum(0, 1 - reach / jnp.maximum(length, 1e-12)) - value

    def update(updates: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        return jax.tree.map(one, updates, params), state

    return optax.GradientTransformation(lambda params: optax.EmptyState(), update)


def recipe(n_snps: int, options: Mapping[str, Any]) -> Recipe:
    """AdamW for all but the first layer, which takes momentum and the group lasso's proximal step.

    The rate of the first layer is ``snp_rate`` / M, which is stable for every number of SNPs M (the largest
    eigenvalue of the SNPs' correlations grows with M), and falls with the learning rate if that falls.
    """

    def label(path: Any, _: Any) -> str:
        return "snps" if path[-1].key == "snps" else "others"

    def optimizer(rate: Any) -> optax.GradientTransformation:
        snp_rate = options["snp_rate"] / n_snps * rate / options["learning_rate"]
        return optax.multi_transform(
            {
                "snps": optax.chain(
                    optax.sgd(snp_rate, momentum=MOMENTUM), shorten(snp_rate, options["lasso"])
                ),
                "others": optax.adamw(rate, weight_decay=options["weight_decay"]),
            },
            lambda params: jax.tree_util.tree_map_with_path(label, params),
        )

    return Recipe(
        optimizer=optimizer,
        learning_rate=options["learning_rate"],
        batch_size=options["batch_size"],
        epochs=options["epochs"],
        patience=options["patience"],
        criterion=options["criterion"],
    )
