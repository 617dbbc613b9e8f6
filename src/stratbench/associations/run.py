"""Associations of one split: classical tests of each SNP, on training and validation individuals.

A method file defines ``associate(data, options)`` and returns a table ``snp beta se statistic p n``, a row
for each SNP of ``data.snp_M`` in order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from stratbench.core import files
from stratbench.core.job import say
from stratbench.core.words import counted
from stratbench.datasets import keep
from stratbench.genotypes import plink, tables
from stratbench.genotypes.dosages import Dosages, open_cohort
from stratbench.genotypes.tables import Ids
from stratbench.methods import registry
from stratbench.methods.options import complete

COLUMNS = list(tables.ASSOCIATION.columns)
SEEN = ("train", "validation")  # the sets that a model may learn from


@dataclass(frozen=True)
class AssociationData:
    """The data of a test: training and validation individuals, in keep.iid's order.

    Attributes:
        y_N: labels, float64: 0/1 or the trait's units.
        pcs_NK: principal components, float64, as projected.
        snp_M: SNP ids, those of keep.snp.
        genotypes: A1 counts of those SNPs and individuals; ``genotypes.chunks()`` yields them as int8, -1 for
            missing, and ``genotypes.dosages.with_nan`` turns them into float64 with NaN.
        covariates_NC: declared covariates, float64; fixed effects of every test. No columns if none is given.
    """

    y_N: np.ndarray
    pcs_NK: np.ndarray
    snp_M: np.ndarray
    genotypes: Dosages
    covariates_NC: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))

    def __post_init__(self) -> None:
        if not self.covariates_NC.size:
            object.__setattr__(self, "covariates_NC", np.empty((len(self.y_N), 0)))

    def frozen(self) -> "AssociationData":
        """The same data in read-only arrays, so that no method can change them for the next one."""
        names = ("y_N", "pcs_NK", "snp_M", "covariates_NC")
        views = {name: getattr(self, name).view() for name in names}
        for view in views.values():
            view.flags.writeable = False
        return replace(self, **views)


def load(
    cohort_dir: str | Path,
    dataset_dir: str | Path,
    split_tsv: str | Path,
    pcs_tsv: str | Path,
    covariates_tsv: str | Path | None = None,
) -> AssociationData:
    """Read the individuals of training and validation. Raises UserError if the tables do not match."""
    dataset = Path(dataset_dir)
    everyone = Ids(tables.read_samples(cohort_dir)["iid"].tolist(), Path(cohort_dir) / "samples.tsv")
    trait, about = tables.read_labels(dataset / "trait.tsv", dataset / "trait.json", among=everyone)
    kept = Ids(trait["iid"].tolist(), dataset / "trait.tsv")
    sets = tables.read(split_tsv, tables.SPLIT, among=kept).set_index("iid")["set"]
    iids = sets.index[sets.isin(SEEN)].tolist()
    pcs = tables.read(pcs_tsv, tables.PCS, rows=kept).set_index("iid").filter(regex=r"^pc\d+$")
    covariates = pcs[[]]
    if covariates_tsv:
        covariates = tables.read(covariates_tsv, tables.COVARIATES, rows=kept).set_index("iid")
    snps = keep.read_snps(dataset / "keep.snp")
    bim = Path(cohort_dir) / "genotypes.bim"
    tables.positions(snps, dataset / "keep.snp", Ids(plink.read_bim(bim)["snp"].tolist(), bim))
    tables.require_size(dataset / "keep.snp", len(snps), about, "n_snps", dataset / "trait.json")
    return AssociationData(
        y_N=trait.set_index("iid")["y"].loc[iids].to_numpy(dtype=np.float64),
        pcs_NK=pcs.loc[iids].to_numpy(dtype=np.float64),
        snp_M=np.array(snps, dtype=object),
        genotypes=open_cohort(cohort_dir, snps, iids),
        covariates_NC=covariates.loc[iids].to_numpy(dtype=np.float64),
    )


def associate(
    data: AssociationData, methods: Mapping[str, Mapping[str, Any]], tables: Sequence[str | Path]
) -> None:
    """Run each method and write its table; ``methods`` is ``{label: {method, file, options}}``.

    ``tables`` are the paths, in the order of the labels. Raises UserError for unknown options, and for a table of a
    user's method that is not the contract's.
    """
    for (label, spec), path in zip(methods.items(), tables, strict=True):
        method = registry.load("association", spec["method"], spec.get("file"))
        options = complete(method.OPTIONS, spec["options"], f"association '{label}'")
        table = method.associate(data.frozen(), options)
        files.write_tsv(table, path)
        best = table.loc[table["statistic"].abs().idxmax()]
        people = counted(len(data.y_N), "individual")
        say(f"{label}: {counted(len(table), 'SNP')}, {people}, best {best['snp']} p {best['p']:.2g}")
