"""One dataset, split and structure, read from their files for training."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from stratbench.core.checksums import sha256
from stratbench.datasets.keep import read_snps
from stratbench.genotypes import plink, tables
from stratbench.genotypes.packed import Packed, count_codes, load_packed
from stratbench.genotypes.tables import Ids

FILES = ("bed", "bim", "fam", "samples", "trait", "trait_json", "keep_snp", "split", "pcs")


@dataclass(frozen=True)
class ModelData:
    """Everyone in the split, in its order.

    Attributes:
        iid_N, population_N: text.
        y_N: labels, float64: 0/1 or the trait's units.
        set_N: ``train``, ``validation`` or ``test``.
        pcs_NK: principal components, float64, as projected.
        covariates_NC: declared covariates, float64; no columns if none is given.
        genotypes: of the SNPs in ``snp_M``, which the model may see.
        lengths: how many of them each chromosome has, in their order.
        kind: ``binary`` or ``quantitative``.
        split_sha256: the split file's hash, so that no model is used with another split.
    """

    iid_N: np.ndarray
    population_N: np.ndarray
    y_N: np.ndarray
    set_N: np.ndarray
    pcs_NK: np.ndarray
    snp_M: np.ndarray
    lengths: tuple[int, ...]
    genotypes: Packed
    kind: str
    split_sha256: str
    covariates_NC: np.ndarray

    def rows(self, name: str) -> np.ndarray:
        """Indices of the individuals of a set."""
        return np.flatnonzero(self.set_N == name)

    @property
    def label_scale(self) -> tuple[float, float]:
        """Mean and standard deviation of training labels; (0, 1) for binary traits."""
        if self.kind == "binary":
            return 0.0, 1.0
        y_T = self.y_N[self.rows("train")]
        return float(y_T.mean()), float(y_T.std()) or 1.0

    @property
    def scaled_y_N(self) -> np.ndarray:
        """Labels as the loss sees them, float32."""
        mean, sd = self.label_scale
        return ((self.y_N - mean) / sd).astype(np.float32)


def _lengths(chromosome_M: np.ndarray) -> tuple[int, ...]:
    """How many SNPs in a row lie on one chromosome."""
    return tuple(len(list(run)) for _, run in groupby(chromosome_M))


def load(files: Mapping[str, Any]) -> ModelData:
    """Read what ``FILES`` names, and ``covariates`` if it is there. Raises UserError where they do not agree."""
    path = {name: Path(files[name]) for name in FILES}
    fam, bim = plink.read_fam(path["fam"]), plink.read_bim(path["bim"])
    cohort, snps = Ids(fam["iid"].tolist(), path["fam"]), Ids(bim["snp"].tolist(), path["bim"])
    samples = tables.read(path["samples"], tables.SAMPLES, rows=cohort).set_index("iid")
    trait, about = tables.read_labels(path["trait"], path["trait_json"], among=cohort)
    kept = Ids(trait["iid"].tolist(), path["trait"])
    split = tables.read(path["split"], tables.SPLIT, among=kept)
    pcs = tables.read(path["pcs"], tables.PCS, rows=kept).set_index("iid")
    covariates = pcs[[]]
    if files.get("covariates"):
        covariates = tables.read(files["covariates"], tables.COVARIATES, rows=kept).set_index("iid")
    iid_N = split["iid"].to_numpy()
    snp_M = np.array(read_snps(path["keep_snp"]), dtype=object)
    tables.require_size(path["keep_snp"], len(snp_M), about, "n_snps", path["trait_json"])
    individual_N = tables.positions(iid_N.tolist(), path["split"], cohort)
    row_M = tables.positions(snp_M.tolist(), path["keep_snp"], snps)
    packed_NQ = load_packed(path["bed"], len(fam), len(bim), row_M, individual_N)
    set_N = split["set"].to_numpy()
    counts_M4 = count_codes(packed_NQ, len(snp_M), np.flatnonzero(set_N == "train"))
    return ModelData(
        iid_N=iid_N,
        population_N=samples["population"].loc[iid_N].to_numpy(),
        y_N=trait.set_index("iid")["y"].loc[iid_N].to_numpy(dtype=np.float64),
        set_N=set_N,
        pcs_NK=pcs.filter(regex=r"^pc\d+$").loc[iid_N].to_numpy(dtype=np.float64),
        snp_M=snp_M,
        lengths=_lengths(bim["chrom"].to_numpy()[row_M]),
        genotypes=Packed(packed_NQ, len(snp_M), counts_M4),
        kind=about["kind"],
        split_sha256=sha256(path["split"]),
        covariates_NC=covariates.loc[iid_N].to_numpy(dtype=np.float64),
    )
