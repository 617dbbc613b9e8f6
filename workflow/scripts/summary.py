"""All results of a study in four tables and a page of provenance."""

from stratbench.core import job

with job.start(snakemake) as (inputs, outputs, options):
    from stratbench.summary.run import summary

    summary(inputs, outputs, **options)
