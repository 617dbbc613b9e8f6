"""Quality control that sees no label: a raw fileset becomes a cohort and a waterfall of what was removed.

In this order: individuals without a population, if they are to be left out; SNPs without a position, SNPs of sex
chromosomes, ambiguous SNPs; call rate of individuals, then of SNPs; individuals by heterozygosity, as duplicates, as
relatives; SNPs by HWE and MAF among those who are left; thinning. Then common SNPs outside long-range LD are pruned:
PCs and GRM may use those. Thresholds mean what plink2's --mind, --geno, --hwe, --maf and --indep-pairwise mean by them.
Individuals with parents in the .fam count like all others. A1 stays the allele that the source counts, also where it is
the major one. docs/qc.md has sources and defaults.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from stratbench.cohorts.kinship import MOST_PAIRED
from stratbench.cohorts.qc import individuals
from stratbench.cohorts.qc import tables as qc_tables
from stratbench.cohorts.qc.asked import CohortFacts, QCOptions
from stratbench.cohorts.qc.for_structure import for_structure
from stratbench.cohorts.qc.raw_cohort import RawCohort, read
from stratbench.cohorts.real import labels
from stratbench.core import files
from stratbench.genotypes import plink
from stratbench.genotypes.dosages import Dosages, open_bed
from stratbench.popgen import chromosomes, king
from stratbench.popgen.counts import GenotypeCounts, most


def qc(
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any],
    *,
    options: Mapping[str, Any],
    about: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Write the cohort that passes, and QC's own tables.

    Args:
        inputs: the raw ``bed``, ``bim``, ``fam`` and ``samples``.
        outputs: the cohort's ``bed``, ``bim``, ``fam``, ``samples`` and ``variants``, and ``qc``, ``qc_samples``,
            ``qc_snps`` and ``kinship``.
        options: those of OPTIONS; what is not given has its default.
        about: what the cohort file says: ``mating``, ``build``, ``autosomes``, and ``labels``, the file and column
            that populations come from.

    Raises UserError for files that do not fit together, duplicate SNP ids, missing populations if nothing is to be
    done about them, options that the mating forbids, and where nothing is left.
    """
    facts = CohortFacts.of(about)
    settings, notes = QCOptions.of(options, facts.mating)
    cohort = read(inputs, facts.species.autosomes)
    population_N, iid_N = cohort.samples["population"], cohort.samples["iid"]
    labels.require(population_N, iid_N, settings.populations, facts.labels or str(inputs["samples"]))
    if settings.populations == "labelled":
        cohort.keep_individuals("population", (population_N != "").to_numpy(), "no label")
    many = cohort.keep_N.sum() > MOST_PAIRED
    if "duplicates" in settings.auto and many and facts.mating == "outbred":
        settings = replace(settings, duplicates=None)
        notes["duplicates"] = f"not tested: more than {MOST_PAIRED} individuals"
    _by_place(cohort, settings)
    seen = _by_call_rate(cohort, settings)
    first = cohort.count()
    missing_M = first.n - first.called_M
    passes_M = missing_M <= most(settings.geno, first.n)
    cohort.keep_snps("SNP call rate", passes_M, f"missing > {settings.geno:g}")
    row_M = _for_individuals(cohort, first, settings)
    _by_heterozygosity(cohort, first, row_M, seen, settings)
    if "hwe" in settings.auto and facts.mating == "outbred" and len(row_M) >= individuals.LEAST_SNPS:
        individuals.require_heterozygotes(seen["f"], inputs["bed"])
    pairs = _by_kinship(cohort, row_M, seen, settings, notes, facts.mating)
    counts = first if int(cohort.keep_N.sum()) == first.n else cohort.count()
    hwe_p_M = _by_frequency(cohort, counts, settings, notes)
    _write(cohort, counts, seen, settings, facts.species, outputs)
    files.write_tsv(seen.assign(removed_by=cohort.step_N), outputs["qc_samples"])
    qc_tables.write_snps(cohort.bim, first, counts, hwe_p_M, cohort.step_M, outputs["qc_snps"])
    files.write_tsv(pairs, outputs["kinship"])
    files.write_tsv(pd.DataFrame(cohort.steps.rows), outputs["qc"])


