"""Fetch the files of one real cohort."""

from stratbench.core import job

with job.start(snakemake):
    from stratbench.cohorts.real.fetch import fetch

    fetch(snakemake.params.cohort_file, snakemake.params.outdir)
