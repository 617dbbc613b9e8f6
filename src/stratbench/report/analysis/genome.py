"""SNPs along the genome: where they lie, what is known of them, and how attributions and associations score them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from stratbench.genotypes import tables
from stratbench.popgen.chromosomes import is_on
from stratbench.report.analysis.results import Group, Results
from stratbench.study.study import Fit, Split

SMALLEST_P = 1e-300


@dataclass(frozen=True)
class Genome:
    """A split's SNPs on one axis, chromosome after chromosome.

    Attributes:
        snps: a row for each SNP: ``snp``, ``chrom``, ``pos``, and ``x``, its place on the axis in base pairs.
        chromosomes: the name of each chromosome, and the x at which it begins and ends.
        causal: the causal SNPs among them, if the trait is simulated.
        loci: the gene of each known locus, and the x at which the locus begins and ends.
    """

    snps: pd.DataFrame
    chromosomes: tuple[tuple[str, float, float], ...]
    causal: frozenset[str]
    loci: tuple[tuple[str, float, float], ...]


def _order(name: str) -> tuple[int, str]:
    return (int(name), "") if name.isdecimal() else (10**6, name)


def genome(results: Results, group: Group, split: Split, everywhere: bool = False) -> Genome:
    """The SNPs that a model of this split may see, or ``everywhere`` all that an association may test, laid end to end.

    Args:
        results: the results of the study.
        group: the split's group, of which the known loci are.
        split: the split.
        everywhere: whether SNPs that models do not see are among them.

    Returns:
        The SNPs, chromosomes, causal SNPs and loci.

    Raises:
        UserError: if a table is absent or damaged.
    """
    variants = results.table(tables.VARIANTS, results.paths.variants, split)
    kept = set((results.testable(split) if everywhere else results.snps(split)).names)
    snps = variants[variants["snp"].isin(kept)][["snp", "chrom", "pos"]].copy()
    snps["x"], start, chromosomes = 0.0, 0.0, []
    first, last = (snps.groupby("chrom")["pos"].agg(end).astype(float) for end in ("min", "max"))
    width = (last - first).clip(lower=1)  # a single SNP, or several in one place, also need a width
    for name in sorted(snps["chrom"].unique(), key=_order):
        here = snps["chrom"] == name
        snps.loc[here, "x"] = snps.loc[here, "pos"] - first[name] + start
        chromosomes.append((name, start, start + width[name]))
        start += width[name] + 0.012 * width.sum()
    truth = results.table(tables.TRUTH, results.paths.truth, split)
    causal = frozenset(truth.loc[truth["visible"] == 1, "snp"]) if len(truth) else frozenset()
    loci = []
    for locus in results.known_loci(group):
        place = _place(snps, locus)
        if place is not None:
            loci.append((str(locus.get("gene", "")), *place))
    return Genome(snps, tuple(chromosomes), causal, tuple(loci))


def at_locus(snps: pd.DataFrame, locus: dict[str, Any]) -> pd.DataFrame:
    """The SNPs at a known locus: within its bounds, or on its whole chromosome where none are stated."""
    here = snps[is_on(snps["chrom"], str(locus["chrom"]))]
    if "start" in locus and "end" in locus:
        here = here[here["pos"].between(locus["start"], locus["end"])]
    return here


def _place(snps: pd.DataFrame, locus: dict[str, Any]) -> tuple[float, float] | None:
    """Where a locus begins and ends on the x axis: a whole chromosome where no bounds are stated."""
    here = snps[is_on(snps["chrom"], str(locus["chrom"]))]
    if here.empty:
        return None
    low, high = float(here["pos"].min()), float(here["pos"].max())
    ends = (
        (float(locus[end]) for end in ("start", "end"))
        if "start" in locus and "end" in locus
        else (low, high)
    )
    start, stop = (float(np.clip(end, low, high)) - low + float(here["x"].min()) for end in ends)
    return start, stop


def scores(results: Results, fit: Fit, attribution: str) -> pd.Series | None:
    """The mean score of each SNP over seeds; None where the fit failed."""
    if attribution not in results.study.attributions_of(fit):
        return None
    table = results.attribution(fit, attribution)
    return None if table.empty else table.groupby("snp", sort=False)["score"].mean()


def scores_of_model(results: Results, split: Split, model: str, attribution: str) -> dict[str, pd.Series]:
    """Read how an attribution scores a model's SNPs under each adjustment, relative to the largest score.

    Args:
        results: the results of the study.
        split: the split whose fits are read.
        model: the model's label.
        attribution: the attribution's label.

    Returns:
        For each adjustment, the mean score over seeds of each SNP, divided by the largest one; the index has the ids
        of the SNPs. Adjustments whose fit failed, or whose scores are all 0, are left out.

    Raises:
        UserError: if a fit's record or table of attributions is absent or damaged.
    """
    found = {}
    for fit in results.study.fits_of(split):
        if fit.model == model:
            score = scores(results, fit, attribution)
            if score is not None and score.max() > 0:
                found[fit.adjustment] = score / score.max()
    return found


def minus_log10_p(results: Results, split: Split) -> dict[str, pd.Series]:
    """-log10 of the P value of each SNP, for each association that gave any."""
    found = {}
    for name in results.study.associations_of(split):
        p = results.association(split, name).set_index("snp")["p"].astype(float)
        if p.notna().any():
            found[name] = pd.Series(-np.log10(p.clip(lower=SMALLEST_P)), index=p.index)
    return found
