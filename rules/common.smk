"""Wires the checked config to the rules; decides nothing."""

import re
import sys
import threading
from pathlib import Path

from stratbench.methods import registry
from stratbench.methods.options import group_files, source_files, table_files
from stratbench.methods.reads import files_read
from stratbench.cohorts.real import available, cohort_file
from stratbench.cohorts.real.labels import origin
from stratbench.study.config import KINDS
from stratbench.core.digest import digest
from stratbench.core.errors import UserError
from stratbench.study.paths import Paths, each
from stratbench.study.wildcards import names, only
from stratbench.commands.plan import plan
from stratbench.study.resources import Requests
from stratbench.study.study import Fit, Split
from stratbench.report.figures.catalogue import figure_files

# Only what starts a run fetches; jobs, dry runs and lint believe what it found.
fetching = workflow.is_main_process and not workflow.output_settings.dryrun and available.runs(sys.argv[1:])
try:
    main = workflow.is_main_process
    study = plan(config, workflow.configfiles if main else (), fetching, looking=main)
except UserError as error:
    raise SystemExit(f"error: {error}")
paths = Paths(study.name)
requests = Requests(study)


def cancel_timers():
    """End the scheduler's timers (profiles/default says what they are for), so that Snakemake exits at once."""
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer) and thread.function.__module__.startswith("snakemake."):
            thread.cancel()


def together(rule):
    """The group of a rule's job on a cluster. Only the process that submits asks for it; on one machine there is none."""
    return lambda wildcards: (
        requests.group(rule, wildcards) if workflow.is_main_process and workflow.non_local_exec else None
    )


def split_of(wildcards):
    """The split of a job (or of an item of the study)."""
    return Split(wildcards.cohort, wildcards.trait, wildcards.split)


def fits_of(wildcards, parts):
    """The fits of a job, in the order of its parts."""
    of = vars(split_of(wildcards))
    return [Fit(**of, model=part.model, adjustment=part.adjustment) for part in parts]


def of_fits(pattern, parts):
    """A path of each part of a job, in their order."""
    named = [{"model": part.model, "adjustment": part.adjustment} for part in parts]
    return [expand(pattern, **names, allow_missing=True)[0] for names in named]


def of_attributions(pattern, parts):
    """A path of each attribution of each part of a job, in their order."""
    return [
        path
        for part in parts
        for path in expand(*of_fits(pattern, [part]), attribution=part.attributions, allow_missing=True)
    ]


def resampled(parts):
    """The parts of a job that are trained on resamples, too."""
    return [part for part in parts if part.resamples]


def of_job(pattern, job):
    """The log or the benchmark of a job that trains or explains."""
    return expand(pattern, job=job, allow_missing=True)[0]


def cohort_files():
    """Each cohort's file, with what it declares, where it has something to be fetched."""
    return dict(
        filter(None, (cohort_file.source(study.cohort_spec(cohort.label)) for cohort in study.cohorts))
    )


def fetched(file):
    """Where the files of a cohort file that have sources are fetched to."""
    found = cohort_file.fetched(cohort_files()[file])
    return {key: cohort_file.place(file, entry) for key, entry in found.items()}


def drawn_from(cohort):
    """The files that a simulated cohort's demography draws from."""
    spec = study.cohort_spec(cohort).get("drawn_from", {})
    files = spec["declared"]["files"].values() if spec else ()
    return [cohort_file.place(spec["file"], entry) for entry in files]


def sources(cohort):
    """Where each file of a real cohort lies, by its name in the cohort file."""
    return available.located(study.cohort_spec(cohort))


def digests(cohort):
    """The SHA-256 of each fetched file of a real cohort, by its name in the cohort file."""
    return {key: entry["sha256"] for key, entry in cohort_file.fetched(study.declared(cohort)).items()}


