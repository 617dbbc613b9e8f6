"""Who trains, validates and tests."""

from stratbench.core import job

with job.start(snakemake) as (inputs, outputs, options):
    from stratbench.splits.run import split

    split(inputs, outputs, **options)
