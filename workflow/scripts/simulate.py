"""Simulate one cohort."""

from stratbench.core import job

with job.start(snakemake) as (inputs, outputs, options):
    from stratbench.cohorts.simulated.simulate import simulate

    simulate(inputs, outputs, **options)
