"""Associations of one split: classical tests of each SNP.

A method file defines ``associate(data, options)`` and returns a table ``snp beta se statistic p n``, a row
for each SNP of ``data.snp_M`` in order. A method with the option ``people`` lets the study say whom it tests:
``train``, whom models learn their weights from; ``train-validation``, whom they see at all; or ``everyone``, test
people as well. Without the option it is ``train-validation``. In the same way ``snps`` is ``view``, the SNPs of
keep.snp, or ``all``, those of the cohort but untyped causal ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from stratbench.associations.relatedness import Relatedness
from stratbench.core import files
from stratbench.core.errors import ScientificFailure, UserError
from stratbench.core.job import say
from stratbench.core.words import counted
from stratbench.datasets.keep import typed
from stratbench.genotypes import plink, tables
from stratbench.genotypes.dosages import Dosages
from stratbench.methods.options import complete
from stratbench.methods.spec import MethodSpec
from stratbench.task.task import open_genotypes, read_task

COLUMNS = list(tables.ASSOCIATION.columns)
PEOPLE = {"train": ("train",), "train-validation": ("train", "validation"), "everyone": tables.SETS}
SEEN = "train-validation"
SNPS = ("view", "all")


@dataclass(frozen=True)
class AssociationData:
    """The data of a test: its individuals, in keep.iid's order.

    Attributes:
        y_N: labels, float64: 0/1 or the trait's units.
        pcs_NK: principal components, float64, as projected.
        snp_M: SNP ids: those of keep.snp, or all of the cohort.
        genotypes: A1 counts of those SNPs and individuals; ``genotypes.chunks()`` yields them as int8, -1 for
            missing, and ``genotypes.dosages.with_nan`` turns them into float64 with NaN.
        covariates_NC: declared covariates, float64; fixed effects of every test. No columns if none is given.
        kind: ``binary`` or ``quantitative``.
        chrom_M: the chromosome of each SNP, text.
        relatedness: how these people are related, for tests that allow for it.
    """

    y_N: np.ndarray
    pcs_NK: np.ndarray
    snp_M: np.ndarray
    genotypes: Dosages
    covariates_NC: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    kind: str = "quantitative"
    chrom_M: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=object))
    relatedness: Relatedness | None = None

    def __post_init__(self) -> None:
        if not self.covariates_NC.size:
            object.__setattr__(self, "covariates_NC", np.empty((len(self.y_N), 0)))

    def fixed_effects(self, pcs: int, test: str) -> np.ndarray:
        """The first PCs, or all of them if there are fewer, which the log then says, and the declared covariates.

        Args:
            pcs: how many PCs are asked for.
            test: the name of the test, for the log.

        Returns:
            The columns, float64 (N, C), without the constant.
        """
        available = self.pcs_NK.shape[1]
        if available < pcs:
            say(f"{test}: {counted(pcs, 'PC')} asked for, the data have {available}")
        return np.hstack([self.pcs_NK[:, :pcs], self.covariates_NC])

    def frozen(self) -> "AssociationData":
        """The same data in read-only arrays, so that no method can change them for the next one."""
        names = ("y_N", "pcs_NK", "snp_M", "covariates_NC", "chrom_M")
        views = {name: getattr(self, name).view() for name in names}
        for view in views.values():
            view.flags.writeable = False
        return replace(self, **views)


def load(inputs: Mapping[str, Any], people: str = SEEN, snps: str = "view") -> AssociationData:
    """Read the data of a test.

    Args:
        inputs: what ``task.task.FILES`` names, and ``bed``, ``bim``, ``variants`` and ``truth``.
        people: one of ``PEOPLE``.
        snps: one of ``SNPS``.

    Raises UserError where a file is damaged or does not agree with the others, and for other ``people`` or ``snps``.
    """
    for name, value, known in (("people", people, tuple(PEOPLE)), ("snps", snps, SNPS)):
        if value not in known:
            raise UserError(f"associations: {name} is '{value}'; choose one of {', '.join(known)}")
    task = read_task(inputs).of_sets(PEOPLE[people])
    genotypes, chrom_M = open_genotypes(inputs, task)
    snp_M, relatedness = np.array(task.snps.names, dtype=object), read_relatedness(inputs, genotypes)
    if snps == "all":
        genotypes, chrom_M = relatedness.genotypes, relatedness.chrom_R
        snp_M = plink.read_bim(inputs["bim"])["snp"].to_numpy(dtype=object)[genotypes.row_M]
    return AssociationData(
        y_N=task.y_N,
        pcs_NK=task.pcs.to_numpy(dtype=np.float64),
        snp_M=snp_M,
        genotypes=genotypes,
        covariates_NC=task.covariates.to_numpy(dtype=np.float64),
        kind=task.kind,
        chrom_M=chrom_M,
        relatedness=relatedness,
    )


def read_relatedness(inputs: Mapping[str, Any], genotypes: Dosages) -> Relatedness:
    """What GRMs of these people may be made of: every SNP of the cohort but untyped causal ones.

    Args:
        inputs: as of ``load``.
        genotypes: those of the people, at the SNPs that models see.

    Raises UserError where a table is damaged or does not follow the .bim.
    """
    variants = tables.read_variants(inputs)
    row_R = np.flatnonzero(typed(variants, tables.read(inputs["truth"], tables.TRUTH)))
    chosen = variants.iloc[row_R]
    return Relatedness(
        replace(genotypes, row_M=row_R),
        chosen["chrom"].to_numpy(dtype=object),
        {
            "all": np.ones(len(row_R), dtype=bool),
            "structure": chosen["structure"].to_numpy() == 1,
            "view": np.isin(row_R, genotypes.row_M),
        },
    )


def associate(
    inputs: Mapping[str, Any], outputs: Mapping[str, Any], *, associations: Mapping[str, Mapping[str, Any]]
) -> None:
    """Run each test and write its table. A test that the data do not allow gives blanks, and the record says why.

    Args:
        inputs: what ``load`` reads.
        outputs: the list ``tables``, parallel to ``associations``, and ``record``, ``{label: {status, reason}}``.
        associations: ``{label: {method, file, options}}``.

    Raises UserError for unknown options, and for a table of a user's method that is not the contract's.
    """
    loaded: dict[tuple[str, str], AssociationData] = {}
    record = {}
    for (label, spec), path in zip(associations.items(), outputs["tables"], strict=True):
        chosen = MethodSpec.of("association", spec)
        method = chosen.load()
        options = complete(method.OPTIONS, chosen.options, f"association '{label}'")
        asked = options.get("people", SEEN), options.get("snps", "view")
        data = loaded[asked] = loaded.get(asked) or load(inputs, *asked)
        try:
            table = method.associate(data.frozen(), options)
            record[label] = {"status": "ok", "reason": ""}
            say(f"{label}: {_told(table, len(data.y_N))}")
        except ScientificFailure as failure:
            table = pd.DataFrame({"snp": data.snp_M}, columns=COLUMNS)
            record[label] = {"status": "failed", "reason": str(failure)}
            say(f"{label}: failed: {failure}")
        files.write_tsv(table, path)
    files.write_json(record, outputs["record"])


def _told(table: pd.DataFrame, n: int) -> str:
    """What the log says of a test of n individuals."""
    best = table.loc[_best(table)]
    return f"{counted(len(table), 'SNP')}, {counted(n, 'individual')}, best {best['snp']} p {best['p']:.2g}"


def _best(table: pd.DataFrame) -> Any:
    """The row of the SNP that stands first: by its statistic or, where there is none, by its p value."""
    if table["statistic"].notna().any():
        return table["statistic"].abs().idxmax()
    return table["p"].idxmin()
