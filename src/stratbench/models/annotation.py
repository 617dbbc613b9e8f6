"""Layers that follow groups of SNPs: which SNPs each group holds, in the shapes that a network works with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from stratbench.models.sparse import Lengths


@dataclass(frozen=True, eq=False)
class Groups:
    """Groups of SNPs, each cut into windows of equal size, whose sums are added up again.

    Attributes:
        snp_PI: indices of the SNPs of each window, int32; M, which is no SNP, where a window is not full.
        group_P: the group of each window, int32; groups are numbered by their first SNPs.
        share_P: 1 over the number of SNPs in the window's group, float32.
        lengths: how many groups begin on each chromosome, in order.
    """

    snp_PI: np.ndarray
    group_P: np.ndarray
    share_P: np.ndarray
    lengths: Lengths

    def windows(self, x_BM: Array) -> Array:
        """The inputs of every window, 0 where it is not full: (B, P, I)."""
        return jnp.pad(x_BM, ((0, 0), (0, 1)))[:, self.snp_PI]

    def summed(self, z_BPF: Array) -> Array:
        """Sums over the windows of each group: (B, groups, F)."""
        if len(self.group_P) == sum(self.lengths):
            return z_BPF
        sums = jax.ops.segment_sum(jnp.swapaxes(z_BPF, 0, 1), self.group_P, sum(self.lengths))
        return jnp.swapaxes(sums, 0, 1)


def groups(snp_M: Sequence[str], lengths: Lengths, group_of: Mapping[str, str], size: int) -> Groups:
    """Arrange the SNPs that a model sees in groups.

    SNPs that ``group_of`` leaves out make groups of ``size`` neighbours among themselves, on each chromosome. SNPs
    that it names and the model does not see are of no account. A named group may span chromosomes.

    Args:
        snp_M: ids of the SNPs, in order.
        lengths: how many of them each chromosome has, in order.
        group_of: the group of each SNP, by their ids.
        size: SNPs of a window.

    Returns:
        The windows of all groups. Groups are numbered by their first SNPs.
    """
    members: dict[object, list[int]] = {}
    chromosome_of: dict[object, int] = {}
    start = 0
    for chromosome, n in enumerate(lengths):
        unnamed = 0
        for snp in range(start, start + n):
            name: object = group_of.get(snp_M[snp])
            if name is None:
                name, unnamed = (chromosome, unnamed // size), unnamed + 1
            members.setdefault(name, []).append(snp)
            chromosome_of.setdefault(name, chromosome)
        start += n
    window_of = [
        (number, own[first : first + size], len(own))
        for number, own in enumerate(members.values())
        for first in range(0, len(own), size)
    ]
    snp_PI = np.full((len(window_of), size), start, dtype=np.int32)
    for window, (_, own, _) in enumerate(window_of):
        snp_PI[window, : len(own)] = own
    beginning = np.bincount(list(chromosome_of.values()), minlength=len(lengths))
    return Groups(
        snp_PI,
        np.array([number for number, _, _ in window_of], dtype=np.int32),
        np.array([1 / n for _, _, n in window_of], dtype=np.float32),
        tuple(int(n) for n in beginning if n),
    )
