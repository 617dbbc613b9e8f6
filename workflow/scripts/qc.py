"""Quality control of one cohort."""

from stratbench.core import job

with job.start(snakemake) as (inputs, outputs, options):
    from stratbench.cohorts.qc.run import qc

    qc(inputs, outputs, **options)
