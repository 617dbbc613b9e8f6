"""Total effects: PCs are functions of the genotype, and an output that reads them moves with it through them, too.

A direct attribution holds somebody's PCs fixed. Here they follow the genotype by plain projection: a SNP of the PCA
moves PC k by its loading for each standard deviation of its genotype. The axes stay as they are, and so does the
correction for shrinkage, by which later PCs of people outside the PCA's fit would move a little more.
"""

from dataclasses import dataclass
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from stratbench.core.errors import ScientificFailure
from stratbench.genotypes import tables
from stratbench.training.network import Variables, evaluation
from stratbench.training.setup import Setup

Places = dict[
    str, Array
]  # which columns of an adjustment's rows are PCs: float32 (K, C) by the number of the rows


def projection(setup: Setup, loadings: str | Path) -> np.ndarray:
    """By how much each standardised PC moves when the input of a SNP moves by 1.

    Args:
        setup: the network and its data.
        loadings: loadings.tsv.gz of the split.

    Returns:
        float32 (M, K), 0 for SNPs that PCs are not made of.

    Raises:
        UserError: for a damaged table.
    """
    pcs_NK, table_M4 = setup.data.pcs_NK, setup.context.table_M4
    table = tables.read(loadings, tables.LOADINGS).set_index("snp").reindex(setup.data.snp_M)
    loading_MK = table[[f"pc{k + 1}" for k in range(pcs_NK.shape[1])]].to_numpy(dtype=float)
    p_M, per_dosage_M = table["a1_freq"].to_numpy(dtype=float), (table_M4[:, 0] - table_M4[:, 3]) / 2
    scale_M = np.sqrt(2 * p_M * (1 - p_M)) * np.where(per_dosage_M != 0, per_dosage_M, np.nan)
    sd_K = pcs_NK[setup.data.rows("train")].std(axis=0)
    return np.nan_to_num(loading_MK / scale_M[:, None] / np.where(sd_K > 0, sd_K, 1)).astype(np.float32)


@dataclass(frozen=True, eq=False)
class TotalEffect:
    """The score of a network as a function of the genotype alone.

    Attributes:
        setup: the network and its data.
        moved_MK: what ``projection`` gives.
    """

    setup: Setup
    moved_MK: np.ndarray

    def places(self, variables: Variables) -> Places:
        """Where the adjustment reads somebody's own PCs; none where it reads nothing of individuals.

        Raises:
            ScientificFailure: if it reads something of them, and nowhere their PCs, so that nobody knows how what it
                reads follows the genotype.
        """
        pcs_NK, found = self.setup.context.pcs_NK, {}
        parts = [np.asarray(part) for part in jax.tree.leaves(variables.state.rows)]
        for number, part in enumerate(parts):
            if part.ndim == 2:
                same_KC = np.stack([(part == pc_N[:, None]).all(axis=0) for pc_N in pcs_NK.T])
                if same_KC.any():
                    found[str(number)] = jnp.asarray(same_KC, jnp.float32)
        if parts and not found:
            raise ScientificFailure(
                "what the adjustment reads of each individual is not the PCs themselves, so that nobody knows how it "
                "follows the genotype; take effect: direct"
            )
        return found

    def score(self, variables: Variables, places: Places, x_BM: Array, i_B: Array) -> Array:
        """The score of genotypes whose PCs follow them, and of which nothing else that is read follows.

        Args:
            variables: of the trained network.
            places: what ``places`` gives for them.
            x_BM: unadjusted inputs, float32.
            i_B: whose they are. At their own inputs it is their own score.

        Returns:
            float32 (B,).
        """
        network = self.setup.network
        moved_BK = (x_BM - network.inputs(i_B)) @ jnp.asarray(self.moved_MK)
        parts, tree = jax.tree.flatten(variables.state.rows)
        rows = [part[i_B] for part in parts]
        for number, place_KC in places.items():
            rows[int(number)] += moved_BK @ place_KC
        state = variables.state._replace(rows=jax.tree.unflatten(tree, rows))
        own = evaluation(jnp.arange(len(i_B)))
        return network.forward(variables._replace(state=state), x_BM, own, jax.random.key(0)).score_B
