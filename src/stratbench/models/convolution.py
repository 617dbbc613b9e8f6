"""The two halves of the reference study's 1D-CNN, shared by cnn-reference and cnn-reference-tuned."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial

import jax
import jax.numpy as jnp
from flax import linen as nn
from jax import Array

from stratbench.core.errors import UserError

KERNELS, FILTERS, POOLS = (31, 15), (16, 32), (6, 3)
WINDOWED = 2**24  # numbers that the windows of some individuals may have at once: 64 MB
_IN_LOOPS = ContextVar("whether convolutions may be traced into a compiled loop", default=True)


@contextmanager
def outside_loops() -> Iterator[None]:
    """Convolutions that are traced here are no part of a compiled loop, so that XLA's own are the fastest."""
    token = _IN_LOOPS.set(False)
    try:
        yield
    finally:
        _IN_LOOPS.reset(token)


class Conv(nn.Module):
    """A convolution over SNPs without padding, as flax's ``nn.Conv``: the same parameters, names and values.

    On a CPU it is the product of all windows with the kernel, for some individuals at a time. Within a compiled loop,
    where training happens, XLA's own convolution takes seven times as long on a CPU as outside of one (jax 0.10).
    Whoever knows that there is no loop says so by ``outside_loops``.
    """

    features: int
    kernel: int

    @nn.compact
    def __call__(self, z: Array) -> Array:
        shape = (self.kernel, z.shape[2], self.features)
        weight_ICF = self.param("kernel", nn.initializers.glorot_uniform(), shape)
        bias_F = self.param("bias", nn.initializers.zeros, (self.features,))
        if jax.default_backend() != "cpu" or not _IN_LOOPS.get():
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


@partial(jax.custom_vjp, nondiff_argnums=(1,))
def max_pool(z_BPF: Array, pool: int) -> Array:
    """The largest of each ``pool`` neighbours, of which the first gets the gradient; the rest at the end is left out.

    On a CPU XLA's derivative of its own pooling takes as long as all else of the network. This one compares neighbours.
    """
    return nn.max_pool(z_BPF, (pool,), strides=(pool,), padding="VALID")


def _pooled(z_BPF: Array, pool: int) -> tuple[Array, Array]:
    return max_pool(z_BPF, pool), z_BPF


def _unpooled(pool: int, z_BPF: Array, gradient_BPF: Array) -> tuple[Array]:
    def largest(z_BPF: Array) -> Array:
        n = z_BPF.shape[1] // pool
        z_BNPF = z_BPF[:, : n * pool].reshape(len(z_BPF), n, pool, -1)
        found = z_BNPF[:, :, 0]
        for k in range(1, pool):
            found = jnp.where(z_BNPF[:, :, k] > found, z_BNPF[:, :, k], found)
        return found

    return jax.vjp(largest, z_BPF)[1](gradient_BPF)


max_pool.defvjp(_pooled, _unpooled)


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
            z = max_pool(z, pool)
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