def columns_of(declared):
    """What a cohort file says about its samples and species, without what only a report shows."""
    of_samples = ("columns", "tables", "missing", "unmatched", "family", "population", "covariates")
    keys = (*of_samples, "derived", "traits")
    species = {key: declared.get(key) for key in ("build", "autosomes")}
    return {key: declared[key] for key in keys} | species


def mating(cohort):
    """What a cohort file declares; simulated people mate at random."""
    return study.declared(cohort).get("mating", "outbred")


def about(cohort):
    """What QC asks of a cohort file; simulated people mate at random."""
    declared = study.declared(cohort)
    keys = ("mating", "build", "autosomes")
    if not declared:
        return {"mating": "outbred"}
    return {key: declared.get(key) for key in keys} | {"labels": origin(declared, sources(cohort))}


def simulation_files(wildcards):
    """The file of a cohort's demography, and the cohort file that says what it draws from."""
    spec = study.cohort_spec(wildcards.cohort)["simulate"]
    return [registry.find("demography", spec["demography"], spec["file"]), *source_files(spec)]


def demography_files():
    """The files of all demographies, which the report draws."""
    made = [study.cohort_spec(cohort.label)["simulate"] for cohort in study.cohorts if not cohort.real]
    return sorted({registry.find("demography", spec["demography"], spec["file"]) for spec in made})


def specs(section, labels):
    return {label: study.spec(section, label) for label in labels}


def method_files(*fits, **sections):
    """The files of the methods that fits and further labels (``attributions=[...]``) run, and those that they read."""
    found = [(study.model(fit), "model") for fit in fits]
    found += [(spec, "adjustment") for fit in fits for spec in study.adjustment(fit.adjustment)]
    found += [(study.spec(section, x), KINDS[section]) for section in sections for x in sections[section]]
    read = {file for spec, kind in found for file in group_files(kind, spec) + table_files(kind, spec)}
    return sorted({registry.find(kind, spec["method"], spec["file"]) for spec, kind in found} | read)


def fit_specs(fit):
    return {"model": study.model(fit), "adjustments": study.adjustment(fit.adjustment)}


def part_specs(wildcards, parts):
    """What a job that trains or explains is told of each part; fits of one model have the same random numbers."""
    named = zip(fits_of(wildcards, parts), parts, strict=True)
    return [
        fit_specs(fit)
        | {
            "names": [fit.cohort, fit.trait, fit.split, fit.model],
            "seeds": part.seeds,
            "resamples": part.resamples,
        }
        for fit, part in named
    ]


def place_of(wildcards):
    """What every row of a split's metrics says about itself."""
    return study.place(split_of(wildcards))


def trained_on():
    """What training, and whatever explains a trained network, reads."""
    keys = (
        "bed",
        "bim",
        "fam",
        "samples",
        "trait",
        "trait_json",
        "keep_snp",
        "split",
        "pcs",
        "covariates",
    )
    return {key: getattr(paths, key) for key in keys}


def read_by(fits):
    """What the adjustments of fits read beside the dataset (``methods/reads.py``), by its names."""
    return files_read(spec for fit in fits for spec in study.adjustment(fit.adjustment))


def read_by_all(name):
    """An input of a job of all fits of a split: a file that some adjustment reads; none if no adjustment does."""
    pattern = getattr(paths, name)
    return lambda wildcards: (
        pattern.format(**wildcards) if name in read_by(study.fits_of(split_of(wildcards))) else []
    )


def attribution_tables(wildcards):
    return [
        paths.attribution.format(**vars(fit), attribution=label)
        for fit in study.fits_of(split_of(wildcards))
        for label in study.attributions_of(fit)
    ]


def resampled_tables(wildcards):
    return [
        table
        for fit in study.fits_of(split_of(wildcards))
        if study.resamples_of(fit)
        for table in expand(paths.resampled, **vars(fit), attribution=study.attributions_of(fit))
    ]


