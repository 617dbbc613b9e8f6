"""A cohort with a trait: labels, truth, and the keep lists."""

from stratbench.core import job

with job.start(snakemake) as (inputs, outputs, options):
    from stratbench.datasets.run import dataset

    dataset(inputs, outputs, **options)