def _by_place(cohort: RawCohort, options: QCOptions) -> None:
    """Remove SNPs without a position, of sex chromosomes, and of ambiguous strand, as the options say."""
    placed_M = chromosomes.is_placed(cohort.bim)
    cohort.keep_snps("unplaced", placed_M | (options.unplaced == "keep"), options.unplaced)
    if options.sex_chromosomes == "drop":
        cohort.keep_snps("sex chromosomes", ~cohort.sex_chromosome_M, "X, Y, XY, MT")
    if options.ambiguous == "drop":
        cohort.keep_snps("ambiguous", ~chromosomes.is_ambiguous(cohort.bim), "A/T, C/G")


def _by_call_rate(cohort: RawCohort, options: QCOptions) -> pd.DataFrame:
    """Remove individuals who are called too seldom; return what was seen of everyone: iid, population, missing."""
    missing_N = np.zeros(len(cohort.fam), dtype=np.int64)
    for part, count_MN in cohort.reader.chunks():
        missing_MN = (count_MN < 0) & cohort.keep_M[part, None]
        missing_N += missing_MN.view(np.uint8).sum(axis=0, dtype=np.uint32)  # quicker than a sum of bool
    m = int(cohort.keep_M.sum())
    passes_N = missing_N <= most(options.mind, m)
    cohort.keep_individuals("sample call rate", passes_N, f"missing > {options.mind:g}")
    return cohort.samples[["iid", "population"]].assign(missing=missing_N / m)


def _for_individuals(cohort: RawCohort, counts: GenotypeCounts, options: QCOptions) -> np.ndarray:
    """Rows of the SNPs that heterozygosity and KING are computed from: common autosomal ones, evenly spaced."""
    usable_M = cohort.keep_M & cohort.autosome_M & counts.common_M(options.maf)
    return qc_tables.thinned(np.flatnonzero(usable_M), options.individual_snps)


def _by_heterozygosity(
    cohort: RawCohort, counts: GenotypeCounts, row_M: np.ndarray, seen: pd.DataFrame, options: QCOptions
) -> None:
    """Remove outliers of heterozygosity at these SNPs.

    ``seen`` gets heterozygosity, f, and axes of everyone who was called often enough, before this step.
    """
    at = cohort.keep_N.copy()
    code_N = pd.Categorical(cohort.samples["population"][at], categories=list(counts.names)).codes.astype(int)
    het_N, f_N = individuals.inbreeding(cohort.chunks(row_M), counts.a1_freq_ML[row_M], code_N)
    seen.loc[at, ["heterozygosity", "f"]] = np.stack([het_N, f_N], axis=1)
    seen.loc[at, ["pc1_before", "pc2_before"]] = qc_tables.axes(cohort.some(row_M))
    if options.heterozygosity is not None:
        passes_N = np.ones(len(at), dtype=bool)
        passes_N[at] = ~individuals.outliers(f_N, code_N, options.heterozygosity)
        cohort.keep_individuals("heterozygosity", passes_N, f"{options.heterozygosity:g} SD of F")


def _by_kinship(
    cohort: RawCohort,
    row_M: np.ndarray,
    seen: pd.DataFrame,
    options: QCOptions,
    notes: Mapping[str, str],
    mating: str,
) -> pd.DataFrame:
    """Remove duplicates and relatives by KING at these SNPs; return the pairs of relatives.

    For a pedigree of up to MOST_PAIRED individuals the pairs are returned also where ``duplicates: auto`` removes
    nobody. No pairs are returned for inbred cohorts, where neither duplicates nor relatives are removed, and for few
    SNPs.
    """
    if "duplicates" in notes:
        cohort.keep_individuals("duplicates", cohort.keep_N, notes["duplicates"])
    found = (("duplicates", options.duplicates), ("relatives", options.relatives))
    limits = {name: limit for name, limit in found if limit is not None}
    few = len(row_M) < individuals.LEAST_SNPS
    for name in limits if few else ():
        cohort.keep_individuals(name, cohort.keep_N, f"not tested: fewer than {individuals.LEAST_SNPS} SNPs")
    listed = mating == "pedigree" and "duplicates" in notes and len(cohort.fam) <= MOST_PAIRED
    if few or not (limits or listed):
        return individuals.no_pairs()
    iid_N, members = cohort.samples["iid"], cohort.keep_N.copy()
    least = min(limits.values(), default=king.THIRD_DEGREE)
    pairs = individuals.kinship(lambda: cohort.chunks(row_M), iid_N[members], least)
    for name, limit in limits.items():
        left = cohort.keep_N.copy()
        passes_N = np.ones(len(left), dtype=bool)
        if name == "duplicates":
            passes_N[left] = ~individuals.duplicates(
                pairs, iid_N[left], seen["missing"].to_numpy()[left], limit
            )
        else:
            passes_N[left] = ~individuals.relatives_of_others(pairs, iid_N[left], limit)
        cohort.keep_individuals(name, passes_N, f"KING > {limit:g}")
    return pairs


