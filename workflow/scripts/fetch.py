"""Fetch the files of one real cohort."""

from stratbench import job

with job.start(snakemake):
    from stratbench.cohorts.fetch import fetch

    fetch(snakemake.params.cohort_file, snakemake.params.outdir)
