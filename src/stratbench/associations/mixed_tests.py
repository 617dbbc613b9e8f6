"""Tests of all SNPs by a linear mixed model, with one GRM or with one that leaves out each SNP's chromosome."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from stratbench.associations import mixed
from stratbench.associations.run import COLUMNS, AssociationData
from stratbench.core.errors import ScientificFailure
from stratbench.core.job import say
from stratbench.genotypes.dosages import with_nan


def mixed_model(data: AssociationData, options: Mapping[str, Any], loco: bool = False) -> pd.DataFrame:
    """A linear mixed model of each SNP; ``snp beta se statistic p n``.

    The fixed effects are the constant, PCs and declared covariates. A 0/1 label is taken as a number, the linear
    approximation. Missing genotypes count as the SNP's mean among the people tested.

    Args:
        data: what is tested.
        options: ``pcs``, ``grm_snps`` and ``grm``.
        loco: whether a SNP's chromosome is left out of its GRM.

    Raises ScientificFailure if the people are too many or too few, and for ``loco`` on one chromosome.
    """
    assert data.relatedness is not None, "load() gives it"
    fixed_NC = data.fixed_effects(options["pcs"], "lmm-loco" if loco else "lmm")
    if data.kind == "binary":
        say("the binary label is taken as a number: a linear approximation")
    parts = _chromosomes(data, options["grm_snps"]) if loco else [(None, np.arange(len(data.snp_M)))]
    found = []
    for chromosome, row_M in parts:
        axes = data.relatedness.axes(fixed_NC, options["grm_snps"], options["grm"], chromosome)
        model = axes.model(data.y_N)
        fit = model.fit()
        of = "" if chromosome is None else f", without chromosome {chromosome}"
        say(f"share of variance that goes with the GRM{of}: {fit.share:.3f} (se {fit.share_se:.3f})")
        chunks = data.genotypes.snps(row_M).chunks()
        found += [mixed.tested(with_nan(count_MN), model, axes) for _, count_MN in chunks]
    table = pd.concat(found, ignore_index=True)
    order_M = np.concatenate([row_M for _, row_M in parts])
    table.insert(0, "snp", data.snp_M[order_M])
    return table.iloc[np.argsort(order_M)].reset_index(drop=True)[COLUMNS]


def _chromosomes(data: AssociationData, grm_snps: str) -> list[tuple[str | None, np.ndarray]]:
    """Each chromosome of the SNPs tested, and its SNPs' positions. Raises ScientificFailure if the GRM has no other."""
    assert data.relatedness is not None
    there = data.relatedness.chromosomes(grm_snps)
    names = list(dict.fromkeys(data.chrom_M.tolist()))
    alone = [name for name in names if set(there) <= {name}]
    if alone:
        raise ScientificFailure(
            f"associations: lmm-loco leaves a SNP's chromosome out of the GRM, and no SNP of the GRM (grm_snps: "
            f"{grm_snps}) lies outside chromosome {alone[0]}; use lmm, whose GRM has all chromosomes"
        )
    return [(name, np.flatnonzero(data.chrom_M == name)) for name in names]