def _by_frequency(
    cohort: RawCohort, counts: GenotypeCounts, options: QCOptions, notes: Mapping[str, str]
) -> np.ndarray:
    """Remove SNPs by HWE and MAF; return the P values, float64 (M,), NaN where not tested."""
    p_M = np.full(len(cohort.bim), np.nan)
    if "HWE" in notes:
        cohort.keep_snps("HWE", cohort.keep_M, notes["HWE"])
    elif options.hwe is not None and options.hwe_within == "population" and not any(counts.names):
        cohort.keep_snps("HWE", cohort.keep_M, "not tested: nobody has a population")
    elif options.hwe is not None:
        tested_M = cohort.keep_M & ~cohort.sex_chromosome_M  # men have no heterozygous genotypes on X
        p_M = counts.hwe_M(tested_M, options.hwe_within)
        cohort.keep_snps("HWE", ~(p_M < options.hwe), f"P < {options.hwe:g}")
    text = f"MAF < {options.maf:g}" if options.maf else "monomorphic"
    cohort.keep_snps("MAF", counts.common_M(options.maf), text)
    return p_M


def _write(
    cohort: RawCohort,
    counts: GenotypeCounts,
    seen: pd.DataFrame,
    options: QCOptions,
    species: chromosomes.Species,
    outputs: Mapping[str, Any],
) -> None:
    """Write genotypes, samples.tsv and variants.tsv of what is left; ``seen`` gets the axes after QC."""
    row_M = chromosomes.map_order(cohort.bim)
    row_M = row_M[cohort.keep_M[row_M]]
    if options.thin is not None:
        thin_M = qc_tables.thinned(row_M, options.thin)
        cohort.keep_snps("thin", np.isin(np.arange(len(cohort.bim)), thin_M), f"at most {options.thin}")
        row_M = thin_M
    table = cohort.bim.iloc[row_M].reset_index(drop=True)
    table = table.assign(a1_freq=counts.a1_freq_M[row_M], call_rate=counts.called_M[row_M] / counts.n)
    with plink.write_bed(outputs["bed"], counts.n) as writer:
        for _, dosage_MN in cohort.chunks(row_M):
            writer.append(dosage_MN)
    genotypes = open_bed(outputs["bed"], counts.n, len(table))
    autosome_M = cohort.autosome_M[row_M]
    table["structure"] = for_structure(genotypes, table, autosome_M, options, species, cohort.steps)
    structure_M = row_M[table["structure"].to_numpy() == 1]
    seen.loc[cohort.keep_N, ["pc1_after", "pc2_after"]] = qc_tables.axes(cohort.some(structure_M))
    plink.write_bim(table, outputs["bim"])
    plink.write_fam(cohort.fam[cohort.keep_N], outputs["fam"])
    samples = _populations(cohort.samples[cohort.keep_N], table, genotypes, options)
    files.write_tsv(samples, outputs["samples"])
    columns = ["snp", "chrom", "pos", "a1", "a2", "a1_freq", "call_rate", "structure", "autosome"]
    files.write_tsv(table.assign(autosome=autosome_M.astype(np.int64))[columns], outputs["variants"])


def _populations(
    samples: pd.DataFrame, table: pd.DataFrame, genotypes: Dosages, options: QCOptions
) -> pd.DataFrame:
    """samples.tsv, with populations called if that is asked for."""
    if options.populations in ("declared", "labelled"):
        return samples
    from stratbench.popgen.calls import call

    row_M = np.flatnonzero(table["structure"] == 1)
    return call(genotypes.snps(row_M), samples, options.populations, options.call_probability)
