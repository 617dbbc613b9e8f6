"""Score SNPs from one model, trained under each of its adjustments, by all of its attribution methods."""

from stratbench.core import job

with job.start(snakemake) as (inputs, outputs, options):
    from stratbench.attributions.run import attribute

    attribute(inputs, outputs, **options)
