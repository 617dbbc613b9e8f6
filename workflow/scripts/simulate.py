"""Simulate one cohort."""

from stratbench.core import job

with job.start(snakemake):
    from stratbench.cohorts.simulated.simulate import simulate

    simulate(
        snakemake.params.demography,
        snakemake.params.options,
        snakemake.params.seed_names,
        snakemake.output.bed.removesuffix(".bed"),
        snakemake.output.samples,
        file=snakemake.params.get("file"),
    )
