"""Functions of genotypes as attribution methods see trained networks, without any training."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import Partial

from stratbench.attributions.contract import Background, Explained
from stratbench.attributions.panel import ReferencePanel
from stratbench.genotypes import plink
from stratbench.genotypes.packed import Packed

Function = Callable[[Any], Any]  # from inputs (B, M) to f (B,), traced by jax


def packed(count_NM: np.ndarray, train_T: np.ndarray) -> Packed:
    """A1 counts, -1 for missing, as training reads them."""
    code_NM = plink.CODE[count_NM]
    counts_M4 = np.stack([(code_NM[train_T] == code).sum(axis=0) for code in range(4)], axis=1)
    return Packed(plink.pack(code_NM), count_NM.shape[1], counts_M4)


@cache
def _compiled(function: Function) -> tuple[Any, Any]:
    """f and its gradient, compiled once for each function."""
    return (
        jax.jit(lambda x_BM, i_B: function(x_BM)),
        jax.jit(jax.grad(lambda x_BM, i_B: function(x_BM).sum())),
    )


def explained(
    function: Function,
    count_NM: np.ndarray,
    population_N: Sequence[str] | None = None,
    train_T: np.ndarray | None = None,
    lengths: Sequence[int] | None = None,
    seed: int = 0,
) -> Explained:
    """What methods see of a function of dosages: its inputs are the A1 counts themselves.

    Args:
        function: from inputs (B, M) to f (B,).
        count_NM: A1 counts of everyone, int.
        population_N: everyone's population; one population if left out.
        train_T: the training individuals; everyone if left out.
        lengths: SNPs of each chromosome; one chromosome if left out.
        seed: of what methods draw.
    """
    n, m = count_NM.shape
    train_T = np.arange(n) if train_T is None else train_T
    genotypes = packed(count_NM, train_T)
    x_NM = jnp.asarray(count_NM, jnp.float32)
    f, gradient = _compiled(function)
    panel = ReferencePanel(
        genotypes,
        np.array(population_N if population_N is not None else ["all"] * n),
        train_T,
        np.array([f"rs{k}" for k in range(m)]),
        lengths or [m],
        seed,
    )
    ones = jnp.ones(m, jnp.float32)
    back = Background(
        jnp.asarray(2 * genotypes.frequency_M, jnp.float32),
        ones,
        jnp.asarray(genotypes.sd_M, jnp.float32),
        jnp.asarray(genotypes.table("dosage")),
        0 * ones,
    )

    def inputs(i_B: Any) -> Any:
        return x_NM[i_B]

    def own(i_B: Any) -> Any:
        return f(x_NM[i_B], i_B)

    return Explained(Partial(f), Partial(gradient), inputs, inputs, own, back, panel, None, None)  # type: ignore[arg-type]
