"""PCs, GRM, FST and covariates of one split."""

from stratbench.core import job

with job.start(snakemake) as (inputs, outputs, options):
    from stratbench.structure.run import structure

    structure(inputs, outputs, **options)
