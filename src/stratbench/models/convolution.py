"""The two halves of the reference study's 1D-CNN, shared by cnn-reference and cnn-reference-tuned."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from flax import linen as nn
from jax import Array

from stratbench.core.errors import UserError

KERNELS, FILTERS, POOLS = (31, 15), (16, 32), (6, 3)
WINDOWED = 2**24  # numbers that the windows of some individuals may have at once: 64 MB


class Conv(nn.Module):
    """A convolution over SNPs without padding, as flax's ``nn.Conv``: the same parameters, names and values.

    On a CPU it is the product of all windows with the kernel, for some individuals at a time. Within a compiled loop,
    where training happens, XLA's own convolution takes seven times as long on a CPU as outside of one (jax 0.10).
    """

    features: int
    kernel: int

    @nn.compact
    def __call__(self, z: Array) -> Array:
        shape = (self.kernel, z.shape[2], self.features)
        weight_ICF = self.param("kernel", nn.initializers.glorot_uniform(), shape)
        bias_F = self.param("bias", nn.initializers.zeros, (self.features,))
        if jax.default_backend() != "cpu":
            layout = ("NWC", "WIO", "NWC")
            return (
                jax.lax.conv_general_dilated(z, weight_ICF, (1,), "VALID", dimension_numbers=layout) + bias_F
            )
        n = z.shape[1] - self.kernel + 1
        window_PI = jnp.arange(n)[:, None] + jnp.arange(self.kernel)

        def of_one(z: Array) -> Array:
            return jnp.einsum("pic,icf->pf", z[window_PI], weight_ICF)

        at_once = max(1, min(16, WINDOWED // (n * self.kernel * z.shape[2])))
        return jax.lax.map(of_one, z, batch_size=at_once) + bias_F


class Convolutions(nn.Module):
    """Two blocks of convolution, relu, batch normalisation and max pooling, flattened ("valid" padding)."""

    momentum: float
    epsilon: float

    @nn.compact
    def __call__(self, x_BM: Array, train: bool) -> Array:
        z = x_BM[:, :, None]
        for kernel, filters, pool in zip(KERNELS, FILTERS, POOLS, strict=True):
            z = Conv(filters, kernel)(z)
            z = nn.relu(z)
            z = nn.BatchNorm(not train, momentum=self.momentum, epsilon=self.epsilon)(z)
            z = nn.max_pool(z, (pool,), strides=(pool,), padding="VALID")
        return z.reshape(len(z), -1)


class Dense(nn.Module):
    """Dense relu layers with dropout before the last or, if ``dropout_everywhere``, before each; then f."""

    widths: Sequence[int]
    dropout: float
    dropout_everywhere: bool

    @nn.compact
    def __call__(self, h_BF: Array, train: bool) -> Array:
        last = len(self.widths) - 1
        for k, width in enumerate(self.widths):
            if k == last or self.dropout_everywhere:
                h_BF = nn.Dropout(self.dropout, deterministic=not train)(h_BF)
            h_BF = nn.relu(nn.Dense(width, kernel_init=nn.initializers.glorot_uniform())(h_BF))
        return nn.Dense(1, kernel_init=nn.initializers.glorot_uniform())(h_BF)[:, 0]


def edge() -> int:
    """SNPs at an end of the input that fewer units see: the receptive field less one, and what pooling may leave."""
    field, jump = 1, 1
    for kernel, pool in zip(KERNELS, POOLS, strict=True):
        field += (kernel - 1 + pool - 1) * jump
        jump *= pool
    return field + jump - 2


def check_length(n_snps: int) -> None:
    """Raises UserError if the convolutions leave nothing of ``n_snps`` SNPs."""
    length = n_snps
    for kernel, pool in zip(KERNELS, POOLS, strict=True):
        length = (length - kernel + 1) // pool
    if length < 1:
        raise UserError(
            f"the reference study's CNN needs at least 132 SNPs, the model may see {n_snps}: raise the trait's 'snps'"
        )
