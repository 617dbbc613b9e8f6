"""Train all seeds of one model under each of its adjustments."""

from stratbench.core import job

with job.start(snakemake) as (inputs, outputs, options):
    from stratbench.training.fit import fit

    fit(inputs, outputs, **options)
