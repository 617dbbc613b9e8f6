"""A deep network beside a linear path: f = deep(x) + w'x."""

from collections.abc import Sequence
from types import ModuleType
from typing import Any

import jax.numpy as jnp
from flax import linen as nn
from jax import Array

from stratbench.methods.checked import checked
from stratbench.models.contract import Architecture
from stratbench.models.methods import cnn, local, mlp, transformer

OPTIONS = {
    "deep": {
        "enum": ["mlp", "local", "transformer", "cnn"],
        "default": "mlp",
        "description": "the network beside the linear path",
    },
    "options": {
        "type": "object",
        "propertyNames": {
            "enum": [
                "batch_size",
                "blocks",
                "channels",
                "criterion",
                "dropout",
                "epochs",
                "features",
                "filters",
                "head",
                "heads",
                "input_dropout",
                "lasso",
                "learning_rate",
                "merge",
                "patches",
                "patience",
                "size",
                "snp_rate",
                "start",
                "weight_decay",
                "widths",
            ]
        },
        "default": {},
        "description": "that network's own options, where they are not its defaults",
    },
}
CITATION = "Cheng et al. 2016, Workshop on Deep Learning for Recommender Systems (wide and deep)"
# They are imported by name, so that a change in one of them counts as a change of what runs.
DEEP: dict[str, ModuleType] = {"mlp": mlp, "local": local, "transformer": transformer, "cnn": cnn}


class Beside(nn.Module):
    """The deep network's features, and the linear path w'x as the last: float32 (B, F + 1)."""

    deep: nn.Module

    @nn.compact
    def __call__(self, x_BM: Array, train: bool) -> Array:
        weight_M1 = self.param("snps", nn.initializers.zeros, (x_BM.shape[1], 1))
        return jnp.concatenate([self.deep(x_BM, train), x_BM @ weight_M1], axis=1)


class Sum(nn.Module):
    """What the deep head makes of its features, plus the linear path: float32 (B,)."""

    deep: nn.Module

    @nn.compact
    def __call__(self, h_BF: Array, train: bool) -> Array:
        return self.deep(h_BF[:, :-1], train) + h_BF[:, -1]


def build(n_snps: int, options: dict[str, Any], lengths: Sequence[int] | None = None) -> Architecture:
    """The linear path's weights are a first layer like the deep one's: from 0, under the same lasso and rate.

    Good at: traits that are additive but for a little; the deep part need not learn what is additive. What it
    reaches does not count as deep learning: the linear path alone may have reached it.
    """
    method = DEEP[options["deep"]]
    own = checked(method.OPTIONS, options["options"], f"model 'wide', its {options['deep']}")
    deep = method.build(n_snps, own, lengths)
    return Architecture(Beside(deep.encoder), Sum(deep.head), deep.encoding, deep.recipe, deep.penalty)
