"""Locally connected layers with residual blocks: every window of SNPs has weights of its own."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from flax import linen as nn
from jax import Array

from stratbench.core.errors import UserError
from stratbench.genotypes import groups as groups_file
from stratbench.models.annotation import Groups, groups
from stratbench.models.contract import Architecture
from stratbench.models.sparse import (
    Head,
    Lengths,
    lengths_of,
    n_windows,
    normal,
    recipe,
    snp_weights,
    windows,
)

OPTIONS = {
    "groups": {
        "type": ["string", "null"],
        "format": "snp-groups",
        "default": None,
        "description": "a TSV with the columns snp and group, which take the place of windows of neighbours",
    },
    "size": {
        "type": "integer",
        "minimum": 1,
        "default": 8,
        "description": "SNPs in a window of the first layer",
    },
    "filters": {
        "type": "integer",
        "minimum": 1,
        "default": 8,
        "description": "numbers that each window gives out",
    },
    "merge": {
        "type": "array",
        "items": {"type": "integer", "minimum": 2},
        "default": [4, 4],
        "description": "how many neighbouring windows each residual block makes one of",
    },
    "head": {"type": "integer", "minimum": 0, "default": 16, "description": "units of the head's layer"},
    "lasso": {
        "type": "number",
        "minimum": 0,
        "default": 0.06,
        "description": "how long a SNP's gradient must be for the SNP to enter",
    },
    "start": {
        "type": "number",
        "minimum": 0,
        "default": 0,
        "description": "deviation of what the first layer gives out at first; above 0 finds pure interactions",
    },
    "snp_rate": {
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 2.0,
        "description": "learning rate of the first layer, times the number of SNPs",
    },
    "learning_rate": {"type": "number", "exclusiveMinimum": 0, "default": 0.0001},
    "weight_decay": {"type": "number", "minimum": 0, "default": 0.01},
    "input_dropout": {"type": "number", "minimum": 0, "exclusiveMaximum": 1, "default": 0},
    "dropout": {"type": "number", "minimum": 0, "exclusiveMaximum": 1, "default": 0},
    "batch_size": {"type": "integer", "minimum": 1, "default": 64},
    "epochs": {"type": "integer", "minimum": 1, "default": 200},
    "patience": {"type": ["integer", "null"], "minimum": 1, "default": 40},
    "criterion": {
        "enum": ["loss", "loss-within", "auroc-within"],
        "default": "loss",
        "description": "what chooses the epoch that is kept, among validation people: docs/models.md",
    },
}
CITATION = (
    "Sigurdsson et al. 2023, Nucleic Acids Research 51:e67 (EIR, genome-local-net); "
    "van Hilten et al. 2021, Communications Biology 4:1094 (GenNet)"
)


class Local(nn.Module):
    """A locally connected layer and residual blocks of two; flattened, float32 (B, windows x filters).

    With ``groups`` the first layer gives the sums over groups of SNPs; without, those over windows of neighbours.
    """

    groups: Groups | None
    lengths: Lengths
    size: int
    filters: int
    merge: Sequence[int]
    start: float
    input_dropout: float
    dropout: float

    @nn.compact
    def __call__(self, x_BM: Array, train: bool) -> Array:
        x_BM = nn.Dropout(self.input_dropout, deterministic=not train)(x_BM)
        z = self._of_windows(x_BM) if self.groups is None else self._of_groups(x_BM, self.groups)
        lengths = n_windows(self.lengths, self.size) if self.groups is None else self.groups.lengths
        for number, size in enumerate(self.merge):
            z = self._block(windows(z, lengths, size), number, train)
            lengths = n_windows(lengths, size)
        return z.reshape(len(z), -1)

    def _of_windows(self, x_BM: Array) -> Array:
        """Sums over windows of neighbours, weighted: float32 (B, P, F)."""
        x_BPI = windows(x_BM, self.lengths, self.size)
        shape = (x_BPI.shape[1], self.size, self.filters)
        weight_PIF = self.param("snps", snp_weights(self.start, self.size), shape)
        return jnp.einsum("bpi,pif->bpf", x_BPI, weight_PIF)

    def _of_groups(self, x_BM: Array, groups: Groups) -> Array:
        """Sums over groups of SNPs, weighted: float32 (B, groups, F)."""

        def initial(key: Array, shape: tuple[int, ...]) -> Array:
            root_P11 = jnp.sqrt(groups.share_P)[:, None, None]
            return snp_weights(self.start, 1)(key, shape) * root_P11

        shape = (*groups.snp_PI.shape, self.filters)
        weight_PIF = self.param("snps", initial, shape)
        return groups.summed(jnp.einsum("bpi,pif->bpf", groups.windows(x_BM), weight_PIF))

    def _block(self, z_BPAF: Array, number: int, train: bool) -> Array:
        """The sum of ``A`` neighbours plus W2 silu(W1 neighbours + b), W2 0 at first: float32 (B, P, F)."""
        _, p, s, f = z_BPAF.shape
        first_PIF = self.param(f"first_{number}", normal(1, f), (p, s * f, f))
        bias_PF = self.param(f"bias_{number}", nn.initializers.zeros, (p, f))
        second_PFF = self.param(f"second_{number}", nn.initializers.zeros, (p, f, f))
        flat_BPI = z_BPAF.reshape(*z_BPAF.shape[:2], -1)
        y_BPF = nn.silu(jnp.einsum("bpi,pif->bpf", flat_BPI, first_PIF) + bias_PF)
        y_BPF = nn.Dropout(self.dropout, deterministic=not train)(y_BPF)
        return z_BPAF.sum(axis=2) + jnp.einsum("bpi,pif->bpf", y_BPF, second_PFF)


def build(
    n_snps: int,
    options: dict[str, Any],
    lengths: Sequence[int] | None = None,
    snps: Sequence[str] | None = None,
) -> Architecture:
    """z_pf = sum_j x_pj W_pjf; blocks z' = sum of neighbours z + W2 silu(W1 z + b), all weights local; dense silu; f.

    It is the idea of genome-local-net (locally connected layers in residual blocks, no weight sharing) and of
    GenNet (layers that follow an annotation of SNPs). p is a window of ``size`` neighbours or, with ``groups``, a group
    of SNPs that the file names, such as a gene or an LD block. The blocks start as sums.
    Good at: interactions between SNPs of one window or group, and effects that differ along the genome.

    Args:
        n_snps: SNPs that the model sees.
        options: values of ``OPTIONS``.
        lengths: SNPs of each chromosome; no window spans two. A group may, if the file says so.
        snps: their ids, which ``groups`` needs. SNPs that the file leaves out make windows of their own.

    Raises:
        UserError: for a file of groups that cannot be read, or that names none of the SNPs.
    """
    lengths = lengths_of(n_snps, lengths)
    encoder = Local(
        _groups(options, lengths, snps),
        lengths,
        options["size"],
        options["filters"],
        tuple(options["merge"]),
        options["start"],
        options["input_dropout"],
        options["dropout"],
    )
    head = Head(options["head"], options["dropout"], options["filters"], silu=False)
    return Architecture(encoder, head, "standardised", recipe(n_snps, options))


def _groups(options: dict[str, Any], lengths: Lengths, snps: Sequence[str] | None) -> Groups | None:
    """The SNPs in the groups of the file; None if there is no file."""
    path = options.get("groups")
    if path is None:
        return None
    group_of = groups_file.read(path)
    if snps is None or not any(snp in group_of for snp in snps):
        first = f", the first of which is '{snps[0]}'" if snps is not None and len(snps) else ""
        raise UserError(
            f"{path}: names none of the SNPs that the model sees{first}; write the ids of the .bim's second column"
        )
    return groups(snps, lengths, group_of, options["size"])