def attribution_records(wildcards):
    """What attributions say about themselves: for each table the record of its fit."""
    return [
        record
        for fit in study.fits_of(split_of(wildcards))
        for record in each(paths.attributions_json, [fit] * len(study.attributions_of(fit)))
    ]


def association_specs(wildcards, labels):
    """The specs of associations of a split; those made elsewhere name the split's own tables."""
    split = split_of(wildcards)
    return {label: study.association(split, label) for label in labels}


def association_files(wildcards, labels):
    """The files of the methods of associations, and the tables made elsewhere that they read."""
    specs = association_specs(wildcards, labels).values()
    methods = {registry.find("association", spec["method"], spec["file"]) for spec in specs}
    return sorted(methods | {file for spec in specs for file in table_files("association", spec)})


def association_tables(wildcards):
    split = split_of(wildcards)
    return [
        paths.association.format(**vars(split), association=label) for label in study.associations_of(split)
    ]


def association_records(wildcards):
    """What associations say about themselves: none or one."""
    split = split_of(wildcards)
    return each(paths.associations_json, [split] if study.associations_of(split) else [])


def pictured():
    """The tables that figures and report show beside the summary."""
    real = [cohort for cohort in study.cohorts if cohort.real]
    return [
        *each(paths.samples, study.cohorts),
        *each(paths.raw_tables, real),
        *each(paths.variants, study.cohorts),
        *each(paths.qc, study.cohorts),
        *each(paths.qc_samples, real),
        *each(paths.qc_snps, real),
        *each(paths.kinship, real),
        *each(paths.trait_json, study.datasets),
        *each(paths.truth, study.datasets),
        *each(paths.keep_snp, study.datasets),
        *each(paths.pcs, study.splits),
        *each(paths.fst, study.splits),
        *each(paths.fit, study.fits),
        *[table for split in study.splits for table in attribution_tables(split) + association_tables(split)],
    ]


def drawn():
    """The files of all figures.

    They are named to whoever reads them, and not taken from the output of the rule: as soon as one of a rule's inputs
    is another rule's output, Snakemake spends a time that grows with the square of the number of its inputs.
    """
    return figure_files(study)


def of_every_job():
    """A file of every job but the report's.

    Snakemake deletes what a failed job has left, and makes a missing file only where something asks for it: if figures
    and report of an earlier run were all that is asked for, the next run would find nothing to do.
    """
    return [
        *each(paths.raw_bed, study.cohorts),
        *each(paths.bed, study.cohorts),
        *each(paths.trait, study.datasets),
        *each(paths.split, study.splits),
        *each(paths.pcs, study.splits),
        *each(paths.fit, study.fits),
        *[table for split in study.splits for table in attribution_tables(split) + association_tables(split)],
        *each(paths.probes, study.probed),
        *each(paths.metrics, study.splits),
        paths.summary_metrics,
        *drawn(),
    ]


def benchmarks():
    """The benchmarks of all jobs that the summary follows."""
    trained = [job for jobs in study.fit_sets().values() for job in jobs]
    attributed = [job for jobs in study.attribution_sets().values() for job in jobs]
    associated = [split for splits in study.association_sets().values() for split in splits]
    jobs = {
        "simulate": [cohort for cohort in study.cohorts if not cohort.real],
        "read_cohort": [cohort for cohort in study.cohorts if cohort.real],
        "qc": study.cohorts,
        "dataset": study.datasets,
        **dict.fromkeys(("split", "structure", "metrics"), study.splits),
        "probe": study.probed,
        "fit": trained,
        "attribute": attributed,
        "associate": associated,
    }
    return [path for rule, items in jobs.items() for path in each(paths.benchmark(rule), items)]


wildcard_constraints:
    cohort=names(cohort.label for cohort in study.cohorts),
    trait=names(split.trait for split in study.splits),
    split=names(split.split for split in study.splits),
    model=names(fit.model for fit in study.fits),
    adjustment=names(fit.adjustment for fit in study.fits),
