"""Fetch the files of one real cohort."""

from stratbench.core import job

with job.start(snakemake) as (_, _, options):
    from stratbench.cohorts.real.fetch import fetch

    inputs, outputs = {"cohort_file": options["cohort_file"]}, {"folder": options["folder"]}
    fetch(inputs, outputs)
