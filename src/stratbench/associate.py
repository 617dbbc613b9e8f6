"""Associations of one split: classical tests of each SNP, on training and validation individuals.

A method file defines ``associate(data, options)`` and returns a table ``snp beta se statistic p n``, a row
for each SNP of ``data.snp_M`` in order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from stratbench import files, keep, registry
from stratbench.errors import UserError
from stratbench.genotypes import Genotypes, open_cohort
from stratbench.job import say
from stratbench.options import complete
from stratbench.words import counted

COLUMNS = ["snp", "beta", "se", "statistic", "p", "n"]
SEEN = ("train", "validation")  # what a model may learn from


@dataclass(frozen=True)
class Data:
    """What a test sees: training and validation individuals, in keep.iid's order.

    Attributes:
        y_N: labels, float64: 0/1 or the trait's units.
        pcs_NK: principal components, float64, as projected.
        snp_M: SNP ids, those of keep.snp.
        genotypes: A1 counts of those SNPs and individuals; ``genotypes.chunks()`` yields them.
        covariates_NC: declared covariates, float64; fixed effects of every test. No columns if none is given.
    """

    y_N: np.ndarray
    pcs_NK: np.ndarray
    snp_M: np.ndarray
    genotypes: Genotypes
    covariates_NC: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))

    def __post_init__(self) -> None:
        if not self.covariates_NC.size:
            object.__setattr__(self, "covariates_NC", np.empty((len(self.y_N), 0)))

    def frozen(self) -> "Data":
        """The same, in arrays that no method can change for the next one."""
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
) -> Data:
    """Read the individuals of training and validation. Raises UserError if the tables do not match."""
    dataset = Path(dataset_dir)
    sets = files.read_tsv(split_tsv, text=("set",)).set_index("iid")["set"]
    iids = sets.index[sets.isin(SEEN)].tolist()
    pcs = files.read_tsv(pcs_tsv).set_index("iid").filter(regex=r"^pc\d+$")
    y = files.read_tsv(dataset / "trait.tsv", exact=True).set_index("iid")["y"]
    covariates = files.read_tsv(covariates_tsv).set_index("iid") if covariates_tsv else pcs[[]]
    for path, table in ((pcs_tsv, pcs), (dataset / "trait.tsv", y), (covariates_tsv, covariates)):
        absent = [iid for iid in iids if iid not in table.index]
        if absent:
            raise UserError(f"{path}: no row for individual {absent[0]} of {split_tsv}")
    snps = keep.read_snps(dataset / "keep.snp")
    return Data(
        y_N=y.loc[iids].to_numpy(dtype=np.float64),
        pcs_NK=pcs.loc[iids].to_numpy(dtype=np.float64),
        snp_M=np.array(snps, dtype=object),
        genotypes=open_cohort(cohort_dir, snps, iids),
        covariates_NC=covariates.loc[iids].to_numpy(dtype=np.float64),
    )


def associate(data: Data, methods: Mapping[str, Mapping[str, Any]], tables: Sequence[str | Path]) -> None:
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
