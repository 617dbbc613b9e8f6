"""Bring a real cohort's files into the raw contract."""

from stratbench.core import job

with job.start(snakemake) as (_, outputs, options):
    from stratbench.cohorts.real.read_cohort import read_cohort

    inputs = options.pop("sources")  # by their names in the cohort file, which Snakemake might refuse
    read_cohort(inputs, outputs, **options)
